"""The chain from emotion to feature to segments: signs, what is chosen, and sentences that say what the arrays say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakeexplanations import fit_explanation

from mer_utils.chains import build_chain, describe_chain
from mer_utils.effects import compute_contributions
from mer_utils.explanation import ExplainError
from mer_utils.glossary import COMPARATIVES
from mer_utils.layers import build_published_layer
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference
from mer_utils.regression import LinearModel
from mer_utils.selection import select_segments
from mer_utils.twolevels import compute_extent

LAYER = build_published_layer()
MEAN = np.full(7, 0.5)
ANGER = LAYER.weights[EMOTIONS.index("anger")]
WEIGHTS = np.random.default_rng(1).normal(0, 0.01, (60, 7))


def build_reference(layer=LAYER):
    midlevel = pd.DataFrame(MEAN + np.array([[-0.1], [0.1]]), columns=list(MIDLEVEL))
    return Reference(midlevel, layer.predict(midlevel), "two clips")


def explain(midlevel, weights=WEIGHTS, **choices):
    """Explain a sound of such features, (7,)."""
    rest = np.asarray(midlevel) - weights.sum(axis=0)
    return fit_explanation(lambda masks: masks @ weights + rest, output_names=MIDLEVEL, **choices)


def chain_parts(parts, feature=None, **choices):
    """Build the chain of a sound of which anger has such parts, (7,)."""
    explanation = explain(MEAN + np.array(parts) / ANGER, **choices)
    options = {"layer": LAYER, "reference": build_reference(), "emotion": "anger", "title": "A"}
    return build_chain(explanation, feature=feature, **options)


def test_contributions_add_up_to_the_distance_from_the_mean(rng):
    midlevel = rng.uniform(0.2, 0.9, 7)
    for emotion in EMOTIONS:
        chain = build_chain(explain(midlevel), layer=LAYER, reference=build_reference(), emotion=emotion, title="")
        wanted = compute_contributions(LAYER.weights, midlevel, MEAN)[EMOTIONS.index(emotion)]
        np.testing.assert_allclose(chain.contributions, wanted, atol=1e-12)
        assert chain.contributions.sum() == pytest.approx(chain.value - chain.mean, abs=1e-12)
        assert chain.value == pytest.approx(LAYER.predict(midlevel[None])[0, EMOTIONS.index(emotion)])


@pytest.mark.parametrize(
    ("parts", "feature"),
    [
        ([0.02, 0, 0, 0, 0.05, 0, 0], "dissonance"),
        ([0.02, 0, 0, 0, -0.05, 0, 0], "dissonance"),  # in all it is less angry
        ([0.04, 0, 0, 0, -0.05, 0.03, 0], "melodiousness"),  # angrier, although the largest part is against it
        ([0.04, 0, 0, 0, -0.043, 0, 0], "dissonance"),  # no difference: the largest part of all
    ],
)
def test_the_feature_is_the_largest_part_in_the_direction_of_the_difference(parts, feature):
    assert chain_parts(parts).feature == feature


@pytest.mark.parametrize("step", [0.1, -0.1])
@pytest.mark.parametrize("name", MIDLEVEL)
def test_segments_push_the_feature_to_where_it_is(name, step):
    column = MIDLEVEL.index(name)
    chain = chain_parts(np.eye(7)[column] * step * ANGER[column], feature=name)
    assert chain.verb == ("raises" if step > 0 else "lowers")
    assert len(chain.segments) > 5
    assert (chain.weights * step > 0).all()
    np.testing.assert_allclose(chain.weights, WEIGHTS[chain.segments, column], atol=1e-9)
    assert (np.sign(chain.weights * ANGER[column]) == np.sign(chain.contribution)).all()


def test_an_emotion_high_for_lack_of_a_feature_shows_what_lowers_the_feature():
    chain = chain_parts([0.05, 0, 0, 0, 0.01, 0, 0])
    assert ANGER[0] < 0
    assert (chain.feature, chain.verb) == ("melodiousness", "lowers")
    assert "sounds angrier" in describe_chain(chain)
    assert "because it is less melodious (" in describe_chain(chain)
    assert "which lower melodiousness (" in describe_chain(chain)


def test_the_extent_is_that_of_the_segments_kept():
    chain = chain_parts([0, 0, 0, 0, 0.05, 0, 0])
    explanation = explain(chain.midlevel)
    assert (chain.seconds, chain.hertz) == compute_extent(explanation, "dissonance", chain.segments)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_number_of_a_sentence_is_in_the_chain(emotion, rng):
    for midlevel in rng.uniform(0.2, 0.9, (15, 7)):
        chain = build_chain(explain(midlevel), layer=LAYER, reference=build_reference(), emotion=emotion, title="A")
        told, more = describe_chain(chain), chain.value - chain.mean
        assert f"({emotion} {chain.value:.2f} against {chain.mean:.2f}" in told
        assert f"({chain.heard:.2f} against {chain.usual:.2f}, {chain.contribution:+.3f})" in told
        assert f"{len(chain.segments)} of 60 segments" in told
        (begin, end), (low, high) = chain.seconds, chain.hertz
        assert f"; half of their weight at {begin:.1f}–{end:.1f} s, there mostly at {low:.0f}–{high:.0f} Hz)" in told
        assert f"(they hold {100 * chain.share:.0f} % of all that {chain.verb} it;" in told
        if abs(more) > 0.005:
            assert f"“A” sounds {COMPARATIVES[emotion][int(more > 0)]} than the mean of two clips" in told


@pytest.mark.parametrize(
    ("parts", "feature", "words"),
    [
        ([0.02, 0, 0, 0, 0.03, 0, 0], None, ", mostly because it is more dissonant ("),
        ([0.02, 0.02, 0, 0, 0.03, 0, 0], None, ", above all because it is more dissonant ("),
        ([0.028, 0.001, 0, 0, 0.03, 0.02, 0], None, "+0.030); melodiousness weighs about as much. "),
        ([0.028, 0.025, 0, 0, 0.03, 0, 0], None, "+0.030); melodiousness and articulation weigh about as much. "),
        ([0.029, 0, 0, 0, 0.03, 0, 0], None, ", among others because it is more dissonant ("),
        ([0.028, 0.025, 0, 0, 0.03, 0, 0], None, ", among others because it is more dissonant ("),
        ([0.02, 0.02, 0, 0, 0.03, 0, 0], "melodiousness", ", among others because it is less melodious ("),
        ([-0.02, 0, 0, 0, 0.03, 0, 0], "dissonance", ", mostly because it is more dissonant ("),
        ([-0.02, 0, 0, 0, 0.03, 0, 0], "melodiousness", ", although it is more melodious ("),
        ([-0.03, 0, 0, 0, 0.03, 0, 0], "dissonance", ", although it is more dissonant ("),
        ([0.004, 0, 0, 0, 0.03, 0, 0], "melodiousness", "; that it is less melodious (0.4"),
        ([0.004, 0, 0, 0, 0.03, 0, 0], "melodiousness", ", +0.004) hardly counts."),
    ],
)
def test_how_much_of_the_reason_a_feature_is(parts, feature, words):
    assert words in describe_chain(chain_parts(parts, feature))


def test_no_difference_has_words_of_its_own():
    told = describe_chain(chain_parts([-0.03, 0, 0, 0, 0.031, 0, 0]))
    assert told.startswith("“A” hardly differs in anger from the mean of two clips (anger 0.")
    assert "angrier" not in told


NOISY = {"noise": 1.0, "n": 90}


def test_segments_that_may_be_chance_are_said_to_be():
    parts = [0, 0, 0, 0, 0.05, 0, 0]
    assert "certain" not in describe_chain(chain_parts(parts))
    unsure = chain_parts(parts, **NOISY)
    assert (unsure.n_certain, len(unsure.segments) > 1) == (0, True)
    assert "None of them is certain (at most 5 % false discoveries)." in describe_chain(unsure)


@pytest.mark.parametrize(("certain", "words"), [(1, "Only 1 of them is certain"), (2, "Only 2 of them are certain")])
def test_those_that_are_certain_are_counted(certain, words):
    assert words in describe_chain(replace(chain_parts([0, 0, 0, 0, 0.05, 0, 0]), n_certain=certain))


def test_one_segment_and_none_have_sentences_of_their_own():
    parts, weights = [0, 0, 0, 0, 0.05, 0, 0], np.zeros((60, 7))
    none = "None of the 30 largest weights, down to 5 % of the largest, raises dissonance."
    assert describe_chain(chain_parts(parts, weights=weights)).endswith(none)
    weights[17, 4] = 0.01
    told = describe_chain(chain_parts(parts, weights=weights))
    assert (
        "1 of 60 segments, which raises dissonance (it holds 100 % of all that raises it; half of its weight" in told
    )


def test_segments_that_surely_raise_it_are_not_denied_where_larger_ones_lower_it():
    weights = np.zeros((60, 7))
    weights[:40, 4], weights[40:, 4] = -0.02, 0.01
    chain = chain_parts([0, 0, 0, 0, 0.05, 0, 0], weights=weights)
    assert len(select_segments(explain(chain.midlevel, weights), "dissonance")[0]) == 20
    assert (len(chain.segments), chain.share) == (0, 0)
    assert "None of the 30 largest weights" in describe_chain(chain)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_share_is_that_of_the_weights_of_its_sign(sign):
    weights = np.zeros((60, 7))
    weights[:40, 4] = sign * np.repeat([0.03, 0.01, -0.02], [10, 10, 20])
    chain = chain_parts(sign * np.eye(7)[4] * 0.05 * ANGER[4], "dissonance", weights=weights)
    assert len(chain.segments) == 10  # twenty are larger than the other ten of that sign
    assert chain.share == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emotion": "rage"}, "no 'rage' here; choose one of: valence"),
        ({"feature": "anger"}, "no 'anger' here; choose one of: melodiousness"),
        ({"layer": LinearModel(LAYER.weights, LAYER.bias + 0.01)}, "does not make the anger of the reference"),
        ({"explanation": fit_explanation(lambda masks: masks[:, :1] * 1.0)}, "nothing is known of 'melodiousness'"),
    ],
)
def test_what_makes_no_chain_is_refused(change, message):
    options = {"layer": LAYER, "reference": build_reference(), "emotion": "anger", "title": "A"} | change
    with pytest.raises(ExplainError, match=message):
        build_chain(options.pop("explanation", None) or explain(MEAN), **options)
