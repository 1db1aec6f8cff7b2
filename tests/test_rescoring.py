"""Re-scoring: promise, paper and sound agree where they must, and part where they should."""

from dataclasses import replace

import numpy as np
import pytest
from fakesounds import build_noise, explain_sound

from mer_utils.explanation import ExplainError
from mer_utils.listening import build_gains
from mer_utils.passages import Passage
from mer_utils.rescoring import (
    build_edited_spectrogram,
    compute_changes,
    compute_edit,
    compute_promised,
    compute_round_trip,
)

Y = build_noise()
TILES = explain_sound(Y, np.zeros(60)).segments
WEIGHTS = np.random.default_rng(4).normal(size=(60, 2)) * np.array([1.0, 0.3])


class Linear:
    """A predictor that adds up, with known weights, how far each tile is from silence to what the sound has."""

    names = ("o0", "o1", "unknown")

    def __init__(self, spec):
        self._spec = spec

    def __call__(self, specs):
        size = np.bincount(TILES.ravel(), weights=(self._spec.astype(float) ** 2).ravel())
        parts = [np.bincount(TILES.ravel(), weights=(self._spec * s.astype(float)).ravel()) / size for s in specs]
        said = np.array(parts) @ WEIGHTS
        return np.column_stack([said, said.sum(axis=1)])


def build_passage(**changes):
    return Passage(Y, replace(explain_sound(Y, WEIGHTS), **changes))


def build_edit(db, *, level="original"):
    passage = build_passage()
    gains = build_gains(passage.explanation, "o0", mode="positive edited", db=db)
    return compute_edit(Linear(passage.explanation.spec), passage, gains, level=level)


@pytest.mark.parametrize("db", [-12, -6, 6, 12])
def test_a_linear_predictor_keeps_the_promise(db):
    table = build_edit(db)
    known = table.loc[["o0", "o1"]]
    assert np.abs(known["promised"] - known["on paper"]).max() < 1e-4
    assert np.sign(table.loc["o0", "obtained"]) == np.sign(db)
    assert 0.7 < table.loc["o0", "obtained"] / table.loc["o0", "promised"] < 0.999
    assert np.isnan(table.loc["unknown", "promised"])


def test_no_edit_changes_nothing():
    table = build_edit(0)
    assert table["promised"].dropna().to_numpy() == pytest.approx(0, abs=1e-9)
    assert table[["on paper", "obtained"]].to_numpy() == pytest.approx(0, abs=1e-5)


def test_the_level_is_the_originals_unless_asked_otherwise():
    kept, peak = build_edit(12), build_edit(12, level="peak")
    assert (kept.attrs["gain"], kept.attrs["peak"]) == (1.0, peak.attrs["peak"])
    assert peak.attrs["gain"] == pytest.approx(1 / peak.attrs["peak"])
    assert peak.attrs["gain"] < 0.9
    assert peak.loc["o0", "obtained"] != pytest.approx(kept.loc["o0", "obtained"], rel=0.01)


def test_a_promise_is_the_weight_times_the_way_gone():
    explanation = explain_sound(Y, WEIGHTS)
    silenced = np.where(TILES == 3, 0.0, 1.0)
    assert compute_promised(explanation, silenced) == pytest.approx(-WEIGHTS[3], abs=1e-6)
    assert compute_promised(replace(explanation, hide=100.0), silenced) != pytest.approx(-WEIGHTS[3], rel=0.1)


def test_a_lift_moves_a_segment_that_is_softer_than_what_hides_it_the_other_way():
    explanation, lift = explain_sound(Y, WEIGHTS), np.where(TILES == 3, 2.0, 1.0)
    assert np.sign(compute_promised(explanation, lift)).tolist() == np.sign(WEIGHTS[3]).tolist()
    louder = replace(explanation, hide=5.0)
    assert np.sign(compute_promised(louder, lift)).tolist() == (-np.sign(WEIGHTS[3])).tolist()


def test_a_segment_that_equals_what_hides_it_promises_nothing():
    explanation = explain_sound(Y, WEIGHTS)
    spec = np.where(TILES == 3, np.float32(0), explanation.spec)
    assert compute_promised(replace(explanation, spec=spec), np.where(TILES == 3, 2.0, 1.0)) == pytest.approx(0)


def test_weights_for_a_segments_own_mean_promise_nothing_about_level():
    with pytest.raises(ExplainError, match="their own mean"):
        compute_promised(replace(explain_sound(Y, WEIGHTS), hide="segment_mean"), np.ones((48, 149)))


def test_an_edited_spectrogram_has_edited_magnitudes():
    spec = np.log10(1 + np.array([[0.0, 1.0, 9.0]]))
    assert 10 ** build_edited_spectrogram(spec, np.full((1, 3), 2.0)) - 1 == pytest.approx(np.array([[0, 2, 18]]))


def test_a_round_trip_keeps_most_of_the_effect():
    passage = build_passage()
    table = compute_round_trip(Linear(passage.explanation.spec), passage, "o0", rule="bh")
    assert table.loc["positive removed", "masked"] < table.loc["positive removed", "whole"]
    assert table.loc["negative removed", "masked"] > table.loc["negative removed", "whole"]
    change = table.sub(table["whole"], axis=0)
    assert (abs(change["masked"]) > abs(change["smoothed"])).all()
    assert ((table["survives"] > 0.6) & (table["survives"] < 1)).all()
    assert np.allclose(table["survives"], change["sound"] / change["masked"])


def test_removing_others_does_not_do_what_removing_these_does():
    passage = build_passage()
    table = compute_round_trip(Linear(passage.explanation.spec), passage, "o0", rule="bh")
    change = table.sub(table["whole"], axis=0)
    assert (change["random"] * change["sound"] < 0).all()  # all others weigh the other way here
    everything = Passage(Y, explain_sound(Y, np.ones((60, 2))))
    none = compute_round_trip(Linear(passage.explanation.spec), everything, "o0", rule="bh")
    assert none["random"].isna().all()


def test_changes_are_those_of_an_edit():
    passage = build_passage()
    gains = [build_gains(passage.explanation, "o0", mode="positive edited", db=db) for db in (-6, 6)]
    changes = compute_changes(Linear(passage.explanation.spec), passage, gains)
    assert changes[1] == pytest.approx(build_edit(6)["obtained"], abs=1e-5)
    assert changes[0] != pytest.approx(changes[1], rel=0.1)


def test_nothing_survives_where_nothing_was_hidden():
    passage = Passage(Y, explain_sound(Y, np.zeros((60, 2))))
    assert compute_round_trip(Linear(passage.explanation.spec), passage, "o0")["survives"].isna().all()


def test_a_round_trip_needs_an_output_that_was_explained():
    passage = build_passage()
    with pytest.raises(ExplainError, match="explained were: o0, o1"):
        compute_round_trip(Linear(passage.explanation.spec), passage, "unknown")


def test_an_unknown_level_is_refused():
    with pytest.raises(ExplainError, match="unknown level 'loud'; there are: original, peak"):
        build_edit(6, level="loud")
