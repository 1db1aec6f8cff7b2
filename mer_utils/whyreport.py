"""Why a network hears what it hears in a sound file, as text for a terminal.

Public names: ``describe_why``, ``describe_excerpt``, ``build_weight_table``.
"""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from .ratings import EMOTIONS, MIDLEVEL
from .segments import build_segment_table
from .selection import compute_p_values, compute_paper_p_values, describe_selection, select_segments
from .soundwhy import SoundWhy
from .trust import compute_fidelity, describe_fidelity
from .whysounds import describe_why_sounds

if TYPE_CHECKING:
    import pandas as pd

    from .excerpts import Excerpt
    from .explanation import Explanation

_WIDTH = 80  # characters of a line
_STRONGEST = 5  # segments told of either sign
_LEVELS = {"training_mean": "the mean of the training", "silence": "which is silence"}
_MOSTLY_QUIET = (
    "Most segments below are quieter than what hides them: their weights tell of quiet places that the net would hear "
    "filled, not of sounds. --hide silence asks about sounds alone."
)
_Z = 1.96  # standard errors to either side that hold 95 % of normal values


def describe_why(why: SoundWhy, *, net: str) -> str:
    """Spell an explanation in lines of at most 80 characters.

    Parameters
    ----------
    why
        Sound, question and answer.
    net
        Name of the network.

    Returns
    -------
    str
        What was done; the verdict; what was heard; why this feature; how many segments were kept; how far that can be
        trusted; the strongest segments that raise the feature, and those that lower it; and what there is to hear.
    """
    card = compute_fidelity(why.explanation)
    verdict = f"Verdict on what follows about {why.feature}: {card.loc[why.feature, 'verdict']}"
    sentences = [
        why.choice,
        f"{describe_selection(why.explanation, why.feature, rule=why.settings.rule)}.",
        describe_fidelity(card, why.feature),
    ]
    wrapped = [textwrap.fill(sentence, _WIDTH) for sentence in sentences if sentence]
    about = [describe_excerpt(why.excerpt, net), _describe_idea(why.explanation), verdict, _describe_heard(why)]
    heard = textwrap.fill(describe_why_sounds(why), _WIDTH)
    return "\n\n".join([*about, *wrapped, _describe_strongest(why), _describe_method(why), *filter(None, [heard])])


def describe_excerpt(excerpt: "Excerpt", net: str) -> str:
    """Name file, window and net in lines."""
    minutes, seconds = divmod(round(excerpt.seconds), 60)
    length = f"{minutes}:{seconds:02} min" if minutes else f"{excerpt.seconds:.1f} s"
    title = f"“{excerpt.title}”, {length}: from {excerpt.start:.1f} to {excerpt.end:.1f} s, net {net}"
    return textwrap.fill(" ".join([title + ".", *excerpt.notes]), _WIDTH)


def _describe_idea(e: "Explanation") -> str:
    """Say what LIME is to somebody who never met it."""
    share = "one in ten" if e.keep_prob == 0.9 else f"{1 - e.keep_prob:.0%}"
    said = (
        f"The spectrogram was cut into {e.n_segments} segments. {e.n_samples} times, {_name_hidden(e)} took the "
        f"place of about {share} of them, drawn at random, and the net was asked again. A weight says what a segment "
        "adds when it is there."
    )
    return textwrap.fill(said, _WIDTH)


def _name_hidden(e: "Explanation") -> str:
    if isinstance(e.hide, str):
        return "a segment's own mean level"
    return "an average level" if e.hide else "silence"


def _describe_heard(why: SoundWhy) -> str:
    lines = [textwrap.fill(f"rating / 10, beside {why.reference.label}", _WIDTH)]
    lines += [f"  {'':22}{'heard':>7}{'mean':>8}{'higher than':>14}"]
    for name, value, mean in zip(MIDLEVEL, why.midlevel, why.reference.mean, strict=True):
        mark = ">" if name == why.feature else " "
        rank = f"{why.reference.compute_rank(name, value):.0%}"
        lines.append(f"{mark} {name:22}{value:7.3f}{mean:8.3f}{rank:>14}")
    return "\n".join(lines)


def _describe_strongest(why: SoundWhy) -> str:
    """List the kept segments with the largest weights: when, at which frequencies, and how much."""
    table = build_weight_table(why)
    sides = select_segments(why.explanation, why.feature, rule=why.settings.rule)
    quiet = table.loc[[label for kept in sides for label in kept[:_STRONGEST]], "quiet"]
    lines = [textwrap.fill(_MOSTLY_QUIET, _WIDTH), ""] * bool(2 * quiet.sum() > len(quiet))
    for verb, kept in zip(("raises", "lowers"), sides, strict=True):
        count = f", {_STRONGEST} of {len(kept)} segments" if len(kept) > _STRONGEST else ""
        through = f"{'for ' + why.emotion:>15}" if why.emotion and len(kept) else ""
        head = f"what {verb} {why.feature} most{count}" if len(kept) else f"nothing certain {verb} {why.feature}"
        columns = f"{'s':>12}{'Hz':>16}{'filled':>12}{'adds':>15}{'':6}{through}".rstrip()
        lines += [head, *[columns] * bool(len(kept))]
        lines += [_spell(table.loc[label], why.emotion) for label in kept[:_STRONGEST]]
        lines.append("")
    if quiet.any():
        lines[-1] = "* quieter than what hides it: hiding it adds sound"
        return "\n".join(lines)
    return "\n".join(lines[:-1])


def _count_cells(e: "Explanation") -> list[int]:
    """Count the cells of the box around each segment."""
    from scipy.ndimage import find_objects

    return [e.segments[box].size for box in find_objects(e.segments + 1)]


def _spell(row: "pd.Series", emotion: str | None) -> str:
    span = f"{row.start:7.2f} - {row.end:5.2f}{row.low:8.0f} - {row.high:5.0f}{row.filled:7.0%}"
    through = f"{row[emotion]:+15.4f}" if emotion else ""
    return f"{'*' if row.quiet else ' '}{span}{row.weight:+11.4f} ± {_Z * row.error:.4f}{through}"


def _describe_method(why: SoundWhy) -> str:
    e = why.explanation
    level = "their segment's own mean" if isinstance(e.hide, str) else f"{e.hide:.3f}, {_LEVELS[why.settings.hide]}"
    kind = f"{e.n_segments} segments ({why.settings.segmentation}), {e.n_samples} samples, seed {e.seed}"
    said = f"{kind}; each was hidden with a probability of {1 - e.keep_prob:.0%}; hidden cells hold {level}; ± is "
    said += "1.96 robust standard errors."
    return textwrap.fill(said, _WIDTH)


def build_weight_table(why: SoundWhy) -> "pd.DataFrame":
    """List all segments of an explanation, as `segments.build_segment_table` does, with what they do to its feature.

    Returns
    -------
    pandas.DataFrame
        That table with ``filled``, the share of its box that a segment fills; ``quiet``, whether its mean is below
        what hides it, so that hiding it adds sound; ``weight`` and ``error``, one robust standard error, both rating
        / 10; ``p``, two-sided, of the weight being 0, by the formula of the rule that selects; and, under the name of
        the emotion if there is one, the weight times that of the feature for it.
    """
    e, column = why.explanation, why.explanation.index(why.feature)
    table = build_segment_table(e.segments, e.spec, fps=e.fps, start=e.start)
    table["filled"] = table["cells"] / _count_cells(e)
    level = np.inf if isinstance(e.hide, str) else e.hide
    table["quiet"] = (table["mean"] < level) & np.isfinite(level)  # a segment's own mean leaves its level
    table["weight"], table["error"] = e.weights[:, column], e.robust_errors[:, column]
    compute = compute_paper_p_values if why.settings.paper else compute_p_values
    table["p"] = compute(e)[:, column]
    if why.emotion:
        factor = why.layer.weights[EMOTIONS.index(why.emotion), MIDLEVEL.index(why.feature)]
        table[why.emotion] = factor * table["weight"]
    return table
