"""Print what a spectrogram costs: median ms per 15 s clip on one thread, and against a plain loop over the frames.

Usage: python benchmarks/spectrogram.py
"""

# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import statistics
import time
from collections.abc import Callable

import numpy as np

from mer_utils.spectrogram import SpectrogramConfig, compute_filterbank, compute_spectrogram

SECONDS = 15
LIMIT_MS = 25


def compute_slowly(y: np.ndarray) -> np.ndarray:
    """Compute a spectrogram frame by frame with a dense filterbank, in double precision."""
    config, window = SpectrogramConfig(), np.hanning(2048)
    filterbank = compute_filterbank(config).astype(float)
    padded = np.concatenate([y, np.zeros(config.frame_size)])
    starts = [int(k * config.hop) for k in range(int(np.ceil(len(y) / config.hop)))]
    frames = (padded[start : start + config.frame_size] * window for start in starts)
    return np.log10(1 + np.array([np.abs(np.fft.fft(frame))[: config.n_bins] @ filterbank for frame in frames]))


def measure(function: Callable[[np.ndarray], np.ndarray], y: np.ndarray, n_runs: int) -> float:
    """Measure the median wall time of a call, in ms, after one call that is not counted."""
    function(y)
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        function(y)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    y = np.random.default_rng(0).uniform(-1, 1, SECONDS * 22050).astype(np.float32)
    fast, slow = measure(compute_spectrogram, y, 51), measure(compute_slowly, y, 11)
    error = np.abs(compute_spectrogram(y) - compute_slowly(y)).max()
    print(f"spectrogram of {SECONDS} s, one thread: {fast:.1f} ms a clip (limit {LIMIT_MS} ms)")
    print(f"frame by frame: {slow:.1f} ms, {slow / fast:.1f} times as long; largest difference {error:.1e}")


if __name__ == "__main__":
    main()
