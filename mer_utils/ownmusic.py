"""Music of the reader's own, as it is named on the command line: checked, and gathered in one folder.

Public names: ``select_songs``, ``build_music_folder``, ``MusicError``.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from .audio import AudioError, check_content
from .library import MOST_FILES, select_sounds


class MusicError(ValueError):
    """Music that is missing, or is none."""


def select_songs(songs: Iterable[Path]) -> list[Path]:
    """Check what was named as the reader's music.

    Parameters
    ----------
    songs
        Nothing, one folder, or sound files.

    Returns
    -------
    list of pathlib.Path
        The same, absolute; each file once.

    Raises
    ------
    MusicError
        If one is missing or no sound, more than `library.MOST_FILES` are named, or a folder is not the only thing.
    LibraryError
        If a folder must not be read, or holds no sound or too many.
    """
    given = list(dict.fromkeys(Path(song).resolve() for song in songs))
    if len(given) > MOST_FILES:
        raise MusicError(f"{len(given)} sounds are named, more than {MOST_FILES}: name fewer")
    for song in given:
        if song.is_dir() and len(given) > 1:
            raise MusicError(f"{song} is a folder: name one folder, or sound files, not both")
        if song.is_dir():
            select_sounds(song)
        else:
            _check_sound(song)
    return given


def build_music_folder(songs: Sequence[Path], folder: Path) -> str:
    """Name one folder that holds the reader's music, and no more than was named.

    Parameters
    ----------
    songs
        As `select_songs` gives them.
    folder
        Where links to files go, which keep the files' names; it must not exist yet.

    Returns
    -------
    str
        The folder that was named, or that of the links, or "" if there is no music.
    """
    if not songs or songs[0].is_dir():
        return str(songs[0]) if songs else ""
    folder.mkdir()
    for song in songs:
        link, number = folder / song.name, 1
        while link.is_symlink():
            number += 1
            link = folder / f"{song.stem} ({number}){song.suffix}"
        link.symlink_to(song)
    return str(folder)


def _check_sound(path: Path) -> None:
    try:
        check_content(path)
    except AudioError as error:
        raise MusicError(f"{path}: {error}") from None
    except OSError as error:
        raise MusicError(f"{path} cannot be read: {error.strerror or error}") from error
