"""The reader's own rating files: what people heard in the film-music clips that both data sets rated.

Emotions come from Soundtracks set 1 (Eerola & Vuoskoski 2011), mid-level features from the Mid-level data set
(Aljanaki & Soleymani 2018), whose ``song_id`` is the Soundtracks number plus 3575. Clips 5-360 have both. No sound is
needed. Tables are indexed by the three-digit Soundtracks number, such as "005"; ratings are on 1-10.

Public names: ``AnnotationError``, ``find_annotations``, ``load_annotations``, ``load_albums``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .paths import DATA
from .ratings import EMOTIONS, MIDLEVEL, RATING_RANGE

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = range(5, 361)
_SONG_ID_OFFSET = 3575
_EMOTION_FILE = Path("soundtracks", "mean_ratings_set1.csv")
_ALBUM_FILE = Path("soundtracks", "set1_tracklist.csv")
_MIDLEVEL_FILE = Path("midlevel", "metadata_annotations", "annotations.csv")
_SOURCES = {
    _EMOTION_FILE.name: "fetch it from https://osf.io/g2h8w (part of https://osf.io/p6vkg)",
    _ALBUM_FILE.name: "fetch it from https://osf.io/p6vkg",
    _MIDLEVEL_FILE.name: "fetch metadata_annotations.zip from https://osf.io/4v3xh and unpack it there",
}
# As in the file, in the order of MIDLEVEL. "atonality" means its opposite: it rises with melodiousness and falls with
# dissonance; "mode" is high for minor.
_MIDLEVEL_HEADER = (
    "melody", "articulation", "rhythm_complexity", "rhythm_stability", "dissonance", "atonality", "mode",
)  # fmt: skip
_MISSPELT_ALBUMS = {"The Portait of a Lady": "The Portrait of a Lady"}


class AnnotationError(ValueError):
    """A rating file that is missing, damaged or another one than its name says."""


def find_annotations(root: str | Path = DATA, *, albums: bool = False) -> bool:
    """Tell whether the files of `load_annotations`, or that of `load_albums`, are there."""
    files = (_ALBUM_FILE,) if albums else (_EMOTION_FILE, _MIDLEVEL_FILE)
    return all((Path(root) / file).is_file() for file in files)


def load_annotations(root: str | Path = DATA) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Read the mid-level and emotion ratings of the clips that have both.

    Parameters
    ----------
    root
        Folder with ``midlevel/metadata_annotations/annotations.csv`` and ``soundtracks/mean_ratings_set1.csv``, as
        downloaded.

    Returns
    -------
    tuple of pandas.DataFrame
        ``midlevel`` (356, 7) and ``emotion`` (356, 8), 1-10, with the same index.

    Raises
    ------
    AnnotationError
        If a file is missing or damaged, has other columns, lacks a clip, or has ratings outside of 1-10.
    """
    midlevel = _load_clips(Path(root) / _MIDLEVEL_FILE, "song_id", _MIDLEVEL_HEADER, offset=_SONG_ID_OFFSET)
    emotion = _load_clips(Path(root) / _EMOTION_FILE, "number", EMOTIONS)
    return (
        _as_ratings(midlevel, Path(root) / _MIDLEVEL_FILE).set_axis(list(MIDLEVEL), axis=1),
        _as_ratings(emotion, Path(root) / _EMOTION_FILE),
    )


def load_albums(root: str | Path = DATA) -> "pd.Series":
    """Read which album each of the same clips is from.

    Parameters
    ----------
    root
        Folder with ``soundtracks/set1_tracklist.csv``.

    Returns
    -------
    pandas.Series
        (356,) names of albums. Trailing blanks and one misspelling, which would make two albums of one, are corrected.

    Raises
    ------
    AnnotationError
        If the file is missing or damaged or has other columns, or the album of a clip is not in it (some copies in
        circulation end at row 344).
    """
    path = Path(root) / _ALBUM_FILE
    albums = _load_clips(path, "Nro", ("Album name",))["Album name"].str.strip().rename("album")
    nameless = albums.index[albums.fillna("") == ""]
    if len(nameless):
        raise _error(path, f"has no album for clip {nameless[0]}")
    return albums.replace(_MISSPELT_ALBUMS)


def _load_clips(path: Path, key: str, columns: tuple[str, ...], *, offset: int = 0) -> "pd.DataFrame":
    """Read the columns of clips 5-360 as text."""
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except FileNotFoundError:
        raise _error(path, "is missing") from None
    except (OSError, ValueError) as error:  # pandas' and the decoder's errors are ValueErrors
        reason = str(error).partition("\n")[0]
        raise _error(path, f"cannot be read ({reason})") from error
    table.columns = table.columns.str.strip()
    lacking = [name for name in (key, *columns) if name not in table.columns]
    if lacking:
        raise _error(path, f"has no column {lacking[0]!r} but {', '.join(table.columns)[:80]!r}")
    numbers = pd.to_numeric(table[key], errors="coerce") - offset
    chosen = table.set_index(numbers)[list(columns)].loc[numbers.isin(_NUMBERS).to_numpy()]
    if not chosen.index.is_unique:
        raise _error(path, f"has clip {chosen.index[chosen.index.duplicated()][0]:03.0f} twice")
    absent = [number for number in _NUMBERS if number not in chosen.index]
    if absent:
        raise _error(path, f"lacks {len(absent)} of the clips 005-360, the first is {absent[0]:03d}")
    chosen = chosen.loc[list(_NUMBERS)]
    return chosen.set_axis(pd.Index([f"{number:03d}" for number in _NUMBERS], name="track_id"))


def _as_ratings(table: "pd.DataFrame", path: Path) -> "pd.DataFrame":
    import pandas as pd

    ratings = table.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = np.argwhere(~ratings.apply(lambda column: column.between(*RATING_RANGE)).to_numpy())
    if len(wrong):
        row, column = wrong[0]
        clip, name, what = table.index[row], table.columns[column], table.iloc[row, column]
        raise _error(path, f"says {str(what)!r} for {name} of clip {clip}, which is no rating of 1 to 10")
    return ratings


def _error(path: Path, what: str) -> AnnotationError:
    return AnnotationError(f"{path} {what}: {_SOURCES[path.name]}")
