"""The cache of a generated corpus: all spectrograms in one file, made on all cores, safe to interrupt.

Public names: ``save_spectrograms``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .corpus import GeneratedCorpus

_BATCH = 8  # clips that a worker renders between two reports


def save_spectrograms(corpus: "GeneratedCorpus", path: Path, *, progress: bool = True) -> None:
    """Render every track and write the spectrograms (n_tracks, 469, 149) float32 to ``path`` (.npy).

    What an interrupted call has done is kept beside ``path`` and not done again. Two processes that want the same
    file take turns: the second finds it made.
    """
    from filelock import FileLock
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from ..workers import count_cores

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.is_file():
            return
        unfinished, finished = path.with_suffix(".part.npy"), path.with_suffix(".done.npy")
        spectrograms, done = _open(unfinished, finished, len(corpus.tracks))
        todo = np.flatnonzero(~done)
        batches = [todo[i : i + _BATCH].tolist() for i in range(0, len(todo), _BATCH)]
        n_jobs = max(min(count_cores(), len(batches)), 1)  # an interrupted call may have left but the renaming
        results = Parallel(n_jobs, return_as="generator_unordered")(delayed(_compute)(corpus, b) for b in batches)
        bar = tqdm(total=len(done), initial=int(done.sum()), desc="render corpus", unit="clip", disable=not progress)
        with bar:
            for rows, specs in results:
                spectrograms[rows] = specs
                done[rows] = True
                bar.update(len(rows))
        spectrograms.flush()
        del spectrograms, done
        unfinished.replace(path)
        finished.unlink()


def _open(unfinished: Path, finished: Path, n_tracks: int) -> tuple[np.ndarray, np.ndarray]:
    """Open, or begin, the two files of an unfinished cache: spectrograms and which of them are done."""
    mode = "r+" if unfinished.is_file() and finished.is_file() else "w+"
    specs = np.lib.format.open_memmap(unfinished, mode=mode, dtype=np.float32, shape=(n_tracks, 469, 149))
    done = np.lib.format.open_memmap(finished, mode=mode, dtype=bool, shape=(n_tracks,))
    return specs, done


def _compute(corpus: "GeneratedCorpus", rows: list[int]) -> tuple[list[int], np.ndarray]:
    from ..spectrogram import compute_spectrogram

    ids = corpus.tracks.index[rows]
    return rows, np.stack([compute_spectrogram(corpus.audio(i)[0]) for i in ids])
