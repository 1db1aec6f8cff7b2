"""Clips worth listening to."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.contrasts import render_contrast, select_extremes, select_striking, select_typical
from mer_utils.corpora import load_corpus
from mer_utils.spectrogram import compute_spectrogram

CORPUS = load_corpus("generated", n_tracks=48)


def test_extremes_are_high_in_one_rating_only():
    table = pd.DataFrame({"a": [9, 5, 9, 1], "b": [5, 9, 9, 1]}, list("wxyz"))
    assert select_extremes(table, ["a", "b"]) == {"a": "w", "b": "x"}


def test_no_track_is_chosen_twice():
    table = pd.DataFrame({"a": [9, 1, 2], "b": [9, 1, 2]}, list("xyz"))
    assert len(set(select_extremes(table, ["a", "b"]).values())) == 2


def test_striking_tracks_are_not_typical():
    striking, typical = (select(CORPUS, n=4) for select in (select_striking, select_typical))
    assert not set(striking) & set(typical)


def test_chosen_tracks_are_held_out():
    assert set(select_striking(CORPUS)) <= set(CORPUS.select("test"))


def detachedness(y):
    """How much a spectrogram changes from frame to frame, for what there is of it."""
    spec = compute_spectrogram(y)
    return np.abs(np.diff(spec, axis=0)).mean() / spec.mean()


def test_a_contrast_is_heard_where_it_should_be():
    pair = render_contrast(CORPUS, select_typical(CORPUS)[0], "articulation", seconds=6)
    assert len(pair["low"]) == len(pair["high"]) == 6 * 22050
    assert max(np.abs(y).max() for y in pair.values()) == pytest.approx(1)
    assert detachedness(pair["high"]) > 1.1 * detachedness(pair["low"])


def test_unknown_features_are_refused():
    with pytest.raises(ValueError, match="unknown feature 'loudness'; there are: melodiousness"):
        render_contrast(CORPUS, CORPUS.tracks.index[0], "loudness")
