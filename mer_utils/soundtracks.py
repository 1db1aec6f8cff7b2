"""Soundtracks set 1: excerpts of film music with ratings of eight emotions and seven mid-level features.

Public names: ``SoundtracksCorpus``, ``load_soundtracks``.
"""

from pathlib import Path

import pandas as pd

from .annotations import load_albums, load_annotations, load_emotions
from .corpora import CorpusError
from .filecorpus import FileCorpus, select_sounds
from .folds import build_fold_split
from .layouts import OTHER_SOUNDS, SONG_ID_OFFSET
from .midlevelset import MidlevelCorpus, find_midlevel, load_midlevel
from .paths import OWN
from .soundfiles import find_sounds
from .splits import build_smc2025_split

_SPLITS = ("albums", "smc2025")
_REMEDY = "`mer fetch soundtracks` brings them, or put Set1.zip there, unpacked or not"


class SoundtracksCorpus(FileCorpus):
    """The clips of Soundtracks set 1 that have both kinds of ratings; ``tracks`` has ``target``, too.

    The remaining parameters are those of `filecorpus.FileCorpus`.

    Parameters
    ----------
    keep_apart
        See `load_soundtracks`.
    """

    name, music = "soundtracks", "film music"

    def __init__(self, root: Path, *, keep_apart: bool, **tables: object) -> None:
        super().__init__(root, **tables)
        self.keep_apart = keep_apart
        self._stage: list[MidlevelCorpus | None] = []  # shared by all views, so that each has its spectrograms

    def build_first_stage(self) -> MidlevelCorpus | None:
        """Give the Mid-level corpus, for training the first stage of ``"a2mid2e"``; None without its sounds.

        No clip of an album on which this corpus validates or tests is in its splits for training and validation, and
        neither is another clip from an album of this name, unless ``keep_apart`` is False.
        """
        if not self._stage:
            folder = self.root.parent / "midlevel"
            self._stage.append(load_midlevel(root=folder) if find_midlevel(folder) else None)
        stage = self._stage[0]
        if stage is None or not self.keep_apart:
            return stage
        held_out = self.tracks[self.tracks["split"] != "train"]
        albums = set(held_out["album"].dropna().str.casefold())
        same = self.tracks["album"].str.casefold().isin(albums)
        ids = {*held_out.index, *self.tracks.index[same]}
        song_ids = {str(int(track_id) + SONG_ID_OFFSET) for track_id in ids}
        return stage.select_without(song_ids, albums=albums)


def load_soundtracks(*, root: Path | None = None, split: str = "albums", keep_apart: bool = True) -> SoundtracksCorpus:
    """Load Soundtracks set 1, with the mid-level ratings of the Mid-level data set beside it.

    Parameters
    ----------
    root
        Folder with ratings and sounds, at any depth; by default ``data/soundtracks``. Its neighbour ``midlevel`` has
        the mid-level ratings.
    split
        ``"albums"``: a tenth each for testing and validation, albums whole; the first of the folds of
        `folds.select_fold`. ``"smc2025"``: see `splits.build_smc2025_split`.
    keep_apart
        Whether `SoundtracksCorpus.build_first_stage` leaves out the albums on which this corpus is tested. The papers
        do not say that they did.

    Raises
    ------
    CorpusError
        If the split is unknown, or sounds are missing.
    AnnotationError, SoundFileError
        If files of ratings or sounds are missing, damaged or others.
    """
    if split not in _SPLITS:
        raise CorpusError(f"soundtracks has no split {split!r}; there are: {', '.join(_SPLITS)}")
    root = Path(root or OWN / "soundtracks")
    midlevel, emotion = load_annotations(root.parent, soundtracks=root)
    sounds = find_sounds(root, midlevel.index, ignore=OTHER_SOUNDS)
    sounds = select_sounds(sounds, midlevel.index, root=root, remedy=_REMEDY)
    albums = load_albums(root.parent, soundtracks=root, clips=midlevel.index, complete=split == "albums")
    target = load_emotions(root)["target"].reindex(midlevel.index)
    tracks = pd.DataFrame({"album": albums, "split": "", "target": target})
    if split == "albums":
        tracks["split"] = build_fold_split(tracks, 0)
    else:
        dealt = {track_id: part for part, ids in build_smc2025_split().items() for track_id in ids}
        tracks["split"] = tracks.index.map(dealt)
    return SoundtracksCorpus(
        root, keep_apart=keep_apart, tracks=tracks, midlevel=midlevel, emotion=emotion, sounds=sounds
    )
