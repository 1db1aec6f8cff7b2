"""Scores on known causes: whether segments fall where the cause is, and what else a network hears in it.

Public names: ``compute_cause_scores``, ``compute_leakage``.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .causes import Case
from .overlap import RELEVANT, compute_overlap, compute_scores
from .planted import Explainer
from .ratings import MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd


def compute_cause_scores(
    explainer: Explainer,
    predict: Callable[[np.ndarray], np.ndarray],
    cases: Sequence[Case],
    *,
    segment: Callable[[np.ndarray], np.ndarray] | None = None,
) -> "pd.DataFrame":
    """Score an explainer by whether the segments of a feature fall where its cause was raised.

    Parameters
    ----------
    explainer
        ``(predict, spec, segments) -> weights``, as in `planted`.
    predict
        Seven mid-level outputs in the order of `ratings.MIDLEVEL`, such as ``predictor.outputs("midlevel")``.
    cases
        What `causes.build_cases` gave.
    segment
        Spectrogram -> labels; None is `segments.compute_segments`.

    Returns
    -------
    pandas.DataFrame
        One row per feature and track. ``auroc`` and ``precision`` of the weights, with their sign, since the cause
        was raised; ``auroc_size`` of their size; ``chance``, the precision of a lottery; ``heard``, by how much the
        network's output rose, unit scale (no explainer finds a cause that the network does not hear); ``movement``,
        Pearson's r over the seven outputs between how they moved and the sum of the weights of relevant segments.
        Scores are NaN where no segment is relevant.
    """
    import pandas as pd

    if segment is None:
        from .segments import compute_segments as segment
    rows = {}
    for case in cases:
        segments, column = segment(case.changed), MIDLEVEL.index(case.feature)
        weights = np.asarray(explainer(predict, case.changed, segments), float)
        moved = np.diff(predict(np.stack([case.original, case.changed])), axis=0)[0]  # (7,)
        relevant = compute_overlap(segments, case.truth) >= RELEVANT
        rows[case.feature, case.track] = {
            **compute_scores(weights[:, column], segments, case.truth),
            "auroc_size": compute_scores(abs(weights[:, column]), segments, case.truth)["auroc"],
            "heard": float(moved[column]),
            "movement": _correlate(weights[relevant].sum(axis=0), moved),
        }
    index = pd.MultiIndex.from_tuples(rows, names=["feature", "track"])
    return pd.DataFrame(list(rows.values()), index)


def compute_leakage(
    predict: Callable[[np.ndarray], np.ndarray], cases: Sequence[Case], *, spread: Sequence[float] | None = None
) -> "pd.DataFrame":
    """Compute how much each output moves when one cause is raised: off the diagonal, concepts leak.

    Parameters
    ----------
    predict
        As in `compute_cause_scores`; the same cases serve several networks.
    cases
        What `causes.build_twins` gave; a lowered cause counts with the opposite sign.
    spread
        (7,) standard deviation of each output over a corpus, such as ``reference.midlevel.std()``; None leaves the
        changes on the unit scale.

    Returns
    -------
    pandas.DataFrame
        (7, 7), causes by outputs: mean change, in units of ``spread``; NaN for a cause without a case.
    """
    import pandas as pd

    changes = {name: [] for name in MIDLEVEL}
    for case in cases:
        moved = np.diff(predict(np.stack([case.original, case.changed])), axis=0)[0]
        changes[case.feature].append(np.sign(case.delta) * moved)
    means = [np.mean(rows, axis=0) if rows else np.full(len(MIDLEVEL), np.nan) for rows in changes.values()]
    table = pd.DataFrame(means, pd.Index(MIDLEVEL, name="cause"), pd.Index(MIDLEVEL, name="output"))
    return table if spread is None else table / np.asarray(spread, float)


def _correlate(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r, NaN where one does not vary."""
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else np.nan
