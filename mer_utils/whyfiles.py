"""Why a network hears what it hears in a sound file, as a record for a program and as a folder of files.

Public names: ``build_why_record``, ``save_why``.
"""

import io
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .explanation import Explanation, save_explanation
from .files import save_bytes, save_text
from .ratings import MIDLEVEL
from .selection import describe_selection, select_segments
from .soundwhy import SoundWhy
from .trust import compute_fidelity, compute_fidelity_by_share, describe_fidelity
from .whyreport import build_weight_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def build_why_record(why: SoundWhy, *, net: str) -> dict[str, Any]:
    """Collect an explanation as plain values that JSON can hold.

    Parameters
    ----------
    why, net
        As in `describe_why`.

    Returns
    -------
    dict
        ``file``, ``net``, ``scale``; ``window`` (seconds); ``features`` {name: heard, rank, verdict and the rest of
        `trust.compute_fidelity`}; ``r2_by_share``, records with the columns of `trust.compute_fidelity_by_share`; the
        ``feature`` explained, its ``emotion``, and ``sentences``; ``method``, with ``n_samples``, ``complete``,
        ``seed`` and ``hide``; ``kept``, labels that raise and that lower the feature; ``segments``, one record each
        with the columns of `whyreport.build_weight_table`. What is no number is None.
    """
    e, excerpt, rule = why.explanation, why.excerpt, why.settings.rule
    card = compute_fidelity(e)
    heard = zip(MIDLEVEL, why.midlevel, strict=True)
    features = {
        name: {"heard": _plain(x), "rank": _plain(why.reference.compute_rank(name, x))} | _plain_row(card.loc[name])
        for name, x in heard
    }
    sides = select_segments(e, why.feature, rule=rule)
    window = {"start": excerpt.start, "end": excerpt.end, "length of file": excerpt.seconds}
    return {
        "file": str(excerpt.path),
        "net": net,
        "scale": "rating / 10",
        "reference": why.reference.label,
        "window": {name: _plain(value) for name, value in window.items()},
        "features": features,
        "r2_by_share": _build_shares(e),
        "feature": why.feature,
        "emotion": why.emotion,
        "sentences": {
            "notes": " ".join(excerpt.notes),
            "choice": why.choice,
            "selection": describe_selection(e, why.feature, rule=rule),
            "fidelity": describe_fidelity(card, why.feature),
        },
        "method": _build_method(why),
        "kept": {verb: kept.tolist() for verb, kept in zip(("raises", "lowers"), sides, strict=True)},
        "segments": [{"segment": int(label)} | _plain_row(row) for label, row in build_weight_table(why).iterrows()],
    }


def _build_shares(e: Explanation) -> list[dict[str, Any]]:
    n_bins = min(5, len(e.holdout))  # none where somebody stopped before any fresh mask
    table = compute_fidelity_by_share(e, n_bins=n_bins).reset_index() if n_bins else None
    return [_plain_row(row) for _, row in table.iterrows()] if n_bins else []


def _build_method(why: SoundWhy) -> dict[str, Any]:
    e = why.explanation
    names = ("n_segments", "n_samples", "complete", "seed", "hide", "keep_prob", "design", "sound", "network")
    return {name: getattr(e, name) for name in names} | e.config | {"rule": why.settings.rule}


def _plain_row(row: "pd.Series") -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str | bool | int):
        return value
    return round(float(value), 6) if np.isfinite(value) else None


def save_why(folder: Path, why: SoundWhy, *, net: str) -> list[Path]:
    """Write an explanation, its record and its pictures; overwrites what is there.

    Parameters
    ----------
    folder
        Where to write ``explanation.safetensors``, ``explanation.json``, ``explanation.png``, ``weights.png``,
        ``selection.png`` and ``fidelity.png``; it is made.
    why, net
        As in `describe_why`.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    explanation = folder / "explanation.safetensors"
    if not why.reused:  # before anything else: it took longest
        save_explanation(explanation, why.explanation)
    pictures = {folder / f"{name}.png": _render(fig) for name, fig in _plot_all(why).items()}
    for path, content in pictures.items():
        save_bytes(path, content)
    record = folder / "explanation.json"
    text = json.dumps(build_why_record(why, net=net), indent=1, ensure_ascii=False, allow_nan=False)
    save_text(record, text)
    return [explanation, *pictures, record]


def _plot_all(why: SoundWhy) -> "dict[str, Figure]":
    from .explainplots import plot_explanation, plot_weight_map
    from .selectionplots import plot_selection
    from .style import use_style
    from .trustplots import plot_fidelity

    use_style()
    e, rule = why.explanation, why.settings.rule
    positive, negative = select_segments(e, why.feature, rule=rule)
    return {
        "explanation": plot_explanation(e, why.feature, positive=positive, negative=negative, outlines=True)[0],
        "weights": plot_weight_map(e, why.feature)[0],
        "selection": plot_selection(e, why.feature, rule=rule)[0],
        "fidelity": plot_fidelity(e, card=compute_fidelity(e))[0],
    }


def _render(fig: "Figure") -> bytes:
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        fig.savefig(buffer, format="png")
    plt.close(fig)
    return buffer.getvalue()
