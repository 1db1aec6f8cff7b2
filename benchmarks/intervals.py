"""How often the intervals of scores hold the truth, and what they cost: ``python benchmarks/intervals.py``.

Simulates test sets and networks whose population r, averaged over seeds, is known, and counts. A network of scheme k
with seed s predicts clip i as ``gain[k, s] * heard[i] + common[k, i] + own[k, s, i]``: gains differ between seeds,
half of the variance of ``common`` is shared by the schemes, and ``own`` is the interaction of seed and track. Where
outputs are averaged, half of the variance of each part is shared by the outputs, the gains included.
"""

# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mer_utils.bootstrap import build_resampling, compute_deviations, compute_interval
from mer_utils.ratings import EMOTIONS
from mer_utils.scores import compute_cost_of_explainability

GAINS = (1.0, 0.85)
# Correlation of a normal variable with itself when its lower half is set to the lowest rating
FLOORED_R = 0.5 / np.sqrt(0.5 - 0.5 / np.pi)
# Data sets that share their draws, which saves time and changes no coverage
AT_ONCE = 50


@dataclass(frozen=True)
class Regime:
    """A population of clips and networks; spreads are relative to that of what the ratings follow."""

    n_tracks: int = 36
    n_seeds: int = 10
    seed_sd: float = 0.1  # of the gains, relative
    common: float = 0.4
    own: float = 0.5
    floored: bool = False  # half of the clips have the lowest rating
    albums: tuple[int, ...] = ()  # their clips; without albums, n_tracks clips are drawn one by one
    album_share: float = 0.5  # of the variance, where an album is more than a clip
    n_outputs: int = 1  # what is scored is the average over so many

    @property
    def membership(self) -> np.ndarray:
        """(n_tracks,) number of each clip's album."""
        return np.repeat(np.arange(len(self.albums)), self.albums) if self.albums else np.arange(self.n_tracks)


def simulate(regime: Regime, rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Draw ratings (n_tracks, columns), predictions of two schemes, and the population r of each of their seeds.

    The columns are AT_ONCE data sets, each with its outputs side by side.
    """
    membership = regime.membership

    def draw(*shape: int) -> np.ndarray:
        sets = rng.standard_normal((*shape, AT_ONCE, 1))
        if regime.n_outputs == 1:
            return sets[..., 0]
        outputs = rng.standard_normal((*shape, AT_ONCE, regime.n_outputs))
        return np.sqrt(0.5) * (sets + outputs).reshape(*shape, -1)

    def noise(*shape: int) -> np.ndarray:
        single = draw(*shape, len(membership))
        if not regime.albums:
            return single
        albums = draw(*shape, len(regime.albums))[..., membership, :]
        return np.sqrt(regime.album_share) * albums + np.sqrt(1 - regime.album_share) * single

    heard, shared = noise(), noise()
    predicted, truths = [], []
    for gain in GAINS:
        gains = gain * (1 + regime.seed_sd * draw(regime.n_seeds, 1))
        common = regime.common * (shared + noise()) / np.sqrt(2)
        predicted.append(gains * heard + common + regime.own * noise(regime.n_seeds))
        truths.append(_population_r(gains[:, 0], regime))
    return np.maximum(heard, 0) if regime.floored else heard, predicted, truths


def compute_truth(gain: float, regime: Regime) -> float:
    """Compute the population r averaged over the population of seeds, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    return float(weights @ _population_r(gain * (1 + regime.seed_sd * nodes), regime) / weights.sum())


def _population_r(gains: np.ndarray, regime: Regime) -> np.ndarray:
    r = gains / np.sqrt(gains**2 + regime.common**2 + regime.own**2)
    return r * FLOORED_R if regime.floored else r


def compute_coverage(
    regime: Regime,
    interval: Callable = compute_interval,
    *,
    n_runs: int = 2000,
    n_draws: int = 1000,
    pair: bool = True,
) -> tuple[float, float]:
    """Count the share of runs in which the interval holds the truth: for r of the second scheme, and for CoE.

    With one seed the truth is the population r of that network. Without ``pair`` the schemes get draws of their own.
    """
    rng, held = np.random.default_rng(1), []
    expected = [compute_truth(gain, regime) for gain in GAINS]
    for run in range(n_runs // AT_ONCE):
        rated, predicted, truths = simulate(regime, rng)
        first, second = (_average(r[0], regime) for r in truths) if regime.n_seeds == 1 else expected
        resampling = build_resampling(regime.membership, n_seeds=regime.n_seeds, n_draws=n_draws, seed=run)
        estimates = [_average(_mean_r(values, rated), regime) for values in predicted]
        moves = [_average(compute_deviations(values, rated, resampling), regime) for values in predicted]
        if not pair:
            moves[0] = np.roll(moves[0], 1, axis=1)
        for truth, estimate, deviations in (
            (second, estimates[1], moves[1]),
            (first - second, estimates[0] - estimates[1], moves[0] - moves[1]),
        ):
            low, high = interval(estimate, deviations, resampling)
            held.append(((low <= truth) & (truth <= high)).mean())
    return float(np.mean(held[::2])), float(np.mean(held[1::2]))


def _mean_r(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    x, y = predicted - predicted.mean(axis=1, keepdims=True), rated - rated.mean(axis=0)
    return ((x * y).mean(axis=1) / (x.std(axis=1) * y.std(axis=0))).mean(axis=0)


def _average(columns: np.ndarray, regime: Regime) -> np.ndarray:
    return columns.reshape(*columns.shape[:-1], AT_ONCE, regime.n_outputs).mean(axis=-1)


REGIMES = {
    "seeds differ a little": {},
    "weak interaction": {"own": 0.1, "seed_sd": 0.02},
    "strong interaction": {"own": 1.5},
    "interaction alone": {"own": 1.5, "common": 0.05, "seed_sd": 0.01},
    "seeds differ much": {"seed_sd": 0.25},
    "seeds at times fail": {"seed_sd": 0.4, "own": 0.2},
    "high r": {"own": 0.2, "common": 0.2, "seed_sd": 0.05},
    "half of the ratings lowest": {"floored": True},
    "the same, strong interaction": {"floored": True, "own": 1.0},
    "five seeds": {"n_seeds": 5},
    "three seeds": {"n_seeds": 3},
    "three seeds, differing much": {"n_seeds": 3, "seed_sd": 0.25},
    "two seeds": {"n_seeds": 2},
    "two seeds, differing much": {"n_seeds": 2, "seed_sd": 0.25},
    "one seed": {"n_seeds": 1},
}
#: 279 clips, most of them in a few albums
UNEQUAL = tuple(np.geomspace(3, 45, 18).astype(int).tolist())
ALBUMS = {
    "40 albums of 7": {"albums": (7,) * 40},
    "the same, half lowest": {"albums": (7,) * 40, "floored": True},
    "10 albums of 7": {"albums": (7,) * 10},
    "5 albums of 7": {"albums": (7,) * 5},
    "18 albums of 3 to 45": {"albums": UNEQUAL},
    "8 outputs, 36 tracks": {"n_outputs": 8},
    "8 outputs, 20 groups of 14": {"n_outputs": 8, "albums": (14,) * 20},
    "8 outputs, 18 albums of 3 to 45": {"n_outputs": 8, "albums": UNEQUAL},
    "8 outputs, 10 albums of 7": {"n_outputs": 8, "albums": (7,) * 10},
    "12 tracks, 2 seeds": {"n_tracks": 12, "n_seeds": 2},
}


def measure_speed(n_schemes: int, n_tracks: int) -> float:
    """Measure the median wall time of the table of so many schemes, ten seeds and eight emotions, in s."""
    rng = np.random.default_rng(0)
    rated = pd.DataFrame(rng.uniform(1, 10, (n_tracks, 8)), columns=list(EMOTIONS))
    rows = pd.MultiIndex.from_product([range(10), rated.index])
    names = ["a2e", *map(str, range(1, n_schemes))]
    noise = rng.normal(size=(n_schemes, len(rows), 8))
    predictions = {
        name: pd.DataFrame(np.tile(rated, (10, 1)) + of_scheme, rows, rated.columns)
        for name, of_scheme in zip(names, noise, strict=True)
    }
    times = []
    for _ in range(6):
        start = time.perf_counter()
        compute_cost_of_explainability(predictions, rated)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Measure and print."""
    for n_schemes, n_tracks in ((3, 36), (7, 280)):
        seconds = measure_speed(n_schemes, n_tracks)
        print(f"10 seeds x {n_schemes} schemes x {n_tracks} tracks, 8 emotions, 2000 draws: {seconds:.2f} s")
    print("\ncoverage of 95 % intervals, 2000 runs       r and CoE     r    CoE")
    rows = [(f"{name}, n = {n}", {"n_tracks": n} | kind) for n in (36, 200) for name, kind in REGIMES.items()]
    for name, kind in [*rows, *ALBUMS.items()]:
        regime = Regime(**kind)
        r = [compute_truth(gain, regime) for gain in GAINS]
        covered = compute_coverage(regime)
        print(f"{name:40s}  {r[1]:7.2f} {r[0] - r[1]:5.2f} {covered[0]:7.3f} {covered[1]:6.3f}", flush=True)


if __name__ == "__main__":
    main()
