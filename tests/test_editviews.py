"""Views of edits: verdicts follow from the numbers, and change with them."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.editviews import (
    build_edit_table,
    compute_edit_summary,
    describe_edits,
    describe_failures,
    describe_side_effects,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL

# By how much 6 dB of lifting moves each feature; dissonance rises least.
RISES = dict(zip(MIDLEVEL, (0.03, 0.08, 0.04, 0.05, 0.01, 0.06, 0.07), strict=True))


def build_stored(*, noise=0.002, control=0.0, whole=0.0, side=0.5, n_tracks=8):
    """Edits that move each feature as it should, ``side`` times as far its neighbour and its emotion."""
    rng, rows = np.random.default_rng(0), []
    for track in range(n_tracks):
        for number, (feature, rise) in enumerate(RISES.items()):
            for db in (-12, -6, 6, 12):
                moved = rise * db / 6 + noise * rng.normal()
                outputs = dict.fromkeys((*MIDLEVEL, *EMOTIONS), 0.0)
                outputs[MIDLEVEL[(number + 1) % 7]] = outputs[EMOTIONS[number]] = -side * moved
                row = {"track": f"t{track}", "feature": feature, "db": db, "before": 0.1 * track, "obtained": moved}
                row |= {"promised": rise * db / 3, "on_paper": moved, "control": control * db, "whole": whole * db}
                rows.append(row | {"match_size": 1.0, "match_energy": -0.5} | outputs | {feature: moved})
    return pd.DataFrame(rows)


def summarise(stored):
    return compute_edit_summary(stored, n_draws=500)


@pytest.fixture(scope="module")
def summary():
    return summarise(build_stored())


def test_means_lie_in_their_intervals(summary):
    assert summary.loc[(6, "articulation"), "obtained"] == pytest.approx(0.08, abs=0.003)
    assert (summary["obtained_low"] < summary["obtained"]).all()
    assert (summary["obtained"] < summary["obtained_high"]).all()
    assert (summary["obtained_high"] - summary["obtained_low"]).max() < 0.006
    assert summary["spread"].to_numpy() == pytest.approx(0.1 * np.std(range(8), ddof=1))


def test_what_goes_the_right_way_beyond_both_controls_works(summary):
    assert set(summary["failure"]) == {""}
    assert set(summary["right"]) == {1.0}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"noise": 1.0}, "not surely the right way"),
        ({"control": 0.02}, "not surely further than random segments do"),
        ({"whole": 0.02}, "not surely further than all segments do"),
    ],
)
def test_each_reason_to_fail_is_named(choices, words):
    failing = summarise(build_stored(**choices))["failure"]
    assert words in set(failing)
    assert summarise(build_stored(noise=0.0005))["failure"].eq("").all()


def test_controls_that_go_the_other_way_fail_nothing():
    assert summarise(build_stored(control=-0.02, whole=-0.02))["failure"].eq("").all()


def test_lowering_works_downwards_only():
    stored = build_stored()
    up = stored["db"] > 0
    stored.loc[~up, "obtained"] *= -1
    failure = summarise(stored)["failure"]
    assert failure.loc[[6, 12]].eq("").all()
    assert failure.loc[[-6, -12]].eq("not surely the right way").all()


def test_the_neighbour_is_what_comes_along(summary):
    row = summary.loc[(6, "articulation")]
    assert (row["side"], row["emotion"]) == ("rhythmic complexity", "energy")
    assert row["side_change"] == row["emotion_change"] == pytest.approx(-row["obtained"] / 2)


def test_a_table_is_written_for_readers(summary):
    table = build_edit_table(summary, db=-6)
    assert list(table.index) == list(MIDLEVEL)
    assert table.loc["articulation", "promised"] == "-0.160"
    assert table.loc["articulation", "share"] == "50%"
    assert table.loc["articulation", "with it"].startswith("rhythmic complexity +0.0")


def test_the_easiest_and_the_hardest_are_told_with_intervals(summary):
    said = describe_edits(summary)
    assert "Over 8 clips, lifting by 6 dB what raises it moves articulation most, by +0.08" in said
    assert "and dissonance least, by +0.0" in said
    assert "intervals lie apart" in said
    assert "Twice as many" not in said
    assert "these intervals overlap" in describe_edits(summarise(build_stored(noise=1.0)))


def test_what_more_decibels_do_not_move_further_is_told():
    stored = build_stored()
    stored.loc[(stored["feature"] == "minorness") & (stored["db"] == 12), "obtained"] = 0.06
    said = describe_edits(summarise(stored))
    assert said.endswith("Twice as many decibels do not surely move minorness further.")


def test_side_effects_that_stay_smaller_are_told(summary):
    said = describe_side_effects(summary)
    assert said.startswith("Lifted by 6 dB, in 0 of 7 cases another feature moves further than the one asked for. The")
    assert describe_side_effects(summary, db=-12).startswith("Lowered by 12 dB, in 0 of 7")
    assert "moves 50% as far" in said


def test_side_effects_that_outgrow_the_effect_are_listed():
    said = describe_side_effects(summarise(build_stored(side=1.5)))
    assert (
        "in 7 of 7 cases another feature moves further than the one asked for (melodiousness: articulation -0.0"
        in said
    )


def test_failures_are_listed_by_reason(summary):
    assert "and than by all: all 28 edits do. The promise lies" in describe_failures(summary)
    assert "(median: 1.00 times the cells, -0.5 dB; 0% are off" in describe_failures(summary)
    said = describe_failures(summarise(build_stored(control=0.004)))
    listed = "not surely further than random segments do: dissonance -12 dB, dissonance -6 dB, dissonance +6 dB"
    assert f"4 of 28 edits do not ({listed}" in said


def test_single_clips_that_fail_are_counted():
    stored = build_stored(noise=0.0)
    one = (stored["track"] == "t0") & (stored["feature"] == "minorness") & (stored["db"] == 12)
    stored.loc[one, "obtained"] *= -1
    stored.loc[(stored["track"] < "t2") & (stored["feature"] == "dissonance") & (stored["db"] == 6), "control"] = 0.02
    said = describe_failures(summarise(stored))
    assert "least often minorness +12 dB (88%), and" in said
    assert said.endswith("least often dissonance +6 dB (75%).")


@pytest.mark.parametrize(("promised", "kept"), [(1.0, 28), (1.05, 0)])
def test_promises_kept_are_counted(promised, kept):
    stored = build_stored(noise=0.0001)
    stored["promised"] = promised * stored["obtained"]
    assert f"what was obtained for {kept} of 28. " in describe_failures(summarise(stored))


def test_more_decibels_count_from_where_fewer_got():
    summary = summarise(build_stored())
    assert summary.loc[(12, "articulation"), "beyond_half"] == pytest.approx(0.08, abs=0.005)
    assert summary.loc[(-12, "articulation"), "beyond_half"] == pytest.approx(0.08, abs=0.005)
    assert summary.loc[(6, "articulation"), "beyond_half"] == summary.loc[(6, "articulation"), "surely"]
