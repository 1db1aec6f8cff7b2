"""What in the outputs of an executed notebook is for its readers, and what served the run alone.

Public names: ``select_outputs``, ``render_failure``, ``find_failures``, ``WIDGET``.
"""

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: Media type of a widget, which is nothing without a kernel.
WIDGET = "application/vnd.jupyter.widget-view+json"
# What a widget shows of an error is found by this in its saved state, where the error itself would not be.
_FAILURE = '<p class="mer-failure" role="alert">'
_PROGRESS = re.compile(r"^\s*$|\d+%\s*\||\d(it|s|cell|clip|epoch|batch| predictions)/(s|it)\b|it/s\]")


def select_outputs(outputs: Sequence["NotebookNode"]) -> list["NotebookNode"]:
    """Leave out progress bars and widgets: every widget's picture stands beside it as an output of its own.

    Parameters
    ----------
    outputs
        Outputs of a cell.

    Returns
    -------
    list of nbformat.NotebookNode
        Those to keep, in order. A warning on stderr is kept.
    """
    return [output for output in outputs if not (_is_progress(output) or WIDGET in output.get("data", {}))]


def _is_progress(output: "NotebookNode") -> bool:
    """Tell a progress bar, which holds timings, from a warning."""
    if output.get("name") != "stderr":
        return False
    return all(_PROGRESS.search(line) for line in re.split(r"[\r\n]", output.text))


def render_failure(error: BaseException) -> str:
    """Show an error that no reader is to blame for, so that `find_failures` finds it in the state of a widget."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{_FAILURE}{html.escape(said)}</p>"


def find_failures(text: str) -> list[str]:
    """Find the errors that `render_failure` put into a text."""
    return [html.unescape(said.partition("</p>")[0]) for said in text.split(_FAILURE)[1:]]
