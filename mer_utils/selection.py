"""Which segments of an explanation are worth showing.

A weight that is not exactly zero becomes significant with enough samples, so a count of kept segments means nothing
without the number of samples, the rule and the unit: `describe_selection` says all of them.

Public names: ``RULES``, ``select_segments``, ``compute_limits``, ``describe_selection``, ``compute_p_values``,
``compute_paper_p_values``.
"""

import numpy as np

from .explanation import ExplainError, Explanation
from .surrogate import build_design

#: Threshold of each rule. ``"paper"``: p / |w| below it, with the p of 2019 (talk; audioLIME, branch mml2020).
#: ``"bh"``: share of false discoveries (Benjamini & Hochberg 1995), with robust p. ``"top"``: number of segments.
RULES = {"paper": 1e-5, "bh": 0.05, "top": 30}
#: Smallest |weight| that is shown, as a share of the largest; the papers had none.
FLOOR = 0.05
_ROUNDING = 1e-9  # a weight (unit scale) that is nothing else


def select_segments(
    explanation: Explanation,
    output: str,
    *,
    rule: str = "bh",
    threshold: float | None = None,
    floor: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Select the segments that raise an output and those that lower it.

    Parameters
    ----------
    explanation
        Any; nothing is computed anew.
    output
        Name of the output.
    rule
        One of `RULES`.
    threshold
        Of the rule; None takes that in `RULES`.
    floor
        Smallest |weight| kept, as a share of the largest; None is `FLOOR`, and 0 with the rule ``"paper"``.

    Returns
    -------
    positive, negative : numpy.ndarray
        Labels, the largest |weight| first. Either may be empty: then nothing is certain enough to be shown.

    Raises
    ------
    ExplainError
        For an unknown output or rule.
    """
    column = explanation.index(output)
    threshold, floor, highest = compute_limits(explanation, output, rule=rule, threshold=threshold, floor=floor)
    sizes = np.abs(explanation.weights[:, column])
    kept = sizes >= floor * sizes.max()
    if rule == "top":
        kept &= np.argsort(np.argsort(-sizes, kind="stable")) < threshold
    elif rule == "bh":
        kept &= compute_p_values(explanation)[:, column] <= highest
    else:
        kept &= compute_paper_p_values(explanation)[:, column] < threshold * sizes
    order = np.argsort(-sizes, kind="stable")
    order = order[(kept & (sizes > _ROUNDING))[order]]
    raises = explanation.weights[order, column] > 0
    return order[raises], order[~raises]


def compute_limits(
    explanation: Explanation,
    output: str,
    *,
    rule: str = "bh",
    threshold: float | None = None,
    floor: float | None = None,
) -> tuple[float, float, float]:
    """Compute where a rule divides what is kept from what is dropped.

    Parameters
    ----------
    explanation, output, rule, threshold, floor
        As in `select_segments`.

    Returns
    -------
    threshold, floor : float
        Those of the rule where none were given.
    highest : float
        The largest p that ``"bh"`` keeps, or that which one segment alone would need; 1 by other rules.
    """
    column = explanation.index(output)
    threshold, floor = _settle(rule, threshold, floor)
    if rule != "bh":
        return threshold, floor, 1.0
    from scipy.stats import false_discovery_control

    p_values = compute_p_values(explanation)[:, column]
    found = p_values[false_discovery_control(p_values) <= threshold]
    return threshold, floor, found.max(initial=threshold / len(p_values))


def describe_selection(
    explanation: Explanation,
    output: str,
    *,
    rule: str = "bh",
    threshold: float | None = None,
    floor: float | None = None,
) -> str:
    """Say how many segments were kept, by which rule, from how many samples, and in which unit.

    Parameters
    ----------
    explanation, output, rule, threshold, floor
        As in `select_segments`.
    """
    positive, negative = select_segments(explanation, output, rule=rule, threshold=threshold, floor=floor)
    threshold, floor = _settle(rule, threshold, floor)
    words = {
        "paper": f"p / |weight| < {threshold:g}",
        "bh": f"at most {threshold:.0%} false discoveries",
        "top": f"the {threshold:g} largest",
    }[rule]
    least = f", |weight| at least {floor:.0%} of the largest" if floor else ""
    stopped = "" if explanation.complete else ", stopped early"
    n_kept = len(positive) + len(negative)
    counts = f"{len(positive)} positive and {len(negative)} negative" if n_kept else "none"
    return (
        f"{output}: {counts} of {explanation.n_segments} segments kept"
        f" ({words}{least}; N = {explanation.n_samples}{stopped}{_describe_search(explanation)}; unit rating / 10)"
    )


def _describe_search(explanation: Explanation) -> str:
    looks = explanation.config.get("looks")
    if not looks:
        return ""
    return ", at which halves agree" if looks[-1]["agrees"] else ", at which halves still disagree"


def _settle(rule: str, threshold: float | None, floor: float | None) -> tuple[float, float]:
    if rule not in RULES:
        raise ExplainError(f"unknown rule {rule!r}; there are: {', '.join(RULES)}")
    threshold = RULES[rule] if threshold is None else threshold
    floor = (0.0 if rule == "paper" else FLOOR) if floor is None else floor
    if not threshold >= 0 or not 0 <= floor <= 1:
        raise ExplainError(f"a threshold is 0 or more and a floor between 0 and 1, not {threshold} and {floor}")
    return threshold, floor


def compute_p_values(explanation: Explanation) -> np.ndarray:
    """Compute two-sided p (n_segments, n_outputs) of each weight being 0, from the robust standard errors."""
    return compute_two_sided(explanation.weights, explanation.robust_errors, explanation.config["dof"])


def compute_two_sided(weights: np.ndarray, errors: np.ndarray, dof: float) -> np.ndarray:
    """Compute two-sided p of Student's t; 1 where a weight is 0 without any error."""
    from scipy.stats import t

    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(weights) / errors
    return 2 * t.sf(np.where(weights == 0, 0, ratio), dof)


def compute_paper_p_values(explanation: Explanation) -> np.ndarray:
    """Compute p (n_segments, n_outputs) by the formula of 2019, which is not the textbook's.

    The standard error is the diagonal of the *matrix square root* of MSE (X'X)⁻¹, not the square root of its diagonal;
    MSE is the unweighted mean squared residual (divisor n), and kernel and ridge are left out of account (package
    ``regressors``, which audioLIME used). There the vector began with the intercept and was paired with the segments
    without dropping it; here p and segment belong together.
    """
    if explanation.config["fit"] != "least squares":
        raise ExplainError("the papers' rule is for least squares: explain with fit='least squares' or PAPER_OPTIONS")
    masks, outputs = explanation.samples.masks, explanation.samples.outputs
    n = len(masks)
    normal, squares = np.zeros(2 * (explanation.n_segments + 1,)), np.zeros(outputs.shape[1])
    for first in range(0, n, 1024):
        part = slice(first, first + 1024)
        design = build_design(masks[part])
        normal += design.T @ design
        squares += ((outputs[part] - masks[part] @ explanation.weights - explanation.intercept) ** 2).sum(axis=0)
    values, vectors = np.linalg.eigh(normal)
    if values[0] <= 1e-8 * values[-1]:
        raise ExplainError(f"{n} samples are too few for the papers' p of {explanation.n_segments} segments")
    root = ((vectors**2) @ values**-0.5)[1:]  # diagonal of (X'X)^-1/2
    return compute_two_sided(explanation.weights, np.outer(root, np.sqrt(squares / n)), n - 1)
