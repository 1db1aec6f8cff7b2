"""How many samples an explanation needs: two halves are fitted apart until they say the same.

Public names: ``find_sample_size``, ``compute_agreement``, ``TOP``, ``LEAST_JACCARD``, ``LEAST_CORRELATION``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .explanation import ExplainError
from .masks import BLOCK
from .places import PlaceSquares
from .sampling import Sampler
from .stability import compute_top_jaccard
from .surrogate import LeastSquares

#: Largest weights whose sets are compared, and how well halves must agree at two successive looks.
TOP, LEAST_JACCARD, LEAST_CORRELATION = 30, 0.9, 0.99
_STREAM = 2


def find_sample_size(
    sampler: Sampler, *, most: int = 16_000, report: Callable[[int], object] = lambda n: None
) -> tuple[int, list[dict[str, Any]]]:
    """Double the number of samples until independent halves of them agree twice in a row.

    The first look is at four samples per segment. Halves agree where, for every output, their `TOP` largest weights
    have a Jaccard index of `LEAST_JACCARD` and all weights correlate at `LEAST_CORRELATION`. Looking again and again
    makes agreement by chance more likely, so an explanation of the size found is drawn afresh.

    Parameters
    ----------
    sampler
        Where samples come from; the masks are of a stream of their own.
    most
        Number of samples at which to give up.
    report
        Called with the number of samples after each block.

    Returns
    -------
    n : int
        The number at the second of two looks that agreed, or ``most``.
    looks : list of dict
        Per look: ``n``, ``jaccard`` and ``correlation`` of the halves (of the worst output; None where they do not
        apply) and ``agrees``.
    """
    halves = sampler.build_sums(), sampler.build_sums()
    looks: list[dict[str, Any]] = []
    wanted, done = max(4 * sampler.probe.n_segments, 2 * sampler.fewest), 0
    if sampler.probe.n_segments < 3:  # too few weights to correlate
        return min(max(wanted, BLOCK), most), looks
    while True:
        wanted = min(wanted, most)
        while done * BLOCK < wanted or done % 2:
            sampler.take(sampler.draw(done, stream=_STREAM), halves[done % 2])
            done += 1
            report(BLOCK)
        jaccard, correlation = _compare(*halves)
        agrees = not jaccard < LEAST_JACCARD and correlation >= LEAST_CORRELATION
        found = {name: None if np.isnan(x) else x for name, x in (("jaccard", jaccard), ("correlation", correlation))}
        looks.append({"n": done * BLOCK, **found, "agrees": agrees})
        if wanted >= most or (all(look["agrees"] for look in looks[-2:]) and len(looks) > 1):
            return min(done * BLOCK, most), looks
        wanted = 2 * done * BLOCK


def _compare(*halves: LeastSquares | PlaceSquares) -> tuple[float, float]:
    try:
        agreement = compute_agreement(*(half.fit().weights for half in halves))
    except ExplainError:  # too few yet
        return np.nan, np.nan
    return tuple(float(values.min()) for values in agreement)


def compute_agreement(a: np.ndarray, b: np.ndarray, *, top: int = TOP) -> tuple[np.ndarray, np.ndarray]:
    """Compute how far two sets of weights agree, output by output.

    Parameters
    ----------
    a, b
        (n_segments, n_outputs) each.
    top
        Number of largest |weights| whose sets are compared.

    Returns
    -------
    jaccard : numpy.ndarray
        (n_outputs,) segments in both sets over segments in either, 0-1; NaN where no segment is left out.
    correlation : numpy.ndarray
        (n_outputs,) Pearson r of all weights; NaN where one side has no variance, as empty explanations never agree.
    """
    pairs = list(zip(a.T, b.T, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = [np.corrcoef(*pair)[0, 1] for pair in pairs]
    return np.array([compute_top_jaccard(*pair, top=top) for pair in pairs]), np.array(correlation)
