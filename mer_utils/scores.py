"""How well predictions follow ratings: Pearson correlations, as in the papers' tables, and what a bottleneck costs.

Conventions: predictions and ratings are (n_tracks, n_outputs), one column per feature or emotion; the scale does not
matter to correlations, which are over tracks and lie in -1 to 1.

Public names: ``ScoreError``, ``compute_correlations``, ``compute_mean_correlation``, ``compute_partial_correlations``,
``compute_cost_of_explainability``, ``NO_SEED``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .bootstrap import Resampling, build_resampling, compute_deviations, compute_interval
from .ratings import RATING_RANGE

if TYPE_CHECKING:
    import pandas as pd


#: Stands in the place of the seed in the predictions of a scheme without randomness.
NO_SEED = "none"


class ScoreError(ValueError):
    """Predictions and ratings that cannot be compared."""


def compute_correlations(predicted: ArrayLike, rated: ArrayLike) -> np.ndarray:
    """Compute Pearson's r of each output over the tracks.

    Parameters
    ----------
    predicted, rated
        (n_tracks, n_outputs), at least three tracks.

    Returns
    -------
    numpy.ndarray
        (n_outputs,) correlations; NaN where the predictions or the ratings are constant.

    Raises
    ------
    ScoreError
        If the shapes differ, values are not finite, or there are fewer than three tracks.
    """
    predicted, rated = _checked(predicted, rated, least=3)
    return _correlate(_centred(predicted), _centred(rated))


def compute_mean_correlation(predicted: ArrayLike, rated: ArrayLike) -> float:
    """Compute the unweighted mean of `compute_correlations` over the outputs, the papers' "Avg.".

    A constant output counts as 0: it says nothing about the tracks.
    """
    return float(np.nan_to_num(compute_correlations(predicted, rated)).mean())


def compute_partial_correlations(predicted: ArrayLike, rated: ArrayLike, given: ArrayLike) -> np.ndarray:
    """Compute the correlations that remain once what a linear regression on ``given`` explains is taken out.

    With the true mid-level values as ``given``, a positive value shows that a network hears more of an emotion than
    the seven features tell.

    Parameters
    ----------
    predicted, rated
        (n_tracks, n_outputs).
    given
        (n_tracks, n_given), with n_tracks at least n_given + 3.

    Returns
    -------
    numpy.ndarray
        (n_outputs,) partial correlations; NaN where ``given`` explains the predictions or the ratings entirely.

    Raises
    ------
    ScoreError
        If the shapes do not fit, values are not finite, or there are too few tracks.
    """
    given = np.asarray(given, float)
    if given.ndim != 2:
        raise ScoreError(f"what is given must be (n_tracks, n_given), not {given.shape}")
    predicted, rated = _checked(predicted, rated, least=given.shape[1] + 3)
    if len(given) != len(rated) or not np.isfinite(given).all():
        raise ScoreError(f"what is given must hold a finite row for each of the {len(rated)} tracks")
    basis = _centred(given)
    return _correlate(*(_residuals(_centred(values), basis) for values in (predicted, rated)))


# One argument more than elsewhere: all but the first two have a default that the papers' table uses.
def compute_cost_of_explainability(  # noqa: PLR0913
    predictions: Mapping[str, "pd.DataFrame"],
    rated: "pd.DataFrame",
    *,
    groups: "pd.Series | None" = None,
    reference: str = "a2e",
    n_draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> "pd.DataFrame":
    """Compute what each scheme reaches, and how much less than the reference that is, with intervals.

    The cost of explainability (CoE) of Chowdhury et al. (ISMIR 2019) is r(reference) - r(scheme), with its sign. Seeds
    with the same number are a pair, and all schemes are judged on the same tracks; the intervals make use of both
    (`bootstrap.compute_interval`). Everything is computed from unrounded values.

    Parameters
    ----------
    predictions
        By name of the scheme: ratings, on 1-10 but free to leave it, indexed by (seed, track), one column per output.
        Each seed has every track of ``rated``, in any order. All schemes have the same seeds, but for one without
        randomness, such as a regression: its only seed is `NO_SEED`, and it is compared with every seed of the others.
    rated
        (n_tracks, n_outputs) ratings 1-10, indexed by track.
    groups
        The album of each track: its tracks are resampled together. None: each track by itself.
    reference
        The scheme that the others are compared with.
    n_draws, level, seed
        Of the bootstrap: number of draws, level of the intervals (0 to 1), seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Rows (scheme, output), the outputs followed by "average", their unweighted mean. Columns: ``r``, ``r_low``,
        ``r_high``, the mean over seeds of r over the tracks; ``coe``, ``coe_low``, ``coe_high`` and ``seeds_above``,
        the number of seeds with CoE > 0, all four NaN for the reference; ``n_seeds``, the number of pairs with the
        reference, for itself the most that it makes; ``mae``, the mean absolute error in rating points. Where an
        output is constant, in one seed even, its r and CoE are NaN, and so are those of the average; an interval is
        NaN where too many draws are constant.

    Raises
    ------
    ScoreError
        If tables do not fit each other or hold text, ratings are missing or not on 1-10, an output is called
        "average", or there are fewer than three tracks or albums.
    BootstrapError
        If there are fewer than 100 draws, or the level is not between 0 and 1.
    """
    import pandas as pd

    rated = _sorted_ratings(rated)
    if reference not in predictions:
        raise ScoreError(
            f"no predictions of the reference {reference!r}, only of: {', '.join(predictions) or 'nothing'}"
        )
    aligned = {name: _align(name, table, rated) for name, table in predictions.items()}
    resampling = build_resampling(
        _number_groups(groups, rated), n_seeds=_count_seeds(predictions), n_draws=n_draws, seed=seed
    )
    schemes = {name: _build_scheme(values, rated.to_numpy(float), resampling) for name, values in aligned.items()}
    tables = {
        name: pd.DataFrame(
            _score(scheme, None if name == reference else schemes[reference], resampling, level),
            index=[*rated.columns, "average"],
        )
        for name, scheme in schemes.items()
    }
    return pd.concat(tables, names=["scheme", "output"])


@dataclass(frozen=True)
class _Scheme:
    """A scheme's scores of each output and of their average, the last column."""

    r: np.ndarray  # (n_seeds, n_outputs + 1)
    deviations: np.ndarray  # (3, n_draws, n_outputs + 1)
    mae: np.ndarray  # (n_outputs + 1,), rating points


def _build_scheme(predicted: np.ndarray, rated: np.ndarray, resampling: Resampling) -> _Scheme:
    by_output = (
        np.array([compute_correlations(of_seed, rated) for of_seed in predicted]),
        compute_deviations(predicted, rated, resampling),
        np.abs(predicted - rated).mean(axis=(0, 1)),
    )
    return _Scheme(*(np.concatenate([values, values.mean(axis=-1, keepdims=True)], axis=-1) for values in by_output))


def _score(
    scheme: _Scheme, reference: _Scheme | None, resampling: Resampling, level: float
) -> dict[str, np.ndarray | float | int]:
    r = scheme.r.mean(axis=0)
    # What is widened for few tracks must not leave the range of correlations.
    low, high = (end.clip(-1, 1) for end in compute_interval(r, scheme.deviations, resampling, level=level))
    table = {"r": r, "r_low": low, "r_high": high} | dict.fromkeys(("coe", "coe_low", "coe_high"), np.nan)
    table |= {"seeds_above": np.nan, "n_seeds": resampling.seeds.shape[1]}
    if reference is not None:
        costs = reference.r - scheme.r  # a single seed is paired with each of the other's
        coe, moves = costs.mean(axis=0), reference.deviations - scheme.deviations
        table["coe"], (table["coe_low"], table["coe_high"]) = (
            coe,
            compute_interval(coe, moves, resampling, level=level),
        )
        table["seeds_above"] = np.where(np.isnan(coe), np.nan, (costs > 0).sum(axis=0))
        table["n_seeds"] = len(costs)
    return table | {"mae": scheme.mae}


def _sorted_ratings(rated: "pd.DataFrame") -> "pd.DataFrame":
    """Check the ratings and sort the tracks: what comes out must not depend on their order."""
    if rated.index.has_duplicates or rated.columns.has_duplicates:
        raise ScoreError("the ratings hold a track or an output twice: keep one")
    if "average" in rated.columns:
        raise ScoreError('an output of the ratings is called "average", as their mean is here: rename it')
    if len(rated) < 3:
        raise ScoreError(f"correlations need at least 3 tracks, got {len(rated)}")
    values = _to_numbers(rated, "the ratings")
    if not np.isfinite(values).all():
        raise ScoreError("the ratings have gaps: leave out the tracks without a rating")
    low, high = RATING_RANGE
    if values.min() < low or values.max() > high:
        raise ScoreError(f"ratings are on {low:g}-{high:g}, not {values.min():g} to {values.max():g}: convert them")
    return rated.sort_index()


def _to_numbers(table: "pd.DataFrame", what: str) -> np.ndarray:
    try:
        return table.to_numpy(float)
    except (TypeError, ValueError) as error:
        raise ScoreError(f"{what} must be numbers alone: {error}") from None


def _sort_seeds(name: str, table: "pd.DataFrame") -> list:
    seeds = set(table.index.get_level_values(0))
    try:
        if NO_SEED not in seeds or len(seeds) == 1:
            return sorted(seeds)
    except TypeError:
        pass  # text and numbers
    raise ScoreError(f"seeds of {name!r} are of different kinds: number them all, or have the one seed {NO_SEED!r}")


def _align(name: str, table: "pd.DataFrame", rated: "pd.DataFrame") -> np.ndarray:
    """Put the predictions of a scheme in the order of the ratings: (n_seeds, n_tracks, n_outputs), seeds ascending."""
    import pandas as pd

    if table.index.nlevels != 2 or table.empty:
        raise ScoreError(f"predictions of {name!r} must have rows (seed, track)")
    if table.columns.has_duplicates or set(table.columns) != set(rated.columns):
        raise ScoreError(f"predictions of {name!r} must have the columns {', '.join(map(str, rated.columns))}")
    if table.index.has_duplicates:
        raise ScoreError(
            f"predictions of {name!r} hold seed and track {table.index[table.index.duplicated()][0]} twice"
        )
    rows = pd.MultiIndex.from_product([_sort_seeds(name, table), rated.index])
    odd = table.index.symmetric_difference(rows, sort=False)
    if len(odd):
        raise ScoreError(
            f"predictions of {name!r} and ratings are of different tracks: {len(odd)} rows (seed, track) are in one "
            f"alone, such as {odd[0]}"
        )
    values = _to_numbers(table.reindex(rows)[list(rated.columns)], f"predictions of {name!r}")
    if not np.isfinite(values).all():
        raise ScoreError(f"predictions of {name!r} are not finite: predict its tracks again")
    return values.reshape(-1, *rated.shape)


def _count_seeds(predictions: Mapping[str, "pd.DataFrame"]) -> int:
    """Check that seeds can be paired, and count the pairs."""
    seeds = {name: set(table.index.get_level_values(0)) for name, table in predictions.items()}
    random = {name: found for name, found in seeds.items() if found != {NO_SEED}}
    first = next(iter(random), "")
    for name, found in random.items():
        if found != random[first]:
            raise ScoreError(
                f"seeds of {name!r} and {first!r} differ, such as {min(found ^ random[first], key=str)}: "
                "train both with the same seeds"
            )
    return max(map(len, seeds.values()))


def _number_groups(groups: "pd.Series | None", rated: "pd.DataFrame") -> np.ndarray:
    """Give each track the number of its group, from 0: (n_tracks,)."""
    import pandas as pd

    if groups is None:
        return np.arange(len(rated))
    if groups.index.has_duplicates:
        raise ScoreError("a track is in two groups: keep one")
    wanted = groups.reindex(rated.index)
    if wanted.isna().any():
        raise ScoreError(f"track {wanted.index[wanted.isna()][0]} is in no group: name its album")
    numbers, names = pd.factorize(wanted, sort=True)
    if len(names) < 3:
        raise ScoreError(f"intervals need tracks of at least 3 groups, got {len(names)}: leave the groups out")
    return numbers


def _checked(predicted: ArrayLike, rated: ArrayLike, *, least: int) -> tuple[np.ndarray, np.ndarray]:
    predicted, rated = np.asarray(predicted, float), np.asarray(rated, float)
    if predicted.shape != rated.shape or rated.ndim != 2:
        raise ScoreError(f"predictions {predicted.shape} and ratings {rated.shape} must both be (n_tracks, n_outputs)")
    if len(rated) < least:
        raise ScoreError(f"correlations need at least {least} tracks, got {len(rated)}")
    if not (np.isfinite(predicted).all() and np.isfinite(rated).all()):
        raise ScoreError("predictions and ratings must be finite: leave out the tracks without a rating")
    return predicted, rated


def _centred(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=0)
    # Rounding of a mean must not be correlated: it leaves about 1e-16 of some constant columns.
    return np.where(abs(centred).max(axis=0) > 1e-12 * abs(values).max(axis=0), centred, 0)


def _residuals(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    left = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    # What rounding leaves of a column that is explained entirely must not be correlated.
    return np.where(np.linalg.norm(left, axis=0) > 1e-9 * np.linalg.norm(values, axis=0), left, 0)


def _correlate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    r = np.divide((a * b).sum(axis=0), norm, out=np.full(norm.shape, np.nan), where=norm > 0)
    return r.clip(-1, 1)
