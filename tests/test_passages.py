"""Passages: an explanation finds its ten seconds in the sound, and refuses every other sound."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fakesounds import SR, build_noise, explain_sound

from mer_utils.explanation import ExplainError
from mer_utils.passages import _ROUNDING, Passage, build_passage
from mer_utils.spectrogram import SpectrogramConfig, compute_spectrogram, select_window

Y, SHORT = build_noise(), build_noise(0.9)
KNOWN = explain_sound(Y, np.arange(60.0))
LOOPED = explain_sound(SHORT, np.arange(60.0), first=10, looped=True)


def test_a_passage_is_where_the_explanation_says():
    passage = Passage(Y, KNOWN)
    assert (passage.first, passage.is_looped) == (10, False)
    assert np.array_equal(passage.cut(Y), Y[7056 : int(58 * 705.6)])
    assert np.abs(passage.hear(Y) - KNOWN.spec).max() < 1e-6
    assert np.abs(passage.hear(0.9 * Y) - KNOWN.spec).max() > 0.01


def test_gains_on_a_passage_end_up_in_it():
    passage, gains = Passage(Y, KNOWN), np.full((48, 149), 0.5)
    rendered = passage.render(gains)
    assert np.allclose(passage.cut(rendered), 0.5 * passage.cut(Y), atol=1e-6)
    assert np.array_equal(rendered[:2048], Y[:2048])
    assert np.allclose(passage.hear(rendered), np.log10(1 + 0.5 * (10.0**KNOWN.spec - 1)), atol=1e-5)


def test_a_short_sound_is_a_passage_as_a_whole():
    passage, n_there = Passage(SHORT, LOOPED), int(np.ceil(len(SHORT) / 705.6))
    assert passage.is_looped
    assert passage.first == 0
    assert np.array_equal(passage.cut(SHORT), SHORT)
    assert np.allclose(passage.hear(SHORT), select_window(compute_spectrogram(SHORT), 10, n_frames=48), atol=1e-6)
    gains = np.random.default_rng(0).random((48, 149))
    once, twice = passage.fold(gains)[5], passage.fold(gains)[12]
    assert np.allclose(once, gains[n_there - 5])
    assert np.allclose(twice, (gains[2] + gains[2 + n_there]) / 2)
    assert passage.render(gains).shape == SHORT.shape


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (build_noise(seed=1), "another sound"),
        (0.5 * Y, "another sound"),
        (np.roll(Y, 353), "another sound"),
        (Y[: 20 * 705], "another sound"),  # short enough to be repeated
        (np.stack([Y, Y]), "a mono sound"),
        (Y[: 5 * 705], "where the sound is over"),
        (Y[: 52 * 705], "beyond the end"),
    ],
)
def test_another_sound_is_refused(y, words):
    with pytest.raises(ExplainError, match=words):
        Passage(y, KNOWN)


def test_a_slightly_different_sound_is_told_apart_from_rounding():
    noise = build_noise(seed=3)
    Passage(Y + 1e-7 * noise, KNOWN)
    with pytest.raises(ExplainError, match="another sound"):
        Passage(Y + 1e-2 * noise, KNOWN)


@pytest.mark.parametrize("config", [SpectrogramConfig(fps=31.3), SpectrogramConfig(bands_per_octave=12)])
def test_another_kind_of_spectrogram_is_refused(config):
    with pytest.raises(ExplainError, match="149 bands at"):
        Passage(Y, KNOWN, config)


def test_a_spectrogram_kept_as_float16_belongs_to_its_sound():
    loud = 3 * KNOWN.spec / KNOWN.spec.max()
    assert 5e-4 < np.abs(loud.astype(np.float16) - loud).max() < _ROUNDING / 2
    Passage(Y, replace(KNOWN, spec=KNOWN.spec.astype(np.float16).astype(np.float32)))
    with pytest.raises(ExplainError, match="another sound"):
        Passage(Y, replace(KNOWN, spec=KNOWN.spec + 2 * np.float32(_ROUNDING)))


def test_an_explanation_of_another_length_is_refused():
    with pytest.raises(ExplainError, match="beyond the end"):
        Passage(Y, replace(KNOWN, start=len(Y) / SR - 1))


class Ear:
    """A predictor that hears how loud the upper bands are."""

    names, fingerprint, training_mean = ("loud",), "ear", 0.7
    predictor = SimpleNamespace(spectrogram=SpectrogramConfig())

    def __call__(self, specs):
        return specs[:, :, 75:].mean(axis=(1, 2))[:, None]


def test_the_middle_of_a_clip_is_explained_by_what_is_silenced(tmp_path):
    y = build_noise(14)
    corpus = SimpleNamespace(spectrogram={"a": compute_spectrogram(y)}.get, audio={"a": (y, SR)}.get)
    passage = build_passage(corpus, "a", Ear(), profile="smoke", folder=tmp_path)
    assert passage.explanation.hide == 0
    assert len(passage.cut(y)) / SR == pytest.approx(313 / 31.25, abs=1e-4)
    assert passage.first / 31.25 == passage.explanation.start == pytest.approx(2.5, abs=0.01)
    other = build_passage(corpus, "a", Ear(), profile="smoke", folder=tmp_path, hide="training_mean")
    assert other.explanation.hide == pytest.approx(0.7)
    assert len(list(tmp_path.iterdir())) == 2
