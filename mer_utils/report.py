"""What the network hears in a sound file, as text for a terminal and as a record for a program.

Public names: ``describe_track_prediction``, ``build_record``, ``predict_file``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .ratings import EMOTIONS, MIDLEVEL, RATING_RANGE, UNIT

if TYPE_CHECKING:
    from .predictor import Predictor, TrackPrediction

#: Characters of a bar: three per point of rating.
_BAR = 27
_HEADS = (("midlevel", "mid-level features", MIDLEVEL), ("emotion", "emotions", EMOTIONS))


def predict_file(path: str | Path, predictor: "Predictor") -> "TrackPrediction":
    """Hear a sound file, window by window.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file of any length and rate.
    predictor
        The network to hear with.

    Returns
    -------
    TrackPrediction
        Mean and windows, on the unit scale.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    from .audio import load_audio
    from .spectrogram import compute_spectrogram

    y, _ = load_audio(path)
    return predictor.predict_track(compute_spectrogram(y))


def describe_track_prediction(path: str | Path, prediction: "TrackPrediction", *, net: str) -> str:
    """Spell a prediction as two small tables, on the raters' scale of 1 to 10.

    Parameters
    ----------
    path
        The sound file.
    prediction
        What `predict_file` gives for it.
    net
        Name of the network.

    Returns
    -------
    str
        Several lines: per output its mean rating, the standard deviation over the windows and a bar.
    """
    n_windows = len(prediction.starts)
    windows = "1 window" if n_windows == 1 else f"{n_windows} windows, mean ± sd"
    lines = [f"{path}  (net {net}, {windows})"]
    for head, title, names in _HEADS:
        means = getattr(prediction, head)
        if means is None:
            continue
        spread = getattr(prediction.windows, head).std(axis=0) if n_windows > 1 else [None] * len(names)
        lines += ["", f"  {title:32}1{'10':>{_BAR - 1}}"]
        lines += [_draw_row(*row) for row in zip(names, means, spread, strict=True)]
    return "\n".join(lines)


def _draw_row(name: str, value: float, spread: float | None) -> str:
    """Draw one output; ``value`` and ``spread`` on the unit scale."""
    low, high = RATING_RANGE
    rating = float(value) * UNIT
    length = round((min(max(rating, low), high) - low) / (high - low) * _BAR)
    around = "" if spread is None else f"±{float(spread) * UNIT:.1f}"
    return f"  {name:19} {rating:4.1f} {around:5} |{'█' * length:{_BAR}}|"


def build_record(path: str | Path, prediction: "TrackPrediction", *, net: str) -> dict[str, Any]:
    """Collect a prediction as plain values that JSON can hold.

    Parameters
    ----------
    path, prediction, net
        As in `describe_track_prediction`.

    Returns
    -------
    dict
        ``file``, ``net``, ``scale``, ``mean`` {head: {name: value}} and ``windows`` [{start (s), head: {name:
        value}}]; values on the unit scale, rating / 10.
    """
    windows = [
        {"start": round(float(start), 3)} | _name_values(prediction.windows, i)
        for i, start in enumerate(prediction.starts)
    ]
    mean = _name_values(prediction, ...)
    return {"file": str(path), "net": net, "scale": "rating / 10", "mean": mean, "windows": windows}


def _name_values(prediction: Any, where: Any) -> dict[str, dict[str, float]]:
    heads = {head: (names, getattr(prediction, head)) for head, _, names in _HEADS}
    return {
        head: dict(zip(names, np.round(np.asarray(values, np.float64)[where], 5).tolist(), strict=True))
        for head, (names, values) in heads.items()
        if values is not None
    }
