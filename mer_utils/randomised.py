"""Randomised networks: an explanation that stays the same when the network has learnt nothing explains the sound only.

After the sanity checks of Adebayo et al. (2018). Large or loud segments have large weights in any network, so that
size and energy are removed before explanations are compared.

Public names: ``randomise_network``, ``compute_partial_correlation``, ``compute_randomisation_check``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .planted import Explainer

if TYPE_CHECKING:
    import pandas as pd

    from .networks import TrainedNetwork


def randomise_network(trained: "TrainedNetwork", seed: int) -> "TrainedNetwork":
    """Draw all weights of a network anew, as before training; its normalisation and settings stay.

    Parameters
    ----------
    trained
        Any; stays as it is.
    seed
        Of the weights.
    """
    import torch

    from .networks import build_network

    generator = torch.Generator().manual_seed(seed)
    network = build_network(
        trained.scheme, width=trained.width, last_kernel=trained.network.last_kernel, generator=generator
    )
    return replace(trained, network=network.eval(), seed=seed, scores={}, history=None)


def compute_partial_correlation(a: np.ndarray, b: np.ndarray, removed: np.ndarray) -> float:
    """Compute Spearman's correlation of what two lists have beyond others: that of the residuals of ranks.

    Parameters
    ----------
    a, b
        (n,) each.
    removed
        (n, m) what is removed, rank by rank, from the ranks of either.

    Returns
    -------
    float
        -1 to 1; NaN if nothing is left of either.
    """
    from scipy.stats import rankdata

    design = np.column_stack([np.ones(len(a)), rankdata(removed, axis=0)])
    ranks = rankdata(np.column_stack([a, b]), axis=0)
    rest = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
    norms = np.linalg.norm(rest, axis=0)
    return float(rest[:, 0] @ rest[:, 1] / norms.prod()) if norms.min() > 1e-6 * len(a) else np.nan


def compute_randomisation_check(
    explainer: Explainer,
    trained: "TrainedNetwork",
    spec: np.ndarray,
    segments: np.ndarray,
    *,
    seeds: Sequence[int] = tuple(range(10)),
    which: str = "midlevel",
) -> "pd.DataFrame":
    """Compare the explanation of a network with those of random ones.

    Parameters
    ----------
    explainer
        ``(predict, spec, segments) -> weights``, as in `planted`.
    trained
        The network that was trained.
    spec, segments
        (n_frames, 149) log10(1 + magnitude), and labels.
    seeds
        One random network for each.
    which
        Outputs, as in `Predictor.outputs`.

    Returns
    -------
    pandas.DataFrame
        One row per output, means over the random networks of Spearman's correlation: ``size`` of |weights| as they
        are; ``size_partial`` without the sizes of segments in cells and their energies; ``signed_partial`` the
        same of the weights with their signs, its absolute value, since random signs may be opposite by chance. The
        energy is the sum over a segment's cells of the distance from the training mean, the papers' hidden value.
    """
    import pandas as pd

    from .predictor import Predictor

    removed = _describe_segments(spec, segments, trained.normalisation[0])
    real, *rest = (
        Predictor.from_trained(network).outputs(which)
        for network in (trained, *(randomise_network(trained, s) for s in seeds))
    )
    w = np.asarray(explainer(real, spec, segments), float)
    rows = []
    for predict in rest:
        v = np.asarray(explainer(predict, spec, segments), float)
        rows.append([_compare(w[:, j], v[:, j], removed) for j in range(w.shape[1])])
    names = pd.Index(real.names, name="output")
    return pd.DataFrame(np.mean(rows, axis=0), names, ["size", "size_partial", "signed_partial"])


def _describe_segments(spec: np.ndarray, segments: np.ndarray, hidden: float) -> np.ndarray:
    """Tabulate size in cells and energy of each segment: (n_segments, 2)."""
    energy = np.bincount(segments.ravel(), abs(spec - hidden).ravel())
    return np.column_stack([np.bincount(segments.ravel()), energy])


def _compare(w: np.ndarray, v: np.ndarray, removed: np.ndarray) -> list[float]:
    nothing = np.empty((len(w), 0))
    return [
        compute_partial_correlation(abs(w), abs(v), nothing),
        compute_partial_correlation(abs(w), abs(v), removed),
        abs(compute_partial_correlation(w, v, removed)),
    ]
