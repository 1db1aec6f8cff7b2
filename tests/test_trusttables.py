import dataclasses
from itertools import pairwise
from types import SimpleNamespace

import pandas as pd
import pytest

from mer_utils import trusttables
from mer_utils.paths import TRUST
from mer_utils.trusttables import TABLES, TrustTableError, build_bench, load_table, save_table


@pytest.fixture(scope="module")
def bench():
    return build_bench(progress=False)


@pytest.fixture
def small(bench, tmp_path, monkeypatch):
    monkeypatch.setitem(TABLES, "planted", lambda bench: pd.DataFrame({"kind": ["box"], "auroc": [0.123456789]}))
    save_table("planted", bench, folder=tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TABLES)
def test_every_stored_table_is_up_to_date(name, bench):
    assert len(load_table(name, bench))


def test_no_table_is_stored_that_nothing_computes():
    assert {path.stem for path in TRUST.glob("*")} == set(TABLES)


def test_stored_edits_are_of_every_feature_at_every_level(bench):
    table = load_table("edits", bench)
    assert list(table["track"].unique()) == bench.select(30)
    assert (table.groupby(["feature", "db"]).size() == 30).sum() == 28
    own = [row[row["feature"]] for _, row in table.iterrows()]
    assert table["obtained"].tolist() == own


def test_a_table_comes_back_as_it_was_saved(small, bench):
    assert load_table("planted", bench, folder=small).to_dict("list") == {"kind": ["box"], "auroc": [0.12346]}


def test_another_version_makes_a_table_stale(small, bench, monkeypatch):
    monkeypatch.setattr(trusttables, "VERSION", -1)
    with pytest.raises(TrustTableError, match="another network, corpus or version; compute it with: mer benchmark"):
        load_table("planted", bench, folder=small)


def test_a_version_of_one_table_leaves_the_others_alone(small, bench, monkeypatch):
    monkeypatch.setitem(TABLES, "edits", TABLES["planted"])
    save_table("edits", bench, folder=small)
    monkeypatch.setitem(trusttables._OWN_VERSIONS, "edits", -1)
    assert len(load_table("planted", bench, folder=small))
    with pytest.raises(TrustTableError, match="compute it with: mer benchmark --store edits"):
        load_table("edits", bench, folder=small)


@pytest.mark.parametrize("field", ["trained", "corpus"])
def test_another_network_or_corpus_makes_a_table_stale(small, bench, field):
    other = dataclasses.replace(bench, **{field: SimpleNamespace(fingerprint="another")})
    with pytest.raises(TrustTableError, match="another network"):
        load_table("planted", other, folder=small)


def test_a_table_that_is_not_there_says_how_to_compute_it(bench, tmp_path):
    with pytest.raises(TrustTableError, match="mer benchmark --store planted"):
        load_table("planted", bench, folder=tmp_path)


@pytest.mark.parametrize("function", [save_table, load_table])
def test_an_unknown_table_is_refused(function, bench, tmp_path):
    with pytest.raises(TrustTableError, match=r"unknown table 'plantde'; there are: planted, leakage"):
        function("plantde", bench, folder=tmp_path)


def test_clips_of_a_bench_are_spread_over_the_test_split(bench):
    tracks = bench.corpus.select("test")
    places = [tracks.index(track) for track in bench.select(30)]
    assert (places[0], places[-1]) == (0, len(tracks) - 1)
    assert len({later - earlier for earlier, later in pairwise(places)}) <= 2  # as even as whole numbers can be
