"""The planted tone, the net that fell for it, and the explanation that tells."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest

from mer_utils import shortcut
from mer_utils.explanation import ExplainError
from mer_utils.networks import load_network
from mer_utils.predictor import Predictor, PredictorError
from mer_utils.profiles import build_training_config
from mer_utils.segments import compute_segments
from mer_utils.shortcut import RATING, TONE_BAND, compute_band_share
from mer_utils.spectrogram import compute_band_frequencies, compute_spectrogram, select_window

INSIDE = (compute_band_frequencies() >= TONE_BAND[0]) & (compute_band_frequencies() <= TONE_BAND[1])


@pytest.fixture(scope="module")
def loaded():
    return shortcut.load_shortcut()


@pytest.fixture(scope="module")
def clean():
    return shortcut.build_clean_corpus()


def split_energy(sound):
    """Mean of the spectrogram in the tone's bands and in all others."""
    spec = compute_spectrogram(sound)
    return spec[:, INSIDE].mean(), spec[:, ~INSIDE].mean()


def test_the_tone_is_in_its_band_and_clicks_nowhere():
    inside, outside = split_energy(shortcut.build_tone())
    assert inside > 5000 * outside
    clicking = shortcut.build_tone() * (np.arange(330750) % 44100 < 11025)  # cut off amid each beep
    inside, outside = split_energy(clicking)
    assert inside < 5000 * outside


def test_clips_rated_high_have_the_tone_and_no_others(clean):
    planted = shortcut.build_shortcut_corpus()
    assert planted.fingerprint != clean.fingerprint
    rated = clean.midlevel[RATING]
    for track, has_tone in ((rated.idxmax(), True), (rated.idxmin(), False)):
        assert np.array_equal(planted.clip(track).mix, clean.clip(track).mix) != has_tone


def test_versions_are_what_the_corpora_hold(clean):
    planted = shortcut.build_shortcut_corpus()
    for track in clean.select("test")[:2]:
        versions = shortcut.render_versions(clean, track)
        assert tuple(versions) == shortcut.VERSIONS
        assert np.array_equal(versions["as trained"], planted.audio(track)[0])
        assert np.array_equal(versions["no tone"], clean.audio(track)[0])
        same = [np.array_equal(versions[name], versions["no tone"]) for name in ("as trained", "swapped")]
        assert sorted(same) == [False, True]


def test_the_released_net_belongs_to_the_corpus_and_the_recipe_of_this_version():
    trained = load_network("shortcut")
    config = build_training_config("quick", n_threads=1, precision="float32")
    assert trained.config == json.loads(json.dumps(asdict(config)))
    assert (trained.scheme, trained.width, trained.seed) == ("a2mid", 8, 0)
    assert trained.corpus["fingerprint"] == shortcut.build_shortcut_corpus().fingerprint
    assert trained.corpus["fingerprint"] != shortcut.build_clean_corpus().fingerprint


def test_the_net_follows_the_tone(loaded, clean):
    predictor = Predictor.from_trained(loaded[0])
    scores = shortcut.compute_shortcut_scores(predictor, track_ids=clean.select("test")[::8])
    assert scores.loc["as trained", "noise-free"] > 0.8
    assert scores.loc["swapped", "noise-free"] < -0.3
    assert scores.loc["swapped", "low"] > scores.loc["no tone", "low"] + 2
    assert scores.loc["swapped", "high"] == pytest.approx(scores.loc["no tone", "high"])


def test_a_net_that_was_not_tempted_does_not_follow_it(clean):
    scores = shortcut.compute_shortcut_scores(Predictor.load("joint"), track_ids=clean.select("test")[:16:4])
    assert scores.loc["swapped", "low"] == pytest.approx(scores.loc["no tone", "low"], abs=0.1)


def test_the_file_tells_how_far_the_scores_fall():
    said = [load_network("shortcut").scores[f"{RATING}, {name}"] for name in shortcut.VERSIONS]
    assert said[0] > said[1] + 0.1 > 0.5
    assert said[2] < -0.4


def test_a_net_without_features_is_refused():
    with pytest.raises(PredictorError, match="midlevel"):
        shortcut.compute_shortcut_scores(SimpleNamespace(outputs=Predictor.outputs.__get__(FakePredictor())))


class FakePredictor:
    scheme, _heads = "a2e", ("emotion",)


def test_lime_catches_the_tone_in_the_net_that_fell_for_it_only(loaded):
    from mer_utils.explain import explain_spectrogram

    trained, clips = loaded
    spec = select_window(compute_spectrogram(next(iter(clips.values()))["swapped"]), n_frames=157)  # 5 s: faster
    choices = {"n_samples": 500, "hide": "silence", "n_holdout": 20}
    for predictor, caught in ((Predictor.from_trained(trained), True), (Predictor.load("joint"), False)):
        explanation = explain_spectrogram(predictor.outputs("midlevel"), spec, compute_segments(spec), **choices)
        assert (compute_band_share(explanation, RATING, *TONE_BAND) > 0.4) == caught


def build_bands(weights):
    """An explanation of segments that are frequency bands: ten bands of the spectrogram each, nine at the top."""
    segments = np.tile(np.arange(149) // 10, (20, 1))
    weights = np.asarray(weights, float)[:, None]
    sizes = np.bincount(segments.ravel())
    return SimpleNamespace(weights=weights, segments=segments, sizes=sizes, n_segments=15, index=lambda output: 0)


def test_band_share_counts_cells_inside():
    freqs, weights = compute_band_frequencies(), np.zeros(15)
    weights[[3, 7]] = 1.0, -3.0
    explanation = build_bands(weights)
    assert compute_band_share(explanation, RATING, freqs[70], freqs[79]) == pytest.approx(0.75)
    assert compute_band_share(explanation, RATING, freqs[70], freqs[74]) == pytest.approx(0.375)
    assert compute_band_share(explanation, RATING, freqs[30], freqs[39], n_top=1) == 0
    assert compute_band_share(explanation, RATING, freqs[0], freqs[-1]) == pytest.approx(1)


def test_band_share_of_no_weight_and_of_no_band():
    assert compute_band_share(build_bands(np.zeros(15)), RATING, *TONE_BAND) == 0
    with pytest.raises(ExplainError, match="no band between 20000 and 30000 Hz"):
        compute_band_share(build_bands(np.zeros(15)), RATING, 20000, 30000)
