"""Scores of segments against a known truth: whether they point to the cells that matter.

A segment is relevant if at least half of its cells lie in the truth and irrelevant if none does. Segments between do
move the predictor, but less, or not only for the reason planted: they do not count.

Public names: ``RELEVANT``, ``OverlapError``, ``compute_overlap``, ``compute_auroc``, ``compute_precision``,
``compute_scores``.
"""

import numpy as np

#: A segment is relevant from this share of its cells in the truth on.
RELEVANT = 0.5


class OverlapError(ValueError):
    """Scores, segments and a truth that do not fit each other."""


def compute_overlap(segments: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Compute which share, 0-1, of each segment's cells lies in the truth.

    Parameters
    ----------
    segments
        (n_frames, 149) labels 0 to n_segments - 1 without gaps.
    truth
        (n_frames, 149) bool.

    Returns
    -------
    numpy.ndarray
        (n_segments,).

    Raises
    ------
    OverlapError
        If the shapes differ.
    """
    if segments.shape != truth.shape:
        raise OverlapError(f"segments {segments.shape} and truth {truth.shape} must have the same cells")
    return np.bincount(segments.ravel(), truth.ravel()) / np.bincount(segments.ravel())


def compute_auroc(scores: np.ndarray, segments: np.ndarray, truth: np.ndarray) -> float:
    """Compute how well scores tell segments in the truth from segments outside: area under the ROC curve.

    Parameters
    ----------
    scores
        (n_segments,) higher for what is held to matter: |weight|, or the weight where its sign is known.
    segments, truth
        As in `compute_overlap`.

    Returns
    -------
    float
        Chance of a relevant segment to score above an irrelevant one, 0.5 by chance; NaN if there is none of a kind.

    Raises
    ------
    OverlapError
        If shapes do not fit, or a score is not finite.
    """
    from scipy.stats import rankdata

    scores, relevant = _select_decided(scores, segments, truth)
    n, m = relevant.sum(), (~relevant).sum()
    return float((rankdata(scores)[relevant].sum() - n * (n + 1) / 2) / (n * m)) if n and m else np.nan


def compute_precision(scores: np.ndarray, segments: np.ndarray, truth: np.ndarray, *, k: int | None = None) -> float:
    """Compute the share of relevant ones among the ``k`` segments that score highest.

    By default ``k`` is the number of relevant segments, so that 1 can be
    reached; ties at the end are shared out. NaN if there is no relevant or no irrelevant segment.
    """
    scores, relevant = _select_decided(scores, segments, truth)
    if relevant.all() or not relevant.any():
        return np.nan
    k = min(int(relevant.sum()) if k is None else k, len(scores))
    last = np.sort(scores)[-k]
    above, tied = scores > last, scores == last
    return float((relevant[above].sum() + (k - above.sum()) * relevant[tied].mean()) / k)


def _select_decided(scores: np.ndarray, segments: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Select the scores of segments that are relevant or irrelevant, and say which are relevant."""
    overlap, scores = compute_overlap(segments, truth), np.asarray(scores, float)
    if scores.shape != overlap.shape or not np.isfinite(scores).all():
        raise OverlapError(f"{len(overlap)} segments need one finite score each, not {scores.shape} with NaN or more")
    decided = (overlap >= RELEVANT) | (overlap == 0)
    return scores[decided], overlap[decided] >= RELEVANT


def compute_scores(scores: np.ndarray, segments: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compute ``auroc``, ``precision`` and ``chance`` (the precision of a lottery) of scores (n_segments,)."""
    relevant = _select_decided(scores, segments, truth)[1]
    return {
        "auroc": compute_auroc(scores, segments, truth),
        "precision": compute_precision(scores, segments, truth),
        "chance": float(relevant.mean()) if len(relevant) else np.nan,
    }
