"""Explainers by name, for the command ``mer benchmark``: ours, two that it should beat, and any other function.

Public names: ``EXPLAINERS``, ``COLUMNS``, ``load_explainer``, ``build_checked``, ``describe_benchmark``.
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


#: What the tests and columns of `describe_benchmark` are, for above the table.
COLUMNS = """\
planted: made-up predictors that read one or two boxes of the spectrogram;
cause: the net, in music where one feature was raised in a known place.
area: under the ROC curve for 'this segment matters' (1 is perfect, 0.5 chance);
target: area to reach; precision: of as many largest weights as segments matter;
chance: precision of a lottery; heard: by how much the output rose, rating / 10;
movement: how the seven outputs moved, correlated with what the segments that
matter add to each."""


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


def build_checked(name: str, explainer: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Build an explainer that says in a line what is wrong with the one that it calls.

    Parameters
    ----------
    name
        What the reader calls it.
    explainer
        Of (predict, spec, segments).

    Returns
    -------
    callable
        The same, with weights (n_segments, n_outputs) as float64; it raises `ExplainError` where they are not that, or
        are not finite, or ``explainer`` raises something.
    """

    def explain(predict: Callable, spec: np.ndarray, segments: np.ndarray) -> np.ndarray:
        try:
            weights = np.asarray(explainer(predict, spec, segments), float)
        except Exception as error:  # whatever a reader's function does
            raise ExplainError(f"{name} raised {type(error).__name__}: {error}") from error
        wanted = (int(segments.max()) + 1, np.shape(predict(spec[None]))[1])
        if weights.shape != wanted:
            about = f"(n_segments, n_outputs) weights, here {wanted}, not {weights.shape}"
            raise ExplainError(f"{name} must return {about}")
        if not np.isfinite(weights).all():
            raise ExplainError(f"{name} must return finite weights: there are NaN or infinite ones")
        return weights

    return explain


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
    return f"{value:z{width}.2f}" if np.isfinite(value) else " " * width
