"""Explanation by example: the tracks that a network hears alike, those that stand for a corpus, and those that do not.

Tracks are points in the space of the seven mid-level features as a network hears them, each feature divided by its
standard deviation over the corpus. Distances are root mean squares over the features, so their unit is a standard
deviation whatever the number of features. Prototypes and criticisms are those of MMD-critic (Kim, Khanna & Koyejo,
"Examples are not enough, learn to criticize!", NIPS 2016), which the talk of 2019 names for this kind of explanation.

Tables have one row per track: ``midlevel`` (n_tracks, 7) and ``emotion`` (n_tracks, 8), unit scale, by track id.

Public names: ``NeighbourError``, ``compute_standard_scores``, ``select_neighbours``, ``select_prototypes``,
``select_criticisms``, ``select_poster_pair``.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import pandas as pd

# What is left of a track's variance once the criticisms so far are known; below, it is one of them in all but name.
_EQUAL = 1e-9


class NeighbourError(ValueError):
    """Tracks among which no examples can be chosen."""


def compute_standard_scores(midlevel: "pd.DataFrame", *, table: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """Compute by how many standard deviations each feature lies above its mean.

    Parameters
    ----------
    midlevel
        (n_tracks, n_features) unit scale, or any other ratings.
    table
        The corpus that mean and standard deviation come from; ``midlevel`` itself by default.

    Returns
    -------
    pandas.DataFrame
        In the form of ``midlevel``, standard deviations.

    Raises
    ------
    NeighbourError
        If a value is not finite, a track or feature is listed twice, the corpus has no two tracks, a feature is the
        same in all of it, or the two tables have other columns.
    """
    table = midlevel if table is None else table
    for part in {id(midlevel): midlevel, id(table): table}.values():
        _check(part)
    if list(midlevel.columns) != list(table.columns):
        raise NeighbourError("both tables must have the same columns in the same order")
    spread = table.std(ddof=0)
    constant = list(spread.index[spread <= 1e-9 * table.abs().max()])
    if len(table) < 2 or constant:
        what = f"{constant[0]!r} is the same in all" if constant else "there are not two"
        raise NeighbourError(f"{what} of the {len(table)} tracks: distances need tracks that differ in each feature")
    return (midlevel - table.mean()) / spread


def _check(table: "pd.DataFrame") -> None:
    for labels, what in ((table.index, "track"), (table.columns, "feature")):
        if labels.has_duplicates:
            raise NeighbourError(f"{what} {labels[labels.duplicated()][0]!r} is listed twice: keep one")
    lacking = ~np.isfinite(table.to_numpy(float)).all(axis=1)
    if lacking.any():
        raise NeighbourError(f"track {table.index[lacking][0]!r} is unknown or lacks a feature: leave it out")


def select_neighbours(
    midlevel: "pd.DataFrame", query: "ArrayLike | pd.Series | str", *, n: int = 3, exclude: Iterable[str] = ()
) -> "pd.DataFrame":
    """Select the tracks that sound most like a sound, as far as the mid-level features tell.

    Parameters
    ----------
    midlevel
        (n_tracks, 7) unit scale, the tracks to select from.
    query
        (7,) features of the sound in the order of the columns, or a Series by name; or a track of the table, which is
        then left out.
    n
        How many tracks.
    exclude
        Other tracks of the table to leave out.

    Returns
    -------
    pandas.DataFrame
        The nearest first, of equally near ones the first in the table. Column ``distance``, standard deviations, then
        the features as in ``midlevel``.

    Raises
    ------
    NeighbourError
        As in `compute_standard_scores`; if the query is no seven finite numbers or an unknown track, an excluded track
        is unknown, or fewer than ``n`` tracks are left.
    """
    scores = compute_standard_scores(midlevel)
    left_out = set(exclude)
    if np.ndim(query) == 0:
        _locate(midlevel, [query])
        left_out.add(query)
        query = midlevel.loc[query]
    _locate(midlevel, left_out)
    point = compute_standard_scores(_build_row(query, midlevel), table=midlevel)
    distance = np.sqrt(((scores - point.iloc[0]) ** 2).mean(axis=1))
    distance = distance[~midlevel.index.isin(left_out)]
    _check_number(n, len(distance), "neighbours")
    nearest = distance.sort_values(kind="stable").index[:n]
    return midlevel.loc[nearest].assign(distance=distance[nearest])[["distance", *midlevel.columns]]


def _build_row(query: "ArrayLike | pd.Series", midlevel: "pd.DataFrame") -> "pd.DataFrame":
    """Make one track of features, in the order of a table's columns."""
    import pandas as pd

    if isinstance(query, pd.Series):
        query = query.reindex(midlevel.columns)
    values = np.asarray(query, float)
    if values.shape != midlevel.columns.shape or not np.isfinite(values).all():
        n_features = midlevel.shape[1]
        raise NeighbourError(f"a sound needs {n_features} finite features, by name or in the order of the table")
    return pd.DataFrame([values], ["query"], midlevel.columns)


def _locate(midlevel: "pd.DataFrame", ids: Iterable[Any]) -> np.ndarray:
    """Give the row numbers of tracks."""
    ids = list(ids)
    rows = midlevel.index.get_indexer(ids)
    if (rows < 0).any():
        raise NeighbourError(f"no track {ids[int(np.argmin(rows))]!r} among the {len(midlevel)} of the table")
    return rows


def _check_number(n: int, available: int, what: str) -> None:
    if not 1 <= n <= available:
        raise NeighbourError(f"{n} {what} cannot be chosen from {available} tracks: ask for 1 to {available}")


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
    _check_number(n, len(kernel), "prototypes")
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
    kernel, rows = _build_kernel(midlevel, bandwidth), _locate(midlevel, prototypes)
    if not 1 <= len(rows) == len(set(rows)):
        raise NeighbourError("criticisms need one prototype at least, each named once")
    _check_number(n, len(kernel) - len(rows), "criticisms")
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

    distances = _compute_distances(midlevel)
    if bandwidth is None:
        bandwidth = float(np.median(distances[distances > 0]))
    if not 0 < bandwidth < np.inf:
        raise NeighbourError(f"the bandwidth must be a positive number of standard deviations, not {bandwidth}")
    kernel = squareform(np.exp(-0.5 * (distances / bandwidth) ** 2))
    np.fill_diagonal(kernel, 1)
    return kernel


def _compute_distances(table: "pd.DataFrame") -> np.ndarray:
    """Compute the distance between every two tracks, in scipy's condensed order."""
    from scipy.spatial.distance import pdist

    return pdist(compute_standard_scores(table).to_numpy()) / np.sqrt(table.shape[1])


def select_poster_pair(
    midlevel: "pd.DataFrame",
    emotion: "pd.DataFrame",
    *,
    like: float = 0.25,
    track_ids: Sequence[str] | None = None,
) -> tuple[str, str]:
    """Select two tracks of nearly the same emotions that differ most in the features behind them.

    The poster of ISMIR 2019 overlays such a pair in its plot of effects.

    Parameters
    ----------
    midlevel, emotion
        (n_tracks, 7) and (n_tracks, 8) unit scale, the same tracks in the same order.
    like
        How far apart the emotions may be: root mean square over the eight, standard deviations of all tracks.
    track_ids
        Tracks to choose from; all of the table by default, which the standard deviations come from in any case.

    Returns
    -------
    tuple of str
        Two track ids in the order of the table.

    Raises
    ------
    NeighbourError
        As in `compute_standard_scores`; if the tables list other tracks, fewer than two are to be chosen from, one of
        them is unknown, or no two are that alike.
    """
    if not midlevel.index.equals(emotion.index):
        raise NeighbourError("mid-level and emotion must list the same tracks in the same order")
    heard, felt = _compute_distances(midlevel), _compute_distances(emotion)
    wanted = np.ones(len(midlevel), bool)
    if track_ids is not None:
        wanted[:] = False
        wanted[_locate(midlevel, track_ids)] = True
    first, second = np.triu_indices(len(midlevel), 1)
    pairs = wanted[first] & wanted[second]
    if not pairs.any():
        raise NeighbourError("a pair needs two tracks to choose from")
    alike = pairs & (felt <= like)
    if not alike.any():
        raise NeighbourError(
            f"no two of {wanted.sum()} tracks have emotions within {like:g} standard deviations of each other: the "
            f"closest are {felt[pairs].min():.2g} apart, take a larger `like`"
        )
    best = int(np.where(alike, heard, -1).argmax())
    return midlevel.index[first[best]], midlevel.index[second[best]]
