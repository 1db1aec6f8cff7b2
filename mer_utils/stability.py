"""Whether an explanation would come out again, with another seed or with fewer samples.

Public names: ``StabilityError``, ``compute_jaccard``, ``compute_top_jaccard``, ``compute_expected_jaccard``,
``compute_stability``, ``compute_prefix_weights``.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

# Agreement of smaller sets would be mostly luck.
_SMALLEST_SET = 10
# Samples at once in a refit: 10 MB of masks for 300 segments.
_BLOCK = 4096


class StabilityError(ValueError):
    """Explanations that cannot be compared, or fitted again."""


def compute_jaccard(first: ArrayLike, second: ArrayLike) -> float:
    """Compute the share of two sets of labels that is in both, 0-1; NaN for two empty sets, which agree on nothing."""
    first, second = set(np.ravel(first).tolist()), set(np.ravel(second).tolist())
    return len(first & second) / len(first | second) if first | second else np.nan


def compute_top_jaccard(first: np.ndarray, second: np.ndarray, *, top: int = 30) -> float:
    """Compute the Jaccard index of the largest |weights| of two runs (n_segments,); NaN unless there are more."""
    if top >= len(first):
        return np.nan
    return compute_jaccard(*(np.argsort(-abs(weights), kind="stable")[:top] for weights in (first, second)))


def compute_expected_jaccard(
    weights: np.ndarray, errors: np.ndarray, *, top: int = 30, n_averaged: int = 1, seed: int = 0
) -> np.ndarray:
    """Compute how well the standard errors let two runs agree on the largest weights.

    Two runs are simulated, 200 times, as normal values about weights that stand for the true ones: estimates, shrunk
    until their mean square is what remains of it without that of their errors. Without that, noise would count as
    differences between segments, and the runs would agree too well. This is exact for normally distributed weights;
    where a few stand out and noise nearly hides them, it is up to .04 low with five runs and .1 with one.

    Parameters
    ----------
    weights
        (n_segments, n_outputs) of one run, or averaged over some.
    errors
        (n_segments, n_outputs) standard errors of one run.
    top
        Size of the sets.
    n_averaged
        Runs that ``weights`` are the mean of.
    seed
        Of the simulation.

    Returns
    -------
    numpy.ndarray
        (n_outputs,) mean Jaccard index of the sets; NaN where errors are not known or there are no more segments
        than ``top``.
    """
    weights, errors = np.asarray(weights, float), np.asarray(errors, float)
    if top >= len(weights):
        return np.full(weights.shape[1], np.nan)
    noise, square = (errors**2).mean(axis=0) / n_averaged, (weights**2).mean(axis=0)
    centre = weights * np.sqrt(np.clip(1 - noise / np.where(square > 0, square, 1), 0, 1))
    drawn = abs(centre + errors * np.random.default_rng(seed).normal(size=(2, 200, *weights.shape)))
    inside = np.zeros(drawn.shape, bool)
    np.put_along_axis(inside, np.argpartition(-drawn, top - 1, axis=2)[:, :, :top], True, axis=2)
    shared = inside.all(axis=0).sum(axis=1)  # (200, n_outputs)
    known = np.isfinite(weights + errors).all(axis=0)
    return np.where(known, (shared / (2 * top - shared)).mean(axis=0), np.nan)


def compute_stability(explanations: Sequence[Explanation], *, top: int = 30, rule: str = "bh") -> "pd.DataFrame":
    """Compute how well repeats with other seeds agree, on average over all pairs of them.

    Parameters
    ----------
    explanations
        At least two of the same segments and outputs.
    top
        How many of the largest |weights| to compare.
    rule
        Rule of `selection.select_segments` for the sets that are kept.

    Returns
    -------
    pandas.DataFrame
        One row per output: ``top_jaccard`` of the largest weights, ``expected_jaccard`` that the standard errors
        predict for it, ``chance_jaccard`` of sets drawn at random (all NaN unless there are more segments than
        ``top``); ``kept_jaccard`` of the segments kept, where the sign must agree too, over those of the pairs
        (``kept_pairs``) in which both sets hold 10 or more, else NaN; ``rank_correlation`` and
        ``weight_correlation`` over all segments.

    Raises
    ------
    StabilityError
        If there are fewer than two or they do not explain the same.
    """
    import pandas as pd
    from scipy.stats import rankdata

    first = _checked(explanations)
    weights = np.stack([explanation.weights for explanation in explanations])  # (n_repeats, n_segments, n_outputs)
    errors = np.sqrt(np.mean([explanation.robust_errors**2 for explanation in explanations], axis=0))
    expected = compute_expected_jaccard(weights.mean(axis=0), errors, top=top, n_averaged=len(weights))
    table = pd.DataFrame(
        {
            "top_jaccard": [_compare_tops(one, top) for one in weights.transpose(2, 0, 1)],
            "expected_jaccard": expected,
            "chance_jaccard": top / (2 * first.n_segments - top) if top < first.n_segments else np.nan,
            "rank_correlation": [_correlate_pairs(rankdata(one, axis=1)) for one in weights.transpose(2, 0, 1)],
            "weight_correlation": [_correlate_pairs(one) for one in weights.transpose(2, 0, 1)],
        },
        index=pd.Index(first.output_names, name="output"),
    )
    kept = [_compare_kept(explanations, output, rule) for output in first.output_names]
    return table.assign(kept_jaccard=[mean for mean, _ in kept], kept_pairs=[pairs for _, pairs in kept])


def _checked(explanations: Sequence[Explanation]) -> Explanation:
    if len(explanations) < 2:
        raise StabilityError("stability needs two explanations or more: explain again with another seed")
    first, *others = explanations
    for other in others:
        if other.output_names != first.output_names or not np.array_equal(other.segments, first.segments):
            raise StabilityError("explanations of different segments or outputs cannot be compared")
    return first


def _compare_tops(weights: np.ndarray, top: int) -> float:
    """Compare the largest of (n_repeats, n_segments) weights: mean Jaccard index over pairs."""
    return float(np.mean([compute_top_jaccard(*pair, top=top) for pair in combinations(weights, 2)]))


def _correlate_pairs(values: np.ndarray) -> float:
    """Give the mean of Pearson's r over pairs of rows (n_repeats, n_segments); NaN where one is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(values)[np.triu_indices(len(values), 1)].mean())


def _compare_kept(explanations: Sequence[Explanation], output: str, rule: str) -> tuple[float, int]:
    from .selection import select_segments

    chosen = (select_segments(explanation, output, rule=rule) for explanation in explanations)
    sets = [np.r_[positive, -1 - np.asarray(negative, int)] for positive, negative in chosen]
    pairs = [pair for pair in combinations(sets, 2) if min(map(len, pair)) >= _SMALLEST_SET]
    return float(np.mean([compute_jaccard(*pair) for pair in pairs])) if pairs else np.nan, len(pairs)


def compute_prefix_weights(explanation: Explanation, counts: Iterable[int]) -> dict[int, np.ndarray]:
    """Fit the weights that fewer samples would have given, from the samples of one explanation.

    Parameters
    ----------
    explanation
        Fitted by least squares; its kernel and ridge are used again.
    counts
        Samples to take from the start, each at least n_segments + 2; masks in pairs need twice as many.

    Returns
    -------
    dict of numpy.ndarray
        Weights (n_segments, n_outputs) by the number of samples, ascending.

    Raises
    ------
    StabilityError, ExplainError
        If it was fitted otherwise, or there are fewer samples or none; if samples do not determine the weights.
    """
    from .surrogate import LeastSquares

    samples, config, n = explanation.samples, explanation.config, explanation.n_segments
    counts = sorted(set(counts))
    if config.get("fit") != "least squares":
        raise StabilityError("only least squares can be fitted again: explain with fit='least squares'")
    if not counts or counts[0] < n + 2 or counts[-1] > len(samples):
        raise StabilityError(f"{n} segments and {len(samples)} samples allow prefixes of {n + 2} to {len(samples)}")
    sums = LeastSquares(
        n, samples.outputs.shape[1], kernel_width=config.get("kernel_width"), ridge=config.get("ridge") or 0.0
    )
    fitted, masks = {}, samples.masks
    for before, count in zip([0, *counts], counts, strict=False):
        for start in range(before, count, _BLOCK):
            rows = slice(start, min(start + _BLOCK, count))
            sums.add(masks[rows], samples.outputs[rows])
        fitted[count] = sums.fit().weights
    return fitted
