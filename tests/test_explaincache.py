import json
from dataclasses import fields, replace

import numpy as np
import pytest

from mer_utils import explaincache
from mer_utils.explaincache import explain_window, load_window
from mer_utils.profiles import get_profile
from mer_utils.sampling import ExplainOptions

SPEC = np.random.default_rng(0).random((64, 149), np.float32)


class Counting:
    """A predictor that counts the spectrograms it was asked about."""

    fingerprint, training_mean, names = "net", 0.3, ("o",)

    def __init__(self):
        self.asked = 0

    def __call__(self, specs):
        self.asked += len(specs)
        return specs.mean((1, 2))[:, None]


@pytest.fixture
def predict():
    return Counting()


def explain(predict, folder, spec=SPEC, **options):
    return explain_window(predict, spec, profile="smoke", folder=folder, progress=False, n_holdout=20, **options)


def test_an_explanation_is_computed_once(predict, tmp_path):
    first = explain(predict, tmp_path)
    asked = predict.asked
    again = explain(predict, tmp_path)
    assert predict.asked == asked
    assert np.array_equal(first.weights, again.weights)


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"keep_prob": 0.8}, {"method": "time"}, {"n_samples": 400}, {"cut": {"n_times": 5}}]
)
def test_another_choice_is_another_explanation(predict, tmp_path, change):
    explain(predict, tmp_path)
    asked = predict.asked
    explain(predict, tmp_path, **change)
    assert predict.asked > asked


ALL_OTHER = [
    {"hide": "silence"},
    {"design": "foldover", "keep_prob": 0.5},
    {"masks": np.random.default_rng(0).random((300, 60)) < 0.9},
    {"output_names": ["a"]},
    {"kernel_width": 0.25},
    {"ridge": 1.0},
    {"fit": "least squares"},
    {"n_holdout": 21},
    {"start": 1.0},
    {"fps": 43.0},
    {"segmentation": "mine"},
]


def test_every_option_is_in_the_name(predict):
    options = {"n_samples": 300}
    names = {explaincache._build_key(predict, SPEC, options | other) for other in [{}, *ALL_OTHER, {"seed": 1}]}
    assert len(names) == len(ALL_OTHER) + 2
    changed = {name for other in ALL_OTHER for name in other} | {"keep_prob", "seed", "progress", "expected"}
    assert changed == {field.name for field in fields(ExplainOptions)}
    silent = options | {"progress": True, "expected": [0.5]}
    assert explaincache._build_key(predict, SPEC, silent) in names


def test_a_default_that_is_spelled_out_is_the_same_explanation(predict, tmp_path):
    explain(predict, tmp_path)
    asked = predict.asked
    explain(predict, tmp_path, keep_prob=0.9, design="bernoulli", ridge=0.0, seed=0, hide=None)
    assert predict.asked == asked


def test_another_default_is_another_explanation(predict, monkeypatch):
    before = explaincache._build_key(predict, SPEC, {"n_samples": 300})
    real = explaincache.build_options
    monkeypatch.setattr(explaincache, "build_options", lambda options: real({"keep_prob": 0.8} | options))
    assert explaincache._build_key(predict, SPEC, {"n_samples": 300}) != before


def test_another_sound_net_or_version_is_another_explanation(predict, tmp_path, monkeypatch):
    explain(predict, tmp_path)
    explain(predict, tmp_path, spec=SPEC[::-1])
    monkeypatch.setattr(Counting, "fingerprint", "another")
    explain(predict, tmp_path)
    monkeypatch.setattr(explaincache, "VERSION", -1)
    explain(predict, tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_profile_decides_samples_and_segments(predict, tmp_path):
    explanation = explain(predict, tmp_path)
    assert (explanation.n_samples, explanation.n_segments, explanation.keep_prob) == (300, 60, 0.9)


def test_the_paper_profile_takes_the_choices_of_2019(predict, tmp_path):
    paper = replace(get_profile("paper"), n_samples=400)
    explanation = explain_window(predict, SPEC, profile=paper, method="grid", folder=tmp_path, progress=False)
    assert (explanation.design, explanation.keep_prob) == ("bernoulli", 0.5)
    assert (explanation.config["kernel_width"], explanation.config["ridge"]) == (0.25, 1.0)


def test_one_that_was_stopped_is_not_kept(predict, tmp_path, monkeypatch):
    real = explaincache.explain_spectrogram
    monkeypatch.setattr(explaincache, "explain_spectrogram", lambda *a, **o: replace(real(*a, **o), complete=False))
    assert not explain(predict, tmp_path).complete
    assert not list(tmp_path.iterdir())


def test_a_damaged_one_is_computed_anew(predict, tmp_path):
    explain(predict, tmp_path)
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-10] + b"0123456789")
    assert explain(predict, tmp_path).complete
    assert json.dumps(explain(predict, tmp_path).config)


def test_what_is_known_is_loaded_without_asking(predict, tmp_path):
    choices = {"profile": "smoke", "folder": tmp_path, "n_holdout": 20}
    assert load_window(predict, SPEC, **choices) is None
    first, asked = explain(predict, tmp_path), predict.asked
    assert np.array_equal(load_window(predict, SPEC, **choices).weights, first.weights)
    assert load_window(predict, SPEC, **choices, seed=1) is None
    assert predict.asked == asked
