"""What an explorer says: the answer to a query in sentences that are made from its numbers.

Values are on the unit scale, rating / 10.

Public names: ``describe_why``, ``describe_caution``, ``describe_where``, ``describe_trust``, ``describe_other``.
"""

import numpy as np

from .effects import describe_difference, describe_track
from .exploration import Exploration
from .explorerviews import Answer, build_names
from .featurechoice import describe_choice
from .glossary import ENDS
from .selection import describe_selection, select_segments
from .stability import compute_expected_jaccard
from .trust import compute_fidelity, describe_fidelity
from .twolevels import compute_extent

_ANSWERS = {"holds": "yes", "weak": "with care", "do not trust": "no"}
_MEANINGS = {
    "holds": "It passed its checks: with other parts hidden, it foretold what the net said.",
    "weak": "It only just passed its checks: single places may be wrong.",
    "do not trust": "It failed a check: take picture and sounds as a guess.",
}


def describe_why(exploration: Exploration, answer: Answer) -> str:
    """Say why the emotion is high or low, and which feature is followed, or could be: the first level."""
    about = {"emotion": answer.query.emotion, "layer": exploration.layer, "reference": exploration.reference}
    about["doubts"] = exploration.doubts
    if answer.passage:
        return describe_choice(answer.heard.song, answer.feature, **about)
    return f"{describe_track(answer.heard.song, **about)} Where in the sound does the net hear {answer.feature}?"


def describe_caution(exploration: Exploration, answer: Answer) -> str:
    """Say that a net of generated music knows no recordings; "" where there is no such need."""
    learnt = exploration.trained.corpus.get("name")
    if learnt != "generated" or not exploration.library.is_recording(answer.query.title):
        return ""
    return "This net has learnt from generated music alone: what it says of a recording is an illustration."


def describe_where(answer: Answer) -> str:
    """Say when and at which frequencies the net hears the feature: the second level; of what is explained."""
    explanation, said = answer.passage.explanation, []
    for verb, kept in answer.sides.items():
        if len(kept):
            (start, end), (low, high) = compute_extent(explanation, answer.feature, kept)
            many = len(kept) > 1
            count, do = (f"{len(kept)} segments", verb[:-1]) if many else ("one segment", verb)
            times = _spell_times(start, end, length=answer.excerpt.seconds)
            place = f"at {times} s, there mostly at {low:.0f}–{high:.0f} Hz"
            whose = "their" if many else "its"
            said.append(f"{count} of {explanation.n_segments} {do} it, half of {whose} weight {place}")
    if not said:
        verbs = {"positive": "raises", "negative": "lowers"}.get(answer.query.side, "raises or lowers")
        return f"None of {explanation.n_segments} segments counts, by this rule, as one that {verbs} {answer.feature}."
    return f"Where the net hears {answer.feature} ({ENDS[answer.feature][1]}): {'; '.join(said)}."


def _spell_times(start: float, end: float, *, length: float) -> str:
    """Spell when something is, seconds; in a song that was repeated, when it is in the song."""
    if start >= length:
        start, end = start % length, min(end - start + start % length, length)
    digits = 1 if end - start >= 0.1 else 2
    return f"{start:.{digits}f}–{end:.{digits}f}"


def describe_trust(answer: Answer) -> dict[str, str]:
    """Say how far what is explained can be trusted.

    Returns
    -------
    dict
        ``verdict`` of `trust.compute_fidelity`, "holds", "weak" or "do not trust"; ``answer``, in a word, to whether
        one can trust it; ``meaning``, ``stability``, "" where nothing is kept, ``fidelity`` and ``selection``: each a
        sentence or two.
    """
    explanation, rule = answer.passage.explanation, {"rule": answer.query.rule, "threshold": answer.query.threshold}
    card, column = compute_fidelity(explanation), [explanation.index(answer.feature)]
    verdict, kept = card.loc[answer.feature, "verdict"], select_segments(explanation, answer.feature, **rule)
    weights, errors = explanation.weights[:, column], explanation.robust_errors[:, column]
    return {
        "verdict": verdict,
        "answer": _ANSWERS[verdict],
        "meaning": _MEANINGS[verdict],
        "stability": _describe_stability(weights, errors, top=min(sum(map(len, kept)), len(weights) - 1)),
        "fidelity": describe_fidelity(card, answer.feature),
        "selection": f"{describe_selection(explanation, answer.feature, **rule)}.",
    }


def _describe_stability(weights: np.ndarray, errors: np.ndarray, *, top: int) -> str:
    if not top:
        return ""
    [index] = compute_expected_jaccard(weights, errors, top=top)
    if np.isnan(index):
        return f"How stable the weights of {len(weights)} segments are cannot be told."
    shared = 2 * top * index / (1 + index)
    return (
        f"Asked again at random, the net would bring back about {shared:.0f} of the {top} largest weights "
        f"(Jaccard index {index:.2f}, from their standard errors)."
    )


def describe_other(exploration: Exploration, first: Answer, second: Answer) -> str:
    """Say what makes the music of a second answer more or less of the emotion than that of a first."""
    import pandas as pd

    names = build_names((first, second))
    heard = pd.DataFrame([answer.heard.song for answer in (first, second)], names)
    about = {"emotion": first.query.emotion, "layer": exploration.layer, "doubts": exploration.doubts}
    return describe_difference(heard, **about)
