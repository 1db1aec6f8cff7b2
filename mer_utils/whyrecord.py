"""Why a network hears what it hears in a sound file, as a record for a program.

Public names: ``build_why_record``, ``build_method``, ``build_plain``.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .explanation import Explanation
from .ratings import MIDLEVEL
from .selection import describe_selection, select_segments
from .soundwhy import SoundWhy
from .trust import compute_fidelity, compute_fidelity_by_share, describe_fidelity
from .whyreport import build_weight_table
from .whysounds import build_sound_records

if TYPE_CHECKING:
    import pandas as pd

_ERROR = "one robust standard error; what is printed is 1.96 of them to either side"


def build_why_record(why: SoundWhy, *, net: str) -> dict[str, Any]:
    """Collect an explanation as plain values that JSON can hold.

    Parameters
    ----------
    why, net
        As in `describe_why`.

    Returns
    -------
    dict
        ``file``, ``net``, ``scale``; ``window`` (seconds); ``features`` {name: heard, rank, ``intercept`` (all hidden)
        and ``local_prediction`` (nothing hidden) of the surrogate, ``mean_over_masks`` of the net, verdict and the
        rest of `trust.compute_fidelity`}; ``r2_by_share``, records with the columns of
        `trust.compute_fidelity_by_share`; the ``feature`` explained, its ``emotion``, and ``sentences``; ``method``,
        with ``n_samples``, ``complete``, ``seed``, ``hide`` and what an ``error`` is; ``kept``, labels that raise and
        that lower the feature; ``sounds``, as `whysounds.build_sound_records` tells of them; ``segments``, one record
        each with the columns of `whyreport.build_weight_table`. What is no number is None, at any depth.
    """
    e, excerpt, rule = why.explanation, why.excerpt, why.settings.rule
    card = compute_fidelity(e)
    sides = select_segments(e, why.feature, rule=rule)
    window = {"start": excerpt.start, "end": excerpt.end, "length of file": excerpt.seconds}
    record = {
        "file": str(excerpt.path),
        "net": net,
        "scale": "rating / 10",
        "reference": why.reference.label,
        "window": window,
        "features": _build_features(why, card),
        "r2_by_share": _build_shares(e),
        "feature": why.feature,
        "emotion": why.emotion,
        "sentences": {
            "notes": " ".join(excerpt.notes),
            "choice": why.choice,
            "selection": describe_selection(e, why.feature, rule=rule),
            "fidelity": describe_fidelity(card, why.feature),
        },
        "method": build_method(e, rule),
        "kept": {verb: kept.tolist() for verb, kept in zip(("raises", "lowers"), sides, strict=True)},
        "sounds": build_sound_records(why.sounds),
        "segments": [{"segment": int(label)} | dict(row) for label, row in build_weight_table(why).iterrows()],
    }
    return build_plain(record)


def _build_features(why: SoundWhy, card: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    e = why.explanation
    told = {"intercept": e.intercept, "local_prediction": e.local_prediction}
    told["mean_over_masks"] = e.samples.outputs.mean(axis=0, dtype=float)
    return {
        name: {"heard": heard, "rank": why.reference.compute_rank(name, heard)}
        | {key: values[e.index(name)] for key, values in told.items()}
        | dict(card.loc[name])
        for name, heard in zip(MIDLEVEL, why.midlevel, strict=True)
    }


def _build_shares(e: Explanation) -> list[dict[str, Any]]:
    n_bins = min(5, len(e.holdout))  # none where somebody stopped before any fresh mask
    table = compute_fidelity_by_share(e, n_bins=n_bins).reset_index() if n_bins else None
    return [dict(row) for _, row in table.iterrows()] if n_bins else []


def build_method(e: Explanation, rule: str) -> dict[str, Any]:
    """Tell how an explanation was made, and by which rule its segments were selected."""
    names = ("n_segments", "n_samples", "complete", "seed", "hide", "keep_prob", "design", "sound", "network")
    return {name: getattr(e, name) for name in names} | e.config | {"rule": rule, "error": _ERROR}


def build_plain(value: Any) -> Any:
    """Turn whatever a record holds into what JSON knows, numbers to seven digits."""
    if isinstance(value, dict):
        return {str(name): build_plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [build_plain(part) for part in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    return float(f"{value:.7g}") if np.isfinite(value) else None
