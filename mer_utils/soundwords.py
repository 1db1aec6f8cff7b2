"""What there is to hear in explanations, and in what became of them, in sentences made from their numbers.

Public names: ``describe_kept``, ``describe_paper``, ``describe_round_trip``, ``build_findings``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .blindoutcome import compute_needed
from .descriptors import compute_level_range
from .explanation import Explanation
from .glossary import ENDS
from .listening import Rendering
from .matching import compute_energies, compute_random_roles
from .passages import Passage
from .segments import build_segment_table
from .selection import RULES, select_segments
from .twolevels import compute_extent

if TYPE_CHECKING:
    import pandas as pd

    from .blindoutcome import Outcome

_DRAWS, _LEVEL = 399, 0.05
_BLOCK = 2048  # samples over which a level is taken, a frame of the spectrogram
# What segments are called that have less, and that have more of a trait.
_TRAITS = {
    "length": ("shorter", "longer"),
    "pitch": ("lower", "higher"),
    "width": ("narrower in pitch", "wider in pitch"),
    "attack": ("less at attacks", "more at attacks"),
}


def describe_kept(explanation: Explanation, output: str, *, rule: str = "top", seed: int = 0) -> str:
    """Say how the segments that raise an output sound: how they differ from random ones as large and as loud.

    A difference is told if a permutation test (`matching.compute_random_roles`) of the mean over the segments finds
    it: of random selections, one in twenty is told to differ in any of four traits. It may be a trait of all segments
    that weigh much, whichever way.

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
        few = f"None of the {RULES['top']} largest weights" if rule == "top" else "No segment"
        return f"{few} raises *{output}*: there is nothing to hear."
    table, energies = _build_traits(explanation), compute_energies(explanation)
    own, roles = table.loc[kept].mean(), compute_random_roles(explanation, [kept], n=_DRAWS, seed=seed)
    drawn = dict(zip(table, (roles @ table.to_numpy() / len(kept)).T, strict=True))
    told = [
        words[int(own[trait] > drawn[trait].mean())]
        for trait, words in _TRAITS.items()
        if _compute_p(own[trait], drawn[trait]) <= _LEVEL / len(_TRAITS)
    ]
    heard = f" ({ENDS[output][1]})" if output in ENDS else ""
    inside = energies[kept].sum() / (energies.sum() or 1.0)
    apart = f"they are surely {' and '.join(told)}" if told else "a permutation test does not tell them apart"
    means = {trait: (own[trait], drawn[trait].mean()) for trait in _TRAITS}
    (start, end), (low, high) = compute_extent(explanation, output, kept)
    return (
        f"{len(kept)} of {len(table)} segments, with {inside:.0%} of the energy, raise *{output}*{heard} most; half "
        f"of their weight lies at {start:.1f}–{end:.1f} s, there mostly at {low:.0f}–{high:.0f} Hz. In the mean, and "
        f"in brackets random ones as large and as loud, they last {_spell(means['length'])} s, span "
        f"{_spell(means['width'])} octaves around {_spell(2 ** np.array(means['pitch']), '.0f')} Hz, and begin at "
        f"{_spell(means['attack'])} times the usual attack: {apart}."
    )


def _compute_p(own: float, drawn: np.ndarray) -> float:
    """Compute the two-sided p of a permutation test."""
    below, above = (drawn <= own + 1e-9).sum(), (drawn >= own - 1e-9).sum()
    return 2 * (1 + min(below, above)) / (1 + len(drawn))


def _spell(values: Sequence[float], form: str = ".2f") -> str:
    own, other = values
    return f"{own:{form}} ({other:{form}})"


def _build_traits(explanation: Explanation) -> "pd.DataFrame":
    """Give length (s), centre (octaves above 1 Hz), width (octaves) and attack (1 is usual) of every segment."""
    import pandas as pd
    from scipy.ndimage import maximum_filter1d

    table = build_segment_table(explanation.segments, explanation.spec, fps=explanation.fps)
    rise = np.diff(explanation.spec, axis=0, prepend=explanation.spec[:1]).clip(0).sum(axis=1)  # spectral flux
    first = (table["start"] * explanation.fps).round().astype(int)
    traits = {"length": table["end"] - table["start"], "pitch": np.log2(table["low"] * table["high"]) / 2}
    traits["width"] = np.log2(table["high"] / table["low"])
    attack = maximum_filter1d(rise, 3, mode="nearest")[first]
    traits["attack"] = attack / (attack.mean() or 1.0)
    return pd.DataFrame(traits).astype(float)


def describe_paper(passage: Passage, paper: Rendering) -> str:
    """Say what the demo's resynthesis does to a sound whose gains are all 1."""
    ours, theirs = (compute_level_range(y.astype(float), _BLOCK) for y in (passage.cut(passage.y), paper.y))
    return (
        "The way of 2019 keeps the logarithm, so that soft comes close to loud: the range of levels in a tenth of a "
        f"second is {theirs:.0f} dB, where the original has {ours:.0f} dB. It also brings the peak to full scale and "
        "takes hops of whole samples, so that all is a trifle slower."
    )


def describe_round_trip(tables: "dict[str, pd.DataFrame]") -> str:
    """Say how much of an explained effect is left in the sound.

    Parameters
    ----------
    tables
        By output, as `rescoring.compute_round_trip` gives them.
    """
    said = [
        f"*{output}* goes from {row['whole']:.3f} to {row['masked']:.3f} on the spectrogram, {row['smoothed']:.3f} "
        f"with smoothed edges, and {row['sound']:.3f} in the sound ({_name_share(row['survives'])}); without as many "
        f"others, as large and as loud, to {row['random']:.3f}."
        for output, row in _select_removed(tables)
    ]
    return "Without what raises it, in the clip that has most of it:\n\n" + "\n".join(f"- {one}" for one in said)


def _select_removed(tables: "dict[str, pd.DataFrame]") -> "list[tuple[str, pd.Series]]":
    return [(output, table.loc["positive removed"]) for output, table in tables.items()]


def _name_share(share: float) -> str:
    return "no effect to keep" if np.isnan(share) else f"{share:.0%} of the effect is left"


def build_findings(
    trips: "dict[str, pd.DataFrame]",
    summary: "pd.DataFrame",
    *,
    gap: float,
    blind: "dict[str, Outcome]",
    db: float = 6,
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
    blind
        How somebody, and how simple rules did in the blind test, by who it was.
    db
        Of the edits that are told of.
    """
    cells, n_good = summary.loc[db], int((summary["failure"] == "").sum())
    moved, paper, promised = (cells[name].sum() for name in ("obtained", "on_paper", "promised"))
    changes = "; ".join(
        f"{name} by {row['sound'] - row['whole']:+.3f} (as many others, as large and as loud: "
        f"{row['random'] - row['whole']:+.3f})"
        for name, row in _select_removed(trips)
    )
    scores, n = ", ".join(f"{who.lower()} {one.n_right}" for who, one in blind.items()), next(iter(blind.values())).n
    return [
        f"In the clip that has most of it, taking out of the sound what raises a feature moves {changes}.",
        f"Turned up by {db:g} dB, what raises a feature moves it by {cells['obtained'].mean():+.3f} in the mean over "
        f"features and {cells['n_tracks'].max()} clips, {cells['obtained'].min():+.3f} to "
        f"{cells['obtained'].max():+.3f}. Of what weights promise, {paper / promised:.0%} come true on the "
        f"spectrogram and {moved / promised:.0%} in the sound. {n_good} of {len(summary)} edits do better than both "
        "controls.",
        f"Joined over two levels, weights differ from LIME on the emotion by {gap:.1e} of the largest.",
        f"In the blind test, of {n} trials: {scores}; {compute_needed(n)} are needed to tell hearing from guessing.",
    ]
