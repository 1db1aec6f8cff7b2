"""Examples: distances by hand, the greedy choice against trying every track, and planted kinds of tracks."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mer_utils.neighbours import (
    NeighbourError,
    compute_standard_scores,
    select_criticisms,
    select_neighbours,
    select_poster_pair,
    select_prototypes,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL


def build_table(values, columns=MIDLEVEL):
    return pd.DataFrame(np.asarray(values, float), [f"t{i}" for i in range(len(values))], list(columns))


TABLE = build_table(np.random.default_rng(1).uniform(0.1, 1, (12, 7)))
FELT = build_table(np.random.default_rng(2).uniform(0, 0.8, (12, 8)), EMOTIONS)


def build_clusters(rng, *, lone=0):
    """Three tight kinds of 20 tracks each, and some that are far from all of them."""
    centres = np.repeat([[0.2] * 7, [0.2] * 3 + [0.8] * 4, [0.8] * 3 + [0.2] * 4], 20, axis=0)
    return build_table(np.vstack([centres + rng.normal(0, 0.003, centres.shape), np.full((lone, 7), 0.8)]))


def build_kernel(table, bandwidth):
    """The kernel from its definition, one pair at a time."""
    z = ((table - table.mean()) / table.std(ddof=0)).to_numpy()
    return np.array([[np.exp(-np.mean((a - b) ** 2) / (2 * bandwidth**2)) for b in z] for a in z])


def compute_discrepancy(kernel, rows):
    return kernel.mean() - 2 * kernel[rows].mean() + kernel[np.ix_(rows, rows)].mean()


def compute_criticism(kernel, prototypes, rows):
    witness = kernel[rows].mean(axis=1) - kernel[np.ix_(rows, prototypes)].mean(axis=1)
    return np.abs(witness).sum() + np.linalg.slogdet(kernel[np.ix_(rows, rows)])[1]


def select_by_trying(score, candidates, n):
    """Add the candidate that makes a score of rows largest, n times."""
    rows = []
    for _ in range(n):
        rows.append(max((row for row in candidates if row not in rows), key=lambda row: score([*rows, row])))
    return [f"t{row}" for row in rows]


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


def test_a_series_is_read_by_name():
    turned = TABLE.loc["t5"][::-1]
    assert select_neighbours(TABLE, turned, n=1).index == "t5"
    assert select_neighbours(TABLE, turned.to_numpy(), n=1)["distance"].iloc[0] > 0.1


@pytest.mark.parametrize("bandwidth", [0.4, 1.2])
def test_prototypes_are_those_of_trying_every_track(bandwidth):
    kernel = build_kernel(TABLE, bandwidth)
    wanted = select_by_trying(lambda rows: -compute_discrepancy(kernel, rows), range(12), 5)
    assert select_prototypes(TABLE, n=5, bandwidth=bandwidth) == wanted
    assert select_prototypes(TABLE, n=5, bandwidth=bandwidth / 3) != wanted


@pytest.mark.parametrize("bandwidth", [0.4, 1.2])
def test_criticisms_are_those_of_trying_every_track(bandwidth):
    kernel = build_kernel(TABLE, bandwidth)
    others = [row for row in range(12) if row not in (0, 1)]
    wanted = select_by_trying(lambda rows: compute_criticism(kernel, [0, 1], rows), others, 5)
    assert select_criticisms(TABLE, ["t0", "t1"], n=5, bandwidth=bandwidth) == wanted
    assert select_criticisms(TABLE, ["t2", "t3"], n=5, bandwidth=bandwidth) != wanted


def test_the_bandwidth_is_the_median_distance_of_different_tracks_by_default(rng):
    values = rng.lognormal(0, 1.5, (30, 7))
    skewed = build_table(np.vstack([values, *[values[:1]] * 20]))
    z = ((skewed - skewed.mean()) / skewed.std(ddof=0)).to_numpy()
    distances = [np.sqrt(np.mean((a - b) ** 2)) for a, b in combinations(z, 2) if (a != b).any()]
    prototypes = select_prototypes(skewed, n=9)
    assert prototypes == select_prototypes(skewed, n=9, bandwidth=np.median(distances))
    assert prototypes != select_prototypes(skewed, n=9, bandwidth=np.mean(distances))
    assert prototypes != select_prototypes(skewed, n=9, bandwidth=np.median([*distances, *[0] * 210]))


def test_more_prototypes_begin_with_the_same_ones_and_none_comes_twice():
    everyone = select_prototypes(TABLE, n=12)
    assert everyone[:3] == select_prototypes(TABLE, n=3)
    assert sorted(everyone) == sorted(TABLE.index)


def test_every_planted_kind_has_a_prototype_before_any_has_two(rng):
    prototypes = select_prototypes(build_clusters(rng), n=6)
    kinds = [int(track[1:]) // 20 for track in prototypes]
    assert sorted(kinds[:3]) == [0, 1, 2]
    assert sorted(kinds) == [0, 0, 1, 1, 2, 2]


def test_the_discrepancy_falls_until_every_kind_has_its_prototype(rng):
    table = build_clusters(rng)
    kernel = build_kernel(table, 0.5)
    rows = [int(track[1:]) for track in select_prototypes(table, n=4, bandwidth=0.5)]
    discrepancies = [compute_discrepancy(kernel, rows[:n]) for n in (1, 2, 3, 4)]
    assert discrepancies[0] > 1.5 * discrepancies[1] > 1.5 * discrepancies[2]
    assert discrepancies[3] > discrepancies[2]  # a kind with two is out of balance


def test_a_planted_outlier_is_the_first_criticism(rng):
    table = build_clusters(rng, lone=1)
    prototypes = select_prototypes(table, n=3)
    assert select_criticisms(table, prototypes, bandwidth=0.5)[0] == "t60"
    of_two = select_criticisms(table, prototypes[:2], bandwidth=0.5)[0]
    assert int(of_two[1:]) // 20 == int(prototypes[2][1:]) // 20  # a whole kind without a prototype weighs more


def test_criticisms_are_neither_prototypes_nor_each_other():
    prototypes = select_prototypes(TABLE)
    assert sorted([*prototypes, *select_criticisms(TABLE, prototypes)]) == sorted(TABLE.index)


def test_equal_tracks_are_no_two_criticisms():
    twice = build_table(np.vstack([TABLE, TABLE]))
    criticisms = select_criticisms(twice, ["t0"], n=6)
    assert len({int(track[1:]) % 12 for track in criticisms}) == 6
    assert select_prototypes(twice, n=3)[0] == select_prototypes(TABLE, n=1)[0]
    with pytest.raises(NeighbourError, match="only 12 different tracks are left for 13"):
        select_criticisms(twice, ["t0"], n=13)


@pytest.mark.parametrize("like", [0.9, 1.2])
def test_the_poster_pair_is_that_of_trying_every_pair(like):
    x, y = (((table - table.mean()) / table.std(ddof=0)).to_numpy() for table in (TABLE, FELT))
    alike = [(a, b) for a, b in combinations(range(12), 2) if np.mean((y[a] - y[b]) ** 2) <= like**2]
    wanted = max(alike, key=lambda pair: np.mean((x[pair[0]] - x[pair[1]]) ** 2))
    assert 1 < len(alike) < 66
    assert select_poster_pair(TABLE, FELT, like=like) == tuple(f"t{row}" for row in wanted)


def test_the_poster_pair_is_among_the_tracks_asked_for():
    everyone = select_poster_pair(TABLE, FELT, like=9)
    others = [track for track in TABLE.index if track != everyone[0]]
    pair = select_poster_pair(TABLE, FELT, like=9, track_ids=others[::-1])
    assert everyone[0] not in pair
    assert list(TABLE.index).index(pair[0]) < list(TABLE.index).index(pair[1])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.assign(dissonance=0.3), "'dissonance' is the same in all of the 12 tracks"),
        (TABLE.drop("t2").reindex(TABLE.index), "track 't2' is unknown or lacks a feature"),
        (pd.concat([TABLE, TABLE[:1]]), "track 't0' is listed twice"),
        (TABLE[:0], "there are not two of the 0 tracks"),
    ],
)
def test_tables_without_distances_are_refused(table, message):
    for select in (lambda table: select_neighbours(table, [0.5] * 7), select_prototypes):
        with pytest.raises(NeighbourError, match=message):
            select(table)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: select_neighbours(TABLE, "t99"), "no track 't99' among the 12"),
        (lambda: select_neighbours(TABLE, [0.5] * 6), "needs 7 finite features"),
        (lambda: select_neighbours(TABLE, TABLE.loc["t0"].drop("dissonance")), "needs 7 finite features"),
        (lambda: select_neighbours(TABLE, "t0", exclude=["t1", "x"]), "no track 'x'"),
        (lambda: select_neighbours(TABLE, "t0", n=12), "12 neighbours cannot be chosen from 11 tracks"),
        (lambda: select_prototypes(TABLE, n=13), "13 prototypes cannot be chosen from 12"),
        (lambda: select_prototypes(TABLE, n=0), "0 prototypes"),
        (lambda: select_prototypes(TABLE, bandwidth=0), "bandwidth must be a positive"),
        (lambda: select_criticisms(TABLE, ["t0"], n=12), "12 criticisms cannot be chosen from 11"),
        (lambda: select_criticisms(TABLE, []), "one prototype at least"),
        (lambda: select_criticisms(TABLE, ["t0", "t0"]), "each named once"),
        (lambda: select_criticisms(TABLE, ["x"]), "no track 'x'"),
        (lambda: select_poster_pair(TABLE, FELT, like=0.1), "closest are 0.6. apart, take a larger"),
        (lambda: select_poster_pair(TABLE, FELT[::-1]), "same tracks in the same order"),
        (lambda: select_poster_pair(TABLE, FELT, track_ids=["t1"]), "needs two tracks"),
        (lambda: compute_standard_scores(TABLE, table=FELT), "the same columns"),
    ],
)
def test_what_cannot_be_chosen_is_said(call, message):
    with pytest.raises(NeighbourError, match=message):
        call()
