"""Neighbours: distances by hand, and the pair against trying every pair."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mer_utils.neighbours import (
    NeighbourError,
    compute_standard_scores,
    locate_tracks,
    select_neighbours,
    select_poster_pair,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL


def build_table(values, columns=MIDLEVEL):
    return pd.DataFrame(np.asarray(values, float), [f"t{i}" for i in range(len(values))], list(columns))


TABLE = build_table(np.random.default_rng(1).uniform(0.1, 1, (12, 7)))
FELT = build_table(np.random.default_rng(2).uniform(0, 0.8, (12, 8)), EMOTIONS)


def test_standard_scores_have_mean_0_and_deviation_1():
    scores = compute_standard_scores(TABLE)
    np.testing.assert_allclose(scores.mean(), 0, atol=1e-12)
    np.testing.assert_allclose((scores**2).mean(), 1)
    pd.testing.assert_frame_equal(compute_standard_scores(TABLE[:3], table=TABLE), scores[:3])
    assert abs(compute_standard_scores(TABLE[:3]) - scores[:3]).max(axis=None) > 0.1


def test_a_distance_is_the_root_mean_square_in_standard_deviations():
    query = TABLE.iloc[4] + TABLE.std(ddof=0) * [1, -1, 1, -1, 1, -1, 1]
    nearest = select_neighbours(TABLE, query, n=12)
    assert nearest.loc["t4", "distance"] == pytest.approx(1)
    assert nearest["distance"].is_monotonic_increasing
    pd.testing.assert_frame_equal(nearest[list(MIDLEVEL)], TABLE.loc[nearest.index])


def test_the_nearest_tracks_are_those_of_every_distance():
    z = (TABLE - TABLE.mean()) / TABLE.std(ddof=0)
    distance = ((z - z.loc["t3"]) ** 2).sum(axis=1).drop("t3").sort_values()
    assert list(select_neighbours(TABLE, "t3", n=11).index) == list(distance.index)


def test_a_feature_in_other_units_has_the_same_neighbours():
    stretched = TABLE.assign(dissonance=100 * TABLE["dissonance"])
    same = select_neighbours(TABLE, "t0", n=11)["distance"]
    pd.testing.assert_series_equal(select_neighbours(stretched, "t0", n=11)["distance"], same)


def test_a_query_is_left_out_only_where_it_is_a_track_of_the_table():
    assert "t0" not in select_neighbours(TABLE, "t0", n=11).index
    found = select_neighbours(TABLE, TABLE.loc["t0"])
    assert (found.index[0], found["distance"].iloc[0]) == ("t0", 0)


def test_excluded_tracks_give_way_to_the_next():
    first, second, third = select_neighbours(TABLE, "t0").index
    assert list(select_neighbours(TABLE, "t0", n=2, exclude=[first]).index) == [second, third]


def test_of_equally_near_tracks_the_first_of_the_table_comes_first():
    thrice = build_table(np.tile(TABLE, (3, 1)))
    rows = [int(track[1:]) for track in select_neighbours(thrice, TABLE.loc["t4"], n=36).index]
    assert rows[:3] == [4, 16, 28]
    assert all(rows[n : n + 3] == sorted(rows[n : n + 3]) for n in range(0, 36, 3))


def test_a_series_is_read_by_name():
    turned = TABLE.loc["t5"][::-1]
    assert select_neighbours(TABLE, turned, n=1).index == "t5"
    assert select_neighbours(TABLE, turned.to_numpy(), n=1)["distance"].iloc[0] > 0.1


@pytest.mark.parametrize("share", [0.05, 0.2, 1])
def test_the_poster_pair_is_that_of_trying_every_pair(share):
    x, y = (((table - table.mean()) / table.std(ddof=0)).to_numpy() for table in (TABLE, FELT))
    pairs = sorted(combinations(range(12), 2), key=lambda pair: np.mean((y[pair[0]] - y[pair[1]]) ** 2))
    wanted = max(pairs[: round(66 * share)], key=lambda pair: np.mean((x[pair[0]] - x[pair[1]]) ** 2))
    assert select_poster_pair(TABLE, FELT, share=share) == tuple(f"t{row}" for row in wanted)


def test_the_poster_pair_is_among_the_tracks_asked_for():
    everyone = select_poster_pair(TABLE, FELT, share=1)
    others = [track for track in TABLE.index if track != everyone[0]]
    pair = select_poster_pair(TABLE, FELT, share=1, track_ids=others[::-1])
    assert everyone[0] not in pair
    assert list(TABLE.index).index(pair[0]) < list(TABLE.index).index(pair[1])


def test_of_few_tracks_the_two_most_alike_are_a_pair():
    y = ((FELT - FELT.mean()) / FELT.std(ddof=0)).loc[["t1", "t4", "t7"]]
    closest = min(combinations(y.index, 2), key=lambda pair: np.mean((y.loc[pair[0]] - y.loc[pair[1]]) ** 2))
    assert select_poster_pair(TABLE, FELT, track_ids=["t1", "t4", "t7"]) == closest


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.assign(dissonance=0.3), "'dissonance' is the same in all of the 12 tracks"),
        (TABLE.drop("t2").reindex(TABLE.index), "track 't2' is unknown or lacks a feature"),
        (TABLE.replace(TABLE.iloc[2, 3], np.nan), "track 't2' is unknown or lacks a feature"),
        (TABLE.replace(TABLE.iloc[2, 3], np.inf), "track 't2' is unknown or lacks a feature"),
        (pd.concat([TABLE, TABLE[:1]]), "track 't0' is listed twice"),
        (TABLE.rename(columns={"dissonance": "minorness"}), "feature 'minorness' is listed twice"),
        (TABLE[:0], "there are not two of the 0 tracks"),
    ],
)
def test_tables_without_distances_are_refused(table, message):
    with pytest.raises(NeighbourError, match=message):
        select_neighbours(table, [0.5] * 7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: select_neighbours(TABLE, "t99"), "no track 't99' among the 12"),
        (lambda: select_neighbours(TABLE, [0.5] * 6), "needs 7 finite features"),
        (lambda: select_neighbours(TABLE, TABLE.loc["t0"].drop("dissonance")), "needs 7 finite features"),
        (lambda: select_neighbours(TABLE, "t0", exclude=["t1", "x"]), "no track 'x'"),
        (lambda: select_neighbours(TABLE, [0.5] * 6 + [np.inf]), "needs 7 finite features"),
        (lambda: locate_tracks(TABLE, ["t1", "x", "t2"]), "no track 'x' among the 12"),
        (lambda: select_neighbours(TABLE, "t0", n=12), "12 neighbours cannot be chosen from 11 tracks"),
        (lambda: select_poster_pair(TABLE, FELT, share=0), "lies above 0"),
        (lambda: select_poster_pair(TABLE, FELT[::-1]), "same tracks in the same order"),
        (lambda: select_poster_pair(TABLE, FELT, track_ids=["t1"]), "needs two tracks"),
        (lambda: compute_standard_scores(TABLE, table=FELT), "the same columns"),
        (lambda: compute_standard_scores(TABLE[:3].iloc[:, ::-1], table=TABLE), "columns in the same order"),
        (lambda: compute_standard_scores(TABLE[:3].replace(TABLE.iloc[2, 3], np.nan), table=TABLE), "track 't2'"),
    ],
)
def test_what_cannot_be_chosen_is_said(call, message):
    with pytest.raises(NeighbourError, match=message):
        call()
