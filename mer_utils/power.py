"""How many test tracks a difference between two correlations needs before it is found.

Two networks that are tested on the same tracks give correlations that rise and fall together, the more so the more
their predictions agree; this decides how small a difference can be told from chance.

What is computed here counts tracks only, drawn independently, with normal ratings and predictions. It leaves out that
a network trained from another seed answers differently and that the clips of an album resemble each other, which both
ask for more than stated here; that half the ratings of some emotions lie on the floor of the scale; and that eight
emotions are looked at: some of eight differences look large by chance, while their average is less noisy.

Public names: ``PowerError``, ``compute_tracks_needed``, ``compute_detectable_difference``, ``compute_power_curve``,
``compute_agreement``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .scores import compute_correlations

if TYPE_CHECKING:
    import pandas as pd


#: From half the smallest cost that was printed on average to the largest.
_DIFFERENCES = tuple(np.geomspace(0.005, 0.1, 60))


class PowerError(ValueError):
    """Correlations that cannot occur together, or a difference that cannot be looked for."""


def compute_tracks_needed(
    difference: float, *, r: float = 0.76, between: float = 0.9, power: float = 0.8, level: float = 0.95
) -> int:
    """Compute how many tracks show that one network follows the ratings less well than another.

    The test compares Fisher's z of the two correlations, with the asymptotic covariance of correlations that share a
    variable (Pearson & Filon 1898) in the form of Dunn & Clark (1969), taken at the mean of the two (Steiger 1980).
    This is asymptotic, and cautious with few tracks: in simulations a power of .8 was .82 at 143 tracks, .86 at 41.

    Parameters
    ----------
    difference
        r of the better network - r of the other, above 0.
    r
        Pearson's r of the better network with the ratings; by default that of A2E in the ISMIR 2019 table.
    between
        Pearson's r between the predictions of the two networks.
    power
        Probability, 0-1, with which a difference of this size is to be found.
    level
        Confidence, 0-1, of the two-sided interval that must leave out 0.

    Returns
    -------
    int
        Number of test tracks, at least 4.

    Raises
    ------
    PowerError
        If the three correlations cannot occur together or a number is out of its range.
    """
    from scipy.stats import norm

    _check_shares(power, level)
    error, distance = _compute_distance(difference, r, between)
    wanted = norm.ppf((1 + level) / 2) + norm.ppf(power)
    return int(np.ceil(3 + (wanted * error / distance) ** 2))


def _check_shares(power: float, level: float) -> None:
    if not (0 < level < 1 and (1 - level) / 2 < power < 1):
        raise PowerError(f"power {power:g} and level {level:g} must lie below 1, and power above that of chance")


def _compute_distance(difference: float, r: float, between: float) -> tuple[float, float]:
    """Give the standard error of a difference of Fisher's z, times root n - 3, and the difference itself."""
    other = r - difference
    if not (difference > 0 and np.isfinite([difference, r, between]).all()):
        raise PowerError(
            f"the difference must be above 0, not {difference:g}, and r {r:g} and between {between:g} be known"
        )
    if not np.linalg.eigvalsh([[1, r, other], [r, 1, between], [other, between, 1]])[0] > 0:
        raise PowerError(
            f"networks that follow the ratings at r {r:g} and {other:g} cannot agree with each other at {between:g}"
        )
    mean = (r + other) / 2
    left = 1 - 2 * mean**2
    covariance = (between * left - mean**2 * (left - between**2) / 2) / (1 - mean**2) ** 2
    return np.sqrt(2 - 2 * covariance), np.arctanh(r) - np.arctanh(other)


def compute_detectable_difference(
    n_tracks: int, *, r: float = 0.76, between: float = 0.9, power: float = 0.8, level: float = 0.95
) -> float:
    """Compute the smallest difference between two correlations that so many tracks show: `compute_tracks_needed` back.

    Parameters
    ----------
    n_tracks
        Number of test tracks, at least 4.
    r, between, power, level
        As for `compute_tracks_needed`.

    Returns
    -------
    float
        Difference in Pearson's r, above 0; NaN where even the largest that can occur is not found.

    Raises
    ------
    PowerError
        As `compute_tracks_needed`, and for fewer than four tracks.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    _check_shares(power, level)
    if n_tracks < 4:
        raise PowerError(f"a difference between correlations needs at least 4 tracks, got {n_tracks}")
    wanted = (norm.ppf((1 + level) / 2) + norm.ppf(power)) / np.sqrt(n_tracks - 3)

    def miss(difference: float) -> float:
        error, distance = _compute_distance(difference, r, between)
        return distance - wanted * error

    smallest = 1e-9
    miss(smallest)  # refuses what cannot occur before a root of a negative number is taken
    # Networks that differ by more could not agree as they do.
    largest = (r - r * between + np.sqrt((1 - r**2) * (1 - between**2))) * (1 - 1e-6)
    return float(brentq(miss, smallest, largest)) if miss(largest) > 0 else np.nan


def compute_power_curve(
    differences: Sequence[float] = _DIFFERENCES, *, between: Sequence[float] = (0.8, 0.9, 0.95), r: float = 0.76
) -> "pd.DataFrame":
    """Compute `compute_tracks_needed` for many differences, as networks agree less or more.

    Parameters
    ----------
    differences
        In Pearson's r, above 0.
    between
        Pearson's r between the predictions of two networks.
    r
        Pearson's r of the better network with the ratings.

    Returns
    -------
    pandas.DataFrame
        Number of tracks, indexed by ``difference``, one column per value of ``between``.
    """
    import pandas as pd

    rows = {d: [compute_tracks_needed(d, r=r, between=agreement) for agreement in between] for d in differences}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=pd.Index(between, name="between"))
    return table.rename_axis("difference")


def compute_agreement(first: "pd.DataFrame", second: "pd.DataFrame") -> float:
    """Compute how much two networks agree: what is called ``between`` here.

    Parameters
    ----------
    first, second
        Predictions with the same rows (seed, track) and columns, as in `scores.compute_cost_of_explainability`.

    Returns
    -------
    float
        Pearson's r over the tracks between networks of the same seed, mean over seeds and outputs.

    Raises
    ------
    PowerError
        If rows or columns are not the same, or a network predicts a constant.
    ScoreError
        If predictions are not finite, or there are fewer than three tracks.
    """
    if not all(_have_same_labels(first.axes[axis], second.axes[axis]) for axis in (0, 1)):
        raise PowerError("predictions whose agreement is asked for must have the same rows and columns, each once")
    second = second.loc[first.index, first.columns]
    r = [compute_correlations(first.loc[seed], second.loc[seed]) for seed in first.index.unique(0)]
    if not np.isfinite(r).all():
        raise PowerError(
            "a network predicts the same for all tracks, which agrees with nothing: leave that column out"
        )
    return float(np.mean(r))


def _have_same_labels(first: "pd.Index", second: "pd.Index") -> bool:
    return first.is_unique and second.is_unique and set(first) == set(second)
