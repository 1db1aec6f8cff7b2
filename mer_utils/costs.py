"""The cost of explainability from sweeps: as a table to read, and under conditions that only a generated corpus has.

Public names: ``SCHEME_NAMES``, ``CONDITIONS``, ``compute_sweep_costs``, ``compute_run_costs``,
``compute_cost_parts``, ``compute_condition_table``, ``build_cost_table``, ``format_correlation``, ``format_interval``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .folds import build_folds, build_groups
from .profiles import fit_profile_network
from .regression import fit_linear, predict_out_of_fold
from .scores import NO_SEED, compute_cost_of_explainability
from .sweeps import TRUNCATED, Sweep, load_sweep

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus

#: What readers call the schemes of a table of costs, from the ceiling on.
SCHEME_NAMES = {"mid2e": "Mid2E", "a2e": "A2E", TRUNCATED: "A2E, rank 7", "a2mid2e": "A2Mid2E", "joint": "Joint"}
RANDOM_START = "joint, random start"
SCHEME_NAMES |= {RANDOM_START: "Joint, random start", "a2b2e": "A2B2E", "multitask": "Multitask"}

#: Stored sweeps by condition and its value. The corpus of the main sweep has the value 1 of either.
CONDITIONS = {
    "factor on rater noise (1: as assumed)": {0.0: "rater_noise_000", 0.5: "rater_noise_050", 1.0: "schemes"},
    "factor on emotion outside the features (1: as published)": {
        0.0: "outside_share_000",
        0.5: "outside_share_050",
        1.0: "schemes",
        2.0: "outside_share_200",
    },
}

_UNDEFINED = "not defined"


def compute_sweep_costs(sweep: Sweep, *, random_start: Sweep | None = None, reference: str = "a2e") -> "pd.DataFrame":
    """Compute the cost of explainability from a sweep, against the ratings of its corpus, and the ceiling, Mid2E.

    Tracks of an album are resampled together, and so are those that render the same ratings (`folds.build_groups`).

    Parameters
    ----------
    sweep
        Its schemes are compared.
    random_start
        Nets of joint with the same seeds, tested on the same tracks, whose readable layer started at random: they join
        as ``"joint, random start"``.
    reference
        The scheme that the others are compared with.

    Returns
    -------
    pandas.DataFrame
        As `scores.compute_cost_of_explainability` gives it, schemes in the order of `SCHEME_NAMES`.

    Raises
    ------
    ScoreError
        If the reference is not among the schemes, or tables do not fit each other.
    """
    corpus = sweep.config.load_corpus()
    heard = {"mid2e": _predict_mid2e(sweep, corpus), **sweep.build_predictions()}
    if random_start is not None:
        heard[RANDOM_START] = random_start.build_predictions()["joint"]
    predictions = {scheme: heard[scheme] for scheme in SCHEME_NAMES if scheme in heard}
    rated, groups = corpus.emotion.loc[sweep.tracks], build_groups(corpus.tracks)
    return compute_cost_of_explainability(predictions, rated, groups=groups, reference=reference)


def compute_cost_parts(sweep: Sweep, *, random_start: Sweep | None = None) -> "dict[str, pd.DataFrame]":
    """Split the cost of Joint by the steps that lead from A2E to it.

    Parameters
    ----------
    sweep, random_start
        As in `compute_sweep_costs`. Without ``random_start`` the nets of Joint start at random themselves.

    Returns
    -------
    dict of pandas.DataFrame
        ``"narrowness"`` (A2E cut to rank 7), ``"extra layer"`` (A2B2E, which includes it), ``"names"`` (A2B2E's units
        are told to be the features) and, with ``random_start``, ``"start"`` (the readable layer starts at the
        ratings): rows are outputs, columns those of `scores.compute_cost_of_explainability`; ``coe`` of each step.
    """
    table = compute_sweep_costs(sweep)
    named = compute_sweep_costs(sweep, random_start=random_start, reference="a2b2e")
    parts = {"narrowness": table.loc[TRUNCATED], "extra layer": table.loc["a2b2e"]}
    if random_start is None:
        return parts | {"names": named.loc["joint"]}
    begun = compute_sweep_costs(sweep, random_start=random_start, reference=RANDOM_START)
    return parts | {"names": named.loc[RANDOM_START], "start": begun.loc["joint"]}


def _predict_mid2e(sweep: Sweep, corpus: "Corpus") -> "pd.DataFrame":
    """Predict the tracks of a sweep from their rated features, as its nets had to: none that was fitted to."""
    import pandas as pd

    if sweep.config.n_folds:
        groups = build_groups(corpus.tracks) if sweep.config.apart else corpus.tracks.index
        folds = build_folds(groups, n_folds=sweep.config.n_folds)
        predicted = predict_out_of_fold(corpus.midlevel, corpus.emotion, folds)
    else:
        train = corpus.select("train")
        predicted = fit_linear(corpus.midlevel.loc[train], corpus.emotion.loc[train]).predict(corpus.midlevel)
    return pd.concat({NO_SEED: predicted.loc[sweep.tracks]}, names=["seed", "track_id"])


def compute_run_costs(corpus: "Corpus", *, profile: str, seed: int = 0) -> "pd.DataFrame":
    """Compute the cost from the two nets of a run, A2E and Joint, which are trained where they are not there yet.

    Parameters
    ----------
    corpus
        Its test split counts.
    profile, seed
        As in `profiles.fit_profile_network`.

    Returns
    -------
    pandas.DataFrame
        As `scores.compute_cost_of_explainability` gives it: one pair of nets, so that intervals are about these alone.
    """
    import pandas as pd

    from .evaluation import predict_split

    nets = {scheme: fit_profile_network(corpus, scheme, profile=profile, seed=seed) for scheme in ("a2e", "joint")}
    heard = {scheme: {seed: predict_split(net, corpus, "test")["emotion"]} for scheme, net in nets.items()}
    predictions = {scheme: pd.concat(tables, names=["seed", "track_id"]) for scheme, tables in heard.items()}
    rated = corpus.emotion.loc[corpus.select("test")]
    return compute_cost_of_explainability(predictions, rated, groups=build_groups(corpus.tracks))


def compute_condition_table(
    scheme: str = "joint", *, conditions: Mapping[str, Mapping[float, str]] = CONDITIONS
) -> "pd.DataFrame":
    """Compute the cost of a scheme under each condition.

    Parameters
    ----------
    scheme
        One that all the sweeps have, beside A2E.
    conditions
        Names of sweeps by condition and value.

    Returns
    -------
    pandas.DataFrame
        Rows (condition, value, output); columns of `scores.compute_cost_of_explainability`.

    Raises
    ------
    SweepError
        If a sweep is not stored.
    """
    import pandas as pd

    names = {name for values in conditions.values() for name in values.values()}
    costs = {name: compute_sweep_costs(load_sweep(name)).loc[scheme] for name in sorted(names)}
    tables = {(words, value): costs[name] for words, values in conditions.items() for value, name in values.items()}
    return pd.concat(tables, names=["condition", "value", "output"])


def build_cost_table(costs: "pd.DataFrame") -> "pd.DataFrame":
    """Lay costs out for reading: a block of lines per scheme, outputs as columns.

    Parameters
    ----------
    costs
        Result of `scores.compute_cost_of_explainability`.

    Returns
    -------
    pandas.DataFrame
        Texts, indexed by (scheme, line): r and CoE with their intervals, in how many seeds CoE > 0, and the mean
        absolute error in rating points. The reference has no CoE; what is constant has no r, and neither is averaged.
    """
    import pandas as pd

    blocks = {}
    for scheme, table in costs.groupby(level="scheme", sort=False):
        table = table.droplevel("scheme")
        lines = {"r": [_write(row, "r", "") for _, row in table.iterrows()]}
        if table["coe"].notna().any():
            lines["CoE"] = [_write(row, "coe", "+") for _, row in table.iterrows()]
            above = zip(table["seeds_above"], table["n_seeds"], strict=True)
            lines["CoE\u00a0>\u00a00"] = [
                _UNDEFINED if np.isnan(count) else f"{count:.0f} of {seeds}" for count, seeds in above
            ]
        lines["MAE"] = [f"{value:.2f}" for value in table["mae"]]
        blocks[SCHEME_NAMES.get(scheme, scheme)] = pd.DataFrame(lines, table.index).T
    return pd.concat(blocks).rename_axis(index=[None, None])


def _write(row: "pd.Series", measure: str, sign: str) -> str:
    return format_interval(*(row[measure + end] for end in ("", "_low", "_high")), 3, sign=sign)


def format_interval(value: float, low: float, high: float, digits: int, *, sign: str = "") -> str:
    """Write a correlation, or a difference of two, with its interval; ``sign`` is for the value alone."""
    if np.isnan(value):
        return _UNDEFINED
    if np.isnan(low):
        return f"{format_correlation(value, digits, sign=sign)} [{_UNDEFINED}]"
    estimate = format_correlation(value, digits, sign=sign)
    # An end keeps its sign, which says on which side of zero it lies, even where it rounds to zero.
    low, high = (f"{end:.{digits}f}".replace("0.", ".", 1) for end in (low, high))
    # The space in the brackets does not break: in a narrow column the interval gets a line of its own.
    return f"{estimate} [{low},\u00a0{high}]"


def format_correlation(value: float, digits: int, *, sign: str = "") -> str:
    """Write a correlation, or a difference of two, as the papers do: no zero before the point, and none negative."""
    if np.isnan(value):
        return "–"
    text = f"{value:{sign}z.{digits}f}".replace("0.", ".", 1)
    return text if text.strip("+.0") else text.strip("+")  # what rounds to zero has no sign
