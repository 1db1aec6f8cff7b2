"""What it costs to hear an explanation and to have an edited sound heard again: ``python benchmarks/listening.py``.

On noise, cut into a grid of 350 segments, with weights drawn at random: what a sound is does not change what it costs.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from mer_utils.cores import on_one_core
from mer_utils.explain import explain_spectrogram
from mer_utils.listening import METHODS, build_gains, render_explanation
from mer_utils.passages import Passage
from mer_utils.predictor import Predictor
from mer_utils.rescoring import compute_edit
from mer_utils.resynthesis import render_gains
from mer_utils.segments import compute_segments
from mer_utils.spectrogram import WINDOW_FRAMES, compute_spectrogram

SECONDS = WINDOW_FRAMES / 31.25


def measure(function: Callable[[], object], *, rounds: int = 5) -> float:
    """Measure the shortest of some calls, seconds."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def build_passage(predictor: Predictor) -> Passage:
    """Explain noise, as long as a window, and draw other weights for it."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=round(SECONDS * 22050)).astype(np.float32)
    y /= np.abs(y).max()
    spec = compute_spectrogram(y)[:WINDOW_FRAMES]
    segments = compute_segments(spec, method="grid", n_times=25, n_bands=14)
    known = explain_spectrogram(
        predictor.outputs("midlevel"), spec, segments, n_samples=400, n_holdout=2, hide="silence", fit="least squares"
    )
    return Passage(y, replace(known, weights=rng.normal(size=known.weights.shape)))


@on_one_core
def main() -> None:
    """Print all figures."""
    torch.set_num_threads(1)
    predictor = Predictor.load("joint")
    passage, gains = build_passage(predictor), np.random.default_rng(1).random((WINDOW_FRAMES, 149))
    print(f"torch {torch.__version__}, one core, a sound of {SECONDS:.0f} s")
    alone = measure(lambda: render_gains(passage.y, gains))
    ratio = alone / measure(lambda: compute_spectrogram(passage.y))
    print(f"resynthesis                    {1000 * alone:4.0f} ms, {ratio:.1f} times its spectrogram")
    for method in METHODS:
        seconds = measure(lambda method=method: render_explanation(passage, "articulation", method=method))
        print(f"rendering with its leak, {method:5} {1000 * seconds:4.0f} ms")
    lift = build_gains(passage.explanation, "articulation", mode="positive edited", db=6)
    outputs = predictor.outputs("all")
    seconds = measure(lambda: compute_edit(outputs, passage, lift))
    print(f"edit and hear again, width 16  {1000 * seconds:4.0f} ms")


if __name__ == "__main__":
    main()
