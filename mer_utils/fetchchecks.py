"""What a data set must hold, whatever any hash says: the clips and the ratings that were published.

Each function looks through a folder, raises a `ContentError`, and otherwise counts what it found.

Public names: ``ContentError``, ``check_film_clips``, ``check_midlevel_clips``, ``check_emotions``, ``check_albums``,
``check_features``, ``check_readme``.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from .layouts import (
    ALBUM_LIST,
    EMOTION_RATINGS,
    FILM_NUMBERS,
    MIDLEVEL_RATINGS,
    OTHER_SOUNDS,
    SONG_IDS,
    TableLayout,
)

_FILM_CLIPS = tuple(f"{number:03d}" for number in FILM_NUMBERS)
# Some of the sounds that are said to be there may lack.
_LEAST_MIDLEVEL_CLIPS = 3000
# Copies of the list of tracks end here, if not at 360.
_LEAST_ALBUMS = 344


class ContentError(ValueError):
    """A folder that does not hold what it should."""


def check_film_clips(folder: Path) -> int:
    """Count the sounds of Soundtracks set 1, unpacked or in an archive: all must be there."""
    return _count_sounds(folder, _FILM_CLIPS, least=len(_FILM_CLIPS))


def check_midlevel_clips(folder: Path) -> int:
    """Count the sounds of Mid-level, unpacked or in an archive: most of its own must be there."""
    return _count_sounds(folder, [str(number) for number in SONG_IDS], least=_LEAST_MIDLEVEL_CLIPS)


def _count_sounds(folder: Path, names: Collection[str], *, least: int) -> int:
    from .soundfiles import find_sounds

    found = find_sounds(folder, names, ignore=OTHER_SOUNDS)
    if len(found) < least:
        absent = next(name for name in names if name not in found)
        raise ContentError(f"holds {len(found)} sounds of at least {least}: {absent}.mp3 is the first to lack")
    return len(found)


def check_emotions(folder: Path) -> int:
    """Count the rated clips of Soundtracks set 1."""
    from .annotations import load_emotions

    with _explaining(folder, EMOTION_RATINGS):
        return len(load_emotions(folder))


def check_features(folder: Path) -> int:
    """Count the rated clips of Mid-level."""
    from .annotations import load_features

    with _explaining(folder, MIDLEVEL_RATINGS):
        return len(load_features(folder))


def check_albums(folder: Path) -> int:
    """Count the clips in the list of tracks, of which shorter copies circulate."""
    from .ratingtables import load_table

    with _explaining(folder, ALBUM_LIST):
        table, _ = load_table(folder, ALBUM_LIST)
    listed = [number for number in FILM_NUMBERS if number in table.index]
    if len(listed) < _LEAST_ALBUMS:
        raise ContentError(f"lists {len(listed)} clips of {len(FILM_NUMBERS)}")
    return len(listed)


def check_readme(folder: Path) -> int:
    """Count the bytes of the text that comes with Soundtracks."""
    path = folder / "readme.md"
    if not path.is_file() or not path.stat().st_size:
        raise ContentError("is missing or empty")
    return path.stat().st_size


@contextmanager
def _explaining(folder: Path, layout: TableLayout) -> Iterator[None]:
    """Leave out what a reader of a message is just doing, and where files lie for the moment."""
    from .ratingtables import AnnotationError

    try:
        yield
    except AnnotationError as error:
        text = str(error).replace(f"{folder}/", "").replace(str(folder), "it")
        raise ContentError(text.removesuffix(layout.source).rstrip(":; ")) from error
