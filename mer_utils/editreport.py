"""What came of an edit of a sound file, as text for a terminal.

Public names: ``describe_sound_edit``, ``describe_edit_outcome``, ``describe_control``.
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
# Shares of a promise from which, and up to which, it was kept.
_KEPT, _BEYOND = 0.9, 1.1
# Random selections match the edited one up to such a factor in size and such a difference in energy, dB.
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
        What was done; each output before, as promised and as obtained; a verdict; random selections in comparison; and
        how loud the edited sound is.
    """
    outcome = describe_edit_outcome(edited.table, edited.edit.feature)
    said = [_describe_done(edited), outcome, describe_control(edited), _describe_loudness(edited)]
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
        f"{said} They were found by silencing some of all and asking the net {e.n_samples} times{stopped}; verdict: "
        f"{verdict}. The edited sound was heard at {at}{_describe_gain(edited)}."
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


def describe_edit_outcome(table: "pd.DataFrame", name: str) -> str:
    """Say whether the output ``name`` moved as promised, and what else did, as `rescoring.compute_edit` found it."""
    row = table.loc[name]
    share = _compute_share(row.promised, row.obtained)
    told = "" if np.isnan(share) else f", {share:.0%} of it"
    moved = f"Promised {row.promised:+.3f}, obtained {row.obtained:+.3f}{told}."
    end = row.before + row.promised
    beyond = f" The promise leaves the scale from 0 to 1: it would lead to {end:.3f}." if end < 0 or end > 1 else ""
    paper = f" On paper, before it became sound, the net said {row['on paper']:+.3f}."
    others, size = table["obtained"].drop(name), abs(row.obtained)
    most = others.abs().idxmax()
    more = int((others.abs() > size).sum())
    first = f"{most} ({others[most]:+.3f})"
    side = f"{more} other outputs moved more, {first} most." if more > 1 else f"Only {first} moved more."
    side = side if more else f"No other output moved as much; next comes {first}."
    return f"{name}: {_judge(share, row.obtained)}. {moved}{beyond}{paper} {side}"


def _compute_share(promised: float, obtained: float) -> float:
    """Compute which share of a promise was kept, in hundredths as it is told; NaN where nothing was promised."""
    return round(obtained / promised, 2) if round(promised, 3) else np.nan


def _judge(share: float, obtained: float) -> str:
    if np.isnan(share):
        return "nothing was promised of it"
    if abs(obtained) < LITTLE:
        little = abs(obtained / share) < LITTLE if share else False
        return "next to nothing was promised, and came" if little else "next to nothing came of the promise"
    if share < 0:
        return "it moved the wrong way"
    if share < _KEPT:
        return "it moved the right way, but fell short of the promise"
    return "it moved as promised" if share <= _BEYOND else "it moved the right way, and beyond the promise"


def describe_control(edited: SoundEdit) -> str:
    """Say what the same edit of random selections and of all segments does, and whether it matters which they are.

    That is claimed only of a change of `effects.LITTLE` or more the promised way that leads each of them by as much.
    """
    if not len(edited.controls):
        return "All segments were edited alike, so that it cannot be told whether it matters which."
    edit, row, whole = edited.edit, edited.table.loc[edited.edit.feature], edited.controls.attrs["whole"]
    way = np.sign(row.promised)
    best, change = (way * edited.controls["obtained"]).max(), way * row.obtained
    drawn = f"{len(edited.controls)} random selections of as many segments, {_describe_match(edited.controls)}"
    alike = f"when all are {'lifted' if edit.db > 0 else 'lowered'} alike"
    rivals = {"chance": best} | ({} if np.isnan(whole) else {"level alone": way * whole})
    beaten = [name for name, value in rivals.items() if round(change - value, 9) < LITTLE]
    if change >= LITTLE and not _is_loose(edited.controls) and not beaten:
        level = "" if np.isnan(whole) else f", and than {alike} ({whole:+.3f})"
        odds = f"By chance that happens once in {len(edited.controls) + 1} times at most."
        return f"{edit.feature} moved further than in any of {drawn} (best: {way * best:+.3f}){level}. {odds}"
    level = "" if np.isnan(whole) else f"; {alike} by {whole:+.3f}"
    facts = f"in {drawn}, it moves by {way * best:+.3f} at best{level}."
    if change < LITTLE:
        return f"Whether these segments matter cannot be told where {edit.feature} hardly moves as promised: {facts}"
    if _is_loose(edited.controls):
        return f"Whether these segments matter cannot be told, for no others are like them: {facts}"
    return f"What came of it cannot be told from {' nor from '.join(beaten)}: {facts}"


def _describe_match(controls: "pd.DataFrame") -> str:
    size, energy = controls[["size", "energy"]].mean()
    return (
        f"{size:.2f} times as large and {energy:+.1f} dB beside them"
        if _is_loose(controls)
        else "as large and as loud"
    )


def _is_loose(controls: "pd.DataFrame") -> bool:
    size, energy = controls[["size", "energy"]].mean()
    return max(size, 1 / size) > _MOST_SIZE or not abs(energy) <= _MOST_ENERGY


def _describe_loudness(edited: SoundEdit) -> str:
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
