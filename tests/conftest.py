"""What all tests share: one thread per worker, no screen, one style, repeatable hypothesis runs, one generator."""

import os

# Two workers on two cores: more threads each would only fight. Set before anything loads torch or numpy.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import numpy as np
import pytest

# A shared machine makes any deadline flaky; in CI every run tries the same examples.
hypothesis.settings.register_profile("mer", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("mer")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def styled():
    """Draw in the companion's style, and close all figures afterwards."""
    import matplotlib.pyplot as plt

    from mer_utils.style import use_style

    with plt.style.context("default"):
        use_style()
        yield
    plt.close("all")
