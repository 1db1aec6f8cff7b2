"""What the network says of an edited sound, beside what the explanation promised.

An edit lifts or lowers segments, the sound is rendered, and the whole way is gone again: spectrogram, network. Three
numbers are held against each other for every output: what the explanation's weights promise; what the network says of
the spectrogram as it was to become; and what it says of the sound, where smoothed edges, phases and overlapping frames
have their say.

Public names: ``LEVELS``, ``build_edited_spectrogram``, ``compute_promised``, ``compute_edit``, ``compute_changes``,
``compute_round_trip``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .explanation import ExplainError, Explanation
from .matching import select_matched
from .passages import Passage
from .resynthesis import check_gains, compute_smoothed
from .selection import select_segments
from .spectrogram import compute_magnitudes

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import OutputFunction

#: Level at which an edited sound is heard again: ``"original"`` leaves the gain of the original, ``"peak"`` brings the
#: peak to 1, as reading the edited sound from a file would.
LEVELS = ("original", "peak")


def build_edited_spectrogram(spec: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Apply gains, linear factors on magnitudes, to a spectrogram: log10(1 + magnitude), both (n_frames, n_bands)."""
    return np.log10(1 + gains * compute_magnitudes(spec))


def compute_promised(explanation: Explanation, gains: np.ndarray) -> np.ndarray:
    """Compute how far the outputs should move if the explanation's weights held for a change of level, too.

    A weight tells of the way from hidden to on. An edit goes part of that way, or beyond it: the part is that which
    comes closest, over the segment's cells, to the change of the spectrogram.

    Parameters
    ----------
    explanation
        Whose hidden cells hold one value.
    gains
        (n_frames, n_bands) linear factors.

    Returns
    -------
    numpy.ndarray
        (n_outputs,) unit scale. A segment that is no different from what hides it promises nothing.

    Raises
    ------
    ExplainError
        If segments were hidden by their own mean.
    """
    _check_hide(explanation)
    gains = check_gains(gains, explanation.spec.shape[1])
    if gains.shape != explanation.spec.shape:
        raise ExplainError(f"gains {gains.shape} and spectrogram {explanation.spec.shape} must have the same cells")
    way = explanation.spec.astype(float) - explanation.hide
    change = build_edited_spectrogram(explanation.spec, gains) - explanation.spec
    labels = explanation.segments.ravel()
    along, length = (np.bincount(labels, weights=(way * part).ravel()) for part in (change, way))
    parts = np.divide(along, length, out=np.zeros_like(length), where=length > 1e-9 * length.max(initial=1e-9))
    return parts @ explanation.weights


def compute_edit(
    predict: "OutputFunction",
    passage: Passage,
    gains: np.ndarray,
    *,
    level: str = "original",
) -> "pd.DataFrame":
    """Edit a sound, and hear it again.

    Parameters
    ----------
    predict
        Outputs to tell of; those that the explanation knows have a promise.
    passage
        Sound and explanation.
    gains
        (n_frames, n_bands) linear factors on the window, such as `listening.build_gains` gives.
    level
        One of `LEVELS`.

    Returns
    -------
    pandas.DataFrame
        One row per output: ``before``, and by how much it changed: ``promised`` by the explanation (NaN where it
        does not know the output), ``on paper`` as the spectrogram was to become, ``obtained`` from the sound. Unit
        scale. ``attrs["gain"]`` is the factor at which the edited sound was heard, ``attrs["peak"]`` its peak before.

    Raises
    ------
    ExplainError
        For an unknown level.
    """
    import pandas as pd

    edited = passage.render(gains)
    gain = _compute_gain(edited, level)
    spec, promised = passage.explanation.spec, dict.fromkeys(predict.names, np.nan)
    promised |= dict(zip(passage.explanation.output_names, compute_promised(passage.explanation, gains), strict=True))
    heard = predict(np.stack([spec, build_edited_spectrogram(spec, gains), passage.hear(edited * np.float32(gain))]))
    columns = {"before": heard[0], "promised": [promised[name] for name in predict.names]}
    columns |= {"on paper": heard[1] - heard[0], "obtained": heard[2] - heard[0]}
    table = pd.DataFrame(columns, list(predict.names)).rename_axis("output").astype(float)
    table.attrs = {"gain": gain, "peak": float(np.abs(edited).max(initial=0))}
    return table


def compute_changes(
    predict: "OutputFunction", passage: Passage, edits: Iterable[np.ndarray], *, level: str = "original"
) -> np.ndarray:
    """Edit a sound in several ways, and compute by how much every output moves each time.

    Parameters
    ----------
    predict, passage, level
        As in `compute_edit`.
    edits
        Gains (n_frames, n_bands) of each.

    Returns
    -------
    numpy.ndarray
        (n, n_outputs), unit scale.
    """
    sounds = (passage.render(gains) for gains in edits)
    specs = [passage.hear(y * np.float32(_compute_gain(y, level))) for y in sounds]
    heard = predict(np.stack([passage.explanation.spec, *specs])).astype(float)
    return heard[1:] - heard[0]


def _compute_gain(y: np.ndarray, level: str) -> float:
    if level not in LEVELS:
        raise ExplainError(f"unknown level {level!r}; there are: {', '.join(LEVELS)}")
    peak = float(np.abs(y).max(initial=0))
    return 1.0 if level == "original" or not peak else 1 / peak


def compute_round_trip(
    predict: "OutputFunction", passage: Passage, output: str, *, rule: str = "top", n_random: int = 5
) -> "pd.DataFrame":
    """Compute how much of an explained effect survives becoming sound.

    Parameters
    ----------
    predict
        Outputs, among them ``output``.
    passage
        Sound and explanation, in which hidden cells held one value.
    output, rule
        As in `listening.build_gains`.
    n_random
        Random others (`matching.select_matched`) that are removed instead.

    Returns
    -------
    pandas.DataFrame
        For "positive removed" and "negative removed": what the network says of the ``whole``; of the ``masked``
        spectrogram, whose hidden cells hold what they held in the explanation; of the ``smoothed`` one, to which the
        gains of the sound were applied; of the spectrogram of the ``sound``; and, in the mean, of the sound without as
        many ``random`` others, as large and as loud (NaN if there are none). Unit scale. ``survives`` is the sound's
        change as a share of the mask's.

    Raises
    ------
    ExplainError
        If segments were hidden by their own mean, or for an output that was not explained.
    """
    import pandas as pd

    explanation = passage.explanation
    _check_hide(explanation)
    sides, rows = select_segments(explanation, output, rule=rule), {}
    column = predict.names.index(output)
    for mode, kept in zip(("positive removed", "negative removed"), sides, strict=True):
        hidden = np.isin(explanation.segments, kept)
        masked = np.where(hidden, np.float32(explanation.hide), explanation.spec)
        gains = compute_smoothed((~hidden).astype(float))
        smoothed = build_edited_spectrogram(explanation.spec, gains).astype(np.float32)
        whole, *heard = predict(np.stack([explanation.spec, masked, smoothed]))[:, column].astype(float)
        has_others = 0 < len(kept) < explanation.n_segments
        drawn = [select_matched(explanation, kept, seed=seed) for seed in range(n_random * has_others)]
        ways = [~np.isin(explanation.segments, labels) for labels in (kept, *drawn)]
        own, *others = compute_changes(predict, passage, ways)[:, column]
        rows[mode] = [whole, *heard, whole + own, whole + np.mean(others) if has_others else np.nan]
    table = pd.DataFrame(rows, ["whole", "masked", "smoothed", "sound", "random"]).T
    change = (table["masked"] - table["whole"]).where(lambda c: c != 0)
    return table.assign(survives=(table["sound"] - table["whole"]) / change)


def _check_hide(explanation: Explanation) -> None:
    if isinstance(explanation.hide, str):
        raise ExplainError("where segments were hidden by their own mean, weights promise nothing about levels")
