"""What came of an edit of a sound file, as text for a terminal.

Public names: ``describe_sound_edit``, ``describe_outcome``, ``describe_control``, ``describe_loudness``.
"""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from .answerfolders import compute_gain
from .displays import compute_level
from .effects import LITTLE
from .rescoring import LEVELS
from .soundedit import SoundEdit
from .trust import compute_fidelity
from .whyreport import describe_excerpt

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 80  # characters of a line
# Shares of a promise: less is no move; from there to here is a move that falls short; up to there is one as promised.
_NOTHING, _KEPT, _BEYOND = 0.1, 0.75, 4 / 3
# Random segments match the edited ones up to such a factor in size and such a difference in energy, dB.
_MOST_SIZE, _MOST_ENERGY = 1.25, 3.0
# Peak above which clipping is told: below it, rounding is all there is.
_CLIPS = 1.001


def describe_sound_edit(edited: SoundEdit, *, net: str) -> str:
    """Spell an edit in lines of at most 80 characters.

    Parameters
    ----------
    edited
        Sound, edit and outcome.
    net
        Name of the network.

    Returns
    -------
    str
        What was done; each output before, as promised and as obtained; a verdict; random segments in comparison; and
        how loud the edited sound is.
    """
    outcome = describe_outcome(edited.table, edited.edit.feature)
    said = [_describe_done(edited), outcome, describe_control(edited), describe_loudness(edited)]
    done, *rest = [textwrap.fill(sentences, _WIDTH) for sentences in said]
    return "\n\n".join([describe_excerpt(edited.excerpt, net), done, _describe_table(edited), *rest])


def _describe_done(edited: SoundEdit) -> str:
    edit, (raising, lowering) = edited.edit, edited.kept
    verbs = ("lifted", "lowered") if edit.db > 0 else ("lowered", "lifted")
    parts = [f"the {len(raising)} that raise {edit.feature} were {verbs[0]}"] * bool(len(raising))
    other = verbs[0] if edit.sign == "negative" else verbs[1]
    parts += [f"the {len(lowering)} that lower {edit.feature} were {other}"] * bool(len(lowering))
    place = "the whole file" if edited.excerpt.seconds < edited.excerpt.end - edited.excerpt.start else "the window"
    said = f"Of {edited.explanation.n_segments} segments of {place}, {' and '.join(parts)} by {abs(edit.db):g} dB."
    at = "the gain of the original" if edit.level == LEVELS[0] else "a peak of 1"
    stopped = "" if edited.explanation.complete else ", stopped early"
    e, verdict = edited.explanation, compute_fidelity(edited.explanation).loc[edit.feature, "verdict"]
    return (
        f"{said} They were found by asking the net {e.n_samples} times{stopped}; verdict: {verdict}. The edited sound "
        f"was heard at {at}{_describe_gain(edited)}."
    )


def _describe_gain(edited: SoundEdit) -> str:
    gain = 20 * np.log10(edited.table.attrs["gain"])
    return f", {gain:+.1f} dB" if edited.edit.level != LEVELS[0] else ""


def _describe_table(edited: SoundEdit) -> str:
    lines = ["rating / 10, and by how much it changes", f"  {'':22}{'before':>8}{'promised':>11}{'obtained':>11}"]
    for name, row in edited.table.iterrows():
        mark = ">" if name == edited.edit.feature else " "
        promised = "" if np.isnan(row.promised) else f"{row.promised:+.3f}"
        lines.append(f"{mark} {name:22}{row.before:8.3f}{promised:>11}{row.obtained:>+11.3f}")
    return "\n".join(lines)


def describe_outcome(table: "pd.DataFrame", name: str) -> str:
    """Say whether the output ``name`` moved as promised, and what else did, as `rescoring.compute_edit` found it."""
    row = table.loc[name]
    moved, size = f"Promised {row.promised:+.3f}, obtained {row.obtained:+.3f}", abs(row.obtained)
    little = " That is no difference that a second decimal shows." if size < LITTLE else ""
    paper = f" On paper, before it became sound, the net said {row['on paper']:+.3f}."
    others = table["obtained"].drop(name)
    most = others.abs().idxmax()
    more = int((others.abs() > size).sum())
    first = f"{most} ({others[most]:+.3f})"
    side = f"{more} other outputs moved more, {first} most." if more > 1 else f"Only {first} moved more."
    side = side if more else f"No other output moved as much; next comes {first}."
    return f"{name}: {_judge(row.promised, row.obtained)}. {moved}.{little}{paper} {side}"


def _is_moved(edited: SoundEdit) -> bool:
    row = edited.table.loc[edited.edit.feature]
    return bool(row.promised) and row.obtained / row.promised > _NOTHING


def _judge(promised: float, obtained: float) -> str:
    share = obtained / promised if promised else np.nan
    if not abs(share) > _NOTHING:
        return "it hardly moved" if promised else "nothing was promised of it"
    if share < 0:
        return "it moved the wrong way"
    if share < _KEPT:
        return f"it moved in the right direction, but by {share:.0%} of what was promised"
    return "it moved as promised" if share <= _BEYOND else "it moved in the right direction, and beyond the promise"


def describe_control(edited: SoundEdit) -> str:
    """Say what the same edit does to random segments and to all, and so whether it is the segments or just level."""
    controls, change = edited.controls, edited.table.loc[edited.edit.feature, "obtained"]
    whole, values = controls.attrs["whole"], controls["obtained"]
    told = [_describe_draws(controls)] if len(controls) else []
    told += [] if np.isnan(whole) else [f"on all segments {whole:+.3f}"]
    if not told:
        return "No other segments are left to compare with: whether it is just level cannot be told."
    way = np.sign(edited.table.loc[edited.edit.feature, "promised"])
    others = max(way * np.append(values, [] if np.isnan(whole) else whole))
    if not _is_moved(edited):
        verdict = "But where a feature hardly moved, or not as promised, there is nothing to compare."
    elif way * change > others:
        verdict = "So it is these segments that matter, not just their level."
        verdict = "So it seems to be these segments, not just their level." if _is_loose(controls) else verdict
    else:
        verdict = "So it may be level alone."
    return f"The same decibels {'; '.join(told)}. {verdict}"


def _describe_draws(controls: "pd.DataFrame") -> str:
    """Tell how random segments match the edited ones, and what came of them."""
    values, (size, energy) = controls["obtained"], controls[["size", "energy"]].mean()
    poor = " (a poor match: too few others are left)" if _is_loose(controls) else ""
    n_draws = values.round(9).nunique()
    span = f" ({values.min():+.3f} to {values.max():+.3f} in {n_draws} draws)" if n_draws > 1 else ""
    match = f"{size:.2f} times the size and {energy:+.1f} dB of energy{poor}"
    return f"on random others of {match}: {values.mean():+.3f}{span}"


def _is_loose(controls: "pd.DataFrame") -> bool:
    size, energy = controls[["size", "energy"]].mean()
    return len(controls) > 0 and (max(size, 1 / size) > _MOST_SIZE or not abs(energy) <= _MOST_ENERGY)


def describe_loudness(edited: SoundEdit) -> str:
    """Say how loud the edited sound is beside the original, whether it would clip, and what the files hold."""
    before, after = map(compute_level, edited.passages)
    peak, written = edited.table.attrs["peak"], [y for y in edited.sounds.values() if y is not None]
    clips = f" and would clip at its own level (peak {peak:.2f})" * (peak > _CLIPS)
    said = f"The edited sound is {after - before:+.1f} dB beside the original{clips}."
    if not written:
        return f"{said} With --out it can be heard."
    gain = 20 * np.log10(compute_gain(written))
    names = ", ".join(name for name, y in edited.sounds.items() if y is not None)
    lowered = f", all {-gain:.1f} dB lower than they were, so that levels compare" if gain and peak > _CLIPS else ""
    return f"{said} To hear: {names}{lowered}. {edited.excerpt.conversion}".strip()
