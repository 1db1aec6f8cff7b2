"""Covers: the generated pair, or the reader's own recordings of one song, side by side in ``data/covers``.

Public names: ``COVERS``, ``predict_covers``.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .audio import AudioError, load_audio
from .paths import OWN
from .songs import HeardSong, SongError, predict_song, predict_song_files
from .spotify import load_spotify_features

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import Predictor

#: Where folders of covers lie: the reader's own, so the repository has none.
COVERS = OWN / "covers"
_SPOTIFY = "spotify.csv"
_FEWEST, _MOST = 2, 5


def predict_covers(folder: str | Path, *, predictor: "Predictor", progress: bool = True) -> list[HeardSong]:
    """Hear the versions of one song, two to five, that lie in a folder.

    A file that is no sound is skipped with a warning. A table ``spotify.csv`` beside the sounds (see
    `spotify.load_spotify_features`) adds to the descriptors of the songs that it names, capitals or not.

    Parameters
    ----------
    folder
        A folder, or the name of one in ``data/covers``; ``"generated"`` is the pair of `generated.covers`.
    predictor, progress
        As in `songs.predict_song_files`.

    Returns
    -------
    list of HeardSong
        Sorted by the names of the files.

    Raises
    ------
    SongError
        If there is no such folder, or it holds fewer than two sounds or more than five.
    DescriptorError
        If ``spotify.csv`` is no such table.
    """
    if folder == "generated":
        from .generated.covers import render_covers

        pair = render_covers()
        return [predict_song(one.title, one.clip.mix * one.clip.gain, predictor=predictor) for one in pair]
    folder = _find_folder(folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    table = load_spotify_features(folder / _SPOTIFY) if folder / _SPOTIFY in files else None
    sounds = [path for path in files if path.name != _SPOTIFY and _is_sound(path)]
    _check_number(folder, sounds)  # before the long part
    songs, complaints = predict_song_files(sounds, predictor=predictor, progress=progress)
    for complaint in complaints:
        warnings.warn(f"skipped: {complaint}", stacklevel=2)
    _check_number(folder, [song.path for song in songs])
    return songs if table is None else _add_spotify(songs, table)


def _find_folder(folder: str | Path) -> Path:
    found = next((path for path in (Path(folder), COVERS / folder) if path.is_dir()), None)
    if found is None:
        names = sorted(path.name for path in COVERS.iterdir() if path.is_dir()) if COVERS.is_dir() else []
        there = ", ".join(names) or "none yet: make one with two to five versions of a song"
        raise SongError(
            f"there is no folder {folder}, nor one of this name in {COVERS} (there: {there}); or take 'generated'"
        )
    return found


def _is_sound(path: Path) -> bool:
    """Look at a moment of a file; warn if it cannot be heard."""
    try:
        load_audio(path, duration=0.1)
    except AudioError as error:
        warnings.warn(f"skipped: {error}", stacklevel=3)
        return False
    return True


def _check_number(folder: Path, sounds: Sequence[Path]) -> None:
    if not _FEWEST <= len(sounds) <= _MOST:
        there = ", ".join(path.name for path in sounds) or "none"
        asked = f"{_FEWEST} to {_MOST} sound files"
        raise SongError(f"{folder} must hold {asked} and holds {len(sounds)} ({there}): add or remove some")


def _add_spotify(songs: Sequence[HeardSong], table: "pd.DataFrame") -> list[HeardSong]:
    import pandas as pd

    stems = [song.path.stem.casefold() for song in songs]
    for name in table.index:
        if name.casefold() not in stems:
            warnings.warn(f"{_SPOTIFY} names {name!r}, but no sound file is called so: rename one", stacklevel=3)
    rows = {name.casefold(): row.astype(object) for name, row in table.iterrows()}
    both = [(song, rows.get(stem)) for song, stem in zip(songs, stems, strict=True)]
    return [replace(song, descriptors=pd.concat([song.descriptors, row])) for song, row in both]
