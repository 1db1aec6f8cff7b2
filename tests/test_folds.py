"""Folds: albums whole, sizes even, every clip a test clip once, and trainings that are never taken for each other."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.corpora import load_corpus
from mer_utils.folds import FoldError, build_folds, build_groups, select_fold


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return load_corpus("generated", n_tracks=48, renderings=1, root=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def albums(rng):
    """360 tracks on 45 albums of very different sizes, as film music has them."""
    return pd.Series(rng.choice(45, 360, p=np.arange(1, 46) / 1035)).map("album {}".format).rename_axis("track_id")


@pytest.mark.parametrize("seed", range(5))
def test_albums_stay_whole_and_folds_are_even(albums, seed):
    folds = build_folds(albums, n_folds=10, seed=seed)
    assert (folds.groupby(albums).nunique() == 1).all()
    sizes = np.bincount(folds, minlength=10)
    assert sizes.min() >= 34
    assert sizes.max() <= 38


def test_dealing_albums_by_number_alone_is_not_even(albums):
    from sklearn.model_selection import GroupKFold

    theirs = GroupKFold(10, shuffle=True, random_state=0).split(albums, groups=albums)
    assert max(len(test) for _, test in theirs) > 38


def test_tracks_can_be_their_own_groups(albums):
    folds = build_folds(albums.index, n_folds=7)
    assert set(np.bincount(folds)) == {51, 52}


def test_only_the_seed_deals_differently(albums):
    folds = build_folds(albums, seed=3)
    shuffled = build_folds(albums.sample(frac=1, random_state=0), seed=3)
    pd.testing.assert_series_equal(shuffled.sort_index(), folds)
    assert (build_folds(albums, seed=4) != folds).mean() > 0.5


@pytest.mark.parametrize(
    ("groups", "n_folds", "message"),
    [
        (pd.Series(list("aabbcc")), 4, "3 groups can be dealt into 2 to 3 folds, not 4"),
        (pd.Series(list("aabbcc")), 1, "not 1"),
        (pd.Series(["a", "b", None, "c"]), 2, "needs one group"),
        (pd.Index(["t1", "t2", "t1"]), 2, "must be there once"),
    ],
)
def test_what_cannot_be_dealt_is_refused(groups, n_folds, message):
    with pytest.raises(FoldError, match=message):
        build_folds(groups, n_folds=n_folds)


def test_every_clip_is_tested_and_validated_once(corpus):
    splits = pd.concat([select_fold(corpus, fold, n_folds=5).tracks["split"] for fold in range(5)], axis=1)
    for split, times in (("test", 1), ("valid", 1), ("train", 3)):
        assert ((splits == split).sum(axis=1) == times).all()


def test_no_album_is_in_two_splits(corpus):
    tracks = select_fold(corpus, 4, n_folds=5, seed=2).tracks
    assert (tracks.groupby("album")["split"].nunique() == 1).all()


def test_validation_is_the_test_of_the_next_fold(corpus):
    views = [select_fold(corpus, fold, n_folds=5) for fold in range(5)]
    assert [view.select("valid") for view in views] == [views[(i + 1) % 5].select("test") for i in range(5)]


def test_trainings_are_told_apart_by_fingerprint(corpus):
    views = [select_fold(corpus, fold, n_folds=n, seed=s) for fold in range(3) for n in (3, 4) for s in (0, 1)]
    assert len({view.fingerprint for view in [corpus, *views]}) == 13
    assert select_fold(corpus, 0, n_folds=3).fingerprint == views[0].fingerprint


def test_a_fold_shares_spectrograms_and_leaves_its_corpus_alone(corpus):
    before = corpus.tracks.copy()
    view = select_fold(corpus, 1, n_folds=5)
    corpus.cache.mkdir(parents=True)
    np.save(corpus.cache / "spectrograms.npy", np.arange(48, dtype=np.float32)[:, None, None])
    assert view.spectrograms(["g0007"])[0] == corpus.spectrograms(["g0007"])[0] == 7
    pd.testing.assert_frame_equal(corpus.tracks, before)
    assert view.emotion is corpus.emotion


def test_a_signal_that_may_know_the_split_is_refused():
    corpus = load_corpus("generated", n_tracks=48, renderings=1, extra=lambda row: 0, extra_name="nothing")
    with pytest.raises(FoldError, match="extra signal"):
        select_fold(corpus, 0, n_folds=3)


def test_albums_that_share_ratings_are_one_group():
    tracks = pd.DataFrame({"album": list("aabbccd"), "vector": [0, 1, 1, 2, 3, 4, 5]})
    assert build_groups(tracks).tolist() == [0, 0, 0, 0, 1, 1, 2]
    assert build_groups(tracks[["album"]]).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_a_clip_without_an_album_is_named():
    with pytest.raises(FoldError, match="track t1 is on no album"):
        build_groups(pd.DataFrame({"album": ["a", None]}, ["t0", "t1"]))


def test_neither_albums_nor_ratings_are_in_two_folds():
    tracks = load_corpus("generated", n_tracks=480).tracks
    folds = build_folds(build_groups(tracks), n_folds=5)
    for column in ("album", "vector"):
        assert (folds.groupby(tracks[column]).nunique() == 1).all()
    assert (build_folds(tracks["album"], n_folds=5).groupby(tracks["vector"]).nunique() > 1).any()


@pytest.mark.parametrize(("fold", "n_folds"), [(3, 3), (-1, 3), (0, 2)])
def test_folds_that_there_are_not_are_refused(corpus, fold, n_folds):
    with pytest.raises(FoldError, match=f"at least 3 folds .* not fold {fold} of {n_folds}"):
        select_fold(corpus, fold, n_folds=n_folds)


def test_more_folds_than_albums_are_refused(corpus):
    with pytest.raises(FoldError, match="groups can be dealt"):
        select_fold(corpus, 0, n_folds=40)


def test_clips_can_be_dealt_without_regard_to_their_albums(corpus):
    tracks = select_fold(corpus, 0, n_folds=5, apart=False).tracks
    assert (tracks.groupby("album")["split"].nunique() > 1).any()
    assert (tracks["split"] == "test").sum() == 10
