"""Asking predictors: what is shown to them, and which answers are not taken."""

import numpy as np
import pytest
from fakes import CELLS, CORNERS, PlaceToy

from mer_utils.explanation import ExplainError
from mer_utils.predictor import Predictor, PredictorError
from mer_utils.probing import Probe

ONES = np.ones((6, 2), np.float32)


def build_probe(predict, **options):
    return Probe(predict, ONES, CELLS, np.zeros((6, 2), np.float32), **options)


def test_a_predictor_sees_what_the_masks_leave_on():
    probe = build_probe(lambda specs: specs.reshape(len(specs), 12))
    assert np.array_equal(probe.ask(CORNERS[:100]), CORNERS[:100])
    assert probe.prediction.tolist() == [1] * 12


def test_a_predictor_that_works_in_place_changes_nothing():
    def predict(specs):
        specs -= 3
        return specs[:, 0] + 3

    spec = ONES.copy()
    probe = Probe(predict, spec, CELLS, np.zeros((6, 2), np.float32))
    assert np.array_equal(probe.ask(CORNERS[:100]), CORNERS[:100, :2])
    probe.check_constancy()
    assert np.array_equal(spec, ONES)


def test_names_are_given_or_asked_for_or_counted():
    assert build_probe(PlaceToy()).names == ("bent", "multiplied")
    assert build_probe(PlaceToy(), names=["a", "b"]).names == ("a", "b")
    assert build_probe(lambda specs: specs[:, 0]).names == ("output 0", "output 1")
    with pytest.raises(ExplainError, match="3 names for 2 outputs: a, b, c"):
        build_probe(PlaceToy(), names=["a", "b", "c"])


def test_places_average_to_the_outputs():
    probe = build_probe(PlaceToy())
    assert probe.has_places
    assert probe.ask_places(CORNERS[:50]).mean(axis=1) == pytest.approx(probe.ask(CORNERS[:50]))
    assert not build_probe(lambda specs: specs[:, 0]).has_places


WRONG_PLACES = [
    (lambda places: places + 2e-5, "the prediction is not the mean over its places: fit 'least squares'"),
    (lambda places: places[:, [0, 1, 2, 3, 3]], "5 places of this predictor have 4 fields: fit 'least squares'"),
    (lambda places: places[..., :1], r"are \(1, 4, 1\), not \(1, n_places, 2\): fit 'least squares'"),
    (lambda places: places.mean(axis=1), r"are \(1, 2\), not \(1, n_places, 2\)"),
    (lambda places: places * np.nan, "the predictor gave NaN or infinity"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_PLACES)
def test_places_that_are_not_those_of_the_prediction(monkeypatch, change, message):
    probe, places = build_probe(PlaceToy()), PlaceToy().places
    monkeypatch.setattr(PlaceToy, "places", lambda self, specs: change(places(specs)))
    with pytest.raises(ExplainError, match=message):
        probe.check_places(4)
    monkeypatch.setattr(PlaceToy, "places", lambda self, specs: places(specs) + 5e-6)
    probe.check_places(4)


def test_places_that_lose_rows_later():
    class Fewer(PlaceToy):
        def places(self, specs):
            return super().places(specs)[:1]

    probe = build_probe(Fewer())
    probe.check_places(4)
    with pytest.raises(ExplainError, match=r"are \(1, 4, 2\), not \(7, n_places, 2\)"):
        probe.ask_places(CORNERS[:7])


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        (lambda specs: specs.mean(axis=(1, 2)), r"not \(1,\)"),
        (lambda specs: specs, r"not \(1, 6, 2\)"),
        (lambda specs: specs[:, 0][[0, 0]], r"not \(2, 2\)"),
        (lambda specs: np.empty((len(specs), 0)), r"not \(1, 0\)"),
        (lambda specs: None, r"not \(\)"),
        (lambda specs: 0.5, r"not \(\)"),
    ],
)
def test_answers_of_another_shape(answer, shape):
    with pytest.raises(ExplainError, match=r"^a predictor of 1 spectrograms gives \(1, n_outputs\), " + shape):
        build_probe(answer)


def test_an_answer_that_loses_rows_or_outputs_later():
    one_row = build_probe(lambda specs: specs[:1, 0])
    with pytest.raises(ExplainError, match=r"a predictor of 7 spectrograms gives .*, not \(1, 2\)"):
        one_row.ask(CORNERS[:7])
    fewer = build_probe(lambda specs: specs[:, 0, : 1 + (len(specs) == 1)])
    with pytest.raises(ExplainError, match=r"not \(7, 1\)"):
        fewer.ask(CORNERS[:7])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_answers_that_are_no_numbers(bad):
    probe = build_probe(lambda specs: np.where(specs[:, :1, 0] == 0, bad, 1))
    with pytest.raises(ExplainError, match="the predictor gave NaN or infinity"):
        probe.ask(CORNERS[:2])
    with pytest.raises(ExplainError, match="the predictor gave NaN or infinity"):
        build_probe(lambda specs: np.full((len(specs), 1), bad))


def test_a_predictor_keeps_to_its_word():
    answers = iter([0.5, 0.500009, 0.50002])
    probe = build_probe(lambda specs: np.full((1, 1), next(answers)))
    probe.check_constancy()
    with pytest.raises(ExplainError, match=r"^the predictor changed its mind: output 0 is 0.500020 and not 0.500000$"):
        probe.check_constancy()


def test_the_prediction_is_the_one_that_was_shown():
    probe = build_probe(PlaceToy())
    probe.check_constancy(probe.prediction + np.array([0, 9e-6]))
    with pytest.raises(ExplainError, match="another prediction was shown: multiplied is "):
        probe.check_constancy(probe.prediction + np.array([0, 2e-5]))
    with pytest.raises(ExplainError, match="1 values are expected of 2 outputs"):
        probe.check_constancy(probe.prediction[:1])
    with pytest.raises(ExplainError, match="another prediction was shown"):
        probe.check_constancy([np.nan, np.nan])


def test_a_clip_too_short_for_the_network_says_so():
    predict = Predictor.load("joint").outputs("midlevel")
    spec = np.ones((20, 149), np.float32)
    with pytest.raises(PredictorError, match="needs at least 32 frames, got 20: loop the clip"):
        Probe(predict, spec, np.zeros(spec.shape, int), spec)
