"""How many samples are enough: known agreements, a predictor that settles at once, and noise that never does."""

from itertools import pairwise

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, build_tiles
from fakes import CELLS, PlaceToy

from mer_utils import sampling
from mer_utils.explain import explain_spectrogram
from mer_utils.masks import draw_block
from mer_utils.probing import Probe
from mer_utils.samplesize import LEAST_CORRELATION, LEAST_JACCARD, compute_agreement, find_sample_size
from mer_utils.sampling import ExplainOptions, Sampler

SILENT = np.zeros(SEGMENTS.shape, np.float32)


def build_sampler(predict, **options):
    return Sampler(Probe(predict, SILENT + 1, SEGMENTS, SILENT), ExplainOptions(**{"keep_prob": 0.5} | options))


def hear_noise(specs):
    """Any number for any spectrogram, the same one for the same."""
    keys = [np.packbits(spec[2::4, 15::30] > 0) for spec in specs]
    return np.array([[np.random.default_rng(key).normal()] for key in keys])


@pytest.fixture
def bent(rng):
    return build_tiles(rng.normal(size=(60, 2)), bend=0.02)


def test_agreement_of_known_weights():
    a = np.array([[4.0, 1], [3, 1], [0, 1], [1, 1]])
    b = np.array([[-4.0, 0], [0, 0], [3, 0], [-1, 0]])
    jaccard, correlation = compute_agreement(a, b, top=2)
    assert jaccard[0] == pytest.approx(1 / 3)
    assert correlation[0] == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1])
    assert np.isnan(correlation[1])
    assert compute_agreement(a, 2 * a + 1, top=2)[1][0] == pytest.approx(1)


def test_it_stops_when_halves_agree_twice(bent):
    n, looks = find_sample_size(build_sampler(bent))
    assert [look["agrees"] for look in looks[-2:]] == [True, True]
    assert not any(a["agrees"] and b["agrees"] for a, b in pairwise(looks[:-1]))
    assert looks[-2]["n"] < n == looks[-1]["n"] <= 2 * looks[-2]["n"]
    assert all(
        look["agrees"] == (look["jaccard"] >= LEAST_JACCARD and look["correlation"] >= LEAST_CORRELATION)
        for look in looks
    )


def test_it_looks_at_doublings_of_what_was_taken_from_four_samples_per_segment_on():
    """Not at doublings of 240, which whole blocks cannot keep to."""
    _, looks = find_sample_size(build_sampler(hear_noise), most=4000)
    assert [look["n"] for look in looks] == [256, 512, 1024, 2048, 4096]


def test_a_sum_of_segments_is_known_at_the_second_look(rng):
    n, looks = find_sample_size(build_sampler(build_tiles(rng.normal(size=(60, 1)))))
    assert (n, len(looks)) == (512, 2)


@pytest.mark.parametrize("predict", [hear_noise, lambda specs: np.full((len(specs), 1), 0.3)])
def test_noise_and_constants_never_agree(predict):
    n, looks = find_sample_size(build_sampler(predict), most=1500)
    assert n == 1500
    assert not any(look["agrees"] for look in looks)


def test_the_worst_output_decides(rng):
    sure = build_tiles(rng.normal(size=(60, 1)))
    _, looks = find_sample_size(build_sampler(lambda s: np.hstack([sure(s), hear_noise(s)])), most=600)
    _, alone = find_sample_size(build_sampler(sure), most=600)
    assert not any(look["agrees"] for look in looks)
    assert all(look["agrees"] for look in alone)


def test_the_explanation_is_of_fresh_masks(bent):
    options = {"n_holdout": 20, "keep_prob": 0.5}
    auto = explain_spectrogram(bent, SILENT + 1, SEGMENTS, n_samples="auto", **options)
    plain = explain_spectrogram(bent, SILENT + 1, SEGMENTS, n_samples=auto.n_samples, **options)
    assert auto.n_samples == auto.config["looks"][-1]["n"]
    assert np.array_equal(auto.weights, plain.weights)
    sampler, all_on = build_sampler(bent), np.ones(60, bool).tobytes()  # with which every stream begins
    seen = {mask.tobytes() for number in range(4) for mask in sampler.draw(number, stream=2)}
    assert seen & {mask.tobytes() for mask in auto.samples.masks} == {all_on}


def test_by_place_too():
    spec = np.ones((6, 2), np.float32)
    auto = explain_spectrogram(PlaceToy(), spec, CELLS, n_samples="auto", n_holdout=20)
    assert auto.config["fit"] == "places"
    assert all(look["agrees"] for look in auto.config["looks"][-2:])


def test_progress_counts_every_sample(bent):
    counted = []
    n, _ = find_sample_size(build_sampler(bent), report=counted.append)
    assert sum(counted) == n


@pytest.mark.parametrize("fit", ["places", "least squares"])
def test_a_segment_that_no_mask_has_hidden_yet_is_waited_for(monkeypatch, fit):
    def draw(number, n_segments, **choices):
        masks = draw_block(number, n_segments, **choices)
        masks[:, 3] |= number < 2  # the two halves of the first look
        return masks

    monkeypatch.setattr(sampling, "draw_block", draw)
    probe = Probe(PlaceToy(), np.ones((6, 2), np.float32), CELLS, np.zeros((6, 2), np.float32))
    _, looks = find_sample_size(Sampler(probe, ExplainOptions(fit=fit)), most=4000)
    early = [look["n"] <= 128 for look in looks]
    assert early[0]
    assert not early[-1]
    assert np.array_equal([look["correlation"] is None for look in looks], early)
    assert not any(look["agrees"] for look in looks if look["n"] <= 128)


@pytest.mark.parametrize("n_segments", [1, 2])
def test_fewer_than_three_segments_take_one_block(n_segments):
    e = explain_spectrogram(
        lambda specs: specs.mean(axis=2)[:, :1], SILENT + 1, SEGMENTS % n_segments, n_samples="auto"
    )
    assert (e.n_samples, e.config["looks"]) == (64, [])
    assert e.weights.sum() == pytest.approx(1, abs=1e-6)
