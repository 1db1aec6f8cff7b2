"""The headline numbers of an executed notebook beside what is expected of them, as its page shows them.

Public names: ``HeadlineRow``, ``load_headline``.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import results
from .profiles import CORPORA

if TYPE_CHECKING:
    from nbformat import NotebookNode

_PARAMETER = re.compile(r'(?m)^(PROFILE|CORPUS) = "(\w+)"')
#: The cell that closes a notebook; the one before it stores the numbers.
_CHECK = "check_headline("


@dataclass(frozen=True)
class HeadlineRow:
    """One headline number, spelled out.

    Attributes
    ----------
    name
        Its short name in the notebook.
    value
        As many decimals as the expectation has, three digits without one; "missing" or "not finite" if so.
    expected
        Value and tolerance, "" where none are stored for the run's profile and corpus.
    fits
        Whether the value lies within the tolerance; None without one.
    """

    name: str
    value: str
    expected: str
    fits: bool | None


def load_headline(notebook: "NotebookNode", name: str, folder: Path) -> list[HeadlineRow]:
    """Read what a notebook stored as its headline, and what its profile and corpus make one expect.

    Parameters
    ----------
    notebook
        The executed notebook.
    name
        Its name, such as ``"02_training"``.
    folder
        Where ``results.json`` lies (`results.save_results`).

    Returns
    -------
    list of HeadlineRow
        In the order of the names. None if the notebook did not come to check its headline: what is stored then may be
        of an earlier run.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not any(_CHECK in cell.source and cell.execution_count for cell in code):
        return []
    stored = _load_mapping(folder / "results.json").get(name, {})
    headline = stored.get("headline", {})
    # of a parameter that stands twice, the second was set for the run
    parameters = dict(pair for cell in code for pair in _PARAMETER.findall(cell.source))
    corpus = stored.get("source") or parameters.get("CORPUS", "auto").replace("auto", CORPORA[0])
    expected = _load_mapping(results.EXPECTED).get(parameters.get("PROFILE"), {}).get(corpus, {}).get(name, {})
    return [
        _spell_row(key, headline.get(key, "missing"), expected.get(key)) for key in sorted({**headline, **expected})
    ]


def _load_mapping(path: Path) -> dict:
    with suppress(OSError, results.ResultsError):
        return results.load_results(path)
    return {}


def _spell_row(name: str, value: float | str | None, expected: list[float] | None) -> HeadlineRow:
    if not isinstance(value, int | float):
        value, fits = value or "not finite", False
    else:
        fits = abs(value - expected[0]) <= expected[1] if expected else None
        value = f"{value:.{_count_decimals(expected)}f}" if expected else f"{value:.3g}"
    return HeadlineRow(name, value, f"{expected[0]:g} ± {expected[1]:g}" if expected else "", fits)


def _count_decimals(numbers: list[float]) -> int:
    return max(len(f"{number:f}".rstrip("0").partition(".")[2]) for number in numbers)
