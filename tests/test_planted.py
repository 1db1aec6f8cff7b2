"""Planted truth: predictors move with their boxes and nothing else, and right explainers score above wrong ones."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.benchmark import TARGETS
from mer_utils.explain import explain_spectrogram
from mer_utils.planted import KINDS, PlantedError, build_planted, compute_planted_scores


@pytest.fixture
def spec(rng):
    return rng.uniform(0.2, 1.5, (80, 149)).astype(np.float32)


def build_grid(spec):
    """Cut into segments of 8 frames by 9 bands or so."""
    rows, bands = np.arange(len(spec)) // 8, np.minimum(np.arange(149) // 9, 15)
    return rows[:, None] * 16 + bands


def explain_by_hiding(predict, spec, segments):
    """Explain exactly, one segment hidden at a time."""
    hidden = np.array([np.where(segments == label, 0, spec) for label in range(segments.max() + 1)])
    return predict(spec[None]) - predict(hidden)


def explain_by_energy(_, spec, segments):
    return np.bincount(segments.ravel(), spec.ravel())[:, None]


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_predictor_says_one_and_moves_with_its_boxes_alone(spec, kind, rng):
    planted = build_planted(spec, kind, seed=3)
    noise = rng.uniform(0, 1, spec.shape)
    elsewhere, within = np.where(planted.truth, 0, noise), np.where(planted.truth, noise, 0)
    assert planted.predict(planted.spec[None]) == pytest.approx(1)
    assert planted.predict(planted.spec[None] + elsewhere) == pytest.approx(1)
    assert planted.predict(planted.spec[None] + within) > 1.01


def test_truths_are_one_box_or_two(spec):
    sizes = {kind: build_planted(spec, kind).truth.sum() for kind in KINDS}
    assert sizes == {"box": 576, "product": 1152, "saturating": 576, "decoy": 576}


def test_a_decoy_is_a_copy_of_the_box_elsewhere(spec):
    planted = build_planted(spec, "decoy")
    changed = planted.spec != spec
    assert changed.any()
    assert not (changed & planted.truth).any()
    np.testing.assert_array_equal(np.sort(planted.spec[changed]), np.sort(planted.spec[planted.truth]))


def test_a_product_needs_both_boxes_and_tanh_saturates(spec):
    planted = build_planted(spec, "product")
    rows = np.flatnonzero(planted.truth.any(1))
    half = spec.copy()
    half[: rows[0] + 16][planted.truth[: rows[0] + 16]] = 0
    assert planted.predict(half[None]) < 0.6
    saturating = build_planted(spec, "saturating").predict
    assert 1 - saturating(spec[None] / 2) < 0.3
    assert saturating(spec[None] * 0) == 0


def test_the_same_seed_gives_the_same_boxes_and_another_others(spec):
    truths = [build_planted(spec, "box", seed=seed).truth for seed in (1, 1, 2)]
    assert (truths[0] == truths[1]).all()
    assert (truths[0] != truths[2]).any()


def test_boxes_are_where_sound_is(spec):
    spec[:, 70:] = 0
    for seed in range(5):
        assert build_planted(spec, "product", seed=seed).truth[:, 70:].mean() < 0.2


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda spec: spec * 0, "box", "silent"),
        (lambda spec: spec[:5], "box", r"not \(5, 149\)"),
        (lambda spec: spec * (np.arange(80)[:, None] == 40) * (np.arange(149) == 70), "product", "no second place"),
        (lambda spec: spec, "circle", "unknown kind 'circle'"),
    ],
)
def test_where_nothing_can_be_planted(spec, change, kind, message):
    with pytest.raises(PlantedError, match=message):
        build_planted(change(spec), kind)


def test_hiding_one_segment_at_a_time_finds_every_box_and_energy_none(spec):
    right, wrong = (
        compute_planted_scores(explainer, [spec, spec[::-1]], segment=build_grid)
        for explainer in (explain_by_hiding, explain_by_energy)
    )
    assert len(right) == 8
    assert right[["auroc", "precision"]].min(axis=None) == 1
    assert wrong["auroc"].mean() < 0.8
    assert (wrong["precision"] < 0.5).all()


def test_lime_finds_every_box_with_few_samples(spec):
    def explain(*call):
        return explain_spectrogram(*call, n_samples=1000, n_holdout=50, design="bernoulli").weights

    scores = compute_planted_scores(explain, [spec], segment=build_grid)
    assert (scores["auroc"].droplevel("clip") >= pd.Series(TARGETS)).all()
    shuffled = compute_planted_scores(lambda *call: explain(*call)[::-1], [spec], segment=build_grid)
    assert (shuffled["auroc"] < 0.9).all()
