"""The benchmark: occlusion reaches its targets on planted boxes, energy does not, and known causes are found."""

import numpy as np
import pytest

from mer_utils.benchmark import TARGETS, compute_benchmark, explain_by_energy, explain_by_occlusion
from mer_utils.causes import Case


def build_weights():
    return np.random.default_rng(1).normal(size=(60, 149, 7))


def test_occlusion_is_exact_for_a_sum(rng):
    weights, spec = build_weights(), rng.uniform(0, 1, (60, 149))
    segments = np.arange(60)[:, None] // 20 * 13 + np.arange(149) // 12
    found = explain_by_occlusion(lambda x: np.einsum("ntb,tbk->nk", x, weights), spec, segments, hide=0.1)
    wanted = [((spec - 0.1)[segments == k, None] * weights[segments == k]).sum(0) for k in range(39)]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert abs(found - np.roll(wanted, 1, axis=0)).max() > 1


def test_occlusion_hides_with_the_training_mean_where_it_is_known():
    def predict(specs):
        return specs.sum((1, 2))[:, None]

    spec, segments = np.ones((4, 5)), np.repeat([[0, 1, 1, 2, 2]], 4, axis=0)
    assert explain_by_occlusion(predict, spec, segments)[:, 0] == pytest.approx([4, 8, 8])
    predict.training_mean = 0.75
    assert explain_by_occlusion(predict, spec, segments)[:, 0] == pytest.approx([1, 2, 2])
    assert explain_by_occlusion(predict, spec, segments, hide=0.0)[:, 0] == pytest.approx([4, 8, 8])


def test_energy_is_the_same_for_every_output(rng):
    spec, segments = rng.uniform(0, 1, (4, 5)), np.repeat([[0, 1, 1, 2, 2]], 4, axis=0)
    energy = explain_by_energy(lambda x: np.zeros((len(x), 2)), spec, segments)
    np.testing.assert_allclose(energy.T, [np.bincount(segments.ravel(), spec.ravel())] * 2)


def hear(specs):
    return specs[:, :16, :72].mean((1, 2))[:, None] * np.arange(1, 8)


def cut(spec):
    """Cut into tiles of 8 frames by 12 bands."""
    return np.arange(80)[:, None] // 8 * 13 + np.arange(149) // 12


@pytest.fixture(scope="module")
def tables():
    specs = np.random.default_rng(2).uniform(0.2, 1.5, (2, 80, 149))
    corner = (np.arange(80)[:, None] < 16) & (np.arange(149) < 72)
    cases = [Case(name, "t", 0.5, specs[0], specs[0] + 0.2 * corner) for name in ("articulation", "minorness")]
    explainers = {"occlusion": explain_by_occlusion, "energy": explain_by_energy}
    return {name: compute_benchmark(e, hear, specs, cases, segment=cut) for name, e in explainers.items()}


def test_occlusion_reaches_its_targets_and_energy_does_not(tables):
    planted = {name: table.loc["planted"] for name, table in tables.items()}
    assert planted["occlusion"]["target"].to_dict() == TARGETS
    assert (planted["occlusion"]["auroc"] >= planted["occlusion"]["target"]).all()
    assert planted["energy"]["auroc"].mean() < 0.9
    assert (planted["energy"]["n"] == 2).all()


def test_causes_that_are_heard_are_found(tables):
    caused = tables["occlusion"].loc["cause"]
    assert list(caused.index) == ["articulation", "minorness"]
    assert caused[["auroc", "precision", "n"]].to_numpy().tolist() == [[1, 1, 1]] * 2
    assert caused["heard"].tolist() == pytest.approx([0.4, 1.4])
    assert caused["target"].isna().all()
