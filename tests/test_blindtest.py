import numpy as np
import pytest
from fakesounds import build_noise, explain_sound
from scipy.stats import binomtest

from mer_utils.blindoutcome import BlindTestError, compute_needed, compute_outcome, describe_outcome
from mer_utils.blindtest import CHOICES, build_blind_test, describe_test, render_takes
from mer_utils.glossary import QUESTIONS
from mer_utils.listening import render_explanation
from mer_utils.passages import Passage

SR = 22050


def build_take(label="clip", *, seconds=10, levels=(0.02, 0.1), seed=0):
    """Give a take whose kept sound is a hum and whose control is a hiss."""
    hum = np.sin(np.arange(round(seconds * SR)) / 20)
    hiss = np.random.default_rng(seed).normal(size=len(hum))
    return label, (levels[0] * hum).astype(np.float32), (levels[1] * hiss).astype(np.float32)


def compute_rms(y):
    return np.sqrt(np.mean(np.square(y, dtype=float)))


def is_hum(y):
    return np.corrcoef(y[1000:-1001], y[1001:-1000])[0, 1] > 0.9


def build_test(n_takes=5, seed=0, **choices):
    return build_blind_test([build_take(f"c{k}", seed=k) for k in range(n_takes)], seed=seed, **choices)


def build_takes_of_noise():
    """Give sixteen short takes of one piece each, which cost next to nothing."""
    return [build_take(f"c{k}", seconds=0.05) for k in range(16)]


@pytest.fixture(scope="module")
def whole():
    return build_test()


def answer_all(test, choices):
    for choice in choices:
        test = test.answer(choice)
    return test


def test_the_answer_is_the_sound_of_the_kept_segments(whole):
    assert {trial.answer for trial in whole.trials} == set(CHOICES)
    for trial in whole.trials:
        assert [is_hum(y) for y in trial.sounds] == [trial.answer == choice for choice in CHOICES]


def test_sounds_have_one_level_and_do_not_clip(whole):
    levels = [compute_rms(y) for trial in whole.trials for y in trial.sounds]
    assert np.allclose(levels, levels[0], rtol=1e-4)
    assert not np.allclose(*(compute_rms(y) for y in build_take()[1:]), rtol=1e-4)


def test_peaks_lower_all_sounds_alike():
    label, hum, hiss = build_take()
    clicks = np.where(np.arange(len(hum)) % 2000 == 1000, 0.5, 0).astype(np.float32)
    test = build_blind_test([(label, clicks, hiss)], seed=0)
    peaks = [[float(np.abs(y).max()) for y in trial.sounds] for trial in test.trials]
    levels = [compute_rms(y) for trial in test.trials for y in trial.sounds]
    assert np.max(peaks) == pytest.approx(0.9)
    assert np.allclose(levels, levels[0], rtol=1e-4)


def test_pieces_are_distinct_and_fade_at_their_ends(whole):
    assert len({trial.label for trial in whole.trials}) == 16
    hum = next(y for y in whole.trials[0].sounds if is_hum(y))
    assert len(hum) == 2.5 * SR
    assert max(abs(hum[0]), abs(hum[-1])) < 1e-4 < 0.01 * np.abs(hum[:110]).max()


@pytest.mark.parametrize(("gain", "left"), [(0.09, 3), (0.11, 4), (0, 3)])
def test_faint_pieces_are_left_out(gain, left):
    label, hum, hiss = build_take(levels=(0.1, 0.1))
    edited = hum.copy()
    edited[: len(hum) // 4] *= gain
    edited[len(hum) // 4 :] *= np.sqrt((4 - gain**2) / 3)  # so that the whole keeps its level
    for take in ((label, edited, hiss), (label, hiss, edited)):
        assert len(build_blind_test([take], seed=0).trials) == left


def test_a_test_that_is_too_short_tells():
    test = build_test(2)
    assert (len(test.trials), test.n_wanted) == (8, 16)
    assert "8 trials (16 were wanted" in describe_test(test)
    assert "wanted" not in describe_test(build_test(5))


def test_a_sound_a_little_short_of_ten_seconds_gives_four_pieces():
    test = build_blind_test([build_take(seconds=9.98)], seed=0)
    assert sorted(trial.label for trial in test.trials)[0] == "clip, 0.0 to 2.5 s"
    assert len(test.trials) == 4


def test_seeds_draw_sides_and_pieces():
    first, again, second = (build_test(seed=seed) for seed in (0, 0, 1))
    told = [[(trial.label, trial.answer) for trial in test.trials] for test in (first, again, second)]
    assert told[0] == told[1] != told[2]


def test_answers_are_counted(whole):
    right = "".join(trial.answer for trial in whole.trials)
    assert answer_all(whole, right).n_right == 16
    flipped = ("B" if right[0] == "A" else "A") + right[1:5]
    test = answer_all(whole, flipped)
    assert (test.n_right, test.wrong, test.done, whole.choices) == (4, (1,), False, "")


def test_an_answer_can_be_taken_back(whole):
    assert whole.answer("A").answer("B").take_back().choices == "A"
    assert whole.take_back().choices == ""


def test_a_coin_answers_what_is_left_and_knows_nothing():
    takes = build_takes_of_noise()
    tests = [build_blind_test(takes, seed=seed).answer_by_coin(seed) for seed in range(200)]
    assert all(test.done for test in tests)
    assert abs(np.mean([test.n_right for test in tests]) - 8) < 4 * 2 / np.sqrt(200)
    assert tests[3].choices == build_blind_test(takes, seed=3).answer_by_coin(3).choices
    assert build_blind_test(takes, seed=0).answer("A").answer_by_coin(0).choices[1:] == tests[0].choices[1:]


def test_a_coin_that_knew_the_sides_would_be_found():
    tests = [build_blind_test(build_takes_of_noise(), seed=seed) for seed in range(20)]
    right = [answer_all(test, [trial.answer for trial in test.trials]).n_right for test in tests]
    assert abs(np.mean(right) - 8) > 4 * 2 / np.sqrt(20)


def test_twelve_of_sixteen_are_needed():
    assert compute_needed(16) == 12
    assert compute_outcome(12, 16).p < 0.05 < compute_outcome(11, 16).p
    assert (compute_needed(5), compute_needed(4)) == (5, 5)  # of four, not even all would do
    assert compute_needed(16, level=0.5) == 9


@pytest.mark.parametrize("n_right", [0, 7, 16])
def test_outcomes_are_known(n_right):
    outcome = compute_outcome(n_right, 16)
    share, z = n_right / 16, 1.959964
    spread = z * np.sqrt(share * (1 - share) / 16 + z**2 / (4 * 16**2))
    wilson = np.clip((share + z**2 / 32 + np.array([-spread, spread])) / (1 + z**2 / 16), 0, 1)
    assert [outcome.low, outcome.high] == pytest.approx(wilson, abs=1e-6)
    assert outcome.p == pytest.approx(binomtest(n_right, 16, alternative="greater").pvalue)


@pytest.mark.parametrize(
    ("n_right", "n", "said"),
    [
        (7, 16, "You got 7 of 16 right (p = .77, Wilson interval 23 to 67 %): guessing gets as many often enough; 12"),
        (12, 16, "(p = .038, Wilson interval 51 to 90 %): guessing seldom gets as many; 12 were needed."),
        (16, 16, "(p < .001,"),
        (1, 16, "(p = 1.00, Wilson interval 1 to 28 %): guessing seldom gets so few"),
        (3, 16, "guessing seldom gets so few"),
        (4, 16, "guessing gets as many often enough"),
        (3, 3, "so few trials show nothing"),
    ],
)
def test_outcomes_are_told_honestly(n_right, n, said):
    assert said in describe_outcome(compute_outcome(n_right, n))


def test_a_test_is_told_in_words(whole):
    told = describe_test(whole)
    assert QUESTIONS["articulation"] in told
    assert "16 trials, each of two sounds of 2.5 s" in told
    assert "For p < .05, 12 right answers are needed." in told
    assert not any(trial.label in told for trial in whole.trials)


def spoil(y, value):
    return np.where(np.arange(len(y)) == 5, value, y)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: build_blind_test([], seed=0), "no piece can be heard"),
        (lambda: build_blind_test([build_take(levels=(0, 1))], seed=0), "no piece can be heard"),
        (lambda: build_blind_test([("c", np.ones(9), np.ones(8))], seed=0), r"c: sounds of shapes \(9,\)"),
        (lambda: build_blind_test([("c", np.ones(9), spoil(np.ones(9), np.nan))], seed=0), "c: has samples that"),
        (lambda: build_test(1, feature="anger"), "about 'anger'; features are: melodiousness"),
        (lambda: build_test(1).answer("a"), "'a' is no answer: say A or B"),
        (lambda: build_test(1).answer_by_coin(0).answer("A"), "all 4 trials are answered"),
        (lambda: compute_outcome(0, 0), "answer at least one"),
        (lambda: compute_outcome(17, 16), "17 right answers of 16"),
    ],
)
def test_what_makes_no_test_is_refused(build, said):
    with pytest.raises(BlindTestError, match=said):
        build()


def test_takes_are_what_raises_and_others():
    y, weights = build_noise(), np.zeros(60)
    weights[[3, 17, 40]] = 1
    known = {"a": weights, "nothing": np.zeros(60), "all": np.ones(60)}
    passages = {name: Passage(y, explain_sound(y, value)) for name, value in known.items()}
    assert [label for label, *_ in render_takes(passages, "o0", rule="bh")] == ["a"]
    ((label, kept, control),) = render_takes({"a": passages["a"]}, "o0")
    assert label == "a"
    assert np.array_equal(kept, render_explanation(passages["a"], "o0").y)
    assert 0.5 < compute_rms(control) / compute_rms(kept) < 2
    assert abs(np.corrcoef(control, kept)[0, 1]) < 0.05  # of other segments
    assert not np.array_equal(control, next(iter(render_takes(passages, "o0", seed=1)))[2])


def test_a_rule_takes_the_brighter_sound(whole):
    hum_is_darker = [trial.answer for trial in whole.trials]
    answered = whole.answer("A").answer_by_brightness()
    assert all(choice != answer for choice, answer in zip(answered.choices[1:], hum_is_darker[1:], strict=True))
    assert (answered.choices[0], answered.done) == ("A", True)
