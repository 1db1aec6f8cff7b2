"""What all tests share: one thread per worker, no screen, one style, repeatable hypothesis runs, one generator."""

import os

# Two workers on two cores: more threads each would only fight. Set before anything loads torch or numpy.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import numpy as np
import pytest
from browser import ARGUMENTS, MISSING, Watch, find_browser, keep_failed

# A shared machine makes any deadline flaky; in CI every run tries the same examples.
hypothesis.settings.register_profile("mer", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("mer")


# What takes longest, longest first: begun last, it would keep one worker busy after the other is done.
LONGEST = (
    "test_sweepruns.py",
    "test_standin_run.py",
    "test_explorer.py",
    "test_notebooks.py",
    "test_explain_command.py",
    "test_generated_music.py",
    "test_corpora.py",
    "test_contrasts.py",
    "test_training.py",
)


def pytest_collection_modifyitems(items):
    """Begin with the longest files; within a file, and among the others, the order stays."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file on one worker, for what they share is made once there; notebooks go one by one."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "test_notebooks.py" in nodeid else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # it would put the files with most tests first, not the longest
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A folder that all workers of this run of the tests share; only for what is written whole, or under a lock."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report


@pytest.fixture(scope="module")
def browser():
    """A Chromium without a screen; closed after each module, for its event loop would be in the way of kernels."""
    program = find_browser()
    if not program:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser, request):
    """A window of its own, and the watch over it; what it shows is kept if the test fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context, Watch(context)
    if context.pages:
        keep_failed(context.pages[-1], request)
    context.close()


@pytest.fixture
def page(window):
    """An empty page; the test fails if anything in it goes wrong or asks another machine."""
    context, watch = window
    yield context.new_page()
    assert watch.complaints == []
