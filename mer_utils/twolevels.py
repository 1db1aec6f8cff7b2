"""Two levels joined: what a segment weighs for an emotion is the sum of what it weighs for the features.

Where emotions are weighted sums of features, a segment's weight for an emotion is the sum over the seven features of
its weight for the feature times the feature's weight for the emotion (both levels: talk of Haunschmid & Chowdhury,
Vienna, 16 October 2019; the network: Chowdhury et al., ISMIR 2019). LIME on the emotion itself finds the same, because
a fit by least squares, with kernel and ridge or without, and a fit by place are linear in what they are fitted to. It
takes the same masks, kernel, ridge and intercept, and emotions that are affine in the features. It does not hold

* for segments that were selected first: the little that all others weigh is part of the sum,
* where each output has masks, a ridge or a number of samples of its own, or a control variate of its own,
* for networks that make their emotions of something else (a2e, a2b2e, multitask).

Nor do p-values or standard errors add up: the errors of a segment's seven weights go together. Who needs them explains
the emotion itself; ``Predictor.outputs("all")`` gives both levels from one set of masks.

Public names: ``compute_emotion_weights``, ``compute_emotion_gap``, ``compute_extent``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .explanation import ExplainError, Explanation
from .ratings import EMOTIONS, MIDLEVEL
from .segments import build_segment_table

if TYPE_CHECKING:
    from .regression import LinearModel


def compute_emotion_weights(explanation: Explanation, layer: "LinearModel") -> np.ndarray:
    """Compute the weight of each segment for each emotion from its weights for the features.

    Where the head of this module says that it is that of LIME on the emotions themselves, it is so to 1e-6 of the
    largest weight and better. A network that sums in float32 rounds its emotions by up to 1e-7, which is more than
    nothing beside weights of some 1e-2: the released one keeps to 5e-6 of the largest.

    Parameters
    ----------
    explanation
        Of all seven features.
    layer
        From the features to the emotions, of the network that was explained (`layers.build_layer`).

    Returns
    -------
    numpy.ndarray
        (n_segments, 8), unit scale.

    Raises
    ------
    ExplainError
        If a feature was not explained, or the layer is not (8, 7).
    """
    if layer.weights.shape != (len(EMOTIONS), len(MIDLEVEL)):
        raise ExplainError(f"a layer from features to emotions is (8, 7), not {layer.weights.shape}")
    return explanation.weights[:, [explanation.index(name) for name in MIDLEVEL]] @ layer.weights.T


def compute_emotion_gap(explanation: Explanation, layer: "LinearModel") -> float:
    """Compute how far the joined weights are from those of LIME on the emotions themselves.

    Parameters
    ----------
    explanation
        Of all features and all emotions, from one set of masks (``Predictor.outputs("all")``).
    layer
        As in `compute_emotion_weights`.

    Returns
    -------
    float
        Largest difference, as a share of the largest weight for the same emotion.

    Raises
    ------
    ExplainError
        As in `compute_emotion_weights`, or if an emotion was not explained.
    """
    direct = explanation.weights[:, [explanation.index(name) for name in EMOTIONS]]
    off = np.abs(compute_emotion_weights(explanation, layer) - direct).max(axis=0)
    return float((off / np.abs(direct).max(axis=0)).max())


def compute_extent(
    explanation: Explanation, output: str, labels: Sequence[int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Compute where in time, and there where in frequency, some segments have half of their weight.

    Each segment's |weight| is spread evenly over its cells. The interval in time is the shortest that holds at least
    half of the sum, the interval in frequency the one of fewest bands that holds at least half of what lies within
    these frames: both at once hold a quarter or more. Of several equally short ones it is the one that holds most.

    Parameters
    ----------
    explanation, output
        Whose weights.
    labels
        Of at least one segment with a weight other than 0.

    Returns
    -------
    seconds, hertz : tuple of float
        Begin and end in the track, and lowest and highest frequency within these seconds.
    """
    sizes = np.abs(explanation.weights[:, explanation.index(output)]) / explanation.sizes
    cells = np.where(np.isin(explanation.segments, labels), sizes[explanation.segments], 0.0)
    first, last = _find_half(cells.sum(axis=1))
    low, high = _find_half(cells[first : last + 1].sum(axis=0))
    bands = np.broadcast_to(np.arange(cells.shape[1]), cells.shape)
    edges = build_segment_table(bands, explanation.spec)
    seconds = (explanation.start + first / explanation.fps, explanation.start + (last + 1) / explanation.fps)
    return seconds, (float(edges.loc[low, "low"]), float(edges.loc[high, "high"]))


def _find_half(sums: np.ndarray) -> tuple[int, int]:
    """Find the first and the last place of the shortest interval that holds at least half of a sum."""
    below = np.concatenate([[0.0], np.cumsum(sums)]) / sums.sum()
    ends = np.searchsorted(below, below + 0.5 - 1e-9)  # half is half, however it was rounded
    firsts = np.flatnonzero(ends < len(below))
    held = (below[ends[firsts]] - below[firsts]).round(9)
    best = firsts[np.lexsort([-held, ends[firsts] - firsts])[0]]
    return int(best), int(ends[best]) - 1
