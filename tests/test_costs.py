"""Costs from sweeps: the right ratings, groups and reference, and a table whose cells are the numbers."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mer_utils import costs, regression
from mer_utils.folds import build_groups
from mer_utils.profiles import get_profile
from mer_utils.report import describe_sweep
from mer_utils.scores import compute_cost_of_explainability
from mer_utils.sweeps import TRUNCATED, Sweep, SweepConfig, SweepError, load_sweep

CONFIG = SweepConfig(get_profile("smoke", n_clips=240))


@pytest.fixture(scope="module")
def corpus():
    return CONFIG.load_corpus()


@pytest.fixture(scope="module")
def sweep(corpus):
    """A sweep whose nets hear the true ratings with more noise in joint than in a2e."""
    rng, tracks = np.random.default_rng(0), corpus.select("test")
    rated = corpus.emotion.loc[tracks].to_numpy() / 10

    def net(noise):
        return (rated + rng.normal(0, noise, rated.shape)).astype(np.float16)

    nets = {("joint", seed): {"emotion": net(0.3)} for seed in range(3)}
    nets |= {("a2e", seed): {"emotion": net(0.1), "truncated": net(0.2)} for seed in range(3)}
    return Sweep(CONFIG, CONFIG.identity, "float32 on cpu", tracks, nets)


def test_costs_are_against_the_ratings_of_the_corpus_and_by_groups_of_albums(sweep, corpus):
    ours = costs.compute_sweep_costs(sweep)
    rated, groups = corpus.emotion.loc[sweep.tracks], build_groups(corpus.tracks)
    wanted = compute_cost_of_explainability(sweep.build_predictions(), rated, groups=groups)
    pd.testing.assert_frame_equal(ours.loc[wanted.index], wanted)
    alone = compute_cost_of_explainability(sweep.build_predictions(), rated)
    assert not np.allclose(alone["r_low"], ours.loc[alone.index, "r_low"])


def test_schemes_come_in_one_order_and_the_ceiling_first(sweep):
    table = costs.compute_sweep_costs(sweep)
    assert table.index.unique(0).tolist() == ["mid2e", "a2e", TRUNCATED, "joint"]
    assert table.loc[("joint", "average"), "seeds_above"] == 3


def test_another_reference_turns_the_sign(sweep):
    forth, back = (costs.compute_sweep_costs(sweep, reference=name)["coe"] for name in ("a2e", "joint"))
    np.testing.assert_allclose(forth.loc["joint"], -back.loc["a2e"])


@pytest.mark.parametrize("n_folds", [0, 4])
def test_the_ceiling_is_never_fitted_to_the_clips_that_it_predicts(corpus, monkeypatch, n_folds):
    fitted, config = [], SweepConfig(CONFIG.profile, n_folds=n_folds)
    fit = regression.fit_linear
    for module in (costs, regression):
        monkeypatch.setattr(module, "fit_linear", lambda x, y: fitted.append(set(x.index)) or fit(x, y))
    tracks = corpus.select("test") if not n_folds else corpus.tracks.index.tolist()
    folds = [set(config.load_corpus(fold).select("test")) for fold in range(n_folds)] or [set(tracks)]
    costs._predict_mid2e(Sweep(config, {}, "", tracks, {}), corpus)
    assert len(fitted) == len(folds)
    assert all(any(not known & fold for fold in folds) for known in fitted)
    assert n_folds or fitted == [set(corpus.select("train"))]


def test_conditions_take_each_sweep_from_its_file(sweep, monkeypatch):
    monkeypatch.setattr(costs, "load_sweep", {"one": sweep, "other": load_sweep("schemes")}.__getitem__)
    table = costs.compute_condition_table(conditions={"noise": {0.0: "one", 1.0: "other"}, "share": {1.0: "other"}})
    pd.testing.assert_frame_equal(table.loc["noise", 0.0], costs.compute_sweep_costs(sweep).loc["joint"])
    pd.testing.assert_frame_equal(table.loc["noise", 1.0], table.loc["share", 1.0])


def test_a_condition_without_its_sweep_is_named():
    with pytest.raises(SweepError, match=r"no sweep .*nowhere"):
        costs.compute_condition_table(conditions={"noise": {0.0: "nowhere"}})


@pytest.mark.parametrize("name", sorted({name for values in costs.CONDITIONS.values() for name in values.values()}))
def test_each_condition_is_the_corpus_that_it_says(name):
    options = load_sweep(name).config.options
    told = {("rater_noise", "outside_share")[i]: value for i, values in enumerate(costs.CONDITIONS.values())
            for value, sweep in values.items() if sweep == name and value != 1.0}  # fmt: skip
    assert dict(options) == told


def test_cells_of_the_reading_table_are_the_numbers(sweep):
    table = costs.compute_sweep_costs(sweep)
    cells = costs.build_cost_table(table)
    row = table.loc[("joint", "anger")]
    assert cells.loc[("Joint", "CoE"), "anger"].startswith(f"{row['coe']:+.3f}".replace("0.", "."))
    low, high = (f"{row[name]:.3f}".replace("0.", ".") for name in ("r_low", "r_high"))
    assert cells.loc[("Joint", "r"), "anger"].endswith(f"[{low},\u00a0{high}]")
    assert cells.loc[("Joint", "CoE\u00a0>\u00a00"), "anger"] == f"{row['seeds_above']:.0f} of 3"
    assert cells.loc[("Joint", "MAE"), "anger"] == f"{row['mae']:.2f}"
    assert "CoE" not in cells.loc["A2E"].index


def test_what_is_not_defined_is_called_so(sweep, corpus):
    constant = corpus.emotion.loc[sweep.tracks].assign(anger=1.0)
    table = compute_cost_of_explainability(sweep.build_predictions(), constant)
    cells = costs.build_cost_table(table)
    assert cells.loc[("Joint", "r"), "anger"] == cells.loc[("Joint", "r"), "average"] == "not defined"
    assert cells.loc[("Joint", "CoE\u00a0>\u00a00"), "anger"] == "not defined"


def test_an_estimate_without_an_interval_says_so():
    assert costs.format_interval(0.5, np.nan, np.nan, 2) == ".50 [not defined]"
    assert costs.format_interval(-0.0004, -0.126, 0.1, 3, sign="+") == ".000 [-.126,\u00a0.100]"


def test_the_nets_of_a_run_are_one_pair(sweep, corpus, monkeypatch):
    asked = []
    monkeypatch.setattr(costs, "fit_profile_network", lambda corpus, scheme, **k: asked.append((scheme, k)) or scheme)
    heard = {scheme: table.loc[0] for scheme, table in sweep.build_predictions().items()}
    monkeypatch.setattr("mer_utils.evaluation.predict_split", lambda net, *_: {"emotion": heard[net]})
    table = costs.compute_run_costs(corpus, profile="smoke", seed=5)
    assert asked == [(scheme, {"profile": "smoke", "seed": 5}) for scheme in ("a2e", "joint")]
    assert (table["n_seeds"] == 1).all()
    assert table.loc[("joint", "average"), "coe"] > 0
    pairs = {scheme: pd.concat({5: rows}, names=["seed", "track_id"]) for scheme, rows in heard.items()}
    rated, groups = corpus.emotion.loc[sweep.tracks], build_groups(corpus.tracks)
    wanted = compute_cost_of_explainability({name: pairs[name] for name in ("a2e", "joint")}, rated, groups=groups)
    pd.testing.assert_frame_equal(table, wanted)


def test_a_sweep_is_described_by_its_averages(sweep):
    row = costs.compute_sweep_costs(sweep).loc[("joint", "average")]
    text = describe_sweep(sweep)
    assert text.splitlines()[0].split() == [
        "mean",
        "of",
        "8",
        "emotions,",
        "3",
        "seeds",
        "Pearson",
        "r",
        "cost",
        "(CoE)",
    ]
    interval = costs.format_interval(row["coe"], row["coe_low"], row["coe_high"], 3, sign="+")
    assert re.search(rf"Joint .*{re.escape(interval)} +> 0 for 3 of 3 seeds", text)


def test_seeds_that_not_every_scheme_has_are_left_out_and_named(sweep):
    more = replace(sweep, nets=sweep.nets | {("a2e", 7): sweep.nets["a2e", 0]})
    assert describe_sweep(more) == f"{describe_sweep(sweep)}\n  (left out, as not every scheme has them: seeds 7)"


def test_nets_that_were_not_asked_for_are_counted(sweep):
    more = replace(sweep, nets=sweep.nets | {("multitask", 7): {}})
    assert describe_sweep(more, nets=list(sweep.nets)) == (f"{describe_sweep(sweep)}\n  (other nets in the file: 1)")


@pytest.mark.parametrize("nets", [{("a2mid", 0): {}}, {("a2e", 0): {}, ("joint", 1): {}}])
def test_nets_that_cannot_be_compared_are_said_to_be_so(sweep, nets):
    assert "no two of these nets can be compared" in describe_sweep(replace(sweep, nets=nets))
