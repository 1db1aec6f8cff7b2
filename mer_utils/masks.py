"""Which segments of a spectrogram are hidden, sample by sample, and what stands in their place.

Masks are drawn in blocks, each from a generator of its own, so that the masks of a short run are the first ones of a
long run, whatever is computed at once.

Public names: ``DESIGNS``, ``BLOCK``, ``draw_masks``, ``build_hidden``, ``hide_segments``.
"""

import numpy as np

from .explanation import ExplainError

#: How masks are drawn. ``"bernoulli"``: each segment on its own, the first mask with everything on, as LIME does it.
#: ``"foldover"``: each mask is followed by its complement, which takes what pairs of segments do together out of the
#: weights (Box & Wilson 1951); only where a segment is on with a probability of one half.
DESIGNS = ("bernoulli", "foldover")
#: Masks per generator; an even number, so that no pair is torn apart.
BLOCK = 64
_RULES = ("silence", "training_mean", "segment_mean")


def draw_masks(
    n: int, n_segments: int, *, design: str = "bernoulli", keep_prob: float = 0.5, seed: int | tuple[int, ...] = 0
) -> np.ndarray:
    """Draw masks; for more of the same stream ask for a larger ``n`` or use `draw_block`.

    Parameters
    ----------
    n
        Number of masks.
    n_segments
        Segments in each.
    design
        One of `DESIGNS`.
    keep_prob
        Probability that a segment is on, 0 to 1 (not included).
    seed
        Seed of the stream.

    Returns
    -------
    numpy.ndarray
        (n, n_segments) bool, True where a segment is on.

    Raises
    ------
    ExplainError
        If there is no such design, or a probability that it cannot have.
    """
    check_design(design, keep_prob)
    options = {"design": design, "keep_prob": keep_prob, "seed": seed}
    blocks = [draw_block(number, n_segments, **options) for number in range(-(-n // BLOCK))]
    return np.concatenate([*blocks, np.empty((0, n_segments), bool)])[:n]


def draw_block(
    number: int, n_segments: int, *, design: str, keep_prob: float, seed: int | tuple[int, ...]
) -> np.ndarray:
    """Draw one block (`BLOCK`, n_segments) of the stream that `draw_masks` draws."""
    rng = np.random.default_rng([*np.atleast_1d(seed), number + 1])  # a 0 at the end would not count
    if design == "foldover":
        half = rng.random((BLOCK // 2, n_segments)) < keep_prob
        return np.stack([half, ~half], axis=1).reshape(BLOCK, n_segments)
    masks = rng.random((BLOCK, n_segments)) < keep_prob
    masks[0] |= number == 0
    return masks


def check_design(design: str, keep_prob: float) -> None:
    """Refuse a design that does not exist, and a probability of staying on that it cannot have."""
    if design not in DESIGNS:
        raise ExplainError(f"unknown design {design!r}; there are: {', '.join(DESIGNS)}")
    if not isinstance(keep_prob, int | float | np.number) or not 0 < keep_prob < 1:
        raise ExplainError(f"a segment stays on with a probability between 0 and 1, not {keep_prob!r}")
    if design == "foldover" and keep_prob != 0.5:
        raise ExplainError(f"a mask and its complement keep half of the segments, not {keep_prob}: take 'bernoulli'")


def build_hidden(spec: np.ndarray, segments: np.ndarray, hide: float | str, *, training_mean: float) -> np.ndarray:
    """Build what is heard where a segment is hidden.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    segments
        (n_frames, 149) labels.
    hide
        A value in the unit of ``spec``, ``"silence"`` (0), ``"training_mean"`` (the papers' choice: 0 on the
        network's standardised input) or ``"segment_mean"`` (each segment's own mean, which leaves its level).
    training_mean
        What ``"training_mean"`` stands for; NaN where it is not known.

    Returns
    -------
    numpy.ndarray
        (n_frames, 149) float32.

    Raises
    ------
    ExplainError
        For an unknown rule, a value that is no number, or a training mean that nobody knows.
    """
    values = {"silence": 0.0, "training_mean": training_mean}
    if hide == "segment_mean":
        sums = np.bincount(segments.ravel(), weights=spec.ravel())
        return (sums / np.bincount(segments.ravel())).astype(np.float32)[segments]
    if isinstance(hide, str) and hide not in values:
        raise ExplainError(f"unknown rule {hide!r} for hidden segments; there are: {', '.join(_RULES)}, or a number")
    value = values.get(hide, hide)
    if not np.isfinite(value):
        known = "this predictor does not know its training mean: hide with 'silence' or a number"
        raise ExplainError(known if hide == "training_mean" else f"hidden cells cannot hold {value}")
    return np.full(spec.shape, value, np.float32)


def hide_segments(spec: np.ndarray, hidden: np.ndarray, segments: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Give a spectrogram once per mask, with what is off replaced.

    Parameters
    ----------
    spec, hidden, segments
        (n_frames, 149) each.
    masks
        (n, n_segments) bool.

    Returns
    -------
    numpy.ndarray
        (n, n_frames, 149) float32.
    """
    return np.where(masks[:, segments], np.float32(spec), hidden)
