"""Prototypes and criticisms: the tracks that stand for a corpus, and those that show what these leave out.

Those of MMD-critic (Kim, Khanna & Koyejo, "Examples are not enough, learn to criticize!", NIPS 2016), which the talk
of 2019 names for explanation by example, in the space of the seven mid-level features; see `neighbours`.

Public names: ``select_prototypes``, ``select_criticisms``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .neighbours import NeighbourError, check_number, compute_distances, locate_tracks

if TYPE_CHECKING:
    import pandas as pd

# What is left of a track's variance once the criticisms so far are known; below, it is one of them in all but name.
_EQUAL = 1e-9


def select_prototypes(midlevel: "pd.DataFrame", *, n: int = 6, bandwidth: float | None = None) -> list[str]:
    """Select the tracks that together stand best for a corpus.

    The squared maximum mean discrepancy between all tracks and the set S of prototypes, each of them of equal weight,
    is a constant minus ``J_b(S) = 2 mean k(track, prototype) - mean k(prototype, prototype)``, means over all pairs
    (Kim et al. 2016). From none on, the track that makes J_b largest is added. With kernels as wide as the default
    this can raise the discrepancy a little at times, where one more prototype cannot keep the weights in balance.

    Parameters
    ----------
    midlevel
        (n_tracks, 7) unit scale. Tracks that are equal count as often as they are listed.
    n
        How many prototypes.
    bandwidth
        s of the kernel ``k = exp(-distance² / (2 s²))``, standard deviations. By default the median distance between
        two tracks that differ (the median heuristic).

    Returns
    -------
    list of str
        Track ids, the most useful first. More prototypes begin with the same ones.

    Raises
    ------
    NeighbourError
        As in `compute_standard_scores`; if ``n`` is not between 1 and the number of tracks, or ``bandwidth`` not
        positive.
    """
    kernel = _build_kernel(midlevel, bandwidth)
    check_number(n, len(kernel), "prototypes")
    likeness = kernel.mean(axis=1)
    chosen, overlap = [], np.zeros(len(kernel))
    for size in range(1, n + 1):
        # J_b grows by 2/size² of this and by what is the same for every candidate, as k(x, x) = 1.
        gain = size * likeness - overlap
        gain[chosen] = -np.inf
        chosen.append(int(gain.argmax()))
        overlap += kernel[chosen[-1]]
    return list(midlevel.index[chosen])


def select_criticisms(
    midlevel: "pd.DataFrame", prototypes: Sequence[str], *, n: int = 6, bandwidth: float | None = None
) -> list[str]:
    """Select the tracks that show best where the prototypes misrepresent a corpus.

    The witness function of a track is its mean kernel with all tracks minus that with the prototypes: positive where
    the prototypes lack such tracks, negative where they make too much of them. Criticisms C have a large sum L(C) of
    its absolute values, and a large ``r(K, C) = log det k(C, C)``, which keeps them apart (Kim et al. 2016). From none
    on, the track is added that makes the sum of both largest. The first is where prototypes are most wrong; for all
    others being far from each other counts most. A lone outlier is one track of many and weighs little in L.

    Parameters
    ----------
    midlevel
        (n_tracks, 7) unit scale.
    prototypes
        Tracks of the table, such as `select_prototypes` gives; they are no candidates.
    n
        How many criticisms.
    bandwidth
        As in `select_prototypes`.

    Returns
    -------
    list of str
        Track ids, the strongest first, no two of them with the same features.

    Raises
    ------
    NeighbourError
        As in `select_prototypes`; if there are no prototypes, one of them is unknown or named twice, or the tracks
        that are left are fewer or differ too little from each other.
    """
    kernel, rows = _build_kernel(midlevel, bandwidth), locate_tracks(midlevel, prototypes)
    if not 1 <= len(rows) == len(set(rows)):
        raise NeighbourError("criticisms need one prototype at least, each named once")
    check_number(n, len(kernel) - len(rows), "criticisms")
    witness = np.abs(kernel.mean(axis=1) - kernel[rows].mean(axis=0))
    # One row of a Cholesky factor per criticism: a candidate multiplies the determinant by what they leave of it.
    chosen, factor, left = [], np.zeros((n, len(kernel))), np.ones(len(kernel))
    for number in range(n):
        open_ = left > _EQUAL
        open_[[*rows, *chosen]] = False
        if not open_.any():
            raise NeighbourError(f"only {number} different tracks are left for {n} criticisms: ask for fewer")
        gain = np.where(open_, witness + np.log(np.where(open_, left, 1)), -np.inf)
        best = int(gain.argmax())
        factor[number] = (kernel[best] - factor[:, best] @ factor) / np.sqrt(left[best])
        left = left - factor[number] ** 2
        chosen.append(best)
    return list(midlevel.index[chosen])


def _build_kernel(midlevel: "pd.DataFrame", bandwidth: float | None) -> np.ndarray:
    """Compute the radial kernel (n_tracks, n_tracks) between all tracks."""
    from scipy.spatial.distance import squareform

    distances = compute_distances(midlevel)
    if bandwidth is None:
        bandwidth = float(np.median(distances[distances > 0]))
    if not 0 < bandwidth < np.inf:
        raise NeighbourError(f"the bandwidth must be a positive number of standard deviations, not {bandwidth}")
    kernel = squareform(np.exp(-0.5 * (distances / bandwidth) ** 2))
    np.fill_diagonal(kernel, 1)
    return kernel
