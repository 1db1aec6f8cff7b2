"""What training costs: ``python benchmarks/training.py [--width 16] [--clips 1200]``.

Prints milliseconds per step of several settings, interleaved, and what an epoch over that many clips of 15 s takes
with its validation, each the median. The corpus is noise in memory: what is learnt does not matter here.
"""

import argparse
import statistics
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

from mer_utils.augmentation import Augmentation
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.runs import Run
from mer_utils.training import TrainingConfig, paper_config, quick_config


def build_noise_corpus(n_clips: int, n_distinct: int = 64) -> SimpleNamespace:
    """Give a corpus of 469-frame clips, one in six for validation; spectrograms repeat to save memory."""
    rng = np.random.default_rng(0)
    specs = rng.uniform(0, 1.5, (n_distinct, 469, 149)).astype(np.float32)
    ids = [str(number) for number in range(n_clips + n_clips // 6)]
    split = ["train"] * n_clips + ["valid"] * (n_clips // 6)
    tracks = pd.DataFrame({"album": "a", "split": split}, index=ids)
    return SimpleNamespace(
        name="noise",
        fingerprint="noise",
        midlevel=pd.DataFrame(rng.uniform(1, 10, (len(ids), 7)), ids, list(MIDLEVEL)),
        emotion=pd.DataFrame(rng.uniform(1, 10, (len(ids), 8)), ids, list(EMOTIONS)),
        select=lambda name: list(tracks.index[tracks["split"] == name]),
        spectrograms=lambda wanted: [specs[int(track) % n_distinct] for track in wanted],
    )


def measure(configs: dict[str, TrainingConfig], *, width: int, n_clips: int, rounds: int) -> None:
    """Print milliseconds per step and seconds per epoch of each configuration."""
    corpus = build_noise_corpus(n_clips)
    runs = {
        name: Run(corpus, "joint", config=config, width=width, device=torch.device("cpu"))
        for name, config in configs.items()
    }
    steps: dict[str, list[float]] = {name: [] for name in runs}
    valid: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            # A few steps, then a validation: an epoch in small
            run.n_steps, run.history, laps = 8, [], [time.perf_counter()]
            run.advance(lambda laps=laps: laps.append(time.perf_counter()))
            if turn:
                steps[name] += list(np.diff(laps)[1:])
                valid[name].append(time.perf_counter() - laps[-1])
    for name, config in configs.items():
        step = statistics.median(steps[name])
        epoch = step * (n_clips // config.batch_size) + statistics.median(valid[name])
        print(f"width {width}  {name:34s} {1e3 * step:6.0f} ms/step  {epoch:6.1f} s/epoch of {n_clips} clips")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--clips", type=int, default=1200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    quick = quick_config(n_threads=options.threads)
    configs = {
        "quick": quick,
        "quick, float32": replace(quick, precision="float32"),
        "quick, augmented": replace(quick, augmentation=Augmentation()),
        "quick, 200 frames": replace(quick, crop_frames=200),
        "quick, batch 32": replace(quick, batch_size=32),
        "quick, batch 8": replace(quick, batch_size=8),
        "paper": paper_config(n_threads=options.threads),
        "paper, float32": paper_config(n_threads=options.threads, precision="float32"),
    }
    print(f"torch {torch.__version__}, {options.threads} threads, {options.rounds} rounds")
    measure(configs, width=options.width, n_clips=options.clips, rounds=options.rounds)


if __name__ == "__main__":
    main()
