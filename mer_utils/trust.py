"""How far an explanation can be trusted: whether its weights say what the predictor does.

The card is computed from an explanation alone. Two numbers are not fidelity, though they are often shown as such: R²
over the *outputs* with everything on (the .9994 of the demo page of 2019); and a small p-value, which says that a
weight is not 0, not that weights which add up describe the net.

Weights, outputs and their differences are on the unit scale, rating / 10.

Public names: ``TrustError``, ``compute_fidelity``, ``compute_fidelity_by_share``, ``describe_fidelity``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .explanation import Explanation
from .surrogate import compute_r2

if TYPE_CHECKING:
    import pandas as pd

_VERDICTS = ("holds", "weak", "do not trust")
# Below these R² on fresh masks is called low, and middling.
_LOW_R2, _MIDDLING_R2 = 0.5, 0.7
_R2S = (_LOW_R2, _MIDDLING_R2)
# Above these shares of the effect the gap at the explained point is called large, and notable.
_LARGE_GAP, _NOTABLE_GAP = 0.25, 0.1
# Below this share of the spread over masks, the effect is small because weights cancel.
_CANCELLED = 0.5
# The largest weight must be above what chance gives, and is called close to it up to this factor.
_CLOSE_TO_CHANCE = 1.5
# R² that much higher on the masks of the fit than on fresh ones says that there were too few of them.
_OVERFIT = 0.1
# R² of fewer masks would be mostly luck.
_FEWEST_MASKS = 20


class TrustError(ValueError):
    """Explanations of which nothing can be told."""


def compute_fidelity(explanation: Explanation) -> "pd.DataFrame":
    """Compute whether the weights say what the predictor does, output by output.

    Parameters
    ----------
    explanation
        Any.

    Returns
    -------
    pandas.DataFrame
        One row per output. ``r2``, ``r2_holdout``: over the masks of the fit and over fresh ones. ``gap``: how far
        surrogate and predictor differ with everything on. ``effect``: how far the prediction lies from the mean over
        masks. ``spread``: standard deviation over masks. ``largest``: the largest |weight|. ``noise_floor``: about the
        largest |weight| that chance alone gives where all are 0, the median robust standard error times
        sqrt(2 ln n_segments), which is about what the largest of so many normal values reaches. ``above_chance``:
        ``largest`` over the like of its own standard error, which often is larger than the median. ``verdict`` and
        ``reason``: "do not trust" if ``r2_holdout`` is below .5 or unknown, ``gap`` above a quarter of ``effect``, or
        ``above_chance`` not above 1; else "weak" if ``r2_holdout`` is below .7, ``gap`` above a tenth of ``effect`` or
        ``above_chance`` not above 1.5; else "holds". A reason also says if ``effect`` is less than half of ``spread``,
        because weights cancel, which makes a small gap look large; and if somebody stopped the sampling.
    """
    import pandas as pd

    said = explanation.samples.outputs.astype(float)
    chance, sizes = np.sqrt(2 * np.log(max(2, explanation.n_segments))), abs(explanation.weights)
    largest = sizes.max(axis=0)
    own = np.take_along_axis(explanation.robust_errors, sizes.argmax(axis=0)[None], axis=0)[0]
    columns = {
        "r2": explanation.r2,
        "r2_holdout": explanation.r2_holdout,
        "gap": abs(explanation.local_prediction - explanation.prediction),
        "effect": abs(explanation.prediction - said.mean(axis=0)),
        "spread": said.std(axis=0),
        "largest": largest,
        "noise_floor": np.median(explanation.robust_errors, axis=0) * chance,
        "above_chance": np.divide(largest, own * chance, out=np.where(largest > 0, np.inf, 0.0), where=own != 0),
    }
    card = pd.DataFrame(columns, index=pd.Index(explanation.output_names, name="output"))
    stopped = [] if explanation.complete else [f"stopped after {explanation.n_samples:,} samples".replace(",", " ")]
    judged = [_judge(row, stopped) for row in card.itertuples()]
    return card.assign(verdict=[verdict for verdict, _ in judged], reason=[reason for _, reason in judged])


def _judge(row: tuple, notes: Sequence[str]) -> tuple[str, str]:
    """Give verdict and reason for a row of `compute_fidelity`; whatever is not a number fails."""
    cause = "more samples would help" if row.r2 - row.r2_holdout > _OVERFIT else "its segments do not simply add up"
    little = ", which is little: " + _describe_cancelling(row) if row.effect < _CANCELLED * row.spread else ""
    faults = [
        _find_fault(row.r2_holdout >= _MIDDLING_R2, row.r2_holdout >= _LOW_R2, [
            f"R² on fresh masks is below {_MIDDLING_R2} ({cause})",
            f"R² on fresh masks is below {_LOW_R2} ({cause})" if np.isfinite(row.r2_holdout)
            else "R² on fresh masks is not known",
        ]),
        _find_fault(row.gap <= _NOTABLE_GAP * row.effect, row.gap <= _LARGE_GAP * row.effect, [
            f"it misses the prediction by more than {_NOTABLE_GAP:.0%} of what hiding changes{little}",
            f"it misses the prediction by more than {_LARGE_GAP:.0%} of what hiding changes{little}",
        ]),
        _find_fault(row.above_chance > _CLOSE_TO_CHANCE, row.above_chance > 1, [
            "its largest weight hardly exceeds what chance gives",
            "no weight exceeds what chance gives",
        ]),
    ]  # fmt: skip
    worst = max(severity for severity, _ in faults)
    said = [text for severity, text in sorted(faults, key=lambda fault: -fault[0]) if severity]
    said = said or ["it fits fresh masks and the prediction itself, and stands out from chance"]
    return _VERDICTS[worst], "; ".join([*said, *notes])


def _describe_cancelling(row: tuple) -> str:
    said = "ups and downs cancel, so that sums of weights cannot be trusted here"
    single = row.r2_holdout >= _LOW_R2 and row.above_chance > 1
    return f"{said}, but single weights may be (R² {_spell(row.r2_holdout, '.2f', _R2S)})" if single else said


def _find_fault(good: bool, passable: bool, texts: Sequence[str]) -> tuple[int, str]:
    """Give the severity of a fault, 0 to 2, and what to say of it when it is 1 and when it is 2."""
    severity = 0 if good else 1 if passable else 2
    return severity, texts[max(0, severity - 1)]


def describe_fidelity(card: "pd.DataFrame", output: str) -> str:
    """Say in words how far the explanation of an output holds.

    Parameters
    ----------
    card
        As `compute_fidelity` gives it.
    output
        One of its rows.

    Raises
    ------
    TrustError
        If it has no such row.
    """
    if output not in card.index:
        raise TrustError(f"the card has no {output!r}, only {', '.join(card.index)}")
    row = card.loc[output]
    known = row.gap <= 10 * row.effect  # where weights cancel, a share of next to nothing says nothing
    share = ""
    if known and row.effect:
        part = _spell(row.gap / row.effect, ".0%", (_NOTABLE_GAP, _LARGE_GAP))
        share = f", {part} of the {row.effect:.3f} that hiding changes"
    times = "over 1000" if row.above_chance > 1000 else _spell(row.above_chance, ".1f", (1, _CLOSE_TO_CHANCE))
    chance = f", {times} times what chance gives" if np.isfinite(row.above_chance) else ""
    return (
        f"{output}: {row.verdict}, because {row.reason}. R² is {_spell(row.r2_holdout, '.2f', _R2S)} on fresh masks "
        f"({row.r2:.2f} on the masks that the weights were fitted to); with nothing hidden, the weights miss the "
        f"prediction by {row.gap:.3f}{share}; the largest weight is {row.largest:.4f}{chance}."
    )


def _spell(value: float, form: str, limits: Sequence[float]) -> str:
    """Format a number with more digits where it would else look like a limit that it is not."""
    for digits in range(int(form[1]), 6):
        text = f"{value:.{digits}{form[2]}}"
        if text not in [f"{limit:.{digits}{form[2]}}" for limit in limits if limit != value]:
            break
    return text


def compute_fidelity_by_share(explanation: Explanation, *, n_bins: int = 5) -> "pd.DataFrame":
    """Compute R² on held-out masks by how much they hide: weights need not hold alike near the sound and far from it.

    Parameters
    ----------
    explanation
        With held-out masks. They hide about the same share, 1 - keep_prob, where segments are many: nothing is known
        beyond the shares in the table.
    n_bins
        Groups of equally many masks.

    Returns
    -------
    pandas.DataFrame
        Indexed by the mean share of segments that the masks of a group hide, ascending: ``n`` masks, and a column
        for each output, R² about the mean of the group, NaN where it has fewer than 20 masks or the output is
        constant.

    Raises
    ------
    TrustError
        If there are no held-out masks or no groups.
    """
    import pandas as pd

    if not 1 <= n_bins <= len(explanation.holdout):
        raise TrustError(f"{len(explanation.holdout)} held-out masks cannot make {n_bins} groups: explain with more")
    hidden = 1 - explanation.holdout.masks.mean(axis=1)
    actual, fitted, rows = explanation.holdout.outputs, explanation.holdout_fitted, []
    for chosen in np.array_split(np.argsort(hidden, kind="stable"), n_bins):
        r2 = compute_r2(actual[chosen], fitted[chosen])
        unknown = np.full(len(r2), np.nan)
        rows.append([hidden[chosen].mean(), len(chosen), *(r2 if len(chosen) >= _FEWEST_MASKS else unknown)])
    return pd.DataFrame(rows, columns=["hidden", "n", *explanation.output_names]).set_index("hidden")
