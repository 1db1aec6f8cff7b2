"""What the network says of an edited sound, beside what the explanation promised.

An edit lifts or lowers segments, the sound is rendered, and the whole way is gone again: spectrogram, network. Three
numbers are held against each other for every output: what the explanation's weights promise; what the network says of
the spectrogram as it was to become; and what it says of the sound, where phases and overlapping frames have their say.

Public names: ``LEVELS``, ``build_edited_spectrogram``, ``compute_promised``, ``compute_edit``, ``compute_round_trip``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .explanation import ExplainError, Explanation
from .listening import build_gains
from .passages import Passage
from .resynthesis import SMOOTHING
from .selection import select_segments

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import OutputFunction

#: Level at which an edited sound is heard again: ``"original"`` leaves the gain of the original, ``"peak"`` brings the
#: peak to 1, as reading the edited sound from a file would.
LEVELS = ("original", "peak")


def build_edited_spectrogram(spec: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Apply gains, linear factors on magnitudes, to a spectrogram: log10(1 + magnitude), both (n_frames, n_bands)."""
    return np.log10(1 + gains * (10.0 ** spec.astype(float) - 1))


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
    if isinstance(explanation.hide, str):
        raise ExplainError("weights for hiding a segment by its own mean promise nothing about its level")
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
    smoothing: float = SMOOTHING,
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
    smoothing
        As in `resynthesis.render_gains`.

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
    if level not in LEVELS:
        raise ExplainError(f"unknown level {level!r}; there are: {', '.join(LEVELS)}")
    import pandas as pd

    edited = passage.render(gains, smoothing=smoothing)
    peak = float(np.abs(edited).max())
    gain = 1.0 if level == "original" or not peak else 1 / peak
    spec, promised = passage.explanation.spec, dict.fromkeys(predict.names, np.nan)
    promised |= dict(zip(passage.explanation.output_names, compute_promised(passage.explanation, gains), strict=True))
    heard = predict(np.stack([spec, build_edited_spectrogram(spec, gains), passage.hear(edited * np.float32(gain))]))
    columns = {"before": heard[0], "promised": [promised[name] for name in predict.names]}
    columns |= {"on paper": heard[1] - heard[0], "obtained": heard[2] - heard[0]}
    table = pd.DataFrame(columns, list(predict.names)).rename_axis("output").astype(float)
    table.attrs = {"gain": gain, "peak": peak}
    return table


def compute_round_trip(
    predict: "OutputFunction", passage: Passage, output: str, *, rule: str = "top"
) -> "pd.DataFrame":
    """Compute how much of an explained effect survives becoming sound.

    Parameters
    ----------
    predict
        Outputs, among them ``output``.
    passage
        Sound and explanation.
    output, rule
        As in `listening.build_gains`.

    Returns
    -------
    pandas.DataFrame
        For "positive removed" and "negative removed": what the network says of the ``whole``, of the ``masked``
        spectrogram, whose hidden cells hold what they held in the explanation, and of the spectrogram of the rendered
        ``sound``; unit scale. ``survives`` is the sound's change as a share of the mask's.
    """
    import pandas as pd

    explanation, column = passage.explanation, predict.names.index(output)
    sides, rows = select_segments(explanation, output, rule=rule), {}
    for mode, kept in zip(("positive removed", "negative removed"), sides, strict=True):
        hidden = np.isin(explanation.segments, kept)
        masked = np.where(hidden, np.float32(explanation.hide), explanation.spec)
        edited = passage.render(build_gains(explanation, output, mode=mode, rule=rule))
        rows[mode] = predict(np.stack([explanation.spec, masked, passage.hear(edited)]))[:, column].astype(float)
    table = pd.DataFrame(rows, ["whole", "masked", "sound"]).T
    change = (table["masked"] - table["whole"]).where(lambda c: c != 0)
    return table.assign(survives=(table["sound"] - table["whole"]) / change)
