"""What the files of the papers' data sets must hold, whatever any hash says.

Each function takes a file, or a folder in which to look for it, and raises a `ContentError`.

Public names: ``ContentError``, ``check_film_clips``, ``check_midlevel_clips``, ``check_emotions``, ``check_albums``,
``check_midlevel``, ``check_text``.
"""

from collections.abc import Collection
from pathlib import Path

from .ratings import EMOTIONS, RATING_RANGE

_FILM_CLIPS = tuple(f"{number:03d}" for number in range(1, 361))
# They number their sounds from 001, too.
_OTHER_SETS = ("Set2", "1min")
_MIDLEVEL_CLIPS = tuple(map(str, range(1, 5001)))
# Sounds of ids 1-3575 are said to be there, the others belong to other collections; some may lack.
_LEAST_MIDLEVEL_CLIPS = 3000
_MIDLEVEL_COLUMNS = (
    "melody", "articulation", "rhythm_complexity", "rhythm_stability", "dissonance", "atonality", "mode",
)  # fmt: skip


class ContentError(ValueError):
    """A file that is not what its name says."""


def check_film_clips(folder: Path) -> int:
    """Count the sounds of Soundtracks set 1, unpacked or in an archive: 001 to 360 must be there."""
    return _check_sounds(folder, _FILM_CLIPS, least=len(_FILM_CLIPS))


def check_midlevel_clips(folder: Path) -> int:
    """Count the sounds of Mid-level, unpacked or in an archive."""
    return _check_sounds(folder, _MIDLEVEL_CLIPS, least=_LEAST_MIDLEVEL_CLIPS)


def _check_sounds(folder: Path, names: Collection[str], *, least: int) -> int:
    from .soundfiles import find_sounds

    found = find_sounds(folder, names, ignore=_OTHER_SETS)
    if len(found) < least:
        absent = next(name for name in names if name not in found)
        raise ContentError(f"holds {len(found)} sounds of at least {least}: {absent}.mp3 is the first to lack")
    return len(found)


def check_emotions(path: Path) -> int:
    """Count the rated clips of ``mean_ratings_set1.csv``."""
    return _check_table(path, "mean_ratings_set1.csv", "number", EMOTIONS, n_rows=360)


def check_midlevel(path: Path) -> int:
    """Count the rated clips of ``annotations.csv``."""
    return _check_table(path, "annotations.csv", "song_id", _MIDLEVEL_COLUMNS, n_rows=5000)


def check_albums(path: Path) -> int:
    """Count the clips of ``set1_tracklist.csv``, of which shorter copies circulate."""
    return _check_table(path, "set1_tracklist.csv", "Nro", (), n_rows=360)


def check_text(path: Path) -> int:
    """Count the bytes of a file that needs only have some."""
    if not path.is_file() or not path.stat().st_size:
        raise ContentError("is missing or empty")
    return path.stat().st_size


def _check_table(path: Path, name: str, key: str, ratings: Collection[str], *, n_rows: int) -> int:
    """Check that a table has clips 1 to ``n_rows``, each once, and columns of ratings only."""
    import pandas as pd

    path = next(iter(sorted(path.rglob(name))), path / name) if path.is_dir() else path
    try:
        table = pd.read_csv(path, encoding="utf-8-sig").rename(columns=str.strip)
    except (OSError, ValueError) as error:
        raise ContentError(f"has no readable {name} ({str(error).partition(chr(10))[0]})") from error
    lacking = [column for column in (key, *ratings) if column not in table.columns]
    if lacking:
        raise ContentError(f"has no column {lacking[0]!r} in {name} but {', '.join(table.columns)[:80]!r}")
    numbers = pd.to_numeric(table[key], errors="coerce").dropna()
    if sorted(numbers) != list(range(1, n_rows + 1)):
        raise ContentError(f"has {len(numbers)} clips in {name}, which should be 1 to {n_rows}, each once")
    values = table.loc[numbers.index, list(ratings)].apply(pd.to_numeric, errors="coerce")
    if not values.stack().between(*RATING_RANGE).all() or values.isna().to_numpy().any():
        raise ContentError(f"has something in {name} that is no rating of 1 to 10")
    return n_rows
