"""Explaining: known predictors give their weights, every run repeats itself, and bad input is told in one line."""

import hashlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, build_tiles
from fakes import CELLS, PlaceToy

from mer_utils import sampling
from mer_utils.explain import PAPER_OPTIONS, ExplainError, explain_spectrogram, select_segments
from mer_utils.masks import draw_block, draw_masks
from mer_utils.predictor import Predictor
from mer_utils.segments import build_segment_table, compute_segments
from mer_utils.spectrogram import compute_band_frequencies, compute_spectrogram
from mer_utils.surrogate import LeastSquares

SPEC = np.random.default_rng(7).uniform(0.5, 1.5, SEGMENTS.shape).astype(np.float32)
LEVELS = np.array([SPEC[k == SEGMENTS].mean() for k in range(60)])
WEIGHTS = np.random.default_rng(8).normal(size=(60, 7)) / 50
FOLDOVER = {"design": "foldover", "keep_prob": 0.5}


def explain(predict=None, *, n_samples=256, n_holdout=40, **options):
    predict = predict or build_tiles(WEIGHTS, bend=0.5)
    return explain_spectrogram(predict, SPEC, SEGMENTS, n_samples=n_samples, n_holdout=n_holdout, **options)


def hear_wave(specs):
    """A wave of the sum of tiles, with which no line fits: pairs alone would be enough for what only bends."""
    return np.sin(20 * build_tiles(WEIGHTS)(specs))


@pytest.mark.parametrize("how", [{}, FOLDOVER])
@pytest.mark.parametrize(("hide", "value"), [("silence", 0.0), (0.25, 0.25), ("training_mean", 0.75)])
def test_a_linear_predictor_gets_its_weights(how, hide, value):
    predict = build_tiles(WEIGHTS)
    predict.training_mean = 0.75
    e = explain(predict, hide=hide, **how)
    wanted = WEIGHTS * (LEVELS - value)[:, None]
    assert e.weights == pytest.approx(wanted, abs=1e-6)
    assert e.weights != pytest.approx(1.001 * wanted, abs=1e-6)
    assert e.intercept == pytest.approx(value * WEIGHTS.sum(axis=0), abs=1e-6)
    assert e.local_prediction == pytest.approx(e.prediction, abs=1e-6)
    assert np.all(e.r2_holdout > 1 - 1e-6)


def test_what_a_mean_leaves_says_nothing_to_a_predictor_of_means():
    assert explain(build_tiles(WEIGHTS), hide="segment_mean").weights == pytest.approx(np.zeros((60, 7)), abs=1e-6)


def test_hidden_is_the_training_mean_where_it_is_known():
    predict = build_tiles(WEIGHTS)
    assert explain(predict).hide == 0
    predict.training_mean = 0.75
    assert explain(predict).hide == 0.75
    assert explain(predict, hide="segment_mean").hide == "segment_mean"


def fit_with_lime(masks, outputs, column):
    from lime.lime_base import LimeBase
    from sklearn.metrics import pairwise_distances

    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)
    distances = pairwise_distances(masks.astype(float), masks[:1].astype(float), metric="cosine").ravel()
    _, pairs, score, local = base.explain_instance_with_data(masks.astype(float), outputs, distances, column, 10**5)
    return np.array([dict(pairs)[k] for k in range(60)]), score, local.item()


@pytest.mark.parametrize("given", [None, draw_masks(300, 60, design="bernoulli", seed=12)])
def test_the_papers_choices_give_limes_weights(given):
    predict = build_tiles(WEIGHTS, bend=0.5)
    predict.training_mean = 0.2
    e = explain(lambda specs: predict(specs).astype(np.float32), masks=given, **PAPER_OPTIONS | {"hide": 0.2})
    weights, score, local = fit_with_lime(e.samples.masks, e.samples.outputs, 3)
    assert e.samples.masks[0].all()
    assert np.abs(e.weights[:, 3] - weights).max() < 1e-6 * np.abs(weights).max()
    assert (e.r2[3], e.local_prediction[3]) == pytest.approx((score, local), abs=1e-7)


def test_other_choices_give_others():
    e = explain(**PAPER_OPTIONS | {"ridge": 1.01, "hide": 0})
    weights, _, _ = fit_with_lime(e.samples.masks, e.samples.outputs, 3)
    assert np.abs(e.weights[:, 3] - weights).max() > 1e-6 * np.abs(weights).max()


@pytest.mark.parametrize("fit", ["places", "least squares"])
def test_all_outputs_at_once_are_as_each_alone(fit):
    class One(PlaceToy):
        def places(self, specs):
            return super().places(specs)[..., 1:]

    spec = np.ones((6, 2), np.float32)
    both, alone = (
        explain_spectrogram(predict, spec, CELLS, n_samples=256, fit=fit, output_names=names)
        for predict, names in ((PlaceToy(), ["a", "b"]), (One(), ["b"]))
    )
    same = ["weights", "robust_errors", "r2_holdout"]
    same += ["p_values"] if fit == "least squares" else []  # by place the outputs share their degrees of freedom
    for name in same:
        assert getattr(both, name)[..., 1:] == pytest.approx(getattr(alone, name), rel=1e-6, abs=1e-12)
    assert both.weights[:, :1] != pytest.approx(alone.weights, rel=1e-2)


@pytest.mark.parametrize("how", [{}, FOLDOVER])
def test_fewer_samples_are_the_first_of_more(how):
    long, short = (explain(hear_wave, n_samples=n, **how) for n in (2048, 512))
    assert np.array_equal(long.samples.bits[:512], short.samples.bits)
    assert np.array_equal(long.samples.outputs[:512], short.samples.outputs)
    assert np.array_equal(long.looks[512], short.weights.astype(np.float32))
    assert not np.array_equal(long.looks[1024], short.weights.astype(np.float32))


@pytest.mark.parametrize("fit", ["places", "least squares"])
def test_a_look_that_comes_too_early_is_left_out(monkeypatch, fit):
    def draw(number, n_segments, **choices):
        masks = draw_block(number, n_segments, **choices)
        masks[:, 3] |= number < 4
        return masks

    options = {"n_samples": 2048, "n_holdout": 5, "fit": fit}
    plain = explain_spectrogram(PlaceToy(), np.ones((6, 2)), CELLS, **options)
    monkeypatch.setattr(sampling, "draw_block", draw)
    late = explain_spectrogram(PlaceToy(), np.ones((6, 2)), CELLS, **options)
    assert {64, 128, 256, 512, 1024} == {*plain.looks}
    assert {512, 1024} == {*late.looks}


def digest():
    """SHA-256 of all that somebody could compare: segments, weights, kept labels."""
    labels = compute_segments(SPEC, method="slic")
    e = explain_spectrogram(build_tiles(WEIGHTS, bend=0.5), SPEC, labels, n_samples=1000, n_holdout=40, seed=3)
    kept = np.concatenate([*select_segments(e, "output 0"), *select_segments(e, "output 0", rule="paper")])
    return hashlib.sha256(b"".join(part.tobytes() for part in (e.segments, e.weights, e.p_values, kept))).hexdigest()


def test_another_process_explains_the_same():
    code = "import sys; sys.path.insert(0, sys.argv[1]); from test_explain import digest; print(digest())"
    call = [sys.executable, "-c", code, str(__file__).rpartition("/")[0]]
    assert subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip() == digest()


def test_another_seed_draws_other_masks():
    one, again, other = (explain(seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.weights, again.weights)
    assert not np.array_equal(one.samples.bits, other.samples.bits)
    assert not np.array_equal(one.holdout.bits, other.holdout.bits)


def test_held_out_masks_are_not_among_those_of_the_fit():
    e = explain(n_samples=2000, n_holdout=300)
    fitted = {mask.tobytes() for mask in e.samples.masks}
    assert not any(mask.tobytes() in fitted for mask in e.holdout.masks)
    assert e.holdout_fitted == pytest.approx(e.holdout.masks @ e.weights + e.intercept)


def test_given_masks_are_not_those_held_out():
    masks = draw_masks(500, 60, design="bernoulli", seed=0)
    e = explain(masks=masks, n_holdout=300, seed=0)
    assert not {mask.tobytes() for mask in masks} & {mask.tobytes() for mask in e.holdout.masks}


@pytest.mark.parametrize("options", [{}, {"keep_prob": 0.9}])
def test_given_masks_decide_how_much_is_kept(options):
    masks = draw_masks(500, 60, keep_prob=0.7, seed=3)
    e = explain(masks=masks, n_holdout=300, **options)
    assert (e.design, e.keep_prob, e.n_samples) == ("given", masks.mean(), 500)
    assert e.holdout.masks.mean() == pytest.approx(0.7, abs=0.02)
    assert explain(**options).keep_prob == 0.9


@pytest.mark.parametrize("n", [2, 63, 64, 65])
def test_as_many_masks_are_held_out_as_asked_for(n):
    e = explain(n_holdout=n)
    assert (len(e.holdout), len(e.holdout_fitted)) == (n, n)


def test_the_record_says_how_it_was_made():
    e = explain(start=12.5, keep_prob=0.8, segmentation="grid", kernel_width=0.3, seed=4, output_names=list("abcdefg"))
    assert (e.start, e.seed, e.output_names, e.n_samples, e.complete) == (12.5, 4, tuple("abcdefg"), 256, True)
    assert (e.config["segmentation"], e.config["kernel_width"], e.config["fit"]) == ("grid", 0.3, "least squares")
    assert (e.keep_prob, e.design, e.network, e.hide) == (0.8, "bernoulli", "", 0)
    e.check(spec=SPEC)


def test_odd_numbers_are_rounded_up_to_pairs():
    assert explain(n_samples=255, **FOLDOVER).n_samples == 256
    assert explain(n_samples=255).n_samples == 255


def test_nine_of_ten_segments_stay_on_unless_somebody_says_otherwise():
    e = explain(n_samples=2000)
    assert (e.design, e.keep_prob) == ("bernoulli", 0.9)
    assert e.samples.masks.mean() == pytest.approx(0.9, abs=0.005)
    assert explain(n_samples=2000, **FOLDOVER).samples.masks.mean() == 0.5


def test_the_released_network_is_explained_by_place():
    predict = Predictor.load("joint").outputs("midlevel")
    spec = np.tile(SPEC, (2, 1))
    labels = compute_segments(spec, method="grid", n_times=3, n_bands=4)
    expected = predict(spec[None])[0]
    e = explain_spectrogram(predict, spec, labels, n_samples=128, n_holdout=40, expected=expected)
    assert e.config["fit"] == "places"
    assert (e.hide, e.network) == (pytest.approx(predict.training_mean), predict.fingerprint)
    assert e.prediction == pytest.approx(expected, abs=1e-5)
    assert e.output_names == predict.names


def hear_burst(specs):
    """How loud it is about 440 Hz from 2 s to 3 s."""
    near = np.abs(np.log2(compute_band_frequencies() / 440)) < 1 / 12
    return specs[:, 63:94, near].mean(axis=(1, 2))[:, None]


@pytest.mark.parametrize("method", ["felzenszwalb", "slic", "grid"])
def test_a_burst_is_explained_by_segments_that_cover_it(method):
    time = np.arange(5 * 22050) / 22050
    noise = 1e-3 * np.random.default_rng(0).normal(size=len(time))
    spec = compute_spectrogram(np.sin(2 * np.pi * 440 * time) * (time >= 2) * (time < 3) + noise)
    labels = compute_segments(spec, method=method)
    e = explain_spectrogram(hear_burst, spec, labels, n_samples=2 * labels.max() + 100, hide="silence", n_holdout=20)
    table, (positive, negative) = build_segment_table(labels, spec), select_segments(e, "output 0", rule="top")
    first = table.loc[positive[0]]
    assert first["start"] < 2.5 < first["end"]
    assert first["low"] < 440 < first["high"]
    assert all((table.loc[k, "start"] < 3) and (table.loc[k, "end"] > 2) for k in positive)
    assert np.isin(labels[63:94][hear_cells()], positive).mean() > 0.9
    assert len(negative) == 0


def hear_cells():
    return np.broadcast_to(np.abs(np.log2(compute_band_frequencies() / 440)) < 1 / 12, (31, 149))


def build_stopping(after):
    """A predictor that is interrupted at a call, counted from 1."""
    calls = []

    def predict(specs):
        calls.append(len(specs))
        if len(calls) == after:
            raise KeyboardInterrupt
        return hear_wave(specs)

    return predict


@pytest.mark.parametrize("how", [{}, FOLDOVER])
def test_what_was_interrupted_is_what_fewer_samples_give(how):
    stopped = explain(build_stopping(2 + 5), n_samples=2000, **how)  # one of all, one held out, four blocks
    fewer = explain(hear_wave, n_samples=256, **how)
    assert (stopped.n_samples, stopped.complete, fewer.complete) == (256, False, True)
    for name in ("weights", "robust_errors", "p_values", "r2", "r2_holdout"):
        assert np.array_equal(getattr(stopped, name), getattr(fewer, name))
    assert stopped.weights != pytest.approx(explain(hear_wave, n_samples=320, **how).weights, abs=1e-3)


@pytest.mark.parametrize("after", [1, 4])
def test_a_signal_in_the_midst_of_a_block_waits_for_its_end(monkeypatch, after):
    calls, add = [], LeastSquares.add

    def interrupted(self, masks, outputs):
        calls.append(1)
        if len(calls) == after:
            os.kill(os.getpid(), signal.SIGINT)
        add(self, masks, outputs)

    options = {"design": "bernoulli", "keep_prob": 0.5}
    fewer = explain(n_samples=64 * after, **options)
    monkeypatch.setattr(LeastSquares, "add", interrupted)
    stopped = explain(n_samples=2000, **options)
    assert (stopped.n_samples, stopped.complete) == (64 * after, False)
    assert np.array_equal(stopped.weights, fewer.weights)


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_too_few_samples_explain_nothing(call):
    with pytest.raises(KeyboardInterrupt):
        explain(build_stopping(call), n_samples=2000, **FOLDOVER)


def test_progress_is_shown_where_it_is_wanted(capfd):
    explain(progress=True)
    assert "predictions" in capfd.readouterr().err
    explain()
    assert capfd.readouterr().err == ""


BAD_OPTIONS = [
    ({"n_samples": 123} | FOLDOVER, "123 samples are too few for 60 segments: take at least 124"),
    ({"n_samples": 61}, "61 samples are too few for 60 segments: take at least 62"),
    ({"n_samples": "all"}, "n_samples is a whole number or 'auto', not 'all'"),
    ({"n_samples": 2.5}, "n_samples is a whole number or 'auto', not 2.5"),
    ({"masks": np.ones((99, 60))}, r"masks are \(n, n_segments\) bool, not \(99, 60\) float64"),
    ({"masks": np.eye(99, 59, dtype=bool)}, r"masks are \(n, 60\) bool, not \(99, 59\)"),
    ({"masks": np.eye(9, 60, dtype=bool)}, "9 samples are too few for 60 segments"),
    ({"seeds": 3, "steps": 1}, "unknown option seeds, steps; there are: keep_prob, hide, design, masks, seed"),
    ({"hide": "training_mean"}, "does not know its training mean: hide with 'silence' or a number"),
    ({"masks": np.ones((99, 60), bool)}, "these masks hide nothing or all: a weight needs both"),
    ({"masks": np.zeros((99, 60), bool)}, "these masks hide nothing or all: a weight needs both"),
    ({"keep_prob": "x"}, "a segment stays on with a probability between 0 and 1, not 'x'"),
    ({"output_names": "box"}, "names of outputs are a list of texts, not the text 'box'"),
    ({"design": "latin"}, "unknown design 'latin'"),
    ({"design": "foldover"}, "keep half of the segments, not 0.9: take 'bernoulli'"),
    ({"fit": "forest"}, "unknown fit 'forest'; there are: auto, least squares, places"),
    ({"n_holdout": 1}, "n_holdout is at least 2"),
    ({"seed": -1}, "a seed is a whole number of 0 or more, not -1"),
    ({"seed": 1.5}, "a seed is a whole number of 0 or more, not 1.5"),
    ({"start": "x"}, "a spectrogram starts at a number of seconds, not 'x'"),
    ({"start": np.nan}, "a spectrogram starts at a number of seconds, not nan"),
    ({"ridge": -1.0}, "ridge at least 0"),
    ({"kernel_width": 0.0}, "a kernel has a width above 0 or is None"),
    ({"expected": [0.5] * 7}, "another prediction was shown: output . is .* and not 0.500000"),
    ({"output_names": ["anger"]}, "1 names for 7 outputs: anger"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ExplainError, match=message) as caught:
        explain(**options)
    assert "\n" not in str(caught.value)


BAD_INPUT = [
    (np.zeros_like(SPEC), SEGMENTS, "the spectrogram is silent: there is nothing to explain"),
    (np.where(SPEC > 1.49, np.nan, SPEC), SEGMENTS, "must not hold NaN or infinite values"),
    (SPEC[:-1], SEGMENTS, r"segments \(48, 149\) and spectrogram \(47, 149\) must have the same cells"),
    (SPEC[None], SEGMENTS[None], "must have the same cells"),
    (SPEC, SEGMENTS + 1, "whole numbers from 0 to n - 1 without gaps"),
    (SPEC, np.where(SEGMENTS == 5, 6, SEGMENTS), "without gaps"),
    (SPEC, SEGMENTS.astype(float), "whole numbers"),
]


@pytest.mark.parametrize(("spec", "segments", "message"), BAD_INPUT)
def test_sounds_and_segments_that_cannot_be(spec, segments, message):
    with pytest.raises(ExplainError, match=message) as caught:
        explain_spectrogram(build_tiles(WEIGHTS), spec, segments, n_samples=200)
    assert "\n" not in str(caught.value)


def change_mind(after=5):
    calls = []
    return lambda specs: (calls.append(1), specs.mean(axis=2)[:, :1] + 1e-3 * (len(calls) > after))[1]


BAD_PREDICTORS = [
    (change_mind(), "the predictor changed its mind: output 0 is"),
    (lambda specs: specs.mean(axis=(1, 2)), r"gives \(1, n_outputs\), not \(1,\)"),
    (lambda specs: specs[:1, 0], r"a predictor of 40 spectrograms gives \(40, n_outputs\), not \(1, 149\)"),
    (lambda specs: specs[:, 0, :3] / (specs[:, 0, :3] > 0), "the predictor gave NaN or infinity"),
]


@pytest.mark.parametrize(("predict", "message"), BAD_PREDICTORS)
@pytest.mark.filterwarnings("ignore:(invalid|divide)")
def test_predictors_that_cannot_be_trusted(predict, message):
    with pytest.raises(ExplainError, match=message) as caught:
        explain(predict)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("design", "fewest"), [("foldover", 124), ("bernoulli", 62)])
def test_the_fewest_samples_can_be_selected_from(design, fewest):
    e = explain(hear_wave, n_samples=fewest, design=design, keep_prob=0.5)
    assert np.isfinite(e.p_values).all()
    assert np.isfinite(e.robust_errors).all()
    assert e.config["dof"] == 1
    assert [labels.tolist() for labels in select_segments(e, "output 0")] == [[], []]


@pytest.mark.parametrize("design", ["foldover", "bernoulli"])
def test_a_place_that_sees_all_takes_two_samples_per_segment(design):
    class Wide(PlaceToy):
        def places(self, specs):
            return specs.mean(axis=(1, 2))[:, None, None] * np.ones((1, 2, 2))

        def fields(self, n_frames):
            return np.array([[0, n_frames, 0, 149]] * 2)

    options = {"design": design, "keep_prob": 0.5}
    e = explain_spectrogram(Wide(), SPEC, SEGMENTS, n_samples=1024, **options)
    assert {*e.looks} == {128, 256, 512}
    assert e.weights[:, 0] == pytest.approx(LEVELS * np.bincount(SEGMENTS.ravel()) / SEGMENTS.size, abs=1e-6)
    with pytest.raises(ExplainError, match="121 samples are too few for 60 segments: take at least 122"):
        explain_spectrogram(Wide(), SPEC, SEGMENTS, n_samples=121, **options)


def test_one_segment_is_all_there_is():
    e = explain_spectrogram(lambda specs: specs.mean(axis=2)[:, :2], SPEC, 0 * SEGMENTS, n_samples=64)
    assert e.weights[0] == pytest.approx(e.prediction, abs=1e-6)


def test_the_input_stays_as_it_was():
    spec, segments = SPEC.copy(), SEGMENTS.copy()
    e = explain_spectrogram(build_tiles(WEIGHTS), spec, segments, n_samples=128)
    spec[:], segments[:] = 0, 0
    assert np.array_equal(e.spec, SPEC)
    assert np.array_equal(e.segments, SEGMENTS)


GROWTH = """
import tracemalloc, numpy as np
from pathlib import Path
from mer_utils.explain import explain_spectrogram
labels = (np.arange(8 * 149) * 350 // (8 * 149)).reshape(8, 149)
plain = lambda specs: specs[:, :7, :20].mean(axis=2)
kept = []
hoard = lambda specs: (kept.append(np.ones((10 * len(specs), 350), np.float32)), plain(specs))[1]
status = Path("/proc/self/status")
for n, predict in ((1_000, plain), (5_000, plain), (50_000, plain), (5_000, hoard)):
    tracemalloc.start()
    explain_spectrogram(predict, np.ones(labels.shape), labels, n_samples=n)
    resident = status.read_text().split("VmHWM:")[1].split()[0] if status.exists() else 0
    print(tracemalloc.get_traced_memory()[1] / 1e6, int(resident) / 1e3)
    tracemalloc.stop()
"""


def test_memory_hardly_grows_with_the_number_of_samples():
    """Some 6 s: 22 MB of bits and outputs, where a store of 50 000 masks of floats would be 70 MB, or 140."""
    told = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True).stdout
    _, few, many, hoarded = np.array(told.split(), float).reshape(4, 2)
    assert np.all(many - few < 50)
    assert np.all((hoarded - few)[few > 0] > 50)


def test_a_function_is_told_how_far_it_is():
    told = []
    explain(n_samples=3000, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert len(told) > 2
    assert told[-1] == (3040, 3040)


def test_a_function_that_is_told_can_stop_it():
    def stop(done, total):
        if done > 500:
            raise LookupError("no longer wanted")

    with pytest.raises(LookupError):
        explain(n_samples=3000, progress=stop)
