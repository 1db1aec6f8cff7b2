"""Ratings of music that does not exist yet: drawn first, so that the truth behind every clip is known.

The published tables describe *observed* ratings, means over a few listeners. Behind each observed rating stands a
latent value, which drives the music, and rater noise. All fifteen ratings of a track are drawn together:

1. a Gaussian copula gives the ranks, the published quantiles the values, so that the marginals are exact;
2. values are swapped within columns until all 105 correlations are right (a copula alone misses those of the
   floored emotions by up to .11);
3. the latent value of each rating is drawn given all observed ones (normal theory, independent rater noise);
4. the noise-free rating is the mean over raters given the latent value.

Public names: ``RELIABILITY``, ``RatingTable``, ``build_ratings``, ``compute_quantiles``.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri  # scipy.stats has them too, and takes most of a second to import

from ..ratings import EMOTIONS, MIDLEVEL, load_published

#: Assumed share of a rating's variance that listeners agree on. Articulation and dissonance: Cronbach's alpha of
#: Aljanaki & Soleymani (2018); rhythmic complexity: their value after retest. The other twelve are our assumption.
#: Independent noise as large as this contradicts the published correlations in places (valence and tension share too
#: much for it); `build_ratings` lowers it just there until the latent values have a proper correlation matrix.
RELIABILITY = {
    "melodiousness": 0.80,
    "articulation": 0.80,
    "rhythmic complexity": 0.47,
    "rhythmic stability": 0.60,
    "dissonance": 0.74,
    "tonal stability": 0.70,
    "minorness": 0.60,
    **dict.fromkeys(EMOTIONS, 0.85),
}

_MIN_EIGENVALUE = 0.01  # of the latent correlation matrix: rater noise must leave it positive definite
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(24)


@dataclass(frozen=True)
class RatingTable:
    """Ratings of ``n`` tracks; columns are the seven mid-level features, then the eight emotions.

    Attributes
    ----------
    observed
        (n, 15) ratings as listeners gave them, 1-10: published marginals and correlations.
    true
        (n, 15) noise-free ratings, 1-10: the mean that infinitely many raters would give.
    latent
        (n, 15) standard normal values that drive the music; ``true`` is a monotone function of each column.
    noise
        (15,) share of rater noise in the variance of each observed rating, on the normal scale.
    """

    observed: np.ndarray
    true: np.ndarray
    latent: np.ndarray
    noise: np.ndarray


@lru_cache(maxsize=8)  # a second or so of swapping, and every look at the same corpus needs the same table
def build_ratings(n: int, *, seed: int = 0, rater_noise: float = 1.0, outside_share: float = 1.0) -> RatingTable:
    """Draw the fifteen ratings of ``n`` tracks so that they match the published tables.

    Parameters
    ----------
    n
        Number of tracks, at least 8. From 48 on all correlations are within .01 of the published ones; fewer values
        cannot be swapped into place so well (24: within .05).
    seed
        Seed of every draw.
    rater_noise
        Factor on the variance of rater noise, 0 (observed = noise-free) to 1 (as assumed in `RELIABILITY`).
    outside_share
        Factor on the part of the emotions that no linear function of the mid-level features explains. 1 follows the
        published correlations; any other value leaves them on purpose.

    Returns
    -------
    RatingTable

    Raises
    ------
    ValueError
        For fewer than 8 tracks, noise outside 0-1 or a negative share.
    """
    if n < 8 or not 0 <= rater_noise <= 1 or outside_share < 0:
        raise ValueError(
            f"ratings need n >= 8, rater_noise in 0-1 and outside_share >= 0; got {n}, {rater_noise}, {outside_share}"
        )
    rng = np.random.default_rng([seed, 1, n])  # another size is another corpus, not a part of this one
    correlations = load_published("rating_correlations").to_numpy()
    normal = rng.multivariate_normal(np.zeros(15), correlations, size=n)
    ranks = normal.argsort(axis=0).argsort(axis=0)  # from 0
    observed = compute_quantiles((ranks + 0.5) / n)
    _swap_until_correlated(observed, normal, correlations, rng)

    noise = rater_noise * _largest_noise(correlations)
    latent_cov = correlations - np.diag(noise)
    slope = latent_cov @ np.linalg.inv(correlations)
    spread = np.linalg.cholesky(latent_cov - slope @ latent_cov + 1e-9 * np.eye(15))
    latent = _normal_scores(observed, normal) @ slope.T + rng.standard_normal((n, 15)) @ spread.T
    if outside_share != 1.0:
        latent = _scale_outside_share(latent, latent_cov, outside_share)
        noisy = latent + rng.standard_normal((n, 15)) * np.sqrt(noise)
        observed = compute_quantiles(ndtr(noisy))
    true = _mean_over_raters(latent, noise)
    table = RatingTable(observed, true, latent / np.sqrt(1 - noise), noise)
    for array in vars(table).values():
        array.flags.writeable = False  # the next caller gets the same arrays
    return table


def compute_quantiles(probability: np.ndarray) -> np.ndarray:
    """Turn probabilities (n, 15) in 0-1 into ratings (n, 15) on 1-10 with the published marginals.

    Straight lines join the published quantiles (minimum, 5 %, 10 %, 25 %, 50 %, 75 %, 90 %, 95 %, maximum), so the
    floor of the discrete emotions, where up to half of the clips have the lowest rating, is kept.
    """
    table = load_published("rating_marginals").drop(columns=["mean", "sd"])
    levels = table.columns.astype(float).to_numpy()
    columns = [np.interp(probability[:, j], levels, row) for j, row in enumerate(table.to_numpy())]
    return np.stack(columns, axis=1)


def _largest_noise(correlations: np.ndarray) -> np.ndarray:
    """Assumed noise shares (15,), lowered where needed until ``correlations - diag(noise)`` is positive definite.

    Noise is taken from the ratings that the offending eigenvector loads on, so that the others keep all of theirs.
    """
    noise = 1 - np.array([RELIABILITY[name] for name in MIDLEVEL + EMOTIONS])
    while True:
        values, vectors = np.linalg.eigh(correlations - np.diag(noise))
        if values[0] >= _MIN_EIGENVALUE:
            return noise
        noise *= 1 - 0.05 * vectors[:, 0] ** 2 / np.max(vectors[:, 0] ** 2)


def _swap_until_correlated(
    values: np.ndarray, normal: np.ndarray, target: np.ndarray, rng: np.random.Generator, *, tolerance: float = 0.008
) -> None:
    """Swap entries within columns, in place, until every correlation is within ``tolerance`` of its target.

    Each step looks at 128 random pairs of rows of the column with the largest error and takes the swap that lowers
    the sum of squared errors most. ``normal`` is swapped alongside: it breaks ties of the floored columns later.
    """
    n, n_columns = values.shape
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    current = z.T @ z / n
    for _ in range(60 * n_columns * 20):
        error = current - target
        if np.abs(error).max() <= tolerance:
            break
        weight = np.abs(error).max(axis=0) ** 2
        j = rng.choice(n_columns, p=weight / weight.sum())
        a, b = rng.integers(n, size=(2, 128))
        change = (z[b, j] - z[a, j])[:, None] * (z[a] - z[b]) / n  # (128, 15) change of row j of the correlations
        change[:, j] = 0
        cost = ((error[j] + change) ** 2).sum(axis=1)
        best = cost.argmin()
        if cost[best] < (error[j] ** 2).sum():
            current[j] += change[best]
            current[:, j] = current[j]
            pair, other = [a[best], b[best]], [b[best], a[best]]
            for array in (values, normal, z):
                array[pair, j] = array[other, j]


def _normal_scores(values: np.ndarray, tie_breaker: np.ndarray) -> np.ndarray:
    """Compute normal scores (n, columns) of each column's ranks; equal values are ordered by ``tie_breaker``."""
    scores = np.empty_like(values)
    for j in range(values.shape[1]):
        order = np.lexsort((tie_breaker[:, j], values[:, j]))
        scores[order, j] = ndtri((np.arange(len(order)) + 0.5) / len(order))
    return scores


def _scale_outside_share(latent: np.ndarray, covariance: np.ndarray, share: float) -> np.ndarray:
    """Scale the part of the latent emotions that the latent mid-level features do not explain linearly."""
    weights = np.linalg.solve(covariance[:7, :7], covariance[:7, 7:])  # (7, 8)
    explained = latent[:, :7] @ weights
    emotion = explained + share * (latent[:, 7:] - explained)
    emotion *= np.sqrt(np.diag(covariance)[7:]) / emotion.std(axis=0)
    return np.hstack([latent[:, :7], emotion])


def _mean_over_raters(latent: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Mean rating (n, 15) over normally distributed rater noise, by Gauss-Hermite quadrature."""
    nodes = latent[None] + np.sqrt(noise) * _NODES[:, None, None]  # (24, n, 15)
    ratings = compute_quantiles(ndtr(nodes).reshape(-1, 15)).reshape(nodes.shape)
    return np.tensordot(_NODE_WEIGHTS / _NODE_WEIGHTS.sum(), ratings, axes=1)
