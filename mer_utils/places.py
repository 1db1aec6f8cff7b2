"""Another estimator of the same weights from far fewer predictions, for networks that average over places.

The output of such a network is the mean over the places of its last maps, and each place sees only a part of the
spectrogram. The best linear fit of a mean is the mean of the best linear fits, and where each segment is hidden on its
own, the fit at a place gives nothing to segments that the place cannot see. So each place is regressed on the segments
in its sight alone: the weights aimed at stay the same, and the noise of all other places stays out.

Public names: ``PlaceSquares``, ``KEPT``.
"""

import numpy as np

from .cores import on_one_core
from .explanation import ExplainError
from .surrogate import Fit, build_design, compute_factor

#: Samples whose places are kept, for the standard errors.
KEPT = 2048
_Pair = tuple[np.ndarray, np.ndarray]


class PlaceSquares:
    """Sums of the normal equations of one regression per place.

    Parameters
    ----------
    visible
        (n_places, n_segments) bool: which segments each place sees.
    n_outputs
        Number of outputs.
    pairs
        Whether each mask is followed by its complement.
    """

    def __init__(self, visible: np.ndarray, n_outputs: int, *, pairs: bool) -> None:
        n_places, n_segments = visible.shape
        self.n = 0
        self._visible, self._size = visible, 2 if pairs else 1
        self._normal = np.zeros((n_segments + 1, n_segments + 1))
        self._moments = np.zeros((n_segments + 1, n_places * n_outputs))
        self._kept: list[_Pair] = []
        self._solved: tuple = (-1,)

    @on_one_core
    def add(self, masks: np.ndarray, places: np.ndarray) -> None:
        """Add masks (n, n_segments) and what the places (n, n_places, n_outputs) said under them."""
        design = build_design(masks, np.float32)
        self._normal += design.T @ design  # whole numbers: exact in float32 up to 16 million samples
        self._moments += design.T @ places.reshape(len(masks), -1)
        if self.n < KEPT:
            self._kept.append((masks, places))
        self.n += len(masks)

    @on_one_core
    def fit(self) -> Fit:
        """Solve for the surrogate.

        Raises
        ------
        ExplainError
            If the samples do not tell apart what a place sees.
        """
        weights, intercepts = self._solve()
        return Fit(weights.mean(axis=0), intercepts.mean(axis=0))

    def _solve(self) -> _Pair:
        """Regress each place: weights (n_places, n_segments, n_outputs) and intercepts (n_places, n_outputs)."""
        if not self.n:
            raise ExplainError("no samples explain nothing: take some")
        if self._solved[0] != self.n:
            self._solved = (self.n, *self._regress())
        return self._solved[1:]

    def _regress(self) -> _Pair:
        from scipy.linalg import cho_solve

        n_places, n_segments = self._visible.shape
        moments, shown = self._moments.reshape(n_segments + 1, n_places, -1), self._normal[0, 1:]
        means = shown / self.n
        centred = self._normal[1:, 1:] - self.n * np.outer(means, means)
        weights = np.zeros((n_places, n_segments, moments.shape[2]))
        for place, sees in enumerate(self._visible):
            seen = np.flatnonzero(sees)
            factor = compute_factor(centred[np.ix_(seen, seen)], self.n, shown[seen])
            right = moments[1 + seen, place] - np.outer(means[seen], moments[0, place])
            weights[place, seen] = cho_solve((factor, True), right)
        return weights, moments[0] / self.n - np.einsum("s,pso->po", means, weights)

    @on_one_core
    def compute_errors(self, keep_prob: float) -> tuple[np.ndarray, float]:
        """Compute standard errors (n_segments, n_outputs) of the weights, and their degrees of freedom.

        For each sample kept, the residuals of all places that see a segment are added up; a sample pulls on the
        weight by that sum. Each residual is divided by one minus its leverage, as in HC3, and with pairs of masks the
        two pulls count as one. The degrees of freedom are Satterthwaite's for a mean of squared pulls, which few
        samples may dominate; their median over weights.
        """
        weights, intercepts = self._solve()
        masks = np.concatenate([masks for masks, _ in self._kept])
        places = np.concatenate([places for _, places in self._kept])
        leverage = np.minimum((self._visible.sum(axis=1) + 1) * self._size / self.n, 0.9)
        signs, visible = masks - keep_prob, self._visible / ((1 - leverage) * len(leverage))[:, None]
        errors, freedom = np.empty(weights.shape[1:]), np.empty(weights.shape[1:])
        for output in range(weights.shape[2]):
            residuals = places[:, :, output] - masks @ weights[:, :, output].T - intercepts[:, output]
            pulls = (signs * (residuals @ visible)).reshape(-1, self._size, len(errors)).sum(axis=1) ** 2
            mean = pulls.mean(axis=0)
            errors[:, output] = np.sqrt(mean / (self._size * self.n)) / (keep_prob * (1 - keep_prob))
            freedom[:, output] = 2 * len(pulls) * mean**2 / np.maximum(pulls.var(axis=0), 1e-300)
        return errors, max(1.0, float(np.median(freedom[freedom > 0]))) if freedom.any() else 1.0
