"""Tables of the papers' data sets as text, by number of the clip, and whether ratings are those that were published.

Public names: ``AnnotationError``, ``find_table``, ``load_table``, ``select_ratings``, ``describe_departure``.
"""

import io
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .layouts import TableLayout
from .ratings import RATING_RANGE, load_published

if TYPE_CHECKING:
    import pandas as pd

    from .soundfiles import SoundFile

# Published statistics are of clips 5-360. All of set 1 is within .06 and .04, generated ratings within .11 and .02. Of
# two columns swapped, anger and fear are the most alike: two correlations are .15 off.
_MOMENT_TOLERANCE = 0.15
_CORRELATION_TOLERANCE = 0.08


class AnnotationError(ValueError):
    """A rating file that is missing, damaged or another one than its name says."""


def find_table(folder: Path, layout: TableLayout) -> "SoundFile | None":
    """Find the file of a table below a folder or in its archives, as `soundfiles.find_sounds` does; None without one.

    Raises
    ------
    SoundFileError
        If two files of its name differ, or an archive is damaged.
    """
    from .layouts import OTHER_SOUNDS
    from .soundfiles import find_sounds

    for suffix in layout.suffixes:
        if found := find_sounds(Path(folder), [layout.stem], suffix=suffix, ignore=OTHER_SOUNDS):
            return found[layout.stem]
    return None


def load_table(folder: Path, layout: TableLayout) -> "tuple[pd.DataFrame, SoundFile]":
    """Read a table as text.

    Parameters
    ----------
    folder
        Of the data set.
    layout
        One of those in `layouts`.

    Returns
    -------
    tuple of pandas.DataFrame and SoundFile
        All columns as text, in the order of the file; those in ``layout.columns`` under this project's names. The
        index is the whole number of the clip. And the file, for messages.

    Raises
    ------
    AnnotationError
        If there is no such file, it is no table, lacks a column, or has a clip twice or without a number.
    """
    import pandas as pd

    file = find_table(folder, layout)
    if file is None:
        raise AnnotationError(f"{folder} has no {layout.stem}{layout.suffixes[0]}: {layout.source}")
    try:
        table = _read(file, layout)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:  # pandas' and decoders' are ValueErrors
        reason = str(error).partition("\n")[0]
        raise AnnotationError(f"{file} cannot be read ({reason}): {layout.source}") from error
    names = {name.lower(): ours for name, ours in layout.columns.items()} | {layout.key.lower(): layout.key}
    table = table.rename(columns=lambda name: names.get(str(name).strip().lower(), str(name).strip()))
    for name, ours in {layout.key: layout.key, **layout.columns}.items():
        if (n_columns := list(table.columns).count(ours)) != 1:
            there = f"no column {name!r} but" if n_columns == 0 else f"{n_columns} columns {name!r} in"
            raise AnnotationError(f"{file} has {there} {', '.join(table.columns)[:80]!r}: {layout.source}")
    numbers = pd.to_numeric(table[layout.key], errors="coerce")
    for wrong, what in ((numbers % 1 != 0, "which is no number of a clip"), (numbers.duplicated(), "a second time")):
        if wrong.any():
            row = int(np.argmax(wrong))
            value = f"{layout.key} {table[layout.key].fillna('').iloc[row]!r} in row {row + 2}"
            raise AnnotationError(f"{file} has {value}, {what}: {layout.source}")
    return table.drop(columns=layout.key).set_axis(pd.Index(numbers.astype(int), name=layout.key)), file


def _read(file: "SoundFile", layout: TableLayout) -> "pd.DataFrame":
    import pandas as pd

    if file.member:
        with zipfile.ZipFile(file.path) as archive:
            content = archive.read(file.member)
    else:
        content = file.path.read_bytes()
    if Path(file.member or file.path).suffix.lower() == ".xls":
        return _drop_end(_read_excel(content))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return _drop_end(pd.read_csv(io.StringIO(text), sep=layout.separator, dtype=str, skip_blank_lines=False))


def _read_excel(content: bytes) -> "pd.DataFrame":
    """Read the first sheet of an old Excel file; pandas is about to give up its own way through xlrd."""
    import pandas as pd
    import xlrd

    try:
        sheet = xlrd.open_workbook(file_contents=content, logfile=io.StringIO()).sheet_by_index(0)
        header, *rows = (sheet.row_values(row) for row in range(sheet.nrows))
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error, LookupError, AssertionError, TypeError) as error:
        raise ValueError(str(error) or "it is damaged") from error
    return pd.DataFrame(rows, columns=header, dtype=str).replace("", np.nan)


def _drop_end(table: "pd.DataFrame") -> "pd.DataFrame":
    """Leave out empty rows at the end; others stay, so that rows can be told by their numbers."""
    return table.loc[: table.dropna(how="all").index.max()]


def select_ratings(
    table: "pd.DataFrame", names: tuple[str, ...], file: "SoundFile", layout: TableLayout
) -> "pd.DataFrame":
    """Turn columns of a table into ratings.

    Parameters
    ----------
    table, file
        From `load_table`: all rows, in their order.
    names
        The columns, by this project's names.
    layout
        Of the file.

    Returns
    -------
    pandas.DataFrame
        (n_clips, n_names) float64, 1-10.

    Raises
    ------
    AnnotationError
        If something is no rating; the message says in which row, as a spreadsheet counts them, and column.
    """
    import pandas as pd

    ratings = table[list(names)].apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = np.argwhere(~ratings.apply(lambda column: column.between(*RATING_RANGE)).to_numpy())
    if len(wrong):
        row, column = wrong[0]
        theirs = {ours: theirs for theirs, ours in layout.columns.items()}[names[column]]
        what = str(table[names[column]].fillna("").iloc[row])
        where = f"row {row + 2}, column {theirs} ({layout.key} {table.index[row]})"
        raise AnnotationError(f"{file} says {what!r} in {where}, which is no rating of 1 to 10: {layout.source}")
    return ratings


def describe_departure(ratings: "pd.DataFrame") -> str:
    """Say in which way ratings of the film clips are not those that were published; "" if they are.

    Means, standard deviations and correlations are compared, so that columns in another order are found, and other
    clips; a rating that somebody has corrected is not.

    Parameters
    ----------
    ratings
        (n_clips, n) ratings of 1-10, any of the columns of ``data/published/rating_marginals.csv``.
    """
    names = list(ratings)
    published = load_published("rating_marginals").loc[names]
    for what, here, there in (
        ("a mean", ratings.mean(), published["mean"]),
        ("a standard deviation", ratings.std(), published["sd"]),
    ):
        name = (here - there).abs().idxmax()
        if not abs(here[name] - there[name]) <= _MOMENT_TOLERANCE:
            return f"{name} has {what} of {here[name]:.2f}, not {there[name]:.2f}"
    r, expected = ratings.corr(), load_published("rating_correlations").loc[names, names]
    gaps = np.nan_to_num((r - expected).abs().to_numpy(), nan=np.inf)
    if gaps.max() > _CORRELATION_TOLERANCE:
        one, other = (names[i] for i in np.unravel_index(gaps.argmax(), gaps.shape))
        return f"{one} and {other} have a correlation of {r.loc[one, other]:.2f}, not {expected.loc[one, other]:.2f}"
    return ""
