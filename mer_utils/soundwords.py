"""What there is to hear in explanations, and in what became of them, in sentences made from their numbers.

Public names: ``describe_kept``, ``describe_paper``, ``describe_round_trip``, ``build_findings``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .blindoutcome import compute_needed
from .explanation import Explanation
from .glossary import ENDS
from .listening import Rendering
from .matching import select_matched
from .passages import Passage
from .segments import build_segment_table
from .selection import select_segments

if TYPE_CHECKING:
    import pandas as pd

    from .blindoutcome import Outcome

_DRAWS, _APART = 10, 3
# What a trait is called when there is less and when there is more of it, and how it is spelt.
_TRAITS = {
    "seconds": (("shorter", "longer"), "{:.2f}", "s"),
    "hertz": (("lower", "higher"), "{:.0f}", "Hz"),
    "octaves": (("narrower in pitch", "wider in pitch"), "{:.1f}", "octaves"),
    "attack": (("softer in attack", "sharper in attack"), "{:.1f}", "times the usual rise"),
}


def describe_kept(explanation: Explanation, output: str, *, rule: str = "top", seed: int = 0) -> str:
    """Say how the segments that raise an output sound: how they differ from random ones as large and as loud.

    A difference is told if the median over the segments is more than three standard deviations from those of ten
    random draws.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    rule
        One of `selection.RULES`.
    seed
        Of the random draws.
    """
    kept, _ = select_segments(explanation, output, rule=rule)
    if not len(kept):
        return f"Nothing raises {output} for certain: there is nothing to hear."
    table, traits = _build_traits(explanation), list(_TRAITS)
    drawn = [select_matched(explanation, kept, seed=seed + k) for k in range(_DRAWS)]
    random = [table.loc[labels, traits].median() for labels in drawn]
    own, others, spread = table.loc[kept, traits].median(), np.mean(random, axis=0), np.std(random, axis=0, ddof=1)
    told = [
        _compare(own[trait], other, *words)
        for (trait, words), other, step in zip(_TRAITS.items(), others, spread, strict=True)
        if abs(own[trait] - other) > _APART * step + 1e-9
    ]
    heard = f" ({ENDS[output][1]})" if output in ENDS else ""
    inside = table.loc[kept, "power"].sum() / table["power"].sum()
    apart = ", ".join(told) or "no different in length, pitch, width or attack"
    return (
        f"{len(kept)} of {len(table)} segments, with {inside:.0%} of the energy, raise *{output}*{heard} most. "
        f"Beside random ones as large and as loud they are: {apart}."
    )


def _compare(own: float, other: float, words: tuple[str, str], form: str, unit: str) -> str:
    return f"{words[int(own > other)]} ({form.format(own)} against {form.format(other)} {unit})"


def _build_traits(explanation: Explanation) -> "pd.DataFrame":
    """Give energy, length, centre, width and attack of every segment."""
    table = build_segment_table(explanation.segments, explanation.spec, fps=explanation.fps)
    power = np.square(10.0 ** explanation.spec.astype(float) - 1)
    rise = np.diff(explanation.spec, axis=0, prepend=explanation.spec[:1]).clip(0).sum(axis=1)  # spectral flux
    near = np.max([rise, np.roll(rise, 1), np.roll(rise, -1)], axis=0) / max(np.median(rise), 1e-9)
    return table.assign(
        power=np.bincount(explanation.segments.ravel(), weights=power.ravel()),
        seconds=table["end"] - table["start"],
        hertz=np.sqrt(table["low"] * table["high"]),
        octaves=np.log2(table["high"] / table["low"]),
        attack=near[(table["start"] * explanation.fps).round().astype(int)],
    )


def describe_paper(passage: Passage, paper: Rendering) -> str:
    """Say what the demo's resynthesis does to a sound whose gains are all 1."""
    ranges = [_compute_range(y) for y in (passage.cut(passage.y), paper.y)]
    return (
        "The way of 2019 keeps the logarithm, so that soft comes close to loud: from the softest tenth of moments to "
        f"the loudest it is {ranges[1]:.0f} dB, where the original has {ranges[0]:.0f} dB."
    )


def _compute_range(y: np.ndarray, n_samples: int = 2048) -> float:
    """Compute how many dB the level of pieces of a sound varies between its 10 % and its 90 % quantile."""
    pieces = y[: len(y) // n_samples * n_samples].reshape(-1, n_samples).astype(float)
    return float(np.diff(np.quantile(10 * np.log10(np.square(pieces).mean(axis=1) + 1e-12), [0.1, 0.9]))[0])


def describe_round_trip(tables: "dict[str, pd.DataFrame]") -> str:
    """Say how much of an explained effect is left in the sound.

    Parameters
    ----------
    tables
        By output, as `rescoring.compute_round_trip` gives them.
    """
    said = [
        f"{output} {row['whole']:.3f} → {row['masked']:.3f} on the spectrogram, {row['sound']:.3f} in the sound"
        f" ({_name_share(row['survives'])})"
        for output, table in tables.items()
        for _, row in table.loc[["positive removed"]].iterrows()
    ]
    return f"Without what raises it: {'; '.join(said)}."


def _name_share(share: float) -> str:
    return "no effect to keep" if np.isnan(share) else f"{share:.0%} of the effect is left"


def build_findings(
    trips: "dict[str, pd.DataFrame]", summary: "pd.DataFrame", *, gap: float, coin: "Outcome", db: float = 6
) -> list[str]:
    """Say in a few sentences what listening to explanations told.

    Parameters
    ----------
    trips
        By output, as `rescoring.compute_round_trip` gives them.
    summary
        As `editviews.compute_edit_summary` gives it.
    gap
        As `twolevels.compute_emotion_gap` gives it.
    coin
        How a coin did in the blind test.
    db
        Of the edits that are told of.
    """
    cells, n_good = summary.loc[db], int((summary["failure"] == "").sum())
    moved, promised = cells["obtained"], cells["promised"]
    removed = [table.loc["positive removed"] for table in trips.values()]
    changes = " and ".join(
        f"{name} by {row['sound'] - row['whole']:+.3f} ({_name_share(row['survives'])})"
        for name, row in zip(trips, removed, strict=True)
    )
    return [
        f"Leaving out of the sound what raises them moves {changes}.",
        f"Turned up by {db:g} dB, what raises a feature moves it by {moved.mean():+.3f} in the mean over features and "
        f"{cells['n_tracks'].max()} clips, {moved.min():+.3f} to {moved.max():+.3f}. That is "
        f"{moved.sum() / promised.sum():.0%} of what weights promise. {n_good} of {len(summary)} edits do better than "
        "both controls.",
        f"Joined over two levels, weights differ from LIME on the emotion by {gap:.1e} of the largest.",
        f"A coin got {coin.n_right} of {coin.n} in the blind test; who hears a difference needs "
        f"{compute_needed(coin.n)}. Nobody has been asked yet.",
    ]
