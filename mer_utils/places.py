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
from .surrogate import Fit, compute_factor

#: Samples whose places are kept, for the standard errors.
KEPT = 1024
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

    @on_one_core
    def add(self, masks: np.ndarray, places: np.ndarray) -> None:
        """Add masks (n, n_segments) and what the places (n, n_places, n_outputs) said under them."""
        design = np.concatenate([np.ones((len(masks), 1)), masks], axis=1).astype(np.float32)
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
            If the masks seen so far do not tell apart what a place sees.
        """
        weights, intercepts = self._solve()
        return Fit(weights.mean(axis=0), intercepts.mean(axis=0))

    def _solve(self) -> _Pair:
        """Regress each place: weights (n_places, n_segments, n_outputs) and intercepts (n_places, n_outputs)."""
        n_places, n_segments = self._visible.shape
        moments = self._moments.reshape(n_segments + 1, n_places, -1)
        means = self._normal[0, 1:] / self.n
        centred = self._normal[1:, 1:] - self.n * np.outer(means, means)
        weights = np.zeros((n_places, n_segments, moments.shape[2]))
        for place, sees in enumerate(self._visible):
            seen = np.flatnonzero(sees)
            right = moments[1 + seen, place] - np.outer(means[seen], moments[0, place])
            if 2 * len(seen) + 2 > self.n:
                raise ExplainError(f"{self.n} samples cannot tell {len(seen)} segments apart: take more")
            normal = centred[np.ix_(seen, seen)]
            compute_factor(normal, self.n)
            weights[place, seen] = np.linalg.solve(normal, right)
        return weights, moments[0] / self.n - np.einsum("s,pso->po", means, weights)

    @on_one_core
    def compute_errors(self, keep_prob: float) -> np.ndarray:
        """Compute standard errors (n_segments, n_outputs) of the weights.

        For each sample kept, the residuals of all places that see a segment are added up; a sample pulls on the
        weight by that sum. Each residual is divided by one minus its leverage, as in HC3, and with pairs of masks the
        two pulls count as one.
        """
        weights, intercepts = self._solve()
        masks = np.concatenate([masks for masks, _ in self._kept])
        leverage = np.minimum((self._visible.sum(axis=1) + 1) * self._size / self.n, 0.9)
        residuals = np.concatenate([places for _, places in self._kept]).astype(np.float64)
        for output in range(residuals.shape[2]):
            residuals[:, :, output] -= masks @ weights[:, :, output].T + intercepts[:, output]
        residuals /= (1 - leverage)[:, None] * len(leverage)
        seen = np.einsum("npo,ps->nso", residuals, self._visible.astype(float), optimize=True)
        pulls = (masks - keep_prob)[:, :, None] * seen
        whole = len(pulls) // self._size * self._size
        pulls = pulls[:whole].reshape(-1, self._size, *pulls.shape[1:]).sum(axis=1)
        spread = keep_prob * (1 - keep_prob)
        return np.sqrt((pulls**2).mean(axis=0) / (self._size * self.n)) / spread
