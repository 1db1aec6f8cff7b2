"""Clips worth listening to."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mer_utils.contrasts import (
    compute_change_share,
    describe_twin,
    render_contrast,
    render_twin,
    select_extremes,
    select_opening,
    select_striking,
    select_typical,
)
from mer_utils.corpora import load_corpus
from mer_utils.ratings import MIDLEVEL
from mer_utils.spectrogram import compute_spectrogram


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("generated", n_tracks=48)


def test_extremes_are_high_in_one_rating_only():
    table = pd.DataFrame({"a": [9, 5, 9, 1], "b": [5, 9, 9, 1]}, list("wxyz"))
    assert select_extremes(table, ["a", "b"]) == {"a": "w", "b": "x"}


def test_no_track_is_chosen_twice():
    table = pd.DataFrame({"a": [9, 1, 2], "b": [9, 1, 2]}, list("xyz"))
    assert len(set(select_extremes(table, ["a", "b"]).values())) == 2


def test_striking_tracks_are_not_typical(corpus):
    striking, typical = (select(corpus, n=4) for select in (select_striking, select_typical))
    assert not set(striking) & set(typical)


def test_chosen_tracks_are_held_out(corpus):
    assert set(select_striking(corpus)) <= set(corpus.select("test"))


def detachedness(y):
    """How much a spectrogram changes from frame to frame, for what there is of it."""
    spec = compute_spectrogram(y)
    return np.abs(np.diff(spec, axis=0)).mean() / spec.mean()


def test_a_contrast_is_heard_where_it_should_be(corpus):
    pair = render_contrast(corpus, select_typical(corpus)[0], "articulation", seconds=7)
    assert len(pair["low"]) == len(pair["high"]) == 7 * 22050
    assert max(np.abs(y).max() for y in pair.values()) == pytest.approx(1)
    assert detachedness(pair["high"]) > 1.1 * detachedness(pair["low"])


def test_unknown_features_are_refused(corpus):
    with pytest.raises(ValueError, match="unknown feature 'loudness'; there are: melodiousness"):
        render_contrast(corpus, corpus.tracks.index[0], "loudness")


@pytest.mark.parametrize("seconds", [6.9, 15.1, -1, float("nan")])
def test_openings_of_other_lengths_are_refused(seconds):
    with pytest.raises(ValueError, match="choose from 7 to 15 s"):
        select_opening(np.zeros(10), seconds)


@pytest.fixture(scope="module")
def twins(corpus):
    base = select_typical(corpus)[0]
    return {feature: render_twin(corpus, base, feature, start=3, end=6) for feature in MIDLEVEL}


@pytest.mark.parametrize("feature", MIDLEVEL)
def test_every_feature_has_a_twin_that_differs(twins, feature):
    assert not np.array_equal(twins[feature].original, twins[feature].changed)


def test_a_twin_is_told_from_its_notes(twins):
    twin = twins["articulation"]
    notes = pd.DataFrame({"onset": [3.0, 6.26], "end": [4.0, 7.0], "twin": ["original", "changed"]})
    words = describe_twin(replace(twin, before=0.25, after=0.95, notes=notes))
    assert "from 0.25 to 0.95 (notes gone: 1, new: 1). They begin between 3.0 and 6.3 s" in words
    assert "ends at 7.0 s" in words


def test_where_no_note_can_differ_a_sentence_says_so(corpus):
    with pytest.raises(ValueError, match=r"from 14\.99 to 15 s can carry dissonance"):
        render_twin(corpus, corpus.tracks.index[0], "dissonance", start=14.99, end=15)


@pytest.mark.parametrize(("end", "share"), [(3.0, 1.0), (1.9, 0.25), (1.0, 0.0)])
def test_share_of_a_change_within_a_span(end, share):
    spec = np.zeros((100, 149))
    changed = spec.copy()
    changed[[40, 60]] = [[1], [-3]]  # at 1.28 and 1.92 s
    assert compute_change_share(spec, changed, start=0.5, end=end) == pytest.approx(share)


def test_a_change_of_nothing_has_no_place():
    with pytest.raises(ValueError, match="are the same"):
        compute_change_share(np.ones((9, 149)), np.ones((9, 149)), start=0, end=1)
