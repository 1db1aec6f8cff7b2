"""What an explorer shows and plays: the answer to a query in numbers, sounds and pictures.

Everything follows from an explanation that is known, and asks the net nothing, but for edits, which it has to hear.
Notebooks show the same without a kernel. Values are on the unit scale, rating / 10.

Public names: ``Answer``, ``build_answer``, ``build_rank_table``, ``build_sounds``, ``build_edit``, ``build_names``,
``plot_seen``, ``plot_card``, ``plot_effects_of``, ``plot_other``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .editreport import describe_edit_outcome
from .effects import decompose_difference, describe_level
from .excerpts import Excerpt
from .explanation import ExplainError
from .exploration import Exploration, Heard, Query
from .listening import build_side_gains, render_gained
from .passages import Passage
from .ratings import EMOTIONS, MIDLEVEL
from .rescoring import compute_edit
from .selection import select_segments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known of a query.

    Attributes
    ----------
    query
        With nothing left open.
    heard
        What the net hears.
    passage
        Sound and explanation; None while it is not explained.
    positive, negative
        Labels of the segments that count, of the sides asked for; empty while it is not explained.
    """

    query: Query
    heard: Heard
    passage: Passage | None
    positive: np.ndarray
    negative: np.ndarray

    @property
    def excerpt(self) -> Excerpt:
        """The sound and its window."""
        return self.heard.excerpt

    @property
    def feature(self) -> str:
        """The one that is explained."""
        return self.query.feature

    @property
    def sides(self) -> dict[str, np.ndarray]:
        """Segments by what they do to the feature."""
        return {"raises": self.positive, "lowers": self.negative}


def build_answer(exploration: Exploration, query: Query) -> Answer:
    """Find what is known of a query.

    Raises
    ------
    ExplainError
        For a rule that does not fit the method, or a threshold out of range.
    LibraryError, AudioError, ExcerptError
        As `Exploration.hear`.
    """
    query, none = exploration.settle(query), np.empty(0, int)
    heard, passage = exploration.hear(query), exploration.find(query)
    if passage is None:
        return Answer(query, heard, None, none, none)
    choice = {"rule": query.rule, "threshold": query.threshold}
    positive, negative = select_segments(passage.explanation, query.feature, **choice)
    left_out = {"negative": "positive", "positive": "negative"}.get(query.side)
    sides = [none if left_out == name else kept for name, kept in (("positive", positive), ("negative", negative))]
    return Answer(query, heard, passage, *sides)


def build_rank_table(exploration: Exploration, heard: Heard) -> "pd.DataFrame":
    """Tabulate all that is heard beside the reference.

    Returns
    -------
    pandas.DataFrame
        One row per feature and emotion: ``value`` and ``mean`` (unit scale), ``rank``, the share of tracks that have
        less, and ``level``, the rank in words.
    """
    import pandas as pd

    values = dict(zip((*MIDLEVEL, *EMOTIONS), (*heard.midlevel, *heard.emotion), strict=True))
    reference = exploration.reference
    means = [*reference.midlevel[list(MIDLEVEL)].mean(), *reference.emotion[list(EMOTIONS)].mean()]
    ranks = [reference.compute_rank(name, value) for name, value in values.items()]
    columns = {"value": values.values(), "mean": means, "rank": ranks, "level": map(describe_level, ranks)}
    return pd.DataFrame(columns, list(values))


def build_sounds(answer: Answer) -> dict[str, np.ndarray]:
    """Render the ten seconds as they are and, of what is explained, what raises the feature and what lowers it alone.

    A side without segments has no sound.
    """
    sounds = {"original": answer.excerpt.cut()}
    if answer.passage is None:
        return sounds
    for mode, (verb, kept) in zip(("positive only", "negative only"), answer.sides.items(), strict=True):
        if len(kept):
            gains = build_side_gains(answer.passage.explanation.segments, *answer.sides.values(), mode=mode)
            sounds[f"only what {verb} {answer.feature}"] = render_gained(answer.passage, gains, mode=mode).y
    return sounds


def build_edit(exploration: Exploration, answer: Answer, db: float) -> tuple[np.ndarray, str]:
    """Lift or lower the segments that count, and let the net hear the sound again.

    Parameters
    ----------
    exploration, answer
        Of something that is explained.
    db
        By how much. With both sides, what lowers the feature goes the other way.

    Returns
    -------
    y : numpy.ndarray
        (n_samples,) the passage as edited.
    said : str
        What came of it, beside what was promised.

    Raises
    ------
    ExplainError
        If no segment was kept, or hidden segments held their own mean.
    """
    passage, query = answer.passage, answer.query
    if not len(answer.positive) + len(answer.negative):
        raise ExplainError(f"no segment of {query.title} counts, by this rule, so that nothing can be edited")
    mode = f"{query.side} edited"
    gains = build_side_gains(passage.explanation.segments, answer.positive, answer.negative, mode=mode, db=db)
    table = compute_edit(exploration.predictor.outputs("all"), passage, gains)
    rows = [table.loc[name] for name in (query.emotion, answer.feature)]
    ways = [f"from {row['before']:.2f} to {row['before'] + row['obtained']:.2f}" for row in rows]
    first = f"{query.emotion.capitalize()} goes {ways[0]}, {answer.feature} {ways[1]}."
    return passage.cut(passage.render(gains)), f"{first} {describe_edit_outcome(table, answer.feature)}"


def plot_card(answer: Answer, *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Draw `plot_seen` at half the size, with letters as large."""
    from .explorerplots import build_card

    fig, ax = plot_seen(answer, ax=build_card() if ax is None else ax)
    return fig, ax


def plot_seen(answer: Answer, *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Draw the spectrogram of an answer with the segments that count, or alone while nothing is explained."""
    from .explorerplots import plot_answer, plot_plain

    if answer.passage is None:
        place = {"start": answer.excerpt.start, "fps": answer.excerpt.fps, "title": answer.query.title}
        fig, ax = plot_plain(answer.excerpt.spec, **place, ax=ax)
        return fig, ax
    side = answer.query.side
    sides = {name: None if side not in ("both", name) else getattr(answer, name) for name in ("positive", "negative")}
    fig, ax = plot_answer(answer.passage.explanation, answer.feature, **sides, ax=ax)
    return fig, ax


def plot_effects_of(
    exploration: Exploration, answers: Sequence[Answer], *, ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw the effects of all tracks on an emotion, with the music of one or two answers on top."""
    from .explorerplots import plot_emotion_effects

    emotion = answers[0].query.emotion
    row = EMOTIONS.index(emotion)
    values = [exploration.layer.weights[row] * each.heard.midlevel for each in answers]
    songs = dict(zip(build_names(answers), values, strict=True))
    fig, ax = plot_emotion_effects(exploration.effects[:, row], emotion=emotion, songs=songs, ax=ax)
    return fig, ax


def plot_other(
    exploration: Exploration, first: Answer, second: Answer, *, ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw what makes the music of a second answer more or less of the emotion than that of a first: a waterfall."""
    from .effectplots import plot_difference

    emotion, answers = first.query.emotion, (first, second)
    parts = decompose_difference(*(each.heard.midlevel for each in answers), weights=exploration.layer.weights)
    ends = dict(zip(build_names(answers), [each.heard.get(emotion) for each in answers], strict=True))
    doubts = exploration.doubts
    doubtful = [] if doubts is None else list(doubts.columns[doubts.loc[emotion]])
    fig, ax = plot_difference(parts.loc[emotion], ends=ends, doubtful=doubtful, emotion=emotion, ax=ax)
    return fig, ax


def build_names(answers: Sequence[Answer]) -> list[str]:
    """Name the music of one or two answers, each differently: two parts of one song by where they begin."""
    for spell in ("{0.title}", "{0.title} ({0.excerpt.start:.1f} s)"):
        names = [spell.format(answer.heard) for answer in answers]
        if len(set(names)) == len(names):
            return names
    return [names[0], f"{names[0]} again"]
