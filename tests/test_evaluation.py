"""Scores of networks on a corpus: known answers, and the same predictions as elsewhere."""

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils.evaluation import (
    build_rating_table,
    compute_kind_table,
    compute_partial_scores,
    compute_score_table,
    compute_split_table,
    describe_acquaintance,
    name_ratings,
    predict_ratings,
    predict_split,
)
from mer_utils.networks import TrainedNetwork, build_network
from mer_utils.predictor import Predictor
from mer_utils.ratings import EMOTIONS, MIDLEVEL


@pytest.fixture
def corpus(rng):
    """Ratings that are noise-free ones plus noise of a standard deviation of one point."""
    fake = build_fake_corpus(40)
    fake.true_midlevel, fake.true_emotion = fake.midlevel, fake.emotion
    fake.midlevel, fake.emotion = (t + rng.normal(0, 1, t.shape) for t in (fake.true_midlevel, fake.true_emotion))
    return fake


def untrained(scheme):
    network = build_network(scheme, width=2, generator=torch.Generator().manual_seed(1)).eval()
    about = {"config": {}, "corpus": {}, "seed": 0, "scores": {}, "spectrogram": {"fps": 31.25}}
    return TrainedNetwork(network, (3.0, 1.0), **about)


def test_all_ratings_side_by_side(corpus):
    table = build_rating_table(corpus)
    assert tuple(table) == (*MIDLEVEL, *EMOTIONS)
    assert table[list(EMOTIONS)].equals(corpus.emotion)


@pytest.mark.parametrize("known", [True, False])
def test_noise_free_ratings_where_they_are_known(corpus, known):
    expected = corpus.true_emotion if known else corpus.emotion
    if not known:
        corpus.true_midlevel = corpus.true_emotion = None
    assert name_ratings(corpus) == ("true" if known else "rated")
    assert build_rating_table(corpus, noise_free=True)[list(EMOTIONS)].equals(expected)


def test_a_perfect_ear_reaches_the_ceiling(corpus):
    table = compute_score_table(corpus.true_midlevel, corpus)
    assert table["noise-free"].to_numpy() == pytest.approx(1)
    assert table["rated"].equals(table["ceiling"])
    assert table["ceiling"].max() < 0.99


def test_an_imperfect_ear_stays_below_it(corpus, rng):
    table = compute_score_table(corpus.true_emotion + rng.normal(0, 3, (40, 8)), corpus)
    assert (table["rated"] < table["ceiling"]).all()


def test_scores_without_noise_free_ratings(corpus):
    said, corpus.true_midlevel = corpus.true_midlevel, None
    assert list(compute_score_table(said, corpus)) == ["rated"]


def test_scores_follow_the_index_not_the_order(corpus):
    assert compute_score_table(corpus.true_midlevel.iloc[::-1], corpus)["noise-free"].min() == pytest.approx(1)


def test_an_ear_for_emotions_alone_hears_beyond_the_seven(corpus):
    assert compute_partial_scores(corpus.true_emotion, corpus).to_numpy() == pytest.approx(1)


def test_an_ear_for_the_seven_alone_hears_nothing_beyond(corpus, rng):
    said = corpus.true_midlevel.to_numpy() @ rng.normal(size=(7, 8))
    said = pd.DataFrame(said, corpus.true_midlevel.index, list(EMOTIONS))
    assert compute_partial_scores(said, corpus).isna().all()


@pytest.mark.parametrize(("scheme", "heads"), [("a2e", ["emotion"]), ("joint", ["midlevel", "emotion"])])
def test_schemes_tell_what_they_hear(corpus, scheme, heads):
    tables = predict_split(untrained(scheme), corpus, "valid")
    assert list(tables) == heads
    assert list(tables["emotion"].index) == corpus.select("valid")


@pytest.fixture
def long_and_short(corpus, rng):
    """Clips of less than one window, exactly one, one and a bit, two, and many, more than are held at once."""
    specs = [rng.random((n, 149), dtype=np.float32) for n in (40, 313, 314, 469, 900)] * 14
    corpus.select = lambda split: list(range(len(specs)))
    corpus.spectrograms = lambda tracks: [specs[track] for track in tracks]
    return corpus, specs


@pytest.mark.parametrize(("shift", "same"), [(0, True), (1, False)])
def test_many_clips_at_once_are_heard_like_each_alone(long_and_short, shift, same):
    corpus, specs = long_and_short
    together = predict_split(untrained("joint"), corpus, "any")["emotion"]
    alone = Predictor.from_trained(untrained("joint"))
    for track in (0, 1, 2, 3, 4, 68, 69):
        expected = predict_ratings(alone, specs[track - shift])["emotion"]
        assert np.allclose(together.loc[track], expected, rtol=1e-6, atol=1e-6) == same


def test_one_track_is_named_and_on_the_scale_of_ratings(corpus):
    heard = predict_ratings(Predictor.from_trained(untrained("joint")), corpus.spectrogram("t0000"))
    assert tuple(heard["midlevel"].index) == MIDLEVEL


def test_splits_are_counted_and_albums_that_cross_are_noticed(corpus):
    table = compute_split_table(corpus)
    assert table.to_dict("index") == {
        "train": {"clips": 30, "albums": 1, "albums elsewhere": 1},
        "valid": {"clips": 10, "albums": 1, "albums elsewhere": 1},
    }
    corpus.tracks["album"] = corpus.tracks["split"] + "-1"
    assert not compute_split_table(corpus)["albums elsewhere"].any()


def test_styles_are_counted_where_they_are_known(corpus):
    corpus.tracks["style"] = np.arange(40) % 3
    assert compute_split_table(corpus)["styles"].tolist() == [3, 3]


@pytest.mark.parametrize("column", ["target", "style"])
def test_emotions_are_averaged_by_what_clips_were_chosen_for(corpus, column):
    corpus.tracks[column] = ["ANGER", "SAD"] * 20
    corpus.emotion["anger"] = np.where(corpus.tracks[column] == "ANGER", 7.0, 2.0)
    table = compute_kind_table(corpus)
    assert table["anger"].to_dict() == {"ANGER": 7, "SAD": 2}
    assert table["clips"].tolist() == [20, 20]
    assert list(table)[1:] == list(EMOTIONS)


def test_targets_come_before_styles(corpus):
    corpus.tracks["target"], corpus.tracks["style"] = ["ANGER", "SAD"] * 20, "waltz"
    assert list(compute_kind_table(corpus).index) == ["ANGER", "SAD"]


@pytest.mark.parametrize(
    ("fingerprint", "track", "words"),
    [
        ("other", "t0001", "none of its training clips is in this one"),
        ("fake-40-64-0", "t0001", "trained on clips that include this one"),
        ("fake-40-64-0", "t0000", "picked among its epochs by clips that include this one"),
    ],
)
def test_a_net_says_whether_it_knows_a_clip(corpus, fingerprint, track, words):
    trained = untrained("joint")
    trained.corpus["fingerprint"] = fingerprint
    assert words in describe_acquaintance(trained, corpus, track)


@pytest.mark.parametrize(("album", "words"), [("b", "on no clip of this album"), ("a", "than elsewhere")])
def test_a_held_out_clip_is_called_unknown(corpus, album, words):
    trained = untrained("joint")
    trained.corpus["fingerprint"] = corpus.fingerprint
    corpus.tracks.loc["t0000", ["split", "album"]] = ["test", album]
    assert describe_acquaintance(trained, corpus, "t0000").endswith(words)


@pytest.mark.parametrize(("learnt", "may"), [("midlevel", True), ("soundtracks", True), ("generated", False)])
def test_the_data_sets_of_the_papers_share_clips(corpus, learnt, may):
    trained, corpus.name = untrained("joint"), "soundtracks"
    trained.corpus.update(fingerprint="other", name=learnt)
    assert ("may hold this clip" in describe_acquaintance(trained, corpus, "t0000")) == may
