"""Explanation by example: the tracks that a network hears alike, and two that it feels alike for other reasons.

Tracks are points in the space of the seven mid-level features as a network hears them, each feature divided by its
standard deviation over the corpus. Distances are root mean squares over the features, so their unit is a standard
deviation whatever the number of features.

Tables have one row per track: ``midlevel`` (n_tracks, 7) and ``emotion`` (n_tracks, 8), unit scale, by track id.

Public names: ``NeighbourError``, ``compute_standard_scores``, ``compute_distances``, ``select_neighbours``,
``select_poster_pair``, ``locate_tracks``, ``check_number``.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import pandas as pd


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
        locate_tracks(midlevel, [query])
        left_out.add(query)
        query = midlevel.loc[query]
    locate_tracks(midlevel, left_out)
    point = compute_standard_scores(_build_row(query, midlevel), table=midlevel)
    distance = np.sqrt(((scores - point.iloc[0]) ** 2).mean(axis=1))
    distance = distance[~midlevel.index.isin(left_out)]
    check_number(n, len(distance), "neighbours")
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


def locate_tracks(midlevel: "pd.DataFrame", ids: Iterable[Any]) -> np.ndarray:
    """Give the row numbers of tracks; an unknown one is a NeighbourError."""
    ids = list(ids)
    rows = midlevel.index.get_indexer(ids)
    if (rows < 0).any():
        raise NeighbourError(f"no track {ids[int(np.argmin(rows))]!r} among the {len(midlevel)} of the table")
    return rows


def check_number(n: int, available: int, what: str) -> None:
    """Raise NeighbourError unless ``n`` tracks can be chosen from those that there are."""
    if not 1 <= n <= available:
        raise NeighbourError(f"{n} {what} cannot be chosen from {available} tracks: ask for 1 to {available}")


def compute_distances(table: "pd.DataFrame") -> np.ndarray:
    """Compute the distance between every two tracks, standard deviations, in scipy's condensed order."""
    from scipy.spatial.distance import pdist

    return pdist(compute_standard_scores(table).to_numpy()) / np.sqrt(table.shape[1])


def select_poster_pair(
    midlevel: "pd.DataFrame",
    emotion: "pd.DataFrame",
    *,
    share: float = 0.01,
    track_ids: Sequence[str] | None = None,
) -> tuple[str, str]:
    """Select two tracks of nearly the same emotions that differ most in the features behind them.

    The poster of ISMIR 2019 overlays such a pair in its plot of effects.

    Parameters
    ----------
    midlevel
        (n_tracks, 7) unit scale.
    emotion
        (n_tracks, n_emotions) of the same tracks in the same order: the eight predicted ones, or these and others in
        which the pair has to be alike, too.
    share
        Share of all pairs, above 0 to 1, that count as alike: those whose emotions differ least, as root mean square
        in standard deviations of all tracks.
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
        them is unknown, or the share is out of range.
    """
    if not midlevel.index.equals(emotion.index):
        raise NeighbourError("mid-level and emotion must list the same tracks in the same order")
    if not 0 < share <= 1:
        raise NeighbourError(f"the share of pairs that count as alike lies above 0 and up to 1, not at {share:g}")
    wanted = np.ones(len(midlevel), bool)
    if track_ids is not None:
        wanted[:] = False
        wanted[locate_tracks(midlevel, track_ids)] = True
    first, second = np.triu_indices(len(midlevel), 1)
    pairs = np.flatnonzero(wanted[first] & wanted[second])
    if not len(pairs):
        raise NeighbourError("a pair needs two tracks to choose from")
    heard, felt = compute_distances(midlevel)[pairs], compute_distances(emotion)[pairs]
    alike = np.argsort(felt, kind="stable")[: max(1, round(share * len(pairs)))]
    best = pairs[alike[heard[alike].argmax()]]
    return midlevel.index[first[best]], midlevel.index[second[best]]
