"""Faithfulness: hide a sound's segments in the order of their weights and watch the output, beside random orders.

If weights are right, the output falls fastest when the most positive segments are hidden first and the most negative
last, and slowest in the reversed order. Curves are compared at equal shares of cells hidden (`deletion`), so what
comes first is the largest weight per cell. Hidden cells hold another value than they did for the explainer, so that it
is not tested on what it was fitted to.

Outputs are on the unit scale, rating / 10; so are areas, which are means over shares of cells, 0-1.

Public names: ``FaithfulnessError``, ``Faithfulness``, ``compute_faithfulness``, ``compute_faithfulness_intervals``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .bootstrap import build_resampling, compute_interval
from .deletion import compute_curves
from .explanation import Explanation
from .probing import Predict

if TYPE_CHECKING:
    import pandas as pd


class FaithfulnessError(ValueError):
    """Predictors, orders or tables of which no faithfulness can be computed."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How the outputs fall as segments are hidden.

    Attributes
    ----------
    curves
        Indexed by ``output`` and ``share`` of cells hidden: the output when the largest weight per cell is hidden
        first (``most_first``, deletion), when the smallest is, which is the most negative (``least_first``; read from
        the end, insertion), and the mean (``random``) and 5 and 95 % quantiles (``random_low``, ``random_high``) of
        random orders.
    gains
        One row per output: ``gain``, the area between the mean random curve and ``most_first``; ``symmetric_gain``,
        the area of ``least_first`` minus that of ``most_first``; ``beaten``, share of the random orders whose area is
        above that of ``most_first``.
    hide
        What hidden cells held, log10(1 + magnitude), or the name of the rule.
    """

    curves: "pd.DataFrame"
    gains: "pd.DataFrame"
    hide: float | str


def compute_faithfulness(
    predict: Predict,
    explanation: Explanation,
    *,
    hide: float | str | None = None,
    by: str = "cell",
    n_random: int = 32,
    seed: int = 0,
) -> Faithfulness:
    """Compute deletion by weight per cell, in that order, in the reversed one and in random ones, for every output.

    The symmetric gain is that of Bluecher, Vielhaben & Strodthoff (2024, "Decoupling pixel flipping and occlusion
    strategy for consistent XAI benchmarks", TMLR): the area under the curve that hides the least influential first,
    minus that of the most influential first. Their rankings of methods by it hardly depend on the hidden value. Here
    influence has a sign: least influential is what lowers the output most.

    Parameters
    ----------
    predict
        The predictor that was explained: as many outputs, in the same order.
    explanation
        Any.
    hide
        As in `deletion.compute_curves`. None is silence, or the mean of the spectrogram where the explainer hid by
        silence.
    by
        What comes first: the largest weight per ``"cell"``, or per ``"segment"``. As curves run over cells, right
        weights of a predictor that adds up beat any other order by cell, but not by segment: a large segment may have
        a large weight, and be hidden early at a high price of cells.
    n_random
        Random orders, shared by the outputs. About 20 (n_random + 2 n_outputs) predictions are made altogether.
    seed
        Of the random orders.

    Raises
    ------
    FaithfulnessError, DeletionError, ExplainError
        If the predictor has other outputs or there is no random order or unknown ``by``; as in
        `deletion.compute_curves`.
    """
    if n_random < 1:
        raise FaithfulnessError(f"{n_random} random orders are nothing to compare with: take some")
    if by not in ("cell", "segment"):
        raise FaithfulnessError(f"segments are ordered by 'cell' or by 'segment', not by {by!r}")
    rng, n_outputs = np.random.default_rng(seed), len(explanation.output_names)
    weights = explanation.weights / (explanation.sizes[:, None] if by == "cell" else 1)
    most = np.argsort(-weights, axis=0, kind="stable").T  # (n_outputs, n_segments)
    random = rng.permuted(np.tile(np.arange(explanation.n_segments), (n_random, 1)), axis=1)
    hide = _choose_hide(explanation) if hide is None else hide
    orders = np.concatenate([most, most[:, ::-1], random])
    curves, _ = compute_curves(predict, explanation.spec, explanation.segments, orders, hide=hide)
    if curves.shape[2] != n_outputs:
        raise FaithfulnessError(f"the predictor has {curves.shape[2]} outputs, the explanation {n_outputs}")
    own = np.arange(n_outputs)
    first, last = curves[own, :, own], curves[n_outputs + own, :, own]  # (n_outputs, steps + 1)
    return _summarise(first, last, curves[2 * n_outputs :].transpose(2, 0, 1), explanation.output_names, hide)


def _choose_hide(explanation: Explanation) -> float | str:
    by_silence = explanation.hide == "silence" or (not isinstance(explanation.hide, str) and explanation.hide == 0)
    return float(explanation.spec.mean()) if by_silence else "silence"


def _summarise(
    first: np.ndarray, last: np.ndarray, random: np.ndarray, names: tuple[str, ...], hide: float | str
) -> Faithfulness:
    """Collect curves (n_outputs, steps + 1) and random ones (n_outputs, n_random, steps + 1)."""
    import pandas as pd

    grid = np.linspace(0, 1, first.shape[1])
    area, areas = np.trapezoid(first, grid), np.trapezoid(random, grid)
    low, high = np.quantile(random, [0.05, 0.95], axis=1)
    columns = {"most_first": first, "least_first": last, "random": random.mean(axis=1)}
    columns |= {"random_low": low, "random_high": high}
    rows = pd.MultiIndex.from_product([names, grid], names=["output", "share"])
    gains = {
        "gain": areas.mean(axis=1) - area,
        "symmetric_gain": np.trapezoid(last, grid) - area,
        "beaten": (areas > area[:, None]).mean(axis=1),
    }
    return Faithfulness(
        pd.DataFrame({name: curve.ravel() for name, curve in columns.items()}, rows),
        pd.DataFrame(gains, pd.Index(names, name="output")),
        hide,
    )


def compute_faithfulness_intervals(table: "pd.DataFrame", *, n_draws: int = 10_000, seed: int = 0) -> "pd.DataFrame":
    """Compute intervals for the mean gain over tracks, by a bootstrap of the tracks.

    Parameters
    ----------
    table
        (n_tracks, n_outputs) gains of either kind, one column per output; three tracks at least.
    n_draws, seed
        Of the bootstrap (`bootstrap.compute_interval`, which widens its percentiles as few tracks require).

    Returns
    -------
    pandas.DataFrame
        One row per output: ``mean``, ``low`` and ``high`` of the 95 % interval, and whether it ``excludes_zero``.

    Raises
    ------
    FaithfulnessError, BootstrapError
        If a gain is missing; if there are too few tracks.
    """
    import pandas as pd

    gains = table.to_numpy(float)
    if not np.isfinite(gains).all():
        raise FaithfulnessError(f"{(~np.isfinite(gains).all(axis=1)).sum()} tracks lack a gain: leave them out")
    resampling = build_resampling(np.arange(len(gains)), n_seeds=1, n_draws=n_draws, seed=seed)
    mean = gains.mean(axis=0)
    drawn = resampling.groups / len(gains) @ gains - mean
    low, high = compute_interval(mean, np.stack([drawn, np.zeros_like(drawn), drawn]), resampling)
    columns = {"mean": mean, "low": low, "high": high, "excludes_zero": (low > 0) | (high < 0)}
    return pd.DataFrame(columns, table.columns)
