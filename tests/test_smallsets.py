"""Small sets: styles no released net knows, albums whole, smaller sets inside larger ones, test clips unheard."""

import numpy as np
import pytest

from mer_utils.corpora import load_corpus
from mer_utils.generated.styles import HELD_OUT_STYLES
from mer_utils.networks import load_network
from mer_utils.smallsets import SmallSetError, UnheardCorpus, load_unheard, select_small_set
from mer_utils.spectrogram import compute_spectrogram


@pytest.fixture(scope="module")
def corpus():
    return load_unheard()


def learn(view):
    return {*view.select("train"), *view.select("valid")}


def test_no_released_net_was_trained_on_these_styles_or_this_corpus(corpus):
    released = load_network("released:joint").corpus
    theirs = load_corpus("generated", n_tracks=4000)
    assert theirs.fingerprint == released["fingerprint"] != corpus.source.fingerprint
    heard = theirs.tracks[theirs.tracks["split"].isin(["train", "valid"])]
    assert set(corpus.tracks["style"]) == set(HELD_OUT_STYLES)
    assert not set(heard["style"]) & set(HELD_OUT_STYLES)


def test_no_album_is_tested_and_learnt_from(corpus):
    splits = corpus.tracks.groupby("album")["split"].nunique()
    assert (splits == 1).all()
    assert corpus.tracks.groupby("split")["album"].nunique().to_dict() == {"pool": 74, "test": 40}


@pytest.mark.parametrize("n_clips", [100, 284])
def test_a_small_set_has_its_size_and_leaves_the_test_clips_alone(corpus, n_clips):
    view = select_small_set(corpus, n_clips, draw=1)
    assert len(learn(view)) == n_clips
    assert view.select("test") == corpus.select("test")
    assert len(view.select("valid")) == pytest.approx(n_clips / 7, rel=0.25)
    assert view.tracks.loc[list(learn(view))].groupby("album")["split"].nunique().max() == 1


def test_smaller_sets_of_a_draw_are_parts_of_larger_ones(corpus):
    small, large, other = (learn(select_small_set(corpus, n, draw=d)) for n, d in ((100, 2), (200, 2), (200, 3)))
    assert small < large
    assert not small < other


def test_sets_differ_in_their_fingerprints_and_the_corpus_stays_as_it_was(corpus):
    marks = {select_small_set(corpus, n, draw=d).fingerprint for n in (100, 200) for d in (0, 1)}
    assert len(marks) == 4
    assert set(corpus.tracks["split"]) == {"pool", "test"}


@pytest.mark.parametrize("n_clips", [521, 10])
def test_too_many_or_too_few_clips_are_refused(corpus, n_clips):
    with pytest.raises(SmallSetError, match=f"{n_clips} clips do not fit a pool of 520 or are too few"):
        select_small_set(corpus, n_clips)


def test_only_held_out_styles_are_rendered(tmp_path, monkeypatch):
    monkeypatch.setattr("mer_utils.workers.count_cores", lambda: 1)  # six clips are rendered sooner than workers start
    source = load_corpus("generated", root=tmp_path, n_tracks=40, seed=1, renderings=1)
    small = UnheardCorpus(source, n_test_albums=1)
    last = small.tracks.index[-1]
    np.testing.assert_array_equal(small.spectrogram(last), compute_spectrogram(source.audio(last)[0]))
    assert len(small._all_spectrograms) == len(small.tracks) == 6
    with pytest.raises(SmallSetError, match="2 of 2 albums cannot be for testing"):
        UnheardCorpus(source, n_test_albums=2)
