"""Explainers by name, for the command ``mer benchmark``: ours, two that it should beat, and any other function.

Public names: ``EXPLAINERS``, ``load_explainer``, ``describe_benchmark``.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .benchmark import explain_by_energy, explain_by_occlusion
from .explain import explain_spectrogram
from .explanation import ExplainError

if TYPE_CHECKING:
    import pandas as pd


def _explain_by_lime(predict: Callable, spec: np.ndarray, segments: np.ndarray, n_samples: int = 1000) -> np.ndarray:
    return explain_spectrogram(predict, spec, segments, n_samples=n_samples).weights


#: Functions of (predict, spec, segments) that give weights (n_segments, n_outputs), by name.
EXPLAINERS: dict[str, Callable[..., np.ndarray]] = {
    "lime": _explain_by_lime,
    "occlusion": explain_by_occlusion,
    "energy": explain_by_energy,
}


def load_explainer(name: str) -> Callable[..., np.ndarray]:
    """Find an explainer by name.

    Parameters
    ----------
    name
        One of `EXPLAINERS`, or ``"module:function"`` of a function of (predict, spec, segments) that can be imported.

    Raises
    ------
    ExplainError
        If there is none; the message lists those there are.
    """
    if name in EXPLAINERS:
        return EXPLAINERS[name]
    module, colon, function = name.partition(":")
    if not colon:
        raise ExplainError(f"unknown explainer {name!r}; there are: {', '.join(EXPLAINERS)}, or module:function")
    try:
        if str(Path.cwd()) not in sys.path:  # where the reader's own module lies; a script has its own folder there
            sys.path.append(str(Path.cwd()))
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ExplainError(f"no explainer {name!r}: {error}") from error
    if not callable(found):
        raise ExplainError(f"{name} is no function of (predict, spec, segments)")
    return found


def describe_benchmark(table: "pd.DataFrame") -> str:
    """Spell what `benchmark.compute_benchmark` gives in lines of at most 80 characters."""
    widths = {"auroc": 6, "target": 7, "precision": 10, "chance": 7, "heard": 6, "movement": 9}
    heads = [f"{'area' if name == 'auroc' else name:>{width}}" for name, width in widths.items()]
    lines = [f"{'':29}{'clips':>6}{''.join(heads)}"]
    for (test, name), row in table.reindex(columns=["n", *widths]).iterrows():
        cells = [_spell(row[column], width) for column, width in widths.items()]
        lines.append(f"{test:9}{name:20}{row['n']:6.0f}{''.join(cells)}".rstrip())
    return "\n".join(lines)


def _spell(value: float, width: int) -> str:
    return f"{value:{width}.2f}" if np.isfinite(value) else " " * width
