"""Causes: cases differ where and in what they should, and scores rise and fall with what is known to be right."""

from dataclasses import replace

import numpy as np
import pytest

from mer_utils.causes import THRESHOLD, Case, build_cases, build_twins, select_middle
from mer_utils.causescores import compute_cause_scores, compute_leakage
from mer_utils.generated.corpus import load_generated
from mer_utils.ratings import MIDLEVEL

N_FRAMES = 313


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return load_generated(n_tracks=40, root=tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def cases(corpus):
    return build_cases(corpus, list(corpus.tracks.index), n=2, features=("articulation",))


def test_a_case_raises_a_low_control_to_the_top(corpus, cases):
    assert [case.feature for case in cases] == ["articulation"] * 2
    for case in cases:
        before = corpus.intent(case.track).caused["articulation"]
        assert before <= 0.4
        assert case.delta == pytest.approx(1 - before)
        assert case.original.shape == case.changed.shape == (N_FRAMES, 149)


def test_the_original_is_what_the_corpus_has_and_the_truth_lies_in_one_half(corpus, cases):
    for case in cases:
        np.testing.assert_allclose(case.original, select_middle(corpus.spectrogram(case.track)), atol=1e-5)
        halves = [half.mean() for half in np.array_split(case.truth, 2)]
        assert max(halves) > 0.05
        assert min(halves) < 0.3 * max(halves)  # what rings on


def test_tracks_with_a_high_control_or_without_a_change_give_no_case(corpus):
    high = [t for t in corpus.tracks.index if corpus.intent(t).caused["articulation"] > 0.4]
    assert build_cases(corpus, high, features=("articulation",)) == []
    assert build_cases(corpus, [], n=1) == []


def test_twins_move_to_where_there_is_room(corpus):
    tracks = list(corpus.tracks.index[:3])
    twins = build_twins(corpus, tracks, delta=0.3, features=("rhythmic stability",))
    assert len(twins) == 3
    for twin in twins:
        low = corpus.intent(twin.track).caused["rhythmic stability"] < 0.5
        assert twin.delta == pytest.approx(0.3 if low else -0.3)


@pytest.mark.parametrize("delta", [0, 0.6, float("nan")])
def test_controls_cannot_move_by_more_than_half(delta):
    with pytest.raises(ValueError, match=r"at most 0\.5"):
        build_twins(None, [], delta=delta)


def test_an_unknown_feature_lists_the_seven(corpus):
    for build in (build_cases, build_twins):
        with pytest.raises(ValueError, match="'tempo'; there are: melodiousness"):
            build(corpus, ["g0000"], features=("tempo",))


def build_case(feature="dissonance", *, delta=0.5):
    """Raise the level of a corner by 1."""
    original = np.full((32, 149), 0.5)
    changed = original.copy()
    changed[:8, :30] += np.sign(delta)
    return Case(feature, "t", delta, original, changed)


def cut(spec):
    """Cut into 4 x 5 tiles; the corner holds one."""
    return np.arange(32)[:, None] // 8 * 5 + np.minimum(np.arange(149) // 30, 4)


def hear(specs):
    """Hear dissonance, and half as much minorness, in the corner."""
    heard = np.zeros((len(specs), 7))
    heard[:, [4, 6]] = specs[:, :8, :30].mean((1, 2))[:, None] * [1, 0.5]
    return heard


def explain_truly(predict, spec, segments):
    return np.array([predict(spec[None])[0] - predict(np.where(segments == k, 0, spec)[None])[0] for k in range(20)])


def test_the_truth_begins_at_the_threshold():
    case = build_case()
    assert case.truth.sum() == 8 * 30
    for step, found in ((0.9, False), (1.1, True)):
        assert replace(case, changed=case.original + step * THRESHOLD).truth.all() == found


def test_a_right_explainer_scores_one_and_one_of_the_wrong_sign_none():
    scores = compute_cause_scores(explain_truly, hear, [build_case()], segment=cut).loc["dissonance", "t"]
    assert scores[["auroc", "auroc_size", "precision", "heard", "movement"]].tolist() == pytest.approx([1] * 5)
    assert scores["chance"] == 1 / 20
    wrong = compute_cause_scores(lambda *call: -explain_truly(*call), hear, [build_case()], segment=cut).iloc[0]
    assert wrong[["auroc", "auroc_size", "precision"]].tolist() == [0, 1, 0]
    assert wrong["movement"] == pytest.approx(-1)


def test_what_is_not_heard_cannot_be_found():
    scores = compute_cause_scores(explain_truly, hear, [build_case("articulation")], segment=cut).iloc[0]
    assert scores["heard"] == 0
    assert scores["auroc"] == 0.5


def test_leakage_shows_which_outputs_move_with_a_cause():
    table = compute_leakage(hear, [build_case(), build_case(delta=-0.5)])
    wanted = dict.fromkeys(MIDLEVEL, 0) | {"dissonance": 1, "minorness": 0.5}
    assert table.shape == (7, 7)
    assert table.loc["dissonance"].to_dict() == pytest.approx(wanted)
    assert table.drop("dissonance").isna().all(axis=None)


def test_leakage_in_standard_deviations():
    table = compute_leakage(hear, [build_case()], spread=[1, 1, 1, 1, 0.1, 1, 0.5])
    assert table.loc["dissonance", ["dissonance", "minorness"]].tolist() == pytest.approx([10, 1])
