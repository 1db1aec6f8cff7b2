"""Scores of networks on a corpus: known answers, and the same predictions as elsewhere."""

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils.evaluation import (
    build_rating_table,
    compute_partial_scores,
    compute_score_table,
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
def test_predictions_are_those_of_the_predictor(corpus, scheme, heads):
    trained, track = untrained(scheme), corpus.select("valid")[1]
    tables = predict_split(trained, corpus, "valid")
    heard = Predictor.from_trained(trained).predict_track(corpus.spectrogram(track))
    assert list(tables) == heads
    assert np.allclose(tables["emotion"].loc[track], 10 * heard.emotion, atol=1e-6)


def test_one_track_is_named_and_on_the_scale_of_ratings(corpus):
    heard = predict_ratings(Predictor.from_trained(untrained("joint")), corpus.spectrogram("t0000"))
    assert tuple(heard["midlevel"].index) == MIDLEVEL
