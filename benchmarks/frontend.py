"""What sound files cost until their spectrograms are at hand: ``python benchmarks/frontend.py [--files 360]``.

A few clips of the generated corpus as stereo mp3 of 44.1 kHz, linked under many names. Steps are times of the
processor, the rest of the clock. Memory is the most that a process of its own ever had.
"""

# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from joblib import Parallel, delayed

from mer_utils.audio import load_audio
from mer_utils.corpora import load_corpus
from mer_utils.soundfiles import SoundFile, find_sounds
from mer_utils.spectrogram import compute_spectrogram
from mer_utils.spectrogrampack import SpectrogramPack
from mer_utils.workers import count_cores

RATE, N_DISTINCT, BLOCK, ROUNDS = 44100, 12, 2**14, 3
N_FILES = (200, 1000, 5000)
ALONE = """
import resource, sys
from mer_utils.soundfiles import find_sounds
from mer_utils.spectrogrampack import SpectrogramPack
folder, names = sys.argv[1], sys.argv[2].split()
specs = SpectrogramPack(folder + "/pack").load(find_sounds(folder + "/sounds", names), progress=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / 2**10, sum(spec.nbytes for spec in specs) / 2**20)
"""


def save_sounds(folder: Path, n_files: int) -> list[str]:
    """Write some mp3 files, link them under many names, and give the names."""
    corpus = load_corpus("generated", n_tracks=40)
    for track in range(N_DISTINCT):
        y = soxr.resample(corpus.audio(corpus.tracks.index[track])[0], 22050, RATE)
        stereo = np.stack([y, np.roll(y, RATE // 100)], axis=1) / (1.01 * np.abs(y).max())
        sf.write(folder / f"{track:04}.mp3", stereo, RATE, format="MP3", subtype="MPEG_LAYER_III")
    names = [f"{number:04}" for number in range(n_files)]
    for number in range(N_DISTINCT, n_files):
        (folder / f"{names[number]}.mp3").hardlink_to(folder / f"{number % N_DISTINCT:04}.mp3")
    return names


def measure(function: Callable[[], object], rounds: int = 1, clock: Callable[[], float] = time.perf_counter) -> float:
    """Measure the shortest of some calls, seconds."""
    seconds = []
    for _ in range(rounds):
        start = clock()
        function()
        seconds.append(clock() - start)
    return min(seconds)


def measure_stages(path: Path) -> dict[str, float]:
    """Measure ms of one core that each step takes for one file; the rest of `load_audio` is checks and levels."""

    def decode() -> list[np.ndarray]:
        with sf.SoundFile(path) as file:
            return [block.copy() for block in file.blocks(BLOCK, dtype="float32", always_2d=True)]

    blocks, (y, _) = decode(), load_audio(path)
    mono = np.concatenate(blocks).mean(axis=1)
    steps = {
        "decoding mp3": decode,
        "mixing channels": lambda: [block.mean(axis=1, dtype=np.float64) for block in blocks],
        "44.1 to 22.05 kHz": lambda: soxr.resample(mono, RATE, 22050, quality="HQ"),
        "load_audio": lambda: load_audio(path),
        "spectrogram": lambda: compute_spectrogram(y),
    }
    return {name: 1000 * measure(step, 20, time.process_time) for name, step in steps.items()}


def compute(sound: SoundFile) -> np.ndarray:
    """Compute a spectrogram as the pack keeps it."""
    return compute_spectrogram(sound.load()[0]).astype(np.float16)


def compute_elsewhere(sounds: list[SoundFile]) -> None:
    """Compute spectrograms in other processes, which stay for the next call."""
    results = Parallel(count_cores(), return_as="generator_unordered")(delayed(compute)(sound) for sound in sounds)
    for _ in results:
        pass


def measure_memory(folder: Path, names: list[str]) -> tuple[float, float]:
    """Measure the peak memory of a process that computes some spectrograms, and their size, both MiB."""
    words = [sys.executable, "-c", ALONE, str(folder), " ".join(names)]
    peak, size = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(peak), float(size)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=360, help="files to time; default %(default)s")
    n_files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as place:
        (sounds := Path(place, "sounds")).mkdir()
        names = save_sounds(sounds, max(n_files, *N_FILES))
        for name, ms in measure_stages(sounds / "0000.mp3").items():
            print(f"{name:28} {ms:6.1f} ms of one core for 15 s")
        files = find_sounds(sounds, names[:n_files])
        packs = [SpectrogramPack(Path(place, f"pack{number}")) for number in range(ROUNDS)]
        ways = {"one after the other": lambda _: [compute(file) for file in files.values()]}
        ways["into a pack, threads"] = lambda round_: packs[round_].load(files, progress=False)
        ways["in other processes"] = lambda _: compute_elsewhere(list(files.values()))
        ways["out of a pack"] = lambda _: packs[0].load(files, progress=False)
        compute_elsewhere(list(files.values())[:8])  # they start
        seconds = [{name: measure(partial(way, round_)) for name, way in ways.items()} for round_ in range(ROUNDS)]
        plain = min(times["one after the other"] for times in seconds)
        for name in ways:
            best = min(times[name] for times in seconds)
            print(f"{n_files} files {name:22} {best:7.2f} s, {plain / best:6.2f} times as fast")
        print(f"finding {len(names)} files {measure(lambda: find_sounds(sounds, names), 5):.3f} s")
        for number in N_FILES:
            peak, size = measure_memory(Path(place), names[:number])
            print(f"computing {number:5} files: at most {peak:4.0f} MiB in memory, {size:4.0f} MiB of spectrograms")


if __name__ == "__main__":
    main()
