"""The published correlations beside ours: every cell of the papers' tables, its counterpart here, and how they differ.

The published rows are about film music, ours about what ``costs`` was computed on, as a rule generated music: a
difference says that two studies differ, not that one of them is wrong. Published numbers are quoted as printed; ours
enter every difference unrounded.

Public names: ``ComparisonError``, ``build_comparison_table``, ``build_reading_table``, ``build_ceiling_table``,
``IN_SAMPLE``, ``compute_inconsistent_cells``, ``describe_inconsistent_cells``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .costs import format_correlation, format_interval
from .paths import OWN
from .ratings import EMOTIONS, load_published

if TYPE_CHECKING:
    import pandas as pd

#: Row of `build_ceiling_table` that needs no files: the fit to all clips, as their published correlations give it.
IN_SAMPLE = "here, fitted to all clips, from the correlations of the ratings"

_TABLE = "emotion_correlations"
# Computed from logs, not printed: rounding of their costs needs no footnote.
_LOGS = "SMC 2025 logs"
_OUTPUTS = [*EMOTIONS, "average"]
_ENDS = ("", "_low", "_high")
# Rounding of floats, far below that of any printed number.
_TINY = 1e-9


class ComparisonError(ValueError):
    """Tables that cannot be held against each other."""


def build_comparison_table(costs: "pd.DataFrame", *, published: "pd.DataFrame | None" = None) -> "pd.DataFrame":
    """Put each published number beside ours.

    Parameters
    ----------
    costs
        Result of `scores.compute_cost_of_explainability`: rows (scheme, output), columns ``r``, ``coe`` and their
        ``..._low`` and ``..._high``.
    published
        Some rows of ``load_published("emotion_correlations")``; all by default.

    Returns
    -------
    pandas.DataFrame
        One row per published cell: ``row``, ``source``, ``model``, ``scheme``, ``measure`` (``"r"`` or ``"coe"``),
        ``output``; ``paper`` (text, as printed); ``ours``, ``low``, ``high`` (Pearson's r or a difference of two; NaN
        where we have no such scheme); ``difference`` (ours - paper); ``inside``: whether the number as printed lies in
        our interval, NA where we have none.

    Raises
    ------
    ComparisonError
        If ``costs`` is no such table.
    """
    import pandas as pd

    _check_costs(costs)
    table = load_published(_TABLE) if published is None else published
    cells = table[_OUTPUTS].stack().dropna().rename_axis(["row", "output"]).rename("printed").reset_index()
    cells = cells.join(table[["source", "model", "scheme", "measure", "digits"]], on="row")
    cells["paper"] = [format_correlation(*pair) for pair in zip(cells["printed"], cells["digits"], strict=True)]
    ours = [_find_ours(costs, cell) for cell in cells.itertuples()]
    cells = cells.join(pd.DataFrame(ours, columns=["ours", "low", "high"], dtype=float))
    cells["difference"] = cells["ours"] - cells["printed"]
    unknown = cells[["low", "high"]].isna().any(axis=1)
    cells["inside"] = cells["printed"].between(cells["low"], cells["high"]).astype("boolean").mask(unknown)
    names = ["row", "source", "model", "scheme", "measure", "output"]
    return cells[[*names, "paper", "ours", "low", "high", "difference", "inside"]]


def _check_costs(costs: "pd.DataFrame") -> None:
    missing = [measure + end for measure in ("r", "coe") for end in _ENDS if measure + end not in costs]
    if missing:
        words = ", ".join(missing)
        raise ComparisonError(f"the table of costs lacks {words}: make it with scores.compute_cost_of_explainability")
    if costs.index.nlevels != 2 or costs.index.has_duplicates:
        raise ComparisonError("the table of costs must have one row for each (scheme, output)")


def _find_ours(costs: "pd.DataFrame", cell: Any) -> list[float]:
    key, columns = (cell.scheme, cell.output), [cell.measure + end for end in _ENDS]
    return costs.loc[key, columns].tolist() if key in costs.index else [np.nan] * 3


def build_reading_table(comparison: "pd.DataFrame", *, sources: Sequence[str] = ("ISMIR 2019",)) -> "pd.DataFrame":
    """Lay a comparison out for reading: a block of four lines per published row, emotions as columns.

    Parameters
    ----------
    comparison
        Result of `build_comparison_table`.
    sources
        Which publications.

    Returns
    -------
    pandas.DataFrame
        Texts, indexed by (published row, line), rounded as the publication rounds: paper, ours with its interval,
        ours - paper, and whether the paper's number is inside our interval. A star marks a printed number that does
        not follow from the others: see `describe_inconsistent_cells`. Cells that were not published are empty.

    Raises
    ------
    ComparisonError
        If nothing is compared with one of these publications.
    """
    import pandas as pd

    known = comparison["source"].unique()
    if unknown := [source for source in sources if source not in known]:
        raise ComparisonError(f"nothing of {unknown[0]!r} is compared; there are: {', '.join(known)}")
    cells = comparison[comparison["source"].isin(list(sources))]
    starred = {
        cell for source in sources if source != _LOGS for cell in compute_inconsistent_cells(source=source).index
    }
    # Single words, which do not wrap, so that 28 lines fit a screen.
    lines = ["paper", "ours", "difference", "inside?"]
    texts = [_describe_cell(cell, starred=(cell.row, cell.output) in starred) for cell in cells.itertuples()]
    keys = pd.MultiIndex.from_frame(cells[["model", "output"]])
    long = pd.DataFrame(texts, index=keys, columns=lines).stack().unstack("output")
    order = pd.MultiIndex.from_product([cells["model"].unique(), lines], names=[None, None])
    return long.reindex(order, columns=cells["output"].unique()).fillna("").rename_axis(columns="Pearson's r")


def _describe_cell(cell: Any, *, starred: bool) -> list[str]:
    """Write the four lines of one published cell."""
    digits = len(cell.paper.partition(".")[2])
    finer = 3 if cell.measure == "coe" else digits  # two would hide on which side of zero a small cost lies
    ours = "–" if np.isnan(cell.ours) else format_interval(cell.ours, cell.low, cell.high, finer)
    inside = {True: "yes", False: "no"}.get(cell.inside, "–")
    return [cell.paper + "*" * starred, ours, format_correlation(cell.difference, digits, sign="+"), inside]


def build_ceiling_table(root: str | Path = OWN) -> "pd.DataFrame":
    """Put the published Mid2E rows, about film music, beside what the same ratings give here.

    Parameters
    ----------
    root
        Where the reader's own rating files would be (`annotations.load_annotations`). If they are there, a row tells
        what regressions on nine tenths of the clips give for the last tenth, and another one the same with whole
        albums, if the track list is there too.

    Returns
    -------
    pandas.DataFrame
        Pearson's r, one row per origin, columns the emotions and ``average``.

    Raises
    ------
    AnnotationError
        If the rating files are there but damaged.
    """
    import pandas as pd

    from .annotations import find_annotations, load_albums, load_annotations
    from .folds import build_folds
    from .regression import compute_in_sample_correlations, predict_out_of_fold
    from .scores import compute_correlations

    published = load_published(_TABLE).query("scheme == 'mid2e'")
    rows = {f"{row.model}, as printed ({row.source})": row[_OUTPUTS] for _, row in published.iterrows()}
    rows[IN_SAMPLE] = compute_in_sample_correlations(load_published("rating_correlations"))
    if find_annotations(root):
        midlevel, emotion = load_annotations(root)
        groups = {"clips": emotion.index}
        if find_annotations(root, albums=True):
            groups["albums"] = load_albums(root)
        for kind, group in groups.items():
            predicted = predict_out_of_fold(midlevel, emotion, build_folds(group))
            r = compute_correlations(predicted, emotion)
            rows[f"here, ten folds of {kind} of your rating files"] = pd.Series(r, EMOTIONS)
    table = pd.DataFrame(rows).T.astype(float).reindex(columns=_OUTPUTS)
    table["average"] = table["average"].fillna(table[list(EMOTIONS)].mean(axis=1))
    return table.rename_axis(columns="Pearson's r")


def compute_inconsistent_cells(
    published: "pd.DataFrame | None" = None, *, source: str = "ISMIR 2019"
) -> "pd.DataFrame":
    """Find the printed numbers that do not follow from other printed numbers of the same publication.

    The cost of a model should be the difference between the rows of A2E and of the model, and the average of a model
    the mean of its row, both up to their own rounding.

    Parameters
    ----------
    published
        ``load_published("emotion_correlations")`` by default.
    source
        Which publication.

    Returns
    -------
    pandas.DataFrame
        Indexed by (row, output): ``model``; ``printed`` (text); ``follows``, what the other cells give, unrounded;
        ``explained``, whether the rounding of those other cells can be the reason.
    """
    import pandas as pd

    table = load_published(_TABLE) if published is None else published
    table = table[table["source"] == source]
    plain = table[table["measure"] == "r"]
    found = []
    for row, cells in table.iterrows():
        # Each rounded number is off by up to half a unit of its last digit: so is a mean, but a difference by a whole.
        if cells["measure"] == "coe":
            rows = plain[_OUTPUTS].set_axis(plain["scheme"])
            follows, slack = rows.loc["a2e"] - rows.loc[cells["scheme"]], 1.0
        else:
            follows, slack = pd.Series({"average": cells[list(EMOTIONS)].mean(skipna=False)}), 0.5
        off = (cells[follows.index] - follows).abs() * 10.0 ** cells["digits"]
        for output in off.index[off > 0.5 + _TINY]:
            text = format_correlation(cells[output], cells["digits"])
            found.append((row, output, cells["model"], text, follows[output], off[output] <= 0.5 + slack + _TINY))
    columns = ["row", "output", "model", "printed", "follows", "explained"]
    return pd.DataFrame(found, columns=columns).set_index(["row", "output"])


def describe_inconsistent_cells(published: "pd.DataFrame | None" = None, *, source: str = "ISMIR 2019") -> str:
    """Write the footnote of the published table: which of its numbers do not follow from the others.

    Parameters
    ----------
    published, source
        As for `compute_inconsistent_cells`.

    Returns
    -------
    str
        One sentence or two, or nothing where all is consistent.
    """
    cells = compute_inconsistent_cells(published, source=source)
    if cells.empty:
        return ""
    words = "; ".join(
        f"{cell.model}, {cell.Index[1]}: {cell.printed}, the other cells give {format_correlation(cell.follows, 3)}"
        for cell in cells.itertuples()
    )
    reason = "Rounding of the other cells can explain each of them." if cells["explained"].all() else ""
    return f"Starred cells are quoted as printed, though others say otherwise ({words}). {reason}".strip()
