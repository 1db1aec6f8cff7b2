"""Prototypes and criticisms: the greedy choice against trying every track, and planted kinds of tracks."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mer_utils.neighbours import NeighbourError
from mer_utils.prototypes import select_criticisms, select_prototypes
from mer_utils.ratings import MIDLEVEL


def build_table(values):
    return pd.DataFrame(np.asarray(values, float), [f"t{i}" for i in range(len(values))], list(MIDLEVEL))


TABLE = build_table(np.random.default_rng(1).uniform(0.1, 1, (12, 7)))


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


def test_no_prototype_comes_twice_where_many_tracks_are_equal():
    prototypes = select_prototypes(build_table(np.vstack([TABLE, *[TABLE[:1]] * 20])), n=12)
    assert len(set(prototypes)) == 12


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: select_prototypes(TABLE, n=13), "13 prototypes cannot be chosen from 12"),
        (lambda: select_prototypes(TABLE, n=0), "0 prototypes"),
        (lambda: select_prototypes(TABLE, bandwidth=0), "bandwidth must be a positive"),
        (lambda: select_prototypes(TABLE, bandwidth=-1.0), "bandwidth must be a positive"),
        (lambda: select_prototypes(TABLE, bandwidth=np.inf), "bandwidth must be a positive"),
        (lambda: select_criticisms(TABLE, ["t0"], n=12), "12 criticisms cannot be chosen from 11"),
        (lambda: select_criticisms(TABLE, []), "one prototype at least"),
        (lambda: select_criticisms(TABLE, ["t0", "t0"]), "each named once"),
        (lambda: select_criticisms(TABLE, ["x"]), "no track 'x'"),
    ],
)
def test_what_cannot_be_chosen_is_said(call, message):
    with pytest.raises(NeighbourError, match=message):
        call()
