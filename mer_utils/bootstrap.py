"""Intervals for correlations that are averaged over networks: a paired two-way bootstrap of tracks and seeds.

Ten networks that are trained alike but for their seed are tested on the same tracks, so a mean r is uncertain for two
crossed reasons: other tracks, and other seeds. Each draw resamples both, with replacement and independently: tracks
(by the album, where an album's tracks resemble each other) and seeds. Whatever is compared uses the *same* draws:
differences are paired by track and by seed.

What is estimated is the r over a population of tracks, averaged over a population of seeds.

Public names: ``BootstrapError``, ``Resampling``, ``build_resampling``, ``compute_deviations``, ``compute_interval``.
"""

from dataclasses import dataclass

import numpy as np

# Draws at once: their weighted moments then take a few MB, whatever is compared.
_CHUNK = 500
# Variance of a standardised column in a draw; below it a draw holds one value only, and rounding.
_CONSTANT = 1e-10
# Draws without a correlation that are left out; where there are more, an interval would be guesswork.
_UNDEFINED = 0.01
# Seeds whose draws take so few values (3 to 35 sums) that their percentiles say little about the tails.
_FEW_SEEDS = range(2, 5)


class BootstrapError(ValueError):
    """A resampling that cannot give an interval."""


@dataclass(frozen=True)
class Resampling:
    """How often each draw takes each group of tracks and each seed.

    Attributes
    ----------
    membership
        (n_tracks,) number of each track's group, 0 to n_groups - 1.
    groups
        (n_draws, n_groups) multiplicities, each row adding up to n_groups.
    seeds
        (n_draws, n_seeds) multiplicities, each row adding up to n_seeds.
    """

    membership: np.ndarray
    groups: np.ndarray
    seeds: np.ndarray


def build_resampling(membership: np.ndarray, *, n_seeds: int, n_draws: int = 2000, seed: int = 0) -> Resampling:
    """Draw groups of tracks and seeds with replacement.

    Parameters
    ----------
    membership
        (n_tracks,) number of each track's group, 0 to n_groups - 1; ``arange(n_tracks)`` resamples single tracks.
    n_seeds
        Seeds that are paired; 1 where nothing is random.
    n_draws
        At least 100.
    seed
        Of the draws. Those of the groups do not depend on the number of seeds.

    Raises
    ------
    BootstrapError
        If there are fewer than three groups, no seed or fewer than 100 draws.
    """
    n_groups = len(np.unique(membership))
    if n_groups < 3 or n_seeds < 1 or n_draws < 100:
        raise BootstrapError(
            f"{n_draws} draws of {n_groups} groups and {n_seeds} seeds give no interval: "
            "at least 100 draws, 3 groups and 1 seed are needed"
        )
    streams = np.random.default_rng(seed).spawn(2)
    groups, seeds = (
        stream.multinomial(n, np.full(n, 1 / n), size=n_draws).astype(np.uint16)
        for stream, n in zip(streams, (n_groups, n_seeds), strict=True)
    )
    return Resampling(np.asarray(membership), groups, seeds)


def compute_deviations(predicted: np.ndarray, rated: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Compute how far the mean correlation over the seeds moves in each draw.

    Everything here is linear in the correlations, so the deviations of a difference of two schemes are the difference
    of theirs, and those of an average over outputs are the average.

    Parameters
    ----------
    predicted
        (n_seeds, n_tracks, n_outputs); a single seed is paired with all seeds of the resampling.
    rated
        (n_tracks, n_outputs).
    resampling
        From `build_resampling`.

    Returns
    -------
    numpy.ndarray
        (3, n_draws, n_outputs) deviations from the estimate: tracks resampled, seeds resampled, and both at once. NaN
        where all tracks of a draw have the same prediction or rating.
    """
    predicted, rated = _standardised(np.asarray(predicted, float)), _standardised(np.asarray(rated, float))
    by_seed = (predicted * rated).mean(axis=1)  # (n_seeds, n_outputs)
    seeds = resampling.seeds if len(predicted) > 1 else np.ones((len(resampling.seeds), 1))
    shares = seeds / seeds.shape[1]
    tracks, both = np.empty((2, len(shares), rated.shape[1]))
    sums = _sum_moments(predicted, rated, resampling.membership)
    for start in range(0, len(shares), _CHUNK):
        rows = slice(start, start + _CHUNK)
        drawn = _correlate_draws(resampling.groups[rows], sums, predicted.shape)
        tracks[rows] = drawn.mean(axis=1)
        both[rows] = np.einsum("ds,dso->do", shares[rows], drawn)
    return np.stack([tracks, shares @ by_seed, both]) - by_seed.mean(axis=0)


def compute_interval(
    estimate: np.ndarray, deviations: np.ndarray, resampling: Resampling, *, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Compute an interval for each estimate from how far it moves in the draws.

    Percentiles of draws that resample both ways at once are too wide where seed and track interact: such draws count
    the variance of single combinations of both three times (Owen 2007, "The pigeonhole bootstrap", Annals of Applied
    Statistics 1). And they are too narrow where groups or seeds are few (Hesterberg 2015, "What teachers should know
    about the bootstrap", The American Statistician 69, who expands them as point 3 does). So

    1. the draws of each kind are centred, because the mean of a draw's r lies off the estimate as the estimate lies
       off the truth, and percentiles would carry this bias into the interval a second time; then those of tracks and
       those of seeds are added, each widened by sqrt(n / (n - 1));
    2. the sums are scaled to the variance V(tracks) + V(seeds) - V(combinations), which counts each part once, as in
       Cameron, Gelbach & Miller (2011, "Robust inference with multiway clustering", Journal of Business & Economic
       Statistics 29). V(combinations) is that of what draws of both at once add to the sums, widened likewise; the
       result is never taken for less than V(tracks) or V(seeds);
    3. and widened from the normal to the t distribution, with Satterthwaite's degrees of freedom over all three
       variances, the combinations included.

    The interval is between percentiles of these scaled sums, so it is as lopsided as the draws are. With two to four
    seeds, whose draws take a handful of values, it is symmetric instead: the sums are taken for normal.

    How often it holds the truth is measured in ``benchmarks/intervals.py``: less often than it says where a few seeds
    fail altogether, because ten may include none of them, where two or three seeds differ much, and, at .93, for r
    with about twenty groups. With one seed it is about that one network and no other.

    Parameters
    ----------
    estimate
        (n_outputs,).
    deviations
        (3, n_draws, n_outputs) from `compute_deviations`, or a linear combination of such.
    resampling
        Where they come from.
    level
        Between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        (n_outputs,) lower and upper ends; NaN where more than one draw in a hundred has no correlation.

    Raises
    ------
    BootstrapError
        If the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise BootstrapError(f"the level of an interval is between 0 and 1, not {level:g}")
    defined = np.isfinite(deviations).all(axis=0)
    ends = np.full((2, len(estimate)), np.nan)
    for column in np.flatnonzero(defined.mean(axis=0) >= 1 - _UNDEFINED):
        drawn = deviations[:, defined[:, column], column]
        ends[:, column] = estimate[column] + _compute_ends(drawn, resampling, level)
    return ends[0], ends[1]


def _standardised(values: np.ndarray) -> np.ndarray:
    """Centre and scale (..., n_tracks, n_outputs) over the tracks; a constant column becomes NaN."""
    centred = values - values.mean(axis=-2, keepdims=True)
    spread = centred.std(axis=-2, keepdims=True)
    # Rounding of a mean leaves about 1e-15 of a constant column of ratings.
    return np.divide(centred, spread, out=np.full(centred.shape, np.nan), where=spread > 1e-12)


def _sum_moments(predicted: np.ndarray, rated: np.ndarray, membership: np.ndarray) -> np.ndarray:
    """Sum what correlations are made of over each group: (n_groups, 1 + 2 n_outputs + 3 n_seeds n_outputs)."""
    products = np.stack([predicted, predicted**2, predicted * rated])  # (3, n_seeds, n_tracks, n_outputs)
    products = np.moveaxis(products, 2, 0).reshape(len(rated), -1)
    columns = np.concatenate([np.ones((len(rated), 1)), rated, rated**2, products], axis=1)
    return (membership == np.unique(membership)[:, None]) @ columns


def _correlate_draws(multiplicities: np.ndarray, sums: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Compute the correlations of each draw and seed: (n_draws, n_seeds, n_outputs)."""
    n_seeds, _, n_outputs = shape
    moments = multiplicities @ sums
    moments /= moments[:, :1]
    y, y2 = moments[:, 1 : 1 + 2 * n_outputs].reshape(-1, 2, 1, n_outputs).swapaxes(0, 1)
    x, x2, xy = moments[:, 1 + 2 * n_outputs :].reshape(-1, 3, n_seeds, n_outputs).swapaxes(0, 1)
    spread = _positive(x2 - x**2) * _positive(y2 - y**2)
    return (xy - x * y) / np.sqrt(spread)


def _positive(variance: np.ndarray) -> np.ndarray:
    return np.where(variance > _CONSTANT, variance, np.nan)


def _compute_ends(deviations: np.ndarray, resampling: Resampling, level: float) -> np.ndarray:
    """Compute how far from its estimate an interval ends, below and above, from (3, n_draws) deviations."""
    from scipy.special import ndtri, stdtrit

    n_groups, n_seeds = resampling.groups.shape[1], resampling.seeds.shape[1]
    tracks, seeds, both = deviations - deviations.mean(axis=1, keepdims=True)
    widening = np.sqrt([n_groups / (n_groups - 1), n_seeds / max(n_seeds - 1, 1)])
    parts = np.stack([tracks * widening[0], seeds * widening[1], (both - tracks - seeds) * widening.prod()])
    variances, drawn = parts.var(axis=1), parts[0] + parts[1]
    total = max(*variances[:2], variances @ [1, 1, -1])
    if total == 0:
        return np.zeros(2)  # nothing moves: a scheme compared with itself
    freedom = np.array([n_groups - 1, max(n_seeds - 1, 1), (n_groups - 1) * max(n_seeds - 1, 1)])
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    normal = ndtri(tails)
    t = stdtrit(1 / ((variances / total) ** 2 / freedom).sum(), tails[1])
    shape = normal if n_seeds in _FEW_SEEDS else np.quantile(drawn, tails) / drawn.std()
    return np.sqrt(total) * shape * t / normal[1]
