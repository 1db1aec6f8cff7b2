"""Explorations: what is known is found without asking the net, and what is computed is kept and can be followed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fakeexplorations import HARSH, LAYER, SMALL, build_exploration, build_trained, count_asked
from fakesounds import build_noise, build_tones

from mer_utils.excerpts import ExcerptError
from mer_utils.exploration import METHODS, SIDES, Exploration, Query
from mer_utils.explorerviews import build_answer
from mer_utils.layers import LayerError
from mer_utils.library import LibraryError
from mer_utils.predictor import Predictor
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.segments import METHODS as CUTS
from mer_utils.spectrogram import compute_spectrogram

SONGS = {
    "minute": np.concatenate([build_noise(30), 0.3 * build_tones(300, 900, seconds=30)]),
    "clip": build_noise(12, seed=1),
    "short": build_noise(4, seed=2),
}
TRAINED = build_trained()
N_ALL = SMALL.n_samples + 300  # with the masks on which the fit is tested
QUERY, COLUMNS = Query("clip"), Query("minute", at=40.0, segmentation="time")


def explore(folder, **choices):
    return build_exploration(SONGS, folder=folder, trained=TRAINED, **choices)


TOLD = []  # by the explanation of the clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the middle of the clip is explained, all of a short song, and a part of a minute by columns."""
    folder = tmp_path_factory.mktemp("explained")
    explore(folder).explain(QUERY, progress=lambda *counts: TOLD.append(counts))
    for query in (COLUMNS, Query("short")):
        explore(folder).explain(query, progress=False)
    return folder


@pytest.fixture
def empty(tmp_path):
    return explore(tmp_path)


# Hearing


def test_what_is_heard_is_what_the_net_says_of_the_middle(empty):
    heard = empty.hear(QUERY)
    spec = compute_spectrogram(SONGS["clip"])
    first = (len(spec) - 313) // 2
    assert heard.excerpt.start == first / 31.25
    np.testing.assert_array_equal(heard.excerpt.spec, spec[first : first + 313])
    said = Predictor.from_trained(TRAINED).predict(spec[first : first + 313])
    np.testing.assert_allclose(heard.midlevel, said.midlevel[0], atol=1e-6)
    np.testing.assert_allclose(heard.emotion, said.emotion[0], atol=1e-5)
    assert abs(heard.emotion - said.emotion[0] + 1e-4).min() > 1e-5


def test_emotions_are_the_layer_of_what_is_heard(empty):
    heard = empty.hear(QUERY)
    np.testing.assert_allclose(heard.emotion, LAYER.predict(heard.midlevel[None])[0], atol=1e-6)
    assert [heard.get(name) for name in EMOTIONS] == heard.emotion.tolist()
    assert (heard.song.name, list(heard.song.index)) == ("clip", list(MIDLEVEL))
    assert heard.song.to_list() == heard.midlevel.tolist()


def test_a_second_question_about_the_same_music_asks_nothing(empty, monkeypatch):
    asked = count_asked(monkeypatch)
    first = empty.hear(QUERY)
    assert asked == [1]
    assert empty.hear(replace(QUERY, emotion="sad", feature="minorness", rule="bh")) is first
    assert empty.hear(replace(QUERY, at=1.0)) is not first
    assert asked == [1, 1]


@pytest.mark.parametrize(("at", "start"), [(0.0, 0.0), (40.0, 40.0), (59.0, 50.0), (None, 25.0)])
def test_a_minute_is_heard_where_one_asks_to(empty, at, start):
    excerpt = empty.hear(Query("minute", at=at)).excerpt
    assert excerpt.start == pytest.approx(start, abs=0.05)
    assert excerpt.spec.shape == (313, 149)


def test_a_short_song_is_repeated(empty):
    spec = empty.hear(Query("short")).excerpt.spec
    n = len(compute_spectrogram(SONGS["short"]))
    np.testing.assert_array_equal(spec[n : 2 * n], spec[:n])


def test_what_cannot_be_heard_is_said(empty):
    with pytest.raises(LibraryError, match="no sound lost"):
        empty.hear(Query("lost"))
    with pytest.raises(ExcerptError, match=r"lasts 12\.0 s, so that nothing begins at 13 s"):
        empty.hear(replace(QUERY, at=13.0))


def test_no_more_than_the_latest_songs_are_remembered(empty, monkeypatch):
    monkeypatch.setattr("mer_utils.exploration._REMEMBERED", 2)
    asked = count_asked(monkeypatch)
    for title in ("clip", "short", "minute", "minute", "short", "clip"):
        empty.hear(Query(title))
    assert len(asked) == 4


# Finding


def test_what_was_not_explained_is_not_found(empty):
    assert empty.find(QUERY) is None


@pytest.mark.parametrize("query", [QUERY, Query("short")], ids=lambda query: query.title)
def test_another_exploration_finds_what_was_explained_and_asks_nothing(folder, query, monkeypatch):
    asked = count_asked(monkeypatch)
    there = explore(folder)
    passage = there.find(query)
    assert asked == []
    assert there.find(query) is passage
    np.testing.assert_array_equal(passage.explanation.spec, there.hear(query).excerpt.spec)
    assert passage.explanation.start == there.hear(query).excerpt.start
    assert passage.explanation.output_names == MIDLEVEL


def test_all_looks_at_what_is_explained_ask_nothing(folder, monkeypatch):
    asked = count_asked(monkeypatch)
    there = explore(folder)
    looks = [replace(QUERY, emotion=emotion, feature=MIDLEVEL[k % 7]) for k, emotion in enumerate(EMOTIONS)]
    looks += [
        replace(QUERY, rule=rule, side=side, threshold=t) for rule, t in (("top", 5), ("bh", 0.1)) for side in SIDES
    ]
    answers = [build_answer(there, look) for look in looks]
    assert asked == []
    assert len({id(answer.passage) for answer in answers}) == 1


def test_a_net_that_is_asked_would_be_noticed(tmp_path, monkeypatch):
    asked = count_asked(monkeypatch)
    assert build_answer(explore(tmp_path), QUERY).passage is None
    assert asked == [1]


def test_what_is_known_says_the_same_as_the_net(folder, empty):
    known, asked = explore(folder).hear(QUERY), empty.hear(QUERY)
    np.testing.assert_allclose(known.midlevel, asked.midlevel, atol=1e-6)


def test_the_middle_by_its_seconds_is_the_middle(folder, monkeypatch):
    asked = count_asked(monkeypatch)
    there = explore(folder)
    assert there.find(replace(QUERY, at=there.hear(QUERY).excerpt.start)) is not None
    assert there.find(replace(QUERY, segmentation=there.segmentation)) is not None
    assert asked == []


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, at=0.5),
        replace(QUERY, segmentation="time"),
        replace(QUERY, method="as in 2019"),
        replace(QUERY, title="minute"),
    ],
)
def test_what_decides_an_explanation_is_told_apart(folder, other):
    assert explore(folder).find(other) is None
    assert other.explained != QUERY.explained


def test_explanations_of_other_seeds_and_nets_are_others(folder):
    assert explore(folder, seed=1).find(QUERY) is None
    other = build_trained()
    other.network.to_midlevel.bias.data += 0.1
    assert build_exploration(SONGS, folder=folder, trained=other).find(QUERY) is None


def test_a_minute_is_explained_where_one_asks_to(folder):
    known = explore(folder).find(COLUMNS).explanation
    np.testing.assert_array_equal(known.spec, compute_spectrogram(SONGS["minute"])[1250:1563])
    assert (known.start, known.config["segmentation"]) == (40.0, "time")


def test_what_is_known_by_other_segments_alone_asks_nothing(folder, monkeypatch):
    asked = count_asked(monkeypatch)
    assert explore(folder).find(COLUMNS) is not None
    assert asked == []


# Explaining


def test_explaining_is_reported_from_start_to_end(folder):
    done = [n for n, _ in TOLD]
    assert {total for _, total in TOLD} == {N_ALL}
    assert done == sorted(set(done))
    assert (len(done) > 5, done[-1]) == (True, N_ALL)
    assert explore(folder).find(QUERY).explanation.n_samples == SMALL.n_samples


def test_what_reports_may_end_it_and_then_nothing_is_kept(empty, tmp_path, monkeypatch):
    class Enough(Exception):
        pass

    def stop(n_done, n_total):
        if n_done > 100:
            raise Enough

    asked = count_asked(monkeypatch)
    with pytest.raises(Enough):
        empty.explain(QUERY, progress=stop)
    assert sum(asked) < N_ALL / 2
    assert empty.find(QUERY) is None
    assert list(tmp_path.iterdir()) == []


def test_each_explanation_is_one_file_of_the_folder(folder):
    assert len(list(folder.iterdir())) == 3


def test_what_is_explained_already_is_not_computed_again(folder, monkeypatch):
    there = explore(folder)
    asked = count_asked(monkeypatch)
    there.explain(QUERY, progress=False)
    assert asked == []


# Expected times


def test_expected_times_grow_with_what_is_asked(empty):
    ours, theirs = (empty.estimate_seconds(replace(QUERY, method=method)) for method in METHODS)
    assert 0 < ours < np.inf
    assert theirs / ours == pytest.approx(50_300 / N_ALL)


def test_a_trial_is_made_once_and_asks_little(empty, monkeypatch):
    asked = count_asked(monkeypatch)
    before = [empty.estimate_seconds(replace(QUERY, feature=feature)) for feature in (None, "minorness")]
    assert before[0] == before[1]
    assert sum(asked) < 50


def test_expected_times_come_from_the_last_explanation(empty, monkeypatch):
    clock = iter(range(0, 100, 7))
    done = SimpleNamespace(n_samples=SMALL.n_samples, holdout=range(300))
    monkeypatch.setattr("mer_utils.exploration.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("mer_utils.exploration.explain_window", lambda *args, **options: done)
    empty.explain(QUERY)
    assert empty.estimate_seconds(Query("minute")) == pytest.approx(7)


def test_a_look_into_the_cache_does_not_change_what_is_expected(folder):
    there = explore(folder)
    before = there.estimate_seconds(Query("minute"))
    there.explain(QUERY, progress=False)
    assert there.estimate_seconds(Query("minute")) == before


# Features and layers


@pytest.mark.parametrize("emotion", ["anger", "tender"])
def test_the_feature_is_the_one_that_moves_the_emotion_most(empty, emotion):
    query = replace(QUERY, emotion=emotion)
    parts = LAYER.weights[EMOTIONS.index(emotion)] * (empty.hear(query).midlevel - empty.reference.mean)
    assert empty.name_feature(query) == MIDLEVEL[np.abs(parts).argmax()]
    assert empty.name_feature(replace(query, feature="minorness")) == "minorness"


def test_settling_leaves_nothing_open_and_changes_nothing_else(empty):
    settled = empty.settle(QUERY)
    assert (settled.feature, settled.segmentation) == (empty.name_feature(QUERY), "grid")
    assert replace(settled, feature=None, segmentation=None) == QUERY
    assert empty.settle(settled) == settled
    assert settled.segmentation in CUTS


def test_effects_are_those_of_the_reference(empty):
    expected = LAYER.weights * empty.reference.midlevel.to_numpy()[:, None]
    np.testing.assert_allclose(empty.effects, expected, atol=1e-6)


def test_a_net_without_a_readable_layer_is_refused_at_once():
    with pytest.raises(LayerError, match="take joint"):
        Exploration(None, build_trained("a2e"), None)


def test_titles_may_hold_anything(tmp_path):
    there = build_exploration({HARSH: SONGS["short"]}, folder=tmp_path, trained=TRAINED)
    assert there.hear(Query(HARSH)).title == HARSH
    assert there.hear(Query(HARSH)).song.name == HARSH
