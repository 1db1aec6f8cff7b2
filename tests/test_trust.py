"""Fidelity cards: right numbers on predictors that are known, and verdicts that turn at the limits they name."""

from dataclasses import replace

import numpy as np
import pytest
from fakeexplanations import fit_explanation

from mer_utils.surrogate import compute_r2
from mer_utils.trust import TrustError, compute_fidelity, compute_fidelity_by_share, describe_fidelity


@pytest.fixture
def weights(rng):
    return rng.normal(0.5, 1, size=(60, 2))


@pytest.fixture
def sound(weights):
    """Explain a predictor that simply adds up."""
    return fit_explanation(lambda masks: 0.3 + masks @ weights, noise=0.1)


def judge(explanation, **numbers):
    """Give the verdict and reason with some numbers of the record replaced, for the first output."""
    numbers = {name: np.full(2, value) for name, value in numbers.items()}
    return compute_fidelity(replace(explanation, **numbers)).loc["o0", ["verdict", "reason"]]


def test_a_predictor_that_adds_up_holds(sound, weights):
    card = compute_fidelity(sound)
    assert (card["verdict"] == "holds").all()
    assert (card["gap"] < 0.1).all()
    assert list(card.index) == ["o0", "o1"]
    np.testing.assert_allclose(card["effect"], abs(weights.sum(axis=0) / 2), atol=0.7)


def test_the_effect_is_the_distance_from_the_mean_over_masks(sound):
    expected = abs(sound.prediction - sound.samples.outputs.mean(axis=0))
    np.testing.assert_allclose(compute_fidelity(sound)["effect"], expected, rtol=1e-5)
    assert abs(expected - abs(sound.prediction - sound.intercept)).max() > 1e-2


def test_products_of_segments_are_not_to_be_trusted():
    product = fit_explanation(lambda masks: np.prod(masks[:, :6].astype(float), axis=1)[:, None], n=4000)
    card = compute_fidelity(product).loc["o0"]
    assert card["verdict"] == "do not trust"
    assert "do not simply add up" in card["reason"]
    assert card["r2"] - card["r2_holdout"] < 0.1


def test_too_few_samples_are_named_as_the_cause(weights):
    few = fit_explanation(lambda masks: masks @ weights, n=70, noise=2)
    card = compute_fidelity(few)
    assert (card["verdict"] == "do not trust").all()
    assert card["reason"].str.contains("more samples would help").all()


def test_noise_alone_rarely_exceeds_the_noise_floor():
    nothing = [fit_explanation(lambda masks: np.zeros((len(masks), 5)), n=900, noise=1, seed=s) for s in range(8)]
    cards = [compute_fidelity(one) for one in nothing]
    assert np.mean([card["largest"] < card["noise_floor"] for card in cards]) > 0.7
    assert np.mean([card["largest"] < card["noise_floor"] / 1.3 for card in cards]) < 0.5  # it is no looser than that
    assert all((card["verdict"] == "do not trust").all() for card in cards)


@pytest.mark.parametrize(
    ("r2", "verdict"),
    [(0.49, "do not trust"), (0.51, "weak"), (0.69, "weak"), (0.71, "holds"), (np.nan, "do not trust")],
)
def test_limits_of_fresh_r2(sound, r2, verdict):
    assert judge(sound, r2_holdout=r2, r2=r2)["verdict"] == verdict


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.09, "holds"), (0.11, "weak"), (0.24, "weak"), (0.26, "do not trust")]
)
@pytest.mark.parametrize("side", [-1, 1])
def test_limits_of_the_gap(sound, share, side, verdict):
    effect = compute_fidelity(sound)["effect"].to_numpy()
    local = sound.prediction + side * share * effect
    assert set(compute_fidelity(replace(sound, local_prediction=local))["verdict"]) == {verdict}


@pytest.mark.parametrize(
    ("times", "verdict"), [(0.99, "do not trust"), (1.01, "weak"), (1.49, "weak"), (1.51, "holds")]
)
def test_limits_of_the_largest_weight(sound, times, verdict):
    largest = abs(sound.weights).max(axis=0)
    errors = np.tile(largest / times / np.sqrt(2 * np.log(60)), (60, 1))
    assert set(compute_fidelity(replace(sound, robust_errors=errors))["verdict"]) == {verdict}


@pytest.mark.parametrize(("own", "verdict"), [(1.0, "holds"), (200.0, "do not trust")])
def test_the_largest_weight_is_held_against_its_own_error(sound, own, verdict):
    errors, column = sound.robust_errors.copy(), np.arange(2)
    errors[abs(sound.weights).argmax(axis=0), column] *= own * 2
    card = compute_fidelity(replace(sound, robust_errors=errors))
    assert set(card["verdict"]) == {verdict}
    np.testing.assert_allclose(card["noise_floor"], compute_fidelity(sound)["noise_floor"], rtol=0.05)


def test_every_fault_is_named_the_worst_first(sound):
    reason = judge(sound, r2_holdout=0.6, local_prediction=99.0)["reason"].split("; ")
    assert [text.split()[0] for text in reason] == ["it", "R²"]
    assert "25%" in reason[0]


def test_weights_that_cancel_are_named_beside_the_gap(sound):
    near = sound.samples.outputs.mean(axis=0) + 0.1 * sound.samples.outputs.std(axis=0)
    said = [judge(replace(sound, prediction=p, local_prediction=p + 1))["reason"] for p in (near, sound.prediction)]
    assert ["ups and downs cancel" in reason for reason in said] == [True, False]
    assert f"single weights may be (R² {sound.r2_holdout[0]:.2f})" in said[0]
    poor = judge(replace(sound, prediction=near, local_prediction=near + 1), r2_holdout=0.4)["reason"]
    assert "sums of weights cannot be trusted here" in poor
    assert "single weights" not in poor
    np.testing.assert_allclose(compute_fidelity(sound)["spread"], sound.samples.outputs.std(axis=0), rtol=1e-5)


def test_a_stopped_explanation_says_so(sound):
    assert "stopped after 1 234 samples" in judge(replace(sound, complete=False, n_samples=1234))["reason"]
    assert "stopped" not in judge(sound)["reason"]


def test_an_output_that_never_changes_is_not_trusted():
    card = compute_fidelity(fit_explanation(lambda masks: np.full((len(masks), 1), 0.5)))
    assert card.loc["o0", "verdict"] == "do not trust"
    assert "is not known" in describe_fidelity(card, "o0")


def test_the_sentence_says_the_numbers_of_the_card(sound):
    card = compute_fidelity(sound)
    said, row = describe_fidelity(card, "o1"), card.loc["o1"]
    wanted = [f"o1: {row.verdict}", f"{row.r2_holdout:.2f} on fresh", f"by {row.gap:.3f}", f"{row.largest:.4f}"]
    assert all(text in said for text in wanted)
    assert not any(text in describe_fidelity(card, "o0") for text in wanted[2:])
    with pytest.raises(TrustError, match="no 'o9', only o0, o1"):
        describe_fidelity(card, "o9")


@pytest.mark.parametrize(
    ("number", "value", "said"),
    [("r2_holdout", 0.6996, "R² is 0.6996 on"), ("r2_holdout", 0.7, "R² is 0.70 on"),
     ("r2_holdout", 0.69, "R² is 0.69 on"), ("gap", 0.2504, ", 25.04% of the"), ("gap", 0.27, ", 27% of the"),
     ("above_chance", 1.004, "1.004 times"), ("above_chance", 1.2, "1.2 times"),
     ("above_chance", 3e7, "over 1000 times"), ("above_chance", 999.0, "999.0 times")],
)  # fmt: skip
def test_numbers_beside_a_limit_have_the_digits_to_tell(sound, number, value, said):
    card = compute_fidelity(sound).assign(effect=1.0, **{number: value})
    assert said in describe_fidelity(card, "o0")


def test_r2_by_share_is_that_of_the_masks_of_the_share(sound):
    table = compute_fidelity_by_share(sound, n_bins=4)
    assert table["n"].tolist() == [50] * 4
    hidden = 1 - sound.holdout.masks.mean(axis=1)
    first = np.argsort(hidden, kind="stable")[:50]
    np.testing.assert_allclose(table.index[0], hidden[first].mean())
    expected = compute_r2(sound.holdout.outputs[first], sound.holdout_fitted[first])
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), expected)


def test_r2_by_share_shows_where_a_bent_predictor_is_missed():
    """It changes only where at least 12 of 20 segments are on."""
    bent = fit_explanation(lambda masks: np.maximum(masks[:, :20].sum(axis=1) - 11, 0)[:, None].astype(float), n=2000)
    table = compute_fidelity_by_share(bent, n_bins=4)
    assert table.index.is_monotonic_increasing
    assert table["o0"].iloc[0] > 0.4 > 0 > table["o0"].iloc[-1]


def test_small_groups_have_no_r2(sound):
    assert compute_fidelity_by_share(sound, n_bins=11)[["o0", "o1"]].isna().all(axis=None)
    assert compute_fidelity_by_share(sound, n_bins=10)[["o0", "o1"]].notna().all(axis=None)
    with pytest.raises(TrustError, match="200 held-out masks cannot make 201 groups"):
        compute_fidelity_by_share(sound, n_bins=201)
