"""What came of an edit of a sound file, as text for a terminal.

Public names: ``describe_edit``, ``describe_outcome``, ``describe_control``.
"""

import textwrap

import numpy as np

from .answerfolders import compute_gain
from .effects import LITTLE
from .rescoring import LEVELS
from .soundedit import SoundEdit
from .whyreport import describe_excerpt

_WIDTH = 80  # characters of a line
# Shares of a promise: less is no move; from there to here is a move that falls short; up to there is one as promised.
_NOTHING, _KEPT, _BEYOND = 0.1, 0.75, 4 / 3
# Random segments match the edited ones up to such a factor in size and such a difference in energy, dB.
_MOST_SIZE, _MOST_ENERGY = 1.25, 3.0


def describe_edit(edited: SoundEdit, *, net: str) -> str:
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
    said = [_describe_done(edited), describe_outcome(edited), describe_control(edited), describe_loudness(edited)]
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
    return (
        f"{said} They were found by asking the net {edited.explanation.n_samples} times{stopped}. The edited sound "
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


def describe_outcome(edited: SoundEdit) -> str:
    """Say whether the feature moved as promised, and what else did."""
    name, table = edited.edit.feature, edited.table
    row = table.loc[name]
    moved, size = f"Promised {row.promised:+.3f}, obtained {row.obtained:+.3f}", abs(row.obtained)
    little = " That is less than the second decimal of a rating shows." if size < LITTLE else ""
    paper = f" On paper, before it became sound, the net said {row['on paper']:+.3f}."
    others = table["obtained"].drop(name)
    most = others.abs().idxmax()
    more = int((others.abs() > size).sum())
    first = f"{most} ({others[most]:+.3f})"
    side = f"{more} other outputs moved more, {first} most." if more > 1 else f"Only {first} moved more."
    side = side if more else f"No other output moved as much; next comes {first}."
    return f"{name}: {_judge(row.promised, row.obtained)}. {moved}.{little}{paper} {side}"


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
    """Say what the same decibels do to random segments, and so whether it is the explanation or just level."""
    controls, row = edited.controls, edited.table.loc[edited.edit.feature]
    if not len(controls):
        return "No segments are left to compare with: whether level alone does it cannot be told."
    values, (size, energy) = controls["obtained"], controls[["size", "energy"]].mean()
    span = f"{values.min():+.3f} to {values.max():+.3f}"
    drawn = f"random segments of {size:.2f} times the size and {energy:+.1f} dB of energy"
    loose = max(size, 1 / size) > _MOST_SIZE or not abs(energy) <= _MOST_ENERGY
    poor = ", which is no good match, for too few are left" if loose else ""
    way = np.sign(row.promised)
    beyond = (way * row.obtained > (way * values).max()) and way * row.obtained > 0
    what = "so it is these segments that matter, not just their level" if beyond else "so it may be level alone"
    what = what if way * row.obtained > 0 else "so these segments are no better than others"
    return f"The same with {drawn}{poor}: {values.mean():+.3f} ({span} in {len(values)} draws), {what}."


def describe_loudness(edited: SoundEdit) -> str:
    """Say how loud the edited sound is beside the original, whether it would clip, and what one hears of a file."""
    before, after = (float(np.mean(np.square(y, dtype=float))) for y in edited.passages)
    change = 10 * np.log10(after / before)
    peak, gain = edited.table.attrs["peak"], 20 * np.log10(compute_gain(edited.passages))
    clips = (
        f" and would clip at its own level (peak {peak:.2f}), so both files are {-gain:.1f} dB lower" if gain else ""
    )
    return f"The edited passage is {change:+.1f} dB beside the original{clips}. {edited.excerpt.conversion}".strip()
