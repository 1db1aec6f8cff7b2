"""How well predictions follow ratings: Pearson correlations, as in the papers' tables.

Conventions: predictions and ratings are (n_tracks, n_outputs), one column per feature or emotion; the scale does not
matter. All correlations are over tracks and lie in -1 to 1.

Public names: ``ScoreError``, ``compute_correlations``, ``compute_mean_correlation``, ``compute_partial_correlations``.
"""

import numpy as np
from numpy.typing import ArrayLike


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
    return values - values.mean(axis=0)


def _residuals(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    left = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    # What rounding leaves of a column that is explained entirely must not be correlated.
    return np.where(np.linalg.norm(left, axis=0) > 1e-9 * np.linalg.norm(values, axis=0), left, 0)


def _correlate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    # Rounding of a mean leaves about 1e-16 of a constant column, far below any real spread of ratings.
    r = np.divide((a * b).sum(axis=0), norm, out=np.full(norm.shape, np.nan), where=norm > 1e-24)
    return r.clip(-1, 1)
