"""Mid2E: the emotions by linear regression on the mid-level features that people rated, the ceiling of the bottleneck.

Aljanaki & Soleymani (2018) and the ISMIR 2019 paper fit it by least squares with an intercept. Predictions have the
scale of the ratings that the regression was fitted to; correlations do not depend on it.

Public names: ``RegressionError``, ``LinearModel``, ``fit_linear``, ``predict_out_of_fold``,
``compute_in_sample_correlations``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd


class RegressionError(ValueError):
    """Ratings that do not determine a regression, or a table that does not fit one."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """One linear layer from mid-level features to emotions.

    Attributes
    ----------
    weights, bias
        (n_emotions, n_features) and (n_emotions,): the form of the networks' last layer.
    inputs, outputs
        Names of the features and of the emotions, or None where it was fitted to plain arrays.
    """

    weights: np.ndarray
    bias: np.ndarray
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None

    def predict(self, midlevel: "ArrayLike | pd.DataFrame") -> "np.ndarray | pd.DataFrame":
        """Predict (n_tracks, n_emotions) from (n_tracks, n_features); a table gives a table with the same index.

        Raises
        ------
        RegressionError
            If the number of features, or their names and order in a table, are not those of the fit.
        """
        names = _column_names(midlevel)
        if names and self.inputs and names != self.inputs:
            raise RegressionError(f"fitted to the columns {', '.join(self.inputs)}, asked about {', '.join(names)}")
        values = np.asarray(midlevel, float)
        if values.ndim != 2 or values.shape[1] != self.weights.shape[1]:
            raise RegressionError(f"mid-level must be (n_tracks, {self.weights.shape[1]}), not {values.shape}")
        predicted = values @ self.weights.T + self.bias
        if names is None:
            return predicted
        import pandas as pd

        return pd.DataFrame(predicted, midlevel.index, self.outputs and list(self.outputs))


def fit_linear(midlevel: "ArrayLike | pd.DataFrame", emotion: "ArrayLike | pd.DataFrame") -> LinearModel:
    """Fit every emotion by least squares with an intercept, without any penalty.

    Parameters
    ----------
    midlevel
        (n_tracks, n_features) ratings, or what a network hears instead of them; at least n_features + 2 tracks.
    emotion
        (n_tracks, n_emotions) ratings on the same scale. Two tables must list the same tracks in the same order.

    Raises
    ------
    RegressionError
        If the tables do not fit each other, ratings are missing, there are too few tracks, or a feature is constant
        or a sum of others, which leaves its weight open.
    """
    x, y = _checked(midlevel, emotion)
    solution, _, rank, _ = np.linalg.lstsq(np.c_[x, np.ones(len(x))], y, rcond=None)
    if rank <= x.shape[1]:
        names = _column_names(midlevel) or range(x.shape[1])
        constant = [str(name) for name, spread in zip(names, np.ptp(x, axis=0), strict=True) if not spread]
        what = f"feature {', '.join(constant)} is constant" if constant else "features are weighted sums of each other"
        raise RegressionError(f"mid-level {what} over these {len(x)} tracks: leave it out or take more tracks")
    return LinearModel(solution[:-1].T, solution[-1], _column_names(midlevel), _column_names(emotion))


def predict_out_of_fold(midlevel: "pd.DataFrame", emotion: "pd.DataFrame", folds: ArrayLike) -> "pd.DataFrame":
    """Predict the tracks of each fold with a regression on all others, and pool the predictions.

    Parameters
    ----------
    midlevel, emotion
        (n_tracks, n_features) and (n_tracks, n_emotions) with the same index.
    folds
        Fold of each track, at least two different ones: a Series by track, as `folds.build_folds` gives it, or
        (n_tracks,) in the order of the tables.

    Returns
    -------
    pandas.DataFrame
        Predictions in the form of ``emotion``.

    Raises
    ------
    RegressionError
        As in `fit_linear`, for the rest of any fold; or if a track has no fold or all are in one.
    """
    import pandas as pd

    _checked(midlevel, emotion)
    if isinstance(folds, pd.Series) and folds.index.has_duplicates:
        raise RegressionError(f"track {folds.index[folds.index.duplicated()][0]} has two folds: keep one")
    known = folds.reindex(midlevel.index) if isinstance(folds, pd.Series) else pd.Series(folds)
    if len(known) != len(midlevel) or known.isna().any() or known.nunique() < 2:
        raise RegressionError(f"each of the {len(midlevel)} tracks needs a fold, and there must be two folds at least")
    predicted = pd.DataFrame(np.nan, emotion.index, emotion.columns)
    for fold in known.unique():
        held = (known == fold).to_numpy()
        predicted.loc[held] = fit_linear(midlevel[~held], emotion[~held]).predict(midlevel[held])
    return predicted


def compute_in_sample_correlations(correlations: "pd.DataFrame") -> "pd.Series":
    """Compute what Mid2E reaches on the tracks that it was fitted to, from the correlations of the ratings alone.

    Pearson's r between an emotion and its least-squares prediction is the multiple correlation, whose square is
    ``b @ inv(A) @ b`` with the correlations ``A`` among the features and ``b`` of the features with the emotion.

    Parameters
    ----------
    correlations
        Pearson correlations, rows and columns named as `ratings.MIDLEVEL` and `ratings.EMOTIONS`, such as
        ``load_published("rating_correlations")``.

    Returns
    -------
    pandas.Series
        One r per emotion, 0 to 1; with few tracks above what new tracks would give.

    Raises
    ------
    RegressionError
        If names lack or no ratings can correlate like this.
    """
    import pandas as pd

    names, n_features = [*MIDLEVEL, *EMOTIONS], len(MIDLEVEL)
    lacking = [name for name in names if name not in correlations.index or name not in correlations.columns]
    if lacking:
        raise RegressionError(f"the correlations have no row or column {lacking[0]!r}")
    matrix = correlations.loc[names, names].to_numpy(float)
    among, between = matrix[:n_features, :n_features], matrix[:n_features, n_features:]
    possible = np.allclose(matrix, matrix.T, atol=1e-6) and np.allclose(np.diag(matrix), 1, atol=1e-6)
    possible = possible and np.linalg.eigvalsh(among).min() > 1e-9
    squares = (between * np.linalg.solve(among, between)).sum(axis=0) if possible else np.array([np.inf])
    if squares.max() > 1 + 1e-9:
        raise RegressionError("this is no correlation matrix: it must be symmetric, 1 on its diagonal and definite")
    return pd.Series(np.sqrt(squares.clip(0, 1)), list(EMOTIONS), name="r")


def _column_names(table: "ArrayLike | pd.DataFrame") -> tuple[str, ...] | None:
    return tuple(map(str, table.columns)) if hasattr(table, "columns") else None


def _checked(midlevel: "ArrayLike | pd.DataFrame", emotion: "ArrayLike | pd.DataFrame") -> tuple[np.ndarray, ...]:
    x, y = np.asarray(midlevel, float), np.asarray(emotion, float)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise RegressionError(f"mid-level {x.shape} and emotion {y.shape} must be tables with a row for each track")
    if _column_names(midlevel) and _column_names(emotion) and not midlevel.index.equals(emotion.index):
        raise RegressionError("mid-level and emotion ratings must list the same tracks in the same order")
    lacking = int((~np.isfinite(x).all(axis=1) | ~np.isfinite(y).all(axis=1)).sum())
    if lacking:
        raise RegressionError(f"{lacking} of {len(x)} tracks lack a rating: leave them out")
    if len(x) < x.shape[1] + 2:
        raise RegressionError(f"{x.shape[1]} features need at least {x.shape[1] + 2} tracks, got {len(x)}")
    return x, y
