"""Corpora whose sounds are files of the reader's, unpacked or not.

Public names: ``FileCorpus``.
"""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from . import spectrogrampack
from .corpora import Corpus, CorpusError
from .paths import CACHE
from .soundfiles import SoundFile
from .spectrogram import SpectrogramConfig


class FileCorpus(Corpus):
    """Tracks whose sounds are files; see `corpora.Corpus`.

    Parameters
    ----------
    root
        Folder of the data set. Its spectrograms are kept in the cache under its name and this place.
    tracks, midlevel, emotion
        Tables with the same index; ``emotion`` may be None.
    sounds
        Sound of each track.
    """

    version = "1"

    def __init__(
        self,
        root: Path,
        *,
        tracks: pd.DataFrame,
        midlevel: pd.DataFrame,
        emotion: pd.DataFrame | None,
        sounds: Mapping[str, SoundFile],
    ) -> None:
        self.root, self.tracks, self.midlevel, self.emotion = Path(root).absolute(), tracks, midlevel, emotion
        self._sounds = {track_id: sounds[track_id] for track_id in tracks.index}
        place = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        self._pack = spectrogrampack.SpectrogramPack(CACHE / "spectrograms" / f"{self.name}-{place}")
        self._spectrograms: dict[str, np.ndarray] = {}  # shared by all views of this corpus
        self.fingerprint = self._compute_fingerprint()

    def _compute_fingerprint(self) -> str:
        """Digest what a training depends on; sizes stand for sounds, so that it is the same on other machines."""
        sizes = {track_id: sound.size for track_id, sound in self._sounds.items()}
        settings = [self.name, self.version, spectrogrampack.VERSION, asdict(SpectrogramConfig()), sizes]
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for table in (self.tracks, self.midlevel, self.emotion):
            digest.update(b"none" if table is None else table.to_csv().encode())
        return digest.hexdigest()[:16]

    def audio(self, track_id: str) -> tuple[np.ndarray, int]:
        """Return the sound of a track: (n_samples,) float32 with peak 1, and 22 050 Hz."""
        self._row(track_id)
        return self._sounds[track_id].load()

    def spectrograms(self, track_ids: Sequence[str], *, progress: bool = True) -> list[np.ndarray]:
        """Return spectrograms (n_frames, 149), float16, of some tracks; what is not in the cache is computed first."""
        for track_id in track_ids:
            self._row(track_id)
        missing = {track_id: self._sounds[track_id] for track_id in track_ids if track_id not in self._spectrograms}
        self._spectrograms.update(zip(missing, self._pack.load(missing, progress=progress), strict=True))
        return [self._spectrograms[track_id] for track_id in track_ids]

    def spectrogram(self, track_id: str) -> np.ndarray:
        """Return the spectrogram (n_frames, 149), float32, of one track."""
        return self.spectrograms([track_id], progress=False)[0].astype(np.float32)

    def select_view(self, split: pd.Series, *, name: str) -> Self:
        """Give the same corpus, split in another way.

        Parameters
        ----------
        split
            Name of the part of each track.
        name
            What the fingerprint says of it, beside a digest of the split.
        """
        view = copy.copy(self)
        view.tracks = self.tracks.assign(split=split)
        digest = hashlib.sha256(view.tracks["split"].to_csv().encode()).hexdigest()[:8]
        view.fingerprint = f"{self.fingerprint}-{name}-{digest}"
        return view


def select_sounds(
    sounds: Mapping[str, SoundFile], track_ids: Sequence[str], *, root: Path, remedy: str
) -> dict[str, SoundFile]:
    """Take the sounds of all of some tracks.

    Raises
    ------
    CorpusError
        If sounds are missing; the message counts them.
    """
    missing = [track_id for track_id in track_ids if track_id not in sounds]
    if len(missing) == len(track_ids):
        raise CorpusError(f"{root} has ratings but no sound: {remedy}")
    if missing:
        counted = f"lacks {len(missing)} of {len(track_ids)} sounds, the first is {missing[0]}.mp3"
        raise CorpusError(f"{root} {counted}: {remedy}")
    return {track_id: sounds[track_id] for track_id in track_ids}
