"""What in the outputs of an executed notebook is for its readers, and what served the run alone.

Public names: ``select_outputs``, ``WIDGET``.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: Media type of a widget, which is nothing without a kernel.
WIDGET = "application/vnd.jupyter.widget-view+json"
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
