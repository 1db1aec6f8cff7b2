"""The truth about generated music: every note with its traits, and twins that differ in one cause.

Public names: ``build_truth``, ``Twin``, ``build_twin``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .clip import Clip
from .intent import Focus, Intent
from .renderer import SR
from .score import Score

_COLUMNS = (
    "onset",
    "end",
    "pitch",
    "velocity",
    "staccato",
    "clash_with",
    "out_of_key",
    "third",
    "off_grid",
    "syncopated",
    "leap",
)


@dataclass(frozen=True)
class Twin:
    """A clip and its counterfactual, at one gain.

    Attributes
    ----------
    original, changed
        (n_samples,) float32 sounds; ``original`` has peak 1, ``changed`` the same gain.
    sr
        Sampling rate in Hz.
    feature
        The mid-level feature whose cause was changed.
    before, after
        Its control in either, 0-1.
    notes
        The notes that differ, in the form of `build_truth`, with a column ``twin`` that says "original" or "changed".
    """

    original: np.ndarray
    changed: np.ndarray
    sr: int
    feature: str
    before: float
    after: float
    notes: pd.DataFrame


def build_truth(score: Score) -> pd.DataFrame:
    """Tabulate the notes of a score.

    Returns
    -------
    pandas.DataFrame
        One row per note, by onset: ``part`` (number), ``role``, ``program``, ``drums``, ``onset`` and ``end`` in
        seconds, ``pitch`` as MIDI number, ``velocity`` 0-1, and the traits of `score.Note`.
    """
    rows = [
        (i, part.role, part.program, part.drums, *(getattr(note, name) for name in _COLUMNS))
        for i, part in enumerate(score.parts)
        for note in part.notes
    ]
    table = pd.DataFrame(rows, columns=["part", "role", "program", "drums", *_COLUMNS])
    table["clash_with"] = table["clash_with"].astype("Int64")
    return table.sort_values(["onset", "part", "pitch"], ignore_index=True)


def build_twin(
    render: Callable[[Intent], Clip], original: Intent, feature: str, delta: float, *, focus: Focus | None = None
) -> Twin:
    """Render a clip twice: as it is, and with the control of one feature moved by ``delta`` (within 0-1).

    Plan, instruments, room, noise and gain stay as they are, so that the difference of the two sounds is the true
    place of the cause, up to its reverberation. ``focus`` confines the change to a span of time or to some parts.

    Raises
    ------
    ValueError
        For an unknown feature, or a focus on another one.
    """
    changed = original.with_cause(feature, delta)
    if focus is not None:
        if focus.feature != feature:
            raise ValueError(f"the focus is on {focus.feature!r}, not on {feature!r}")
        changed = replace(changed, focus=replace(focus, elsewhere=original.caused[feature]))
    a, b = render(original), render(changed)
    return Twin(
        a.mix * a.gain,
        b.mix * a.gain,
        SR,
        feature,
        original.caused[feature],
        changed.caused[feature],
        _compare(build_truth(a.score), build_truth(b.score)),
    )


def _compare(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Select the notes that sound differently in the two tables."""
    sounding = ["role", "onset", "end", "pitch", "velocity"]
    rounded = [table[sounding].round(4).astype(str).agg("/".join, axis=1) for table in (a, b)]
    only_a, only_b = a[~rounded[0].isin(set(rounded[1]))], b[~rounded[1].isin(set(rounded[0]))]
    return pd.concat([only_a.assign(twin="original"), only_b.assign(twin="changed")], ignore_index=True)
