"""The reader's own rating files: what people heard in the clips of the papers' two data sets. No sound is needed.

Emotions come from Soundtracks set 1 (Eerola & Vuoskoski 2011), mid-level features from the Mid-level data set
(Aljanaki & Soleymani 2018), whose ``song_id`` is the Soundtracks number plus 3575 for the clips that are in both.
Tables of those are indexed by the three-digit Soundtracks number, such as "005"; ratings are on 1-10. `layouts` knows
names and headers.

Public names: ``AnnotationError``, ``find_annotations``, ``load_annotations``, ``load_albums``, ``load_emotions``,
``load_features``, ``load_metadata``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from .layouts import (
    ALBUM_COLUMN,
    ALBUM_LIST,
    EMOTION_RATINGS,
    FILM_NUMBERS,
    FILM_NUMBERS_RATED,
    MIDLEVEL_METADATA,
    MIDLEVEL_RATINGS,
    MISSPELT_ALBUMS,
    SONG_ID_OFFSET,
    SONG_IDS,
    TARGETS,
)
from .paths import OWN
from .ratings import EMOTIONS, MIDLEVEL
from .ratingtables import AnnotationError, describe_departure, find_table, load_table, select_ratings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from .layouts import TableLayout
    from .soundfiles import SoundFile

_SONG_IDS_RATED = [number + SONG_ID_OFFSET for number in FILM_NUMBERS_RATED]


def find_annotations(root: str | Path = OWN, *, albums: bool = False) -> bool:
    """Tell whether the files of `load_annotations`, or that of `load_albums`, are there, in order or not."""
    root = Path(root)
    files = {root / "soundtracks": EMOTION_RATINGS, root / "midlevel": MIDLEVEL_RATINGS}
    if albums:
        return _is_there(root / "soundtracks", ALBUM_LIST)
    return all(_is_there(*file) for file in files.items())


def _is_there(folder: Path, layout: "TableLayout") -> bool:
    try:
        return find_table(folder, layout) is not None
    except (OSError, ValueError):  # something is: whoever reads it is told what is wrong with it
        return True


def load_annotations(
    root: str | Path = OWN, *, soundtracks: str | Path | None = None
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Read the mid-level and emotion ratings of the clips that have both.

    Parameters
    ----------
    root
        Folder of ``soundtracks/`` and ``midlevel/``, as downloaded.
    soundtracks
        Folder of the former, if it has another name.

    Returns
    -------
    tuple of pandas.DataFrame
        ``midlevel`` (n_clips, 7) and ``emotion`` (n_clips, 8), 1-10, with the same index: clips "005" to "360", and
        before them those that are in both files.

    Raises
    ------
    AnnotationError
        If a file is missing or damaged, has other columns or clips than the published one, or ratings outside of 1-10;
        or if the two do not belong together.
    SoundFileError
        If one is in a damaged archive or there twice.
    """
    emotion = load_emotions(soundtracks or Path(root) / "soundtracks")
    midlevel = load_features(Path(root) / "midlevel")
    numbers = [number for number in FILM_NUMBERS if str(number + SONG_ID_OFFSET) in midlevel.index]
    midlevel = midlevel.loc[[str(number + SONG_ID_OFFSET) for number in numbers]].set_axis(_name_clips(numbers))
    emotion = emotion.loc[midlevel.index, list(EMOTIONS)]
    if departure := describe_departure(midlevel.join(emotion)):
        raise AnnotationError(f"the ratings in {root} do not belong together: {departure}; fetch both data sets anew")
    return midlevel, emotion


def load_emotions(folder: str | Path) -> "pd.DataFrame":
    """Read the emotion ratings of Soundtracks set 1.

    Parameters
    ----------
    folder
        Of the data set.

    Returns
    -------
    pandas.DataFrame
        (360, 9): the eight emotions, 1-10, and ``target``, what a clip was chosen for. Indexed by "001" to "360".

    Raises
    ------
    AnnotationError, SoundFileError
        As for `load_annotations`.
    """
    table, file = load_table(folder, EMOTION_RATINGS)
    _require(table, FILM_NUMBERS, file, EMOTION_RATINGS)
    ratings = select_ratings(table, EMOTIONS, file, EMOTION_RATINGS).loc[list(FILM_NUMBERS)]
    departure = describe_departure(ratings)
    counts = table["target"].str.strip().str.upper().value_counts().reindex(TARGETS, fill_value=0)
    if not departure and counts.nunique() > 1:
        departure = f"{counts.min()} clips have the target {counts.idxmin()}, not {len(FILM_NUMBERS) // len(TARGETS)}"
    if departure:
        raise AnnotationError(f"{file} is not Soundtracks set 1 as published: {departure}; {EMOTION_RATINGS.source}")
    return ratings.assign(target=table["target"]).set_axis(_name_clips(ratings.index))


def load_features(folder: str | Path) -> "pd.DataFrame":
    """Read the mid-level ratings of all clips.

    Parameters
    ----------
    folder
        Of the Mid-level data set.

    Returns
    -------
    pandas.DataFrame
        (n_clips, 7), 1-10, indexed by ``song_id`` as text, "1" to "5000". Those of film music are there for sure.

    Raises
    ------
    AnnotationError, SoundFileError
        As for `load_annotations`.
    """
    import pandas as pd

    table, file = load_table(folder, MIDLEVEL_RATINGS)
    _require(table, _SONG_IDS_RATED, file, MIDLEVEL_RATINGS, there=SONG_IDS)
    ratings = select_ratings(table, MIDLEVEL, file, MIDLEVEL_RATINGS)
    if departure := describe_departure(ratings.loc[_SONG_IDS_RATED]):
        raise AnnotationError(f"{file} is not as published: of film clips, {departure}; {MIDLEVEL_RATINGS.source}")
    return ratings.set_axis(pd.Index(ratings.index.astype(str), name="track_id"))


def load_metadata(folder: str | Path) -> "pd.DataFrame":
    """Read who plays what in the Mid-level data set.

    Parameters
    ----------
    folder
        Of the data set.

    Returns
    -------
    pandas.DataFrame
        Columns ``source``, ``source_id``, ``artist`` and ``album``; "" where nothing is known, as for the whole of
        ``album`` where no column looks like it. Indexed by ``song_id`` as text.

    Raises
    ------
    AnnotationError, SoundFileError
        If the file is missing, damaged or another one.
    """
    import pandas as pd

    table, _ = load_table(folder, MIDLEVEL_METADATA)
    known = list(MIDLEVEL_METADATA.columns.values())
    others = [name for name in table.columns if name not in known]
    named = [name for name in others if ALBUM_COLUMN in name.lower()] or others[-1:] * (len(table.columns) == 5)
    table = table[[*known, *named[:1]]].rename(columns=dict.fromkeys(named[:1], "album"))
    table = table.reindex(columns=[*known, "album"]).astype(object).fillna("").apply(lambda column: column.str.strip())
    return table.set_axis(pd.Index(table.index.astype(str), name="track_id"))


def load_albums(
    root: str | Path = OWN,
    *,
    soundtracks: str | Path | None = None,
    clips: "pd.Index | None" = None,
    complete: bool = True,
) -> "pd.Series":
    """Read which album each film clip is from.

    Parameters
    ----------
    root
        Folder of ``soundtracks/`` with the list of tracks. Clips that are not in it (some copies end at row 344) are
        looked up in the metadata of ``midlevel/``.
    soundtracks
        Folder of the former, if it has another name.
    clips
        Which clips; by default those of `load_annotations`.
    complete
        False allows clips without an album (None).

    Returns
    -------
    pandas.Series
        Names of albums by clip. Trailing blanks and one misspelling, which would make two albums of one, are
        corrected.

    Raises
    ------
    AnnotationError
        If the files are missing or damaged, or the album of a clip is in neither.
    """
    import pandas as pd

    folder = Path(soundtracks or Path(root) / "soundtracks")
    clips = load_annotations(root, soundtracks=folder)[0].index if clips is None else clips
    albums = pd.Series("", clips, name="album", dtype=object)
    for place, layout in ((folder, ALBUM_LIST), (Path(root) / "midlevel", MIDLEVEL_METADATA)):
        if (albums == "").any() and find_table(place, layout):
            others = _read_albums(place, layout).reindex(clips).fillna("")
            # As the first file spells it, should the second do otherwise: else an album were two.
            spelt = {theirs: ours for theirs, ours in zip(others, albums, strict=True) if theirs and ours}
            albums = albums.mask(albums == "", others.replace(spelt))
    nameless = albums.index[albums == ""]
    if complete and len(nameless):
        names = nameless[0] if len(nameless) == 1 else f"{nameless[0]} and {len(nameless) - 1} more"
        file = folder / f"{ALBUM_LIST.stem}.csv"
        raise AnnotationError(f"no album is known for clip {names}: {file} is missing or cut; {ALBUM_LIST.source}")
    return albums.replace({**MISSPELT_ALBUMS, "": None})


def _read_albums(folder: Path, layout: "TableLayout") -> "pd.Series":
    """Read the albums of film clips, by three-digit number, from either file."""
    if layout is ALBUM_LIST:
        albums, offset = load_table(folder, layout)[0]["album"].fillna("").str.strip(), 0
    else:
        albums, offset = load_metadata(folder)["album"], SONG_ID_OFFSET
    return albums.set_axis(_name_clips(albums.index.astype(int) - offset))


def _require(
    table: "pd.DataFrame",
    clips: "Sequence[int]",
    file: "SoundFile",
    layout: "TableLayout",
    *,
    there: "range | None" = None,
) -> None:
    """Check that a table has some clips, and none beside them unless it is among those that are ``there``."""
    absent = [number for number in clips if number not in table.index]
    if absent:
        raise AnnotationError(f"{file} lacks {len(absent)} clips, the first is {absent[0]}: {layout.source}")
    strange = [number for number in table.index if number not in (there or clips)]
    if strange:
        raise AnnotationError(f"{file} has a clip {strange[0]} that there should not be: {layout.source}")


def _name_clips(numbers: "Iterable[int]") -> "pd.Index":
    import pandas as pd

    return pd.Index([f"{number:03d}" for number in numbers], name="track_id")
