"""Lifting or lowering what makes a feature high in a sound file, and what a network says of it then.

Public names: ``Edit``, ``SoundEdit``, ``edit_sound``, ``N_CONTROLS``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .excerpts import Excerpt, load_excerpt
from .explanation import ExplainError, Explanation
from .matching import compute_match, select_matched
from .passages import Passage
from .ratings import EMOTIONS, MIDLEVEL
from .rescoring import compute_edit
from .selection import select_segments
from .soundwhy import Settings, explain_excerpt

if TYPE_CHECKING:
    import pandas as pd

    from .networks import TrainedNetwork
    from .predictor import OutputFunction

#: Draws of random segments that an edit is compared with.
N_CONTROLS = 5


@dataclass(frozen=True)
class Edit:
    """What somebody wants to do to a sound.

    Attributes
    ----------
    feature
        The one to change.
    db
        By how much its segments are lifted, below 0 lowered.
    sign
        ``"positive"`` edits the segments that raise the feature, ``"negative"`` those that lower it, and ``"both"``
        does both, the latter the other way.
    level
        Level at which the edited sound is heard, one of `rescoring.LEVELS`.
    at
        Where the ten seconds begin; None is the middle.
    """

    feature: str
    db: float = 6.0
    sign: str = "positive"
    level: str = "original"
    at: float | None = None

    def build_gains(self, segments: np.ndarray, raising: np.ndarray, lowering: np.ndarray) -> np.ndarray:
        """Give gains (n_frames, n_bands) that lift some labels of ``segments``, and treat others as ``sign`` says."""
        factors = np.ones(segments.max() + 1)
        if self.sign != "negative":
            factors[raising] = 10 ** (self.db / 20)
        if self.sign != "positive":
            factors[lowering] = 10 ** ((self.db if self.sign == "negative" else -self.db) / 20)
        return factors[segments]


@dataclass(frozen=True, eq=False)
class SoundEdit:
    """A sound, what was done to it, and what came of it.

    Attributes
    ----------
    excerpt
        Of a sound file.
    edit
        What was asked for.
    settings
        How the sound was explained.
    explanation
        Of all seven features; not ``complete`` if somebody stopped it.
    kept
        Labels of the segments that were edited: those that raise the feature, and those that lower it.
    table
        As `rescoring.compute_edit` gives it, for all outputs of the network. What is promised of emotions follows from
        what is promised of features, where emotions are weighted sums of these; it is NaN elsewhere.
    controls
        One row for each draw of random segments that match the edited ones: ``obtained``, by how much the feature
        changed when these were edited, and their ``size`` and ``energy`` (`matching.compute_match`). No rows where
        there are no others. ``attrs["whole"]`` is the change when all segments are edited alike, NaN where some are
        lifted and some lowered.
    y
        (n_samples,) float32 the whole edited sound at its own level, so that its peak may exceed 1.
    passages
        (n_samples,) each: the ten seconds as they were, and as they are.
    reused
        Whether the explanation lay there already.
    sounds
        What to write, by the name of its file (`editfiles.name_sounds`); None where an earlier file is out of date.
    """

    excerpt: Excerpt
    edit: Edit
    settings: Settings
    explanation: Explanation
    kept: tuple[np.ndarray, np.ndarray]
    table: "pd.DataFrame"
    controls: "pd.DataFrame"
    y: np.ndarray
    passages: tuple[np.ndarray, np.ndarray]
    reused: bool = False
    sounds: dict[str, np.ndarray | None] = field(default_factory=dict)


def edit_sound(
    path: Path, trained: "TrainedNetwork", *, edit: Edit, settings: Settings, kept: Path | None = None
) -> SoundEdit:
    """Edit ten seconds of a sound file, and let the network hear them again.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file.
    trained
        A network that hears the features.
    edit
        What to do.
    settings
        How to explain; ``hide`` should be ``"silence"``, so that what is hidden is what is not heard.
    kept
        A file that may hold the explanation.

    Raises
    ------
    PredictorError, AudioError, ExcerptError
        As `soundwhy.explain_sound`.
    ExplainError
        As there, or if no segment was kept that could be edited.
    KeyboardInterrupt
        If somebody stopped it before anything could be told.
    """
    from .predictor import Predictor

    predictor = Predictor.from_trained(trained)
    outputs = predictor.outputs("midlevel")
    excerpt = load_excerpt(path, at=edit.at, config=predictor.spectrogram)
    explanation, reused = explain_excerpt(excerpt, outputs, settings=settings, kept=kept)
    sides = _select_edited(explanation, edit, path)
    passage = Passage(excerpt.y, explanation, excerpt.config)
    heard, gains = predictor.outputs("all"), edit.build_gains(explanation.segments, *sides)
    table, edited = compute_edit(heard, passage, gains, level=edit.level), passage.render(gains)
    passages = passage.cut(passage.y), passage.cut(edited)
    controls = _compute_controls(heard, passage, edit, sides)
    about = (excerpt, edit, settings, explanation, sides, _complete_promises(table, trained), controls)
    return SoundEdit(*about, y=edited, passages=passages, reused=reused)


def _select_edited(explanation: Explanation, edit: Edit, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Select what to edit: labels that raise the feature, and that lower it; none of a sign not asked for."""
    none = np.empty(0, int)
    raising, lowering = select_segments(explanation, edit.feature)
    sides = (none if edit.sign == "negative" else raising, none if edit.sign == "positive" else lowering)
    if any(map(len, sides)):
        return sides
    if not explanation.complete:
        raise KeyboardInterrupt(f"stopped: {explanation.n_samples} samples are too few to tell what to edit")
    verb = {"positive": "raises", "negative": "lowers", "both": "raises or lowers"}[edit.sign]
    other = {"positive": "--sign negative, ", "negative": "--sign positive, "}.get(edit.sign, "")
    raise ExplainError(
        f"{path}: no segment {verb} {edit.feature} for certain (N = {explanation.n_samples}), so that nothing can be "
        f"edited: try {other}more --samples or another --at"
    )


def _compute_controls(
    predict: "OutputFunction", passage: Passage, edit: Edit, kept: tuple[np.ndarray, np.ndarray]
) -> "pd.DataFrame":
    """Edit segments drawn at random that are as large and as loud as those kept, some times."""
    import pandas as pd

    rows, e = [], passage.explanation

    def hear(gains: np.ndarray) -> float:
        return compute_edit(predict, passage, gains, level=edit.level).loc[edit.feature, "obtained"]

    for seed in range(N_CONTROLS):
        try:
            drawn = _draw_matched(e, kept, seed)
        except ExplainError:
            break
        match = compute_match(e, np.concatenate(kept), np.concatenate(drawn))
        rows.append((hear(edit.build_gains(e.segments, *drawn)), *match))
    controls = pd.DataFrame(rows, columns=["obtained", "size", "energy"], dtype=float)
    controls.attrs["whole"] = np.nan if edit.sign == "both" else hear(np.full(e.spec.shape, 10 ** (edit.db / 20)))
    return controls


def _draw_matched(e: Explanation, kept: tuple[np.ndarray, np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw partners for either side; the sides share what is free in proportion, so that none is drawn twice."""
    free = np.random.default_rng(seed).permutation(np.setdiff1d(np.arange(e.n_segments), np.concatenate(kept)))
    part = round(len(free) * len(kept[0]) / sum(map(len, kept)))
    raising, lowering = (
        select_matched(e, side, seed=seed, among=among) if len(side) else side
        for side, among in zip(kept, (free[:part], free[part:]), strict=True)
    )
    return raising, lowering


def _complete_promises(table: "pd.DataFrame", trained: "TrainedNetwork") -> "pd.DataFrame":
    """Add what is promised of emotions, where these are weighted sums of the features."""
    from .layers import LayerError, build_layer

    try:
        layer = build_layer(trained.network)
    except LayerError:
        return table
    table.loc[list(EMOTIONS), "promised"] = layer.weights @ table.loc[list(MIDLEVEL), "promised"].to_numpy()
    return table
