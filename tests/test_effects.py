"""Effects: they add up exactly, the published case of "Hurt" comes out, and sentences say what the arrays say."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

from mer_utils.effects import (
    EffectError,
    compute_contributions,
    compute_effects,
    decompose_difference,
    describe_difference,
    describe_track,
)
from mer_utils.glossary import COMPARATIVES
from mer_utils.layers import build_layer, build_published_layer, build_published_songs
from mer_utils.networks import build_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference

LAYER = build_published_layer()


@pytest.mark.parametrize("scheme", ["joint", "a2mid2e"])
def test_effects_and_bias_add_up_to_the_prediction_of_a_network(scheme):
    network = build_network(scheme, width=4).eval()
    network.to_emotion.bias.data += 0.3  # which may start at nothing
    with torch.inference_mode():
        heard = network(torch.randn(3, 1, 64, 149))
    layer = build_layer(network)
    effects = compute_effects(layer.weights, heard.midlevel.numpy())
    assert effects.shape == (3, 8, 7)
    np.testing.assert_allclose(effects.sum(-1) + layer.bias, heard.emotion, atol=1e-6)
    assert abs(effects.sum(-1) + 1e-5 - heard.emotion.numpy() + layer.bias).max() > 1e-6


def test_contributions_add_up_to_the_distance_from_the_mean_prediction(rng):
    midlevel = rng.uniform(0.1, 1, (50, 7))
    contributions = compute_contributions(LAYER.weights, midlevel, midlevel.mean(0))
    predicted = LAYER.predict(midlevel)
    np.testing.assert_allclose(contributions.sum(-1), predicted - predicted.mean(0), atol=1e-12)
    np.testing.assert_allclose(contributions.mean(0), 0, atol=1e-12)


def test_an_effect_has_the_sign_of_its_weight_but_a_contribution_need_not(rng):
    midlevel = rng.uniform(0.1, 1, (50, 7))
    effects = compute_effects(LAYER.weights, midlevel)
    assert (np.sign(effects) == np.sign(LAYER.weights)).all()
    contributions = compute_contributions(LAYER.weights, midlevel, midlevel.mean(0))
    assert (np.sign(contributions) != np.sign(LAYER.weights)).mean() > 0.3


def test_the_published_differences_between_both_versions_of_hurt():
    cash, nin = build_published_songs()[list(MIDLEVEL)].to_numpy()
    printed_cash, printed_nin = build_published_songs()[list(EMOTIONS)].to_numpy()
    parts = decompose_difference(cash, nin, weights=LAYER.weights)
    np.testing.assert_allclose(parts.sum(axis=1), printed_nin - printed_cash, atol=0.005)
    swapped = decompose_difference(cash, nin[::-1], weights=LAYER.weights)
    assert abs(swapped.sum(axis=1) - (printed_nin - printed_cash)).max() > 0.05


def test_what_makes_the_second_version_angrier():
    parts = decompose_difference(*build_published_songs()[list(MIDLEVEL)].to_numpy(), weights=LAYER.weights).loc[
        "anger"
    ]
    wanted = {"melodiousness": 0.029, "tonal stability": 0.029, "rhythmic stability": 0.028, "dissonance": 0.022,
              "rhythmic complexity": 0.014, "articulation": -0.013, "minorness": 0.001}  # fmt: skip
    assert parts.round(3).to_dict() == wanted


@pytest.mark.parametrize(
    ("weights", "midlevel", "message"),
    [
        (np.ones((8, 7)), np.ones(6), r"\(8, 7\) and features \(6,\)"),
        (np.ones(7), np.ones(7), "agree in their last axis"),
        (np.ones((8, 7)), [1, 1, 1, np.nan, 1, 1, 1], "finite"),
        (np.full((8, 7), np.inf), np.ones(7), "finite"),
    ],
)
def test_values_that_do_not_fit_are_refused(weights, midlevel, message):
    with pytest.raises(EffectError, match=message):
        compute_effects(weights, midlevel)


def test_a_mean_and_a_pair_must_fit_too():
    with pytest.raises(EffectError, match="the mean"):
        compute_contributions(LAYER.weights, np.ones((2, 7)), np.ones((2, 7)))
    for first, second in ((np.ones((2, 7)), np.ones(7)), (np.ones(7), np.ones((2, 7)))):
        with pytest.raises(EffectError, match="two tracks"):
            decompose_difference(first, second, weights=LAYER.weights)


def name_song(values, title="A"):
    return pd.Series(values, list(MIDLEVEL), name=title)


def name_pair(first, second):
    return pd.DataFrame([first, second], ["A", "B"], list(MIDLEVEL))


def doubt(*names):
    """Doubt the signs of some weights of anger."""
    doubts = pd.DataFrame(False, list(EMOTIONS), list(MIDLEVEL))
    doubts.loc["anger", list(names)] = True
    return doubts


def read_numbers(text):
    return [float(number) for number in re.findall(r"[-+]?\d+\.\d+", text)]


def split_reasons(text):
    """Give what is said in each bracket of a sentence, and the words before it."""
    return re.findall(r"([a-z ]+) \(([^()]*[-+]\d\.\d{3})\)", text)


def check_reasons(reasons, names, values, parts):
    """Each bracket holds a feature's values (one or two tables) and its part, to the decimals that are printed."""
    for (words, numbers), name in zip(reasons, names, strict=True):
        *said, part = read_numbers(numbers)
        place = MIDLEVEL.index(name)
        assert said == pytest.approx([table[place] for table in values], abs=0.00501), words
        assert part == pytest.approx(parts[place], abs=0.000501), words


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_number_and_word_of_a_difference_is_in_the_arrays(emotion, rng):
    for first, second in rng.uniform(0.2, 0.9, (40, 2, 7)):
        text = describe_difference(name_pair(first, second), emotion=emotion, layer=LAYER)
        parts = decompose_difference(first, second, weights=LAYER.weights).loc[emotion].to_numpy()
        one, two = LAYER.predict(np.array([first, second]))[:, EMOTIONS.index(emotion)]
        if abs(two - one) < 0.005:
            assert "hardly differ" in text
            continue
        assert f"“B” sounds {COMPARATIVES[emotion][int(two > one)]} than “A”" in text
        assert read_numbers(text)[:3] == pytest.approx([two, one, two - one], abs=0.00501)
        told = split_reasons(text)
        names = [next(n for n in MIDLEVEL if words.endswith(COMPARATIVES[n])) for words, _ in told]
        check_reasons(told, names, (second, first), parts)
        for (words, _), name in zip(told, names, strict=True):
            assert words.endswith(COMPARATIVES[name][int(second[MIDLEVEL.index(name)] > first[MIDLEVEL.index(name)])])
        told_parts = [read_numbers(numbers)[-1] for _, numbers in told]
        rest = re.search(r"other features add ([-+]?\d\.\d{3})( and take (\d\.\d{3}))?", text)
        printed = float(rest[1]) - float(rest[3] or 0)
        assert sum(told_parts) + printed == pytest.approx(read_numbers(text)[2], abs=1e-9)  # as a reader would add up
        assert printed == pytest.approx(two - one - sum(told_parts), abs=0.0011)
        if rest[3]:
            others = np.delete(parts, [MIDLEVEL.index(name) for name in names])
            assert float(rest[1]) == pytest.approx(others.clip(0).sum(), abs=0.000501)


@pytest.fixture
def reference(rng):
    midlevel = pd.DataFrame(rng.uniform(0.2, 0.9, (400, 7)), columns=list(MIDLEVEL))
    return Reference(midlevel, LAYER.predict(midlevel), "the 400 clips")


def name_level(rank):
    """Name a rank as `describe_track` promises."""
    return ["very low", "low", "middling", "high", "very high"][sum(rank >= edge for edge in (0.1, 0.3, 0.7, 0.9))]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_number_and_every_high_and_low_of_a_track_is_in_the_arrays(emotion, reference, rng):
    for x in rng.uniform(0.2, 0.9, (40, 7)):
        text = describe_track(name_song(x), emotion=emotion, layer=LAYER, reference=reference)
        value, mean = LAYER.predict(np.array([x, reference.mean]))[:, EMOTIONS.index(emotion)]
        rank = (reference.emotion[emotion] < value).mean()
        assert text.startswith(f"“A” has a {name_level(rank)} {emotion} score, {value:.2f}: ")
        side, share = re.search(r": (higher|lower) than (\d+%|nearly all) of the 400 clips", text).groups()
        assert side == ("higher" if rank >= 0.5 else "lower")
        most = 100 * max(rank, 1 - rank)
        assert share == "nearly all" if most > 99 else float(share[:-1]) == pytest.approx(most, abs=0.501)
        if abs(value - mean) < 0.005:
            continue
        assert f"Against their mean, {mean:.2f}, that is {value - mean:+.3f}, because" in text
        parts = compute_contributions(LAYER.weights, x, reference.mean)[EMOTIONS.index(emotion)]
        told = split_reasons(text)
        names = [next(n for n in MIDLEVEL if words.removesuffix(" than the mean").endswith(n)) for words, _ in told]
        check_reasons(told, names, (x,), parts)
        for (words, _), name in zip(told, names, strict=True):
            own = (reference.midlevel[name] < x[MIDLEVEL.index(name)]).mean()
            level, side = (
                name_level(own),
                "more" if x[MIDLEVEL.index(name)] > reference.midlevel[name].mean() else "less",
            )
            wanted = f"{side} {name} than the mean" if level == "middling" else f"{level} {name}"
            assert re.search(rf"(^| ){wanted}$", words), (words, own)


def test_reasons_come_first_by_size_and_push_in_the_direction_told(reference):
    for x in reference.midlevel.to_numpy()[:100]:
        text = describe_track(name_song(x), emotion="anger", layer=LAYER, reference=reference)
        before, _, after = text.partition("Against that")
        pushes = [read_numbers(numbers)[-1] for _, numbers in split_reasons(before)]
        total = float(re.search(r"that is ([-+]\d\.\d+)", text)[1]) if "that is" in text else 0
        if total:
            assert all(push * total > 0 for push in pushes)
            assert sorted(pushes, key=abs, reverse=True) == pushes
            assert all(read_numbers(numbers)[-1] * total < 0 for _, numbers in split_reasons(after))


def describe_pair(parts, **choices):
    """Describe a difference in anger that has such parts."""
    second = np.full(7, 0.5) + np.array(parts) / LAYER.weights[EMOTIONS.index("anger")]
    return describe_difference(name_pair(np.full(7, 0.5), second), emotion="anger", layer=LAYER, **choices)


def test_ties_are_told():
    assert ", which count about the same." in describe_pair([0.05, 0.045, 0, 0, 0, 0, 0])
    assert "the same" not in describe_pair([0.05, 0.035, 0, 0, 0, 0, 0])
    assert ", the first two of which count about the same." in describe_pair([0.05, 0.045, 0.03, 0.02, 0, 0, 0])


def test_three_reasons_are_enough():
    told = describe_pair([0.05, 0.045, 0.04, 0.04, 0.035, 0.03, 0.03])
    assert len(split_reasons(told)) == 3
    assert "count about the same" not in told.replace("the first two of which count about the same", "")


def test_reasons_end_at_half_of_the_first():
    assert len(split_reasons(describe_pair([0.05, 0.03, 0.02, 0, 0, 0, 0]))) == 2
    assert len(split_reasons(describe_pair([0.07, 0.03, 0, 0, 0, 0, 0]))) == 1


def test_what_works_against_is_told_from_a_third_of_the_first_reason():
    assert "Against that works that it is less dissonant" in describe_pair([0.06, 0, 0, 0, -0.025, 0, 0])
    assert "Against" not in describe_pair([0.06, 0, 0, 0, -0.015, 0, 0])


def test_a_share_of_all_is_not_told(reference):
    for step, place in ((1, "higher than nearly all"), (-1, "lower than nearly all")):
        far = reference.mean + 0.5 * step * np.sign(LAYER.weights[EMOTIONS.index("anger")])
        assert f": {place} of the 400 clips." in describe_track(
            name_song(far), emotion="anger", layer=LAYER, reference=reference
        )


def test_no_difference_and_one_that_cancels_have_sentences_of_their_own():
    assert describe_pair([0] * 7).endswith(
        "hardly differ in anger (0.30 and 0.30), and no feature pulls it either way."
    )
    assert "“B” and “A” hardly differ in anger (0.29 and 0.30)" in describe_pair([-0.004, 0, 0, 0, 0, 0, 0])
    cancelling = describe_pair([0.05, 0, 0, 0, -0.048, 0, 0])
    assert "because what pulls it cancels: the former is less melodious" in cancelling
    assert "but also less dissonant" in cancelling
    assert "cancels" in describe_pair([0.012, -0.004, 0, 0, -0.004, 0, 0])  # one does pull, two others hold it


def test_a_track_at_the_mean_has_a_sentence_of_its_own(reference):
    text = describe_track(name_song(reference.mean), emotion="anger", layer=LAYER, reference=reference)
    assert text.endswith("That is their mean, and no feature pulls it either way.")


def test_features_without_a_reliable_sign_are_marked_where_they_are_named():
    told = describe_pair([0.05, 0.04, 0, 0, 0, 0, 0], doubts=doubt("articulation", "minorness"))
    assert re.search(r"more staccato \([^)]*, sign in doubt\)", told)
    assert told.count("in doubt") == 1
    assert "doubt" not in describe_pair([0.05, 0.04, 0, 0, 0, 0, 0], doubts=doubt("minorness"))


def test_tracks_are_marked_too(reference):
    far = reference.mean + np.array([0.2, -0.2, 0, 0, 0, 0, 0])
    about = {"emotion": "anger", "layer": LAYER, "reference": reference}
    told = describe_track(name_song(far), **about, doubts=doubt("melodiousness", "articulation", "minorness"))
    assert told.count("sign in doubt") == 2
    assert "doubt" not in describe_track(name_song(far), **about)


def test_others_that_cancel_are_told_apart():
    assert "The other features add 0.030 and take 0.029." in describe_pair([0.06, 0, 0, 0, 0.03, -0.014, -0.015][:7])
    assert "The other features add +0.001 together." in describe_pair([0.06, 0, 0, 0, 0.01, -0.005, -0.004])


def test_an_unknown_emotion_lists_the_eight(reference):
    for call in (
        lambda: describe_track(name_song(reference.mean), emotion="rage", layer=LAYER, reference=reference),
        lambda: describe_difference(name_pair(np.ones(7), np.ones(7)), emotion="rage", layer=LAYER),
    ):
        with pytest.raises(EffectError, match=f"'rage'; there are: {', '.join(EMOTIONS)}"):
            call()


@pytest.mark.parametrize("n", [1, 3])
def test_a_difference_is_between_two_tracks(n):
    with pytest.raises(EffectError, match=f"two tracks, not {n}"):
        describe_difference(pd.DataFrame(np.ones((n, 7)), columns=list(MIDLEVEL)), emotion="anger", layer=LAYER)


def test_no_part_is_minus_nothing():
    assert "-0.000" not in describe_pair([0.05, 0.04, -1e-5, 0, 0, 0, 0])
