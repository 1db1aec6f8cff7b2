"""Lifting or lowering what makes a feature high in a sound file, and what a network says of it then.

Public names: ``Edit``, ``SoundEdit``, ``edit_sound``, ``N_CONTROLS``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .excerpts import Excerpt, load_excerpt
from .explanation import ExplainError, Explanation
from .listening import build_side_gains
from .matching import compute_match, select_random
from .passages import Passage
from .ratings import EMOTIONS, MIDLEVEL
from .rescoring import compute_changes, compute_edit
from .selection import select_segments
from .soundwhy import Settings, explain_excerpt

if TYPE_CHECKING:
    import pandas as pd

    from .networks import TrainedNetwork
    from .predictor import OutputFunction

#: Random selections that an edit is compared with: to go further than each of 19 happens by chance once in 20 times.
N_CONTROLS = 19


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

    mode = property(lambda self: f"{self.sign} edited", doc="Which segments are edited, one of `listening.MODES`.")


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
        One row for each random selection of as many segments, as large and as loud (`matching.select_random`; edited
        ones may be among them): ``obtained``, by how much the feature changed when these were edited, and their
        ``size`` and ``energy`` (`matching.compute_match`). No rows where all segments were edited alike.
        ``attrs["whole"]`` is the change when all are, NaN where some are lifted and some lowered.
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
    heard = predictor.outputs("all")
    gains = build_side_gains(explanation.segments, *sides, mode=edit.mode, db=edit.db)
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
    """Edit random selections that are as large and as loud as what was kept, and then all segments."""
    import pandas as pd

    e = passage.explanation
    n_draws = 0 if max(map(len, kept)) == e.n_segments else N_CONTROLS
    drawn = [select_random(e, kept, seed=seed) for seed in range(n_draws)]
    gains = [build_side_gains(e.segments, *sides, mode=edit.mode, db=edit.db) for sides in drawn]
    gains += [] if edit.sign == "both" else [np.full(e.spec.shape, 10 ** (edit.db / 20))]
    changes = compute_changes(predict, passage, gains, level=edit.level)[:, predict.names.index(edit.feature)]
    matches = [compute_match(e, np.concatenate(kept), np.concatenate(sides)) for sides in drawn]
    rows = [(change, *match) for change, match in zip(changes, matches, strict=False)]
    controls = pd.DataFrame(rows, columns=["obtained", "size", "energy"], dtype=float)
    controls.attrs["whole"] = np.nan if edit.sign == "both" else changes[-1]
    return controls


def _complete_promises(table: "pd.DataFrame", trained: "TrainedNetwork") -> "pd.DataFrame":
    """Add what is promised of emotions, where these are weighted sums of the features."""
    from .layers import LayerError, build_layer

    try:
        layer = build_layer(trained.network)
    except LayerError:
        return table
    table.loc[list(EMOTIONS), "promised"] = layer.weights @ table.loc[list(MIDLEVEL), "promised"].to_numpy()
    return table
