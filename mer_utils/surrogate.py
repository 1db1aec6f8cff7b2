"""The linear surrogate of LIME: weighted least squares of outputs on masks, in one pass, with its standard errors.

What is estimated is the best linear fit under the distribution of the masks, not the predictor itself. The normal
equations are summed up block by block in float64, so that memory does not grow with the number of samples.

Public names: ``LeastSquares``, ``Fit``, ``compute_kernel``, ``compute_errors``, ``compute_r2``.
"""

from dataclasses import dataclass

import numpy as np

from .cores import on_one_core
from .explanation import ExplainError

_CHUNK = 1024  # samples of the second pass at once
_ROUNDING = 1e-10  # of a pivot, as a share of what it was
_NOTHING = 1e-18  # a variance of outputs (unit scale, squared) that only rounding makes


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear surrogate.

    Attributes
    ----------
    weights
        (n_segments, n_outputs).
    intercept
        (n_outputs,).
    covariance
        (n_segments + 1, n_segments + 1) inverse of the normal matrix, intercept first, or None.
    """

    weights: np.ndarray
    intercept: np.ndarray
    covariance: np.ndarray | None = None

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """Say (n, n_outputs) what the surrogate predicts for masks (n, n_segments)."""
        chunks = [masks[first : first + _CHUNK] @ self.weights for first in range(0, len(masks), _CHUNK)]
        return np.concatenate([*chunks, np.empty((0, len(self.intercept)))]) + self.intercept


def compute_kernel(masks: np.ndarray, width: float | None) -> np.ndarray:
    """Compute how much each sample counts: LIME's kernel exp(-d² / 2 width²) of the cosine distance d to all-on.

    With 300 segments of which half are on, d is .29 for every mask, so that the kernel hardly tells them apart.

    Parameters
    ----------
    masks
        (n, n_segments) bool.
    width
        Width of the kernel, .25 in LIME for images; None counts every sample alike.

    Returns
    -------
    numpy.ndarray
        (n,) weights.
    """
    if width is None:
        return np.ones(len(masks))
    distance = 1 - np.sqrt(masks.mean(axis=1))
    return np.exp(-(distance**2) / (2 * width**2))


class LeastSquares:
    """Sums of the normal equations of a weighted ridge regression with an unpenalised intercept.

    Parameters
    ----------
    n_segments, n_outputs
        Sizes.
    kernel_width
        As `compute_kernel` takes it.
    ridge
        Penalty on the squared weights; 1 in LIME, 0 for unbiased weights.
    """

    def __init__(self, n_segments: int, n_outputs: int, *, kernel_width: float | None, ridge: float) -> None:
        self.n = 0
        self._width, self._ridge = kernel_width, ridge
        self._normal = np.zeros((n_segments + 1, n_segments + 1))
        self._moments = np.zeros((n_segments + 1, n_outputs))
        self._shown = np.zeros(n_segments, int)

    @on_one_core
    def add(self, masks: np.ndarray, outputs: np.ndarray) -> None:
        """Add masks (n, n_segments) and the outputs (n, n_outputs) under them."""
        design = build_design(masks)
        weighted = design.T * compute_kernel(masks, self._width)
        self._normal += weighted @ design
        self._moments += weighted @ outputs.astype(np.float64)
        self._shown += masks.sum(axis=0)
        self.n += len(masks)

    @on_one_core
    def fit(self) -> Fit:
        """Solve for the surrogate.

        Raises
        ------
        ExplainError
            If the masks seen so far do not tell the segments apart.
        """
        penalty = np.full(len(self._normal), float(self._ridge))
        penalty[0] = 0
        total = self._normal + np.diag(penalty)
        factor = compute_factor(total, self.n, self._shown)
        half = np.linalg.solve(factor, np.eye(len(factor)))
        inverse = half.T @ half
        solved = inverse @ self._moments
        solved += inverse @ (self._moments - total @ solved)  # one step of refinement
        return Fit(solved[1:], solved[0], inverse)


def compute_factor(normal: np.ndarray, n: int, shown: np.ndarray) -> np.ndarray:
    """Compute the lower Cholesky factor of a normal matrix of ``n`` samples, which show each segment so many times.

    Raises
    ------
    ExplainError
        If the samples do not tell all segments apart: a pivot is rounding alone, or one sample alone hides or shows a
        segment.
    """
    try:
        factor = np.linalg.cholesky(normal)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(normal)
    apart = (np.diag(factor) ** 2 > _ROUNDING * np.diag(normal)).all()
    if not apart or np.minimum(shown, n - shown).min() < 2:
        raise ExplainError(f"{n} samples do not tell all segments apart: take more")
    return factor


def build_design(masks: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Put a column of ones before masks (n, n_segments): (n, n_segments + 1)."""
    return np.concatenate([np.ones((len(masks), 1), dtype), masks], axis=1, dtype=dtype)


@on_one_core
def compute_errors(
    fit: Fit, masks: np.ndarray, outputs: np.ndarray, *, kernel_width: float | None, pairs: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the standard errors of a fit in a second pass over its samples.

    Parameters
    ----------
    fit
        The surrogate, with its covariance.
    masks, outputs
        (n, n_segments) and (n, n_outputs), those that it was fitted to.
    kernel_width
        As in the fit.
    pairs
        Whether each mask is followed by its complement: the two then count as one observation.

    Returns
    -------
    std_errors : numpy.ndarray
        (n_segments, n_outputs), the textbook's: residual variance times the inverse normal matrix.
    robust_errors : numpy.ndarray
        (n_segments, n_outputs), HC3 (MacKinnon & White 1985): right also where residuals are larger under some masks
        than under others; with ``pairs`` its form for clusters of two (Bell & McCaffrey 2002).
    """
    size = 2 if pairs else 1
    squares, meat = np.zeros(outputs.shape[1]), np.zeros(fit.weights.shape)
    for first in range(0, len(masks), _CHUNK):
        part = slice(first, first + _CHUNK)
        root = np.sqrt(compute_kernel(masks[part], kernel_width))[:, None]
        residuals = root * (outputs[part] - fit(masks[part]))
        squares += (residuals**2).sum(axis=0)
        meat += _sum_scores(root * build_design(masks[part]), residuals, fit.covariance, size)
    variance = squares / max(len(masks) - len(fit.covariance), 1)
    return np.sqrt(np.outer(np.diag(fit.covariance)[1:], variance)), np.sqrt(meat)


def _sum_scores(design: np.ndarray, residuals: np.ndarray, covariance: np.ndarray, size: int) -> np.ndarray:
    """Sum the squared pull of each cluster of samples on each weight, as if the cluster had not been fitted."""
    spread = (design @ covariance).reshape(-1, size, design.shape[1])
    leverage = spread @ design.reshape(spread.shape).transpose(0, 2, 1)  # (clusters, size, size)
    left_out = np.linalg.solve(np.eye(size) - leverage, residuals.reshape(-1, size, residuals.shape[1]))
    if size == 1:
        return (spread[:, 0, 1:] ** 2).T @ left_out[:, 0] ** 2
    pulls = spread[:, :, 1:].transpose(0, 2, 1) @ left_out  # (clusters, n_segments, n_outputs)
    return (pulls**2).sum(axis=0)


def compute_r2(outputs: np.ndarray, fitted: np.ndarray, kernel: np.ndarray | None = None) -> np.ndarray:
    """Compute the share (n_outputs,) of the variance of ``outputs`` that ``fitted`` explains; NaN without variance.

    Parameters
    ----------
    outputs, fitted
        (n, n_outputs) each.
    kernel
        (n,) weights of the samples; all alike by default.
    """
    kernel = np.ones(len(outputs)) if kernel is None else kernel
    outputs = outputs.astype(np.float64)
    total = kernel @ (outputs - np.average(outputs, axis=0, weights=kernel)) ** 2
    left = kernel @ (outputs - fitted) ** 2
    return np.where(total > _NOTHING * len(outputs), 1 - left / np.maximum(total, 1e-300), np.nan)
