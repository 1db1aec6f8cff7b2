"""Planted truth: predictors of which the cells that matter are known, to find out whether an explainer is right.

An *explainer* is any function ``(predict, spec, segments) -> weights`` (n_segments, n_outputs), such as
``lambda *call: explain_spectrogram(*call, n_samples=1000).weights``. The predictors here look at boxes of time and
frequency and at nothing else, in the manner of the planted tests of Ribeiro, Singh & Guestrin (2016, section 5.2).

Public names: ``KINDS``, ``PlantedError``, ``Planted``, ``Explainer``, ``build_planted``,
``compute_planted_scores``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .overlap import compute_scores

if TYPE_CHECKING:
    import pandas as pd

#: Weights (n_segments, n_outputs) from a predictor, a spectrogram (n_frames, 149) and its labels of segments.
Explainer = Callable[[Callable, np.ndarray, np.ndarray], np.ndarray]

#: What the predictors of `build_planted` do with their boxes.
KINDS = ("box", "product", "saturating", "decoy")
# A box takes a fifth of the time and 1.5 octaves of the 24 bands each: about a twentieth of all cells.
_TIME_SHARE, _BANDS = 5, 36


class PlantedError(ValueError):
    """A spectrogram in which nothing can be planted."""


@dataclass(frozen=True, eq=False)
class Planted:
    """A predictor of which it is known what it looks at.

    Attributes
    ----------
    predict
        (n, n_frames, 149) -> (n, 1); 1 for ``spec`` itself.
    truth
        (n_frames, 149) bool, the cells that it looks at.
    kind
        One of `KINDS`.
    spec
        (n_frames, 149) the spectrogram to explain.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    truth: np.ndarray
    kind: str
    spec: np.ndarray


def build_planted(spec: np.ndarray, kind: str, *, seed: int = 0) -> Planted:
    """Build a predictor that looks at one or two boxes of a spectrogram.

    ``"box"`` is the mean over one box, ``"product"`` the product of the means over two, ``"saturating"`` tanh of
    twice the mean, and ``"decoy"`` the mean over one box whose cells are copied to another time, which it ignores.

    Parameters
    ----------
    spec
        (n_frames, 149), log10(1 + magnitude), at least 10 frames.
    kind
        One of `KINDS`.
    seed
        Draws the boxes among the places that are louder than the median place.

    Raises
    ------
    PlantedError
        For an unknown kind, or a spectrogram that is too short or silent.
    """
    if kind not in KINDS:
        raise PlantedError(f"unknown kind {kind!r} of planted predictor; there are: {', '.join(KINDS)}")
    boxes = _draw_boxes(spec, np.random.default_rng(seed), kind)
    if kind == "decoy":
        spec, place = spec.copy(), boxes.pop()
        spec[place] = spec[boxes[0]]
    truth = np.zeros(spec.shape, bool)
    for box in boxes:
        truth[box] = True
    norms = [float(spec[box].mean()) for box in boxes]

    def predict(specs: np.ndarray) -> np.ndarray:
        parts = [specs[:, *box].mean((1, 2)) / norm for box, norm in zip(boxes, norms, strict=True)]
        value = np.prod(parts, axis=0)
        return (np.tanh(2 * value) / np.tanh(2) if kind == "saturating" else value)[:, None]

    return Planted(predict, truth, kind, spec)


def _draw_boxes(spec: np.ndarray, rng: np.random.Generator, kind: str) -> list[tuple[slice, slice]]:
    """Draw a box at a loud place; for a product a second one that shares no cell with it, for a decoy its bands."""
    length = len(spec) // _TIME_SHARE
    if spec.ndim != 2 or length < 2 or spec.shape[1] < 2 * _BANDS:
        raise PlantedError(f"boxes need a spectrogram of at least 10 frames and 149 bands, not {spec.shape}")
    level = np.lib.stride_tricks.sliding_window_view(spec, (length, _BANDS)).mean((2, 3))
    if level.max() <= 0:
        raise PlantedError("nothing can be planted in a silent spectrogram")
    loud = level >= max(np.median(level), 0.05 * level.max())
    places = [rng.choice(np.argwhere(loud))]
    if kind in ("product", "decoy"):
        rows, bands = abs(np.indices(level.shape) - places[0][:, None, None])  # distances from the first
        free = (rows >= length) & (bands == 0) if kind == "decoy" else loud & ((rows >= length) | (bands >= _BANDS))
        if not free.any():
            raise PlantedError("no second place is loud enough to plant something: take a clip with more sound")
        places.append(rng.choice(np.argwhere(free)))
    return [(slice(t, t + length), slice(b, b + _BANDS)) for t, b in places]


def compute_planted_scores(
    explainer: Explainer,
    specs: Sequence[np.ndarray],
    *,
    kinds: Sequence[str] = KINDS,
    segment: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
) -> "pd.DataFrame":
    """Score an explainer on planted predictors.

    Parameters
    ----------
    explainer
        See the top of the module.
    specs
        Spectrograms (n_frames, 149); clip i has the boxes of ``seed + i``.
    kinds
        Some of `KINDS`.
    segment
        Spectrogram -> labels; None is `segments.compute_segments`.
    seed
        Of the boxes.

    Returns
    -------
    pandas.DataFrame
        One row per kind and number of clip: ``auroc`` and ``precision`` of the size of the weights, and ``chance``,
        the precision of a lottery (see `overlap`).
    """
    import pandas as pd

    if segment is None:
        from .segments import compute_segments as segment
    rows = {}
    for kind in kinds:
        for i, spec in enumerate(specs):
            planted = build_planted(spec, kind, seed=seed + i)
            segments = segment(planted.spec)
            size = abs(explainer(planted.predict, planted.spec, segments)[:, 0])
            rows[kind, i] = compute_scores(size, segments, planted.truth)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["kind", "clip"])
