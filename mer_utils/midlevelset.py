"""The Mid-level data set: excerpts of many kinds of music with ratings of seven features, no emotions.

Public names: ``MidlevelCorpus``, ``find_midlevel``, ``load_midlevel``.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from .annotations import AnnotationError, load_features, load_metadata
from .corpora import CorpusError
from .filecorpus import FileCorpus
from .layouts import FILM_NUMBERS, MIDLEVEL_METADATA, OTHER_SOUNDS, OWN_SOUND_IDS, SONG_ID_OFFSET
from .paths import OWN
from .soundfiles import SoundFile, find_sounds
from .splits import build_artist_split

_REMEDY = "`mer fetch midlevel` brings it"


class MidlevelCorpus(FileCorpus):
    """The clips of the Mid-level data set whose sound is at hand; ``emotion`` is None.

    In ``tracks``, ``album`` is what no split divides: the clips of an artist, of an album where the artist is not
    known, or a clip whose album is not known either. ``artist``, ``album_name`` and ``source`` are as in the metadata.
    """

    name, music = "midlevel", "music of many kinds"

    def select_without(self, track_ids: Collection[str], *, albums: Collection[str] = ()) -> "MidlevelCorpus":
        """Give a view in which some clips are in no split but ``"apart"``.

        Parameters
        ----------
        track_ids
            The clips; ids that are not in the corpus do not matter.
        albums
            Names of albums, in lower case, whose clips are meant, too.
        """
        meant = self.tracks.index.isin(list(track_ids)) | self.tracks["album_name"].str.casefold().isin(list(albums))
        return self.select_view(self.tracks["split"].mask(meant, "apart"), name="without")


def find_midlevel(root: Path | None = None) -> bool:
    """Tell whether sounds of the Mid-level data set itself are there, all of them or not."""
    return bool(find_sounds(Path(root or OWN / "midlevel"), map(str, OWN_SOUND_IDS)))


def load_midlevel(*, root: Path | None = None, seed: int = 0) -> MidlevelCorpus:
    """Load the Mid-level data set.

    Parameters
    ----------
    root
        Folder with ratings, metadata and sounds, at any depth; by default ``data/midlevel``. The sounds of film clips
        are taken from its neighbour ``soundtracks`` if they are not in it.
    seed
        Another one draws other clips for testing and validation; see `splits.build_artist_split`.

    Raises
    ------
    CorpusError
        If there is no sound in the folder.
    AnnotationError, SoundFileError
        If files of ratings, metadata or sounds are missing, damaged or others.
    SplitError
        If hardly any artist has one clip only.
    """
    root = Path(root or OWN / "midlevel")
    midlevel, metadata = load_features(root), load_metadata(root)
    own = find_sounds(root, midlevel.index)
    if not own:
        raise CorpusError(f"{root} has ratings but no sound: {_REMEDY}")
    sounds = _add_film_sounds(own, root, midlevel.index)
    midlevel = midlevel.loc[list(sounds)]
    if len(unknown := midlevel.index.difference(metadata.index)):
        raise AnnotationError(f"{root}: {MIDLEVEL_METADATA.stem}.csv lacks song id {unknown[0]}; {_REMEDY}")
    known = metadata.loc[midlevel.index].rename(columns={"album": "album_name"})
    groups = _build_artist_groups(known)
    split = build_artist_split(groups, seed=seed)
    tracks = pd.DataFrame({"album": groups, "split": split}).join(known[["artist", "album_name", "source"]])
    return MidlevelCorpus(root, tracks=tracks, midlevel=midlevel, emotion=None, sounds=sounds)


def _add_film_sounds(own: dict[str, SoundFile], root: Path, track_ids: Iterable[str]) -> dict[str, SoundFile]:
    """Find the sounds of Soundtracks beside a folder, too; all are in the order of the ids."""
    numbers = {str(number + SONG_ID_OFFSET): f"{number:03d}" for number in FILM_NUMBERS}
    film = find_sounds(root.parent / "soundtracks", numbers.values(), ignore=OTHER_SOUNDS)
    found = {track_id: own.get(track_id) or film.get(numbers.get(track_id)) for track_id in track_ids}
    return {track_id: sound for track_id, sound in found.items() if sound}


def _build_artist_groups(metadata: pd.DataFrame) -> pd.Series:
    """Name what is kept together: artist, else album, else the clip itself."""
    groups = pd.Series([f"clip {track_id}" for track_id in metadata.index], metadata.index, name="album")
    for kind, column in (("album", "album_name"), ("artist", "artist")):
        names = metadata[column].str.casefold()
        groups = groups.mask(names != "", f"{kind} " + names)
    return groups
