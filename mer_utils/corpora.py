"""Corpora: tables of tracks and ratings, sound and spectrograms behind one interface.

Ratings in tables are on 1-10 (`ratings.RATING_RANGE`). ``audio`` returns peak-normalised sound; spectrograms are
computed once and kept in a cache under a key made of everything they depend on.

Public names: ``Corpus``, ``CorpusError``, ``load_corpus``, ``find_corpus``, ``save_corpus``, ``CORPORA``.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from .paths import OWN
from .profiles import CORPORA


class CorpusError(ValueError):
    """A corpus was asked for something that it does not have."""


class Corpus(ABC):
    """Tracks with ratings, sound and spectrograms.

    Attributes
    ----------
    name, version
        Name and version of the corpus.
    music
        What its clips are called in sentences, such as "film music".
    fingerprint
        Hexadecimal digest of name, version and every option: part of all cache keys.
    tracks
        Table indexed by track id; columns ``album`` and ``split`` ("train", "valid", "test" for held-out albums,
        "style" for held-out styles) and what else is known.
    midlevel, emotion
        Observed ratings (n_tracks, 7) and (n_tracks, 8), 1-10; ``emotion`` is None where nobody rated any.
    true_midlevel, true_emotion
        Noise-free ratings in the same form where they are known, else None.
    """

    name: str
    music: str
    version: str
    fingerprint: str
    tracks: pd.DataFrame
    midlevel: pd.DataFrame
    emotion: pd.DataFrame | None
    true_midlevel: pd.DataFrame | None = None
    true_emotion: pd.DataFrame | None = None

    @abstractmethod
    def audio(self, track_id: str) -> tuple[np.ndarray, int]:
        """Return the sound of a track: (n_samples,) float32 with peak 1 (silence stays silence), and its rate."""

    @abstractmethod
    def spectrograms(self, track_ids: Sequence[str]) -> list[np.ndarray]:
        """Return spectrograms (n_frames, 149) of some tracks, read-only, from the cache (which it fills)."""

    def spectrogram(self, track_id: str) -> np.ndarray:
        """Return the spectrogram (n_frames, 149), log10(1 + magnitude), of one track."""
        return self.spectrograms([track_id])[0]

    def build_first_stage(self) -> "Corpus | None":
        """Give the corpus on which the first stage of ``"a2mid2e"`` is trained; None if it is this one."""
        return None

    def select(self, split: str) -> list[str]:
        """Return the ids of the tracks in a split.

        Raises
        ------
        CorpusError
            If no track is in it; the message lists the splits there are.
        """
        ids = self.tracks.index[self.tracks["split"] == split].tolist()
        if not ids:
            known = ", ".join(sorted(self.tracks["split"].unique()))
            raise CorpusError(f"corpus {self.name!r} has no split {split!r}; there are: {known}")
        return ids

    def _row(self, track_id: str) -> int:
        """Position of a track in the tables."""
        try:
            return self.tracks.index.get_loc(track_id)
        except KeyError:
            example = self.tracks.index[0]
            raise CorpusError(f"corpus {self.name!r} has no track {track_id!r}; ids look like {example!r}") from None


def load_corpus(name: str, *, root: Path | None = None, **options: object) -> Corpus:
    """Load a corpus by name.

    Parameters
    ----------
    name
        One of `CORPORA`. ``"generated"`` needs no download.
    root
        Folder of the corpus; for the generated one, of its cache. The default lies under ``data/``.
    options
        What the corpus offers. For ``"generated"`` the fields of `generated.corpus.GeneratedConfig`, such as
        ``n_tracks`` and ``seed``; for ``"soundtracks"`` ``split`` and ``keep_apart`` (`soundtracks.load_soundtracks`);
        for ``"midlevel"`` the ``seed`` of its split (`midlevelset.load_midlevel`).

    Raises
    ------
    CorpusError
        For an unknown name or option; the message lists those there are. If sounds are missing.
    AnnotationError
        If tables of the reader's are missing, damaged or others.
    """
    if name not in CORPORA:
        raise CorpusError(f"unknown corpus {name!r}; there are: {', '.join(CORPORA)}")
    if name == "generated":
        from .generated.corpus import load_generated as load
    elif name == "soundtracks":
        from .soundtracks import load_soundtracks as load
    else:
        from .midlevelset import load_midlevel as load
    known = inspect.signature(load).parameters
    if "options" not in known and (unknown := set(options) - set(known)):
        offered = ", ".join(sorted(set(known) - {"root"}))
        raise CorpusError(f"unknown option {min(unknown)!r} of corpus {name!r}; there are: {offered}")
    return load(root=root, **options)


def find_corpus(name: str, *, root: Path | None = None) -> bool:
    """Tell whether the reader has sounds of a corpus, complete or not; the generated one is always there.

    Parameters
    ----------
    name
        As in `load_corpus`, which says what is missing.
    root
        Folder of all data sets; by default ``data/``.
    """
    if name == "generated":
        return True
    folder = Path(root or OWN, name)
    return any(path.suffix.lower() in (".mp3", ".zip") for path in folder.rglob("*"))


def save_corpus(
    corpus: Corpus, folder: Path, *, track_ids: Sequence[str] | None = None, suffix: str = ".flac"
) -> None:
    """Write a corpus out: one sound file per track, ``tracks.csv`` and what ratings there are.

    Parameters
    ----------
    corpus
        Any corpus.
    folder
        Made if it is not there. Sounds that are there already are kept, so that a stopped call goes on.
    track_ids
        Which tracks; by default all.
    suffix
        ``".wav"``, ``".flac"``, ``".ogg"`` or ``".mp3"``.

    Raises
    ------
    CorpusError
        For an unknown track or an unknown suffix.
    """
    from tqdm import tqdm

    from .audio import FORMATS, save_audio

    ids = list(corpus.tracks.index if track_ids is None else track_ids)
    if isinstance(track_ids, str) or suffix not in FORMATS:
        raise CorpusError(f"save_corpus needs a list of track ids and a suffix among {', '.join(FORMATS)}")
    for track_id in ids:
        corpus._row(track_id)  # an unknown one is named before anything is written
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for track_id in tqdm(ids, desc="write corpus", unit="clip"):
        path = folder / f"{track_id}{suffix}"
        if not path.is_file():
            save_audio(path, *corpus.audio(track_id))
    for name in ("tracks", "midlevel", "emotion"):
        if (table := getattr(corpus, name)) is not None:
            table.loc[ids].to_csv(folder / f"{name}.csv")
