"""Small sets of rated clips in styles that no released net was trained on, as a reader may have a few of one's own.

They are the clips of the held-out styles of another generated corpus than that of the released nets: other ratings,
other albums, other instruments. Only these clips are rendered. All clips of an album are in one part.

Public names: ``UnheardCorpus``, ``SmallSetError``, ``load_unheard``, ``select_small_set``.
"""

import copy
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from .corpora import Corpus, load_corpus
from .generated.cache import save_spectrograms
from .generated.corpus import GeneratedCorpus

#: Albums of every corpus of this kind that are for testing alone.
N_TEST_ALBUMS = 40
_SIZE, _SEED = 10_000, 20_190  # another seed than any corpus that nets are trained on; 8 in 100 clips are held out
# One album in so many is for validation.
_VALID = 7


class SmallSetError(ValueError):
    """A small set that there are not enough clips for."""


class UnheardCorpus(Corpus):
    """The clips of the held-out styles of a generated corpus; see the module docstring and `corpora.Corpus`.

    Parameters
    ----------
    source
        The generated corpus. Its folder keeps the spectrograms.
    n_test_albums
        So many albums are the split ``"test"``; all others are the split ``"pool"``, from which `select_small_set`
        draws.
    """

    name, music = "generated, held-out styles", "generated music"

    def __init__(self, source: GeneratedCorpus, *, n_test_albums: int = N_TEST_ALBUMS) -> None:
        self.source, self.version, self.config = source, source.version, source.config
        self.fingerprint = f"{source.fingerprint}-unheard{n_test_albums}"
        tracks = source.tracks[source.tracks["split"] == "style"]
        albums = tracks["album"].unique()
        if n_test_albums >= len(albums):
            raise SmallSetError(f"{n_test_albums} of {len(albums)} albums cannot be for testing: name fewer")
        tested = np.random.default_rng([source.config.seed, 5]).permutation(albums)[:n_test_albums]
        self.tracks = tracks.assign(split=np.where(tracks["album"].isin(tested), "test", "pool"))
        for name in ("midlevel", "emotion", "true_midlevel", "true_emotion"):
            setattr(self, name, getattr(source, name).loc[tracks.index])

    def audio(self, track_id: str) -> tuple[np.ndarray, int]:
        """Return the sound of a track: (330750,) float32 with peak 1, and 22 050 Hz."""
        return self.source.audio(track_id)

    def spectrograms(self, track_ids: Sequence[str]) -> list[np.ndarray]:
        """Return spectrograms (469, 149) of some tracks; the first call renders them all."""
        rows = [self._row(track_id) for track_id in track_ids]
        return [self._all_spectrograms[row] for row in rows]

    @cached_property
    def _all_spectrograms(self) -> np.ndarray:
        path = self.source.cache / "unheard.npy"
        if not path.is_file():
            save_spectrograms(self, path)
        return np.load(path, mmap_mode="r")


def load_unheard(*, root: Path | None = None) -> UnheardCorpus:
    """Load 800 clips of two styles on 114 albums, 40 of them for testing, that no released net was trained on.

    Parameters
    ----------
    root
        Folder of the cache of generated corpora; by default the usual one.
    """
    return UnheardCorpus(load_corpus("generated", root=root, n_tracks=_SIZE, seed=_SEED, renderings=1))


def select_small_set(corpus: Corpus, n_clips: int, *, draw: int = 0) -> Corpus:
    """Give a view of a corpus in which only some clips are there to learn from, a seventh of them for validation.

    Parameters
    ----------
    corpus
        With the splits ``"test"``, which stays as it is, and ``"pool"``, as `load_unheard` gives it.
    n_clips
        Clips for training and validation together, album by album; the last album may be cut short.
    draw
        Number of the draw. Smaller sets of the same draw are parts of larger ones.

    Returns
    -------
    Corpus
        With the splits ``"train"``, ``"valid"``, ``"test"`` and ``"pool"``, which is what is left, and a fingerprint
        of its own.

    Raises
    ------
    SmallSetError
        If there are fewer clips or fewer than three of either part.
    """
    pool = corpus.tracks[corpus.tracks["split"] == "pool"]
    albums = np.random.default_rng(draw).permutation(sorted(pool["album"].unique()))
    rank = pool["album"].map(pd.Series(range(len(albums)), albums))
    chosen = rank.sort_values(kind="stable").iloc[:n_clips]
    valid = chosen % _VALID == _VALID // 2
    if len(chosen) < n_clips or valid.sum() < 3 or (~valid).sum() < 3:
        raise SmallSetError(f"{n_clips} clips do not fit a pool of {len(pool)} or are too few: name another number")
    view = copy.copy(corpus)
    split = corpus.tracks["split"].copy()
    split[chosen.index] = np.where(valid, "valid", "train")
    view.tracks = corpus.tracks.assign(split=split)
    view.fingerprint = f"{corpus.fingerprint}-{n_clips}-{draw}"
    return view
