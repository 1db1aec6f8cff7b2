"""What descriptors cost, and how often tempo and key are right: ``python benchmarks/descriptors.py [--clips 60]``.

Right and wrong are told on clips of the generated corpus, whose tempo and key are known, and on others than those on
which thresholds were chosen.
"""

# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mer_utils import descriptors
from mer_utils.audio import save_audio
from mer_utils.corpora import load_corpus

SR, MINUTES = 22050, 3
STAGES = (
    "_compute_level_range", "_compute_brightness", "_compute_onsets", "_compute_tempo", "_compute_tuning",
    "_compute_key",
)  # fmt: skip
FACTORS = {"right": (1,), "half or twice": (0.5, 2), "other multiple": (1 / 3, 2 / 3, 3 / 4, 4 / 3, 3 / 2, 3)}
PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def measure_stages(y: np.ndarray) -> dict[str, float]:
    """Measure the seconds that each part of a description takes, and all of it."""
    seconds, functions = {}, {name: getattr(descriptors, name) for name in STAGES}

    def timed(name: str) -> Callable:
        def call(*args: object) -> object:
            start = time.process_time()
            result = functions[name](*args)
            seconds[name.removeprefix("_compute_")] = time.process_time() - start
            return result

        return call

    for name in STAGES:
        setattr(descriptors, name, timed(name))
    start = time.process_time()
    descriptors.compute_descriptors(y)
    whole = time.process_time() - start
    for name in STAGES:
        setattr(descriptors, name, functions[name])
    return {**seconds, "spectrum and the rest": whole - sum(seconds.values()), "all": whole}


def measure_process(y: np.ndarray) -> float:
    """Measure the processor time in seconds in which a new process describes two files, imports included."""
    code = "import sys; from mer_utils.descriptors import compute_file_descriptors as f; [f(p) for p in sys.argv[1:]]"
    with tempfile.TemporaryDirectory() as folder:
        paths = [save_audio(Path(folder, name), part, 2 * SR) for name, part in (("a.flac", y), ("b.flac", y[::-1]))]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def judge_tempo(tempo: float, true: float) -> str:
    """Say how a tempo relates to the true one, to 4 %."""
    if np.isnan(tempo):
        return "none"
    fits = (name for name, factors in FACTORS.items() if any(abs(tempo / true / f - 1) < 0.04 for f in factors))
    return next(fits, "wrong")


def judge_key(key: str, tonic: int, minor: bool) -> str:
    """Say how a key relates to the true one."""
    if key == "none":
        return "none"
    pitch, mode = key.split()
    steps = (PITCHES.index(pitch) - tonic) % 12
    if (mode == "minor") == minor:
        return {0: "right", 5: "a fifth off", 7: "a fifth off"}.get(steps, "wrong")
    return {0: "parallel", 3 if minor else 9: "relative"}.get(steps, "wrong")


def judge_clips(n_clips: int) -> pd.DataFrame:
    """Describe clips of the corpus and judge tempo and key."""
    corpus, rows = load_corpus("generated"), []
    for track in corpus.tracks.index[16 :: len(corpus.tracks) // n_clips][:n_clips]:
        clip = corpus.clip(track)
        described, score = descriptors.compute_descriptors(clip.mix), clip.score
        rows.append(
            {
                "tempo": judge_tempo(described["tempo (BPM)"], score.tempo),
                "key": judge_key(described["key"], score.tonic, score.minor),
                "steady": corpus.true_midlevel.loc[track, "rhythmic stability"],
                "tonal": corpus.true_midlevel.loc[track, "tonal stability"],
                **described[["tempo confidence", "key confidence"]],
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=60, help="clips to judge; default %(default)s")
    corpus, n_clips = load_corpus("generated"), parser.parse_args().clips
    sounds = [corpus.audio(track)[0] for track in corpus.tracks.index[:12]]
    y = 0.9 * np.concatenate(sounds)  # three minutes
    measure_stages(y)  # imports, and what numba keeps compiled on disk
    print("processor seconds for a minute of sound")
    for name, seconds in measure_stages(y).items():
        print(f"  {name.replace('_', ' '):24} {seconds / MINUTES:6.3f}")
    twice = np.repeat(y, 2)  # as long at 44.1 kHz
    print(f"two songs of {MINUTES} minutes at 44.1 kHz in a new process: {measure_process(twice):.1f} s of one core\n")
    judged = judge_clips(n_clips)
    for what, feature in (("tempo", "steady"), ("key", "tonal")):
        confidence = judged[f"{what} confidence"]
        print(f"{what}, {len(judged)} clips")
        for name, chosen in (
            ("all", confidence >= 0),
            (f"{feature} half", judged[feature] >= judged[feature].median()),
            ("confident third", confidence >= confidence.quantile(2 / 3)),
        ):
            shares = judged.loc[chosen, what].value_counts(normalize=True)
            print(f"  {name:16}", ", ".join(f"{kind} {share:.2f}" for kind, share in shares.items()))
        print(f"  confidence of the third: {confidence.quantile(2 / 3):.2f} or more")


if __name__ == "__main__":
    main()
