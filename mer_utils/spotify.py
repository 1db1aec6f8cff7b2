"""Spotify's audio features of the reader's own songs, from a table that the reader has.

Spotify has given them to no new application since 27 November 2024. Columns are renamed, for two of them bear the
names of emotions and mean something else.

Public names: ``load_spotify_features``.
"""

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .descriptors import DescriptorError

if TYPE_CHECKING:
    import pandas as pd

# Spotify's documented features and their ranges; of those marked with True only whole numbers are legal.
_SPOTIFY = {
    **dict.fromkeys(
        ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence"),
        (0, 1, False),
    ),
    "loudness": (-60, 5, False),
    "tempo": (1, 1000, False),
    "key": (-1, 11, True),
    "mode": (0, 1, True),
    "time_signature": (0, 12, True),
    "duration_ms": (1, 1e9, False),
}
_SONG_COLUMNS = ("song", "name", "track_name")


def load_spotify_features(path: str | os.PathLike) -> "pd.DataFrame":
    """Read a reader's own table of Spotify's audio features.

    Parameters
    ----------
    path
        A CSV in UTF-8, separated by commas, semicolons or tabs, with a column ``song`` (or ``name``, ``track_name``)
        and at least one of Spotify's features. Capitals and blanks in the header do not matter; ids, links and other
        columns are left out.

    Returns
    -------
    pandas.DataFrame
        One row per song, columns "Spotify energy", "Spotify time signature" and so on, on Spotify's own scales; an
        empty cell is NaN. The prefix keeps Spotify's energy and valence apart from the emotions of these names.

    Raises
    ------
    DescriptorError
        If the file cannot be read or is no such table, a number lies outside its range, or a song has no name or is
        there twice; the message names the file and the line.
    """
    import pandas as pd

    path = Path(path)
    header, rows = _read_table(path)
    song = next((name for name in _SONG_COLUMNS if name in header), None)
    features = [name for name in header if name in _SPOTIFY]
    if song is None:
        raise DescriptorError(f"{path}: has no column 'song' but {', '.join(header)[:80]!r}: name one so")
    if not features:
        known = ", ".join(_SPOTIFY)
        raise DescriptorError(f"{path}: none of {', '.join(header)[:80]!r} is a Spotify feature; there are: {known}")
    table, lines = {}, {}
    for line, cells in rows:
        row = dict(zip(header, cells, strict=True))
        name = row[song].strip()
        if not name:
            raise DescriptorError(f"{path}, line {line}: the song has no name")
        if name in lines:
            raise DescriptorError(f"{path}, line {line}: {name!r} is in line {lines[name]} already: rename one")
        lines[name] = line
        table[name] = [_read_feature(row[feature], feature, f"{path}, line {line}") for feature in features]
    columns = [f"Spotify {feature.replace('_', ' ')}" for feature in features]
    return pd.DataFrame.from_dict(table, orient="index", columns=columns).rename_axis("song")


def _read_table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a CSV: names of the columns, in lower case with underscores, and for each row its line and its cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DescriptorError(f"{path}: is no CSV in UTF-8: save it as one") from None
    except (OSError, ValueError) as error:
        raise DescriptorError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header, *rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)] or [(0, [])]
    except csv.Error as error:
        raise DescriptorError(f"{path}, line {reader.line_num}: is no CSV ({error})") from None
    if not rows:
        raise DescriptorError(f"{path}: has no songs: a line with names of columns and one for each song are needed")
    names = ["_".join(name.lower().split()) for name in header[1]]
    doubled = [name for name in names if name in {*_SPOTIFY, *_SONG_COLUMNS} and names.count(name) > 1]
    if doubled:
        raise DescriptorError(f"{path}: has the column {doubled[0]!r} twice: keep one")
    for line, row in rows:
        if len(row) != len(names):
            raise DescriptorError(f"{path}, line {line}: has {len(row)} cells for {len(names)} columns")
    return names, rows


def _read_feature(cell: str, feature: str, where: str) -> float:
    cell = cell.strip()
    if not cell:
        return np.nan
    low, high, whole = _SPOTIFY[feature]
    try:
        value = float(cell.replace(",", "."))  # the decimal comma of a table separated by semicolons
    except ValueError:
        raise DescriptorError(f"{where}: {feature} is {cell!r}, which is no number") from None
    if not low <= value <= high or (whole and value % 1):
        kind = "a whole number" if whole else "a number"
        raise DescriptorError(f"{where}: {feature} is {cell}, but must be {kind} from {low:g} to {high:g}")
    return value
