"""The published table: restated as printed, its inconsistent cells, and what stands beside each of its numbers."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.comparison import (
    IN_SAMPLE,
    ComparisonError,
    build_ceiling_table,
    build_comparison_table,
    build_reading_table,
    compute_inconsistent_cells,
    describe_inconsistent_cells,
)
from mer_utils.folds import build_folds
from mer_utils.ratings import EMOTIONS, MIDLEVEL, load_published
from mer_utils.regression import predict_out_of_fold

PUBLISHED = load_published("emotion_correlations")
OUTPUTS = [*EMOTIONS, "average"]
SCHEMES = ("mid2e", "a2e", "a2mid2e", "joint", "a2b2e", "multitask")


def build_costs(r=0.81, width=0.05, coe=0.02):
    """Costs as `scores` gives them, the same in every row."""
    values = {"r": r, "r_low": r - width, "r_high": r + width, "coe": coe, "coe_low": coe, "coe_high": coe}
    return pd.DataFrame(values, pd.MultiIndex.from_product([SCHEMES, OUTPUTS], names=["scheme", "output"]))


def find(comparison, row, output):
    return comparison.set_index(["row", "output"]).loc[(row, output)]


def test_the_published_table_speaks_our_language():
    assert PUBLISHED.index.is_unique
    assert set(PUBLISHED["scheme"]) == set(SCHEMES)
    assert set(PUBLISHED["measure"]) == {"r", "coe"}
    assert PUBLISHED[OUTPUTS].abs().max().max() < 1


@pytest.mark.parametrize("source", PUBLISHED["source"].unique())
def test_rounding_explains_whatever_is_inconsistent(source):
    assert compute_inconsistent_cells(source=source)["explained"].all()


def test_the_inconsistent_cells_are_those_of_the_footnote():
    found = compute_inconsistent_cells()
    cells = {("CoE of A2Mid2E-Joint", "valence"), ("CoE of A2Mid2E", "fear"), ("Mid2E", "average")}
    assert set(zip(found["model"], found.index.get_level_values("output"), strict=True)) == cells
    note = describe_inconsistent_cells()
    assert all(f"{model}, {output}: " in note for model, output in cells)


def test_a_slip_of_the_pen_is_no_rounding():
    slip = PUBLISHED.copy()
    slip.loc["ismir2019 joint", "anger"] += 0.02
    found = compute_inconsistent_cells(slip)
    assert len(found) == 4
    assert not found.loc[("ismir2019 coe joint", "anger"), "explained"]
    assert "Rounding" not in describe_inconsistent_cells(slip)


def test_a_consistent_table_needs_no_footnote():
    assert describe_inconsistent_cells(PUBLISHED.loc[["ismir2019 a2e"]]) == ""


def test_every_published_cell_is_compared():
    comparison = build_comparison_table(build_costs())
    assert len(comparison) == PUBLISHED[OUTPUTS].notna().sum().sum()
    assert not comparison.drop(columns="inside").isna().any().any()


def test_numbers_are_quoted_as_printed():
    comparison = build_comparison_table(build_costs())
    cells = [("ismir2019 a2e", "sad"), ("ismir2019 coe joint", "sad"), ("smc2025 joint", "anger")]
    assert [find(comparison, *cell)["paper"] for cell in cells] == [".60", "-.04", ".780"]


@pytest.mark.parametrize(("r", "inside"), [(0.80, True), (0.76, True), (0.7599, False), (0.8601, False)])
def test_inside_means_within_our_interval(r, inside):
    cell = find(build_comparison_table(build_costs(r=r)), "ismir2019 a2e", "valence")
    assert cell["inside"] == inside
    assert cell["difference"] == pytest.approx(r - 0.81, abs=1e-12)


def test_costs_are_compared_with_costs():
    cell = find(build_comparison_table(build_costs(coe=0.02)), "ismir2019 coe joint", "tender")
    assert (cell["ours"], cell["inside"]) == (0.02, False)


def test_a_scheme_that_we_lack_stays_open():
    costs = build_costs().drop("multitask", level="scheme")
    costs.loc[("a2e", "fear"), :] = np.nan
    comparison = build_comparison_table(costs)
    for row, output in [("talk2019 multitask", "average"), ("ismir2019 a2e", "fear")]:
        assert find(comparison, row, output)[["ours", "difference", "inside"]].isna().all()
    assert build_reading_table(comparison)["fear"]["A2E"].tolist() == [".81", "–", "–", "–"]


def test_reading_table_has_four_lines_for_each_printed_row():
    table = build_reading_table(build_comparison_table(build_costs(r=0.80449, width=0.05)))
    assert table.shape == (4 * 7, 9)
    assert table["valence"]["A2E"].tolist() == [".81", ".80 [.75,\u00a0.85]", "-.01", "yes"]
    assert list(table.columns) == OUTPUTS


def test_what_was_not_published_is_empty():
    compared = build_comparison_table(build_costs())
    table = build_reading_table(compared, sources=["ISMIR 2019", "ARI talk 2019"])
    assert table.shape == (4 * 8, 9)
    assert table.loc["Multitask", "average"].tolist()[0] == ".77"
    assert set(table.loc["Multitask"].drop(columns="average").stack()) == {""}


@pytest.fixture
def rating_files(monkeypatch, rng):
    """Stand-ins for the reader's rating files: random ratings of clips on albums of two."""
    clips = [f"{number:03d}" for number in range(60)]
    midlevel, emotion = (
        pd.DataFrame(rng.uniform(1, 10, (60, n)), clips, names) for n, names in ((7, MIDLEVEL), (8, EMOTIONS))
    )
    albums = pd.Series(np.arange(60) // 2, clips)
    for name, value in (("load_annotations", (midlevel, emotion)), ("load_albums", albums)):
        monkeypatch.setattr(f"mer_utils.annotations.{name}", lambda root, value=value: value)
    return midlevel, emotion, albums


@pytest.mark.parametrize("there", [(), (False,), (False, True)])
def test_the_ceiling_has_a_row_for_each_kind_of_folds_that_the_files_allow(rating_files, monkeypatch, there):
    monkeypatch.setattr("mer_utils.annotations.find_annotations", lambda root, albums=False: albums in there)
    table = build_ceiling_table()
    assert len(table) == 3 + len(there)
    midlevel, emotion, albums = rating_files
    for row, groups in zip(table.index[3:], (emotion.index, albums), strict=False):
        predicted = predict_out_of_fold(midlevel, emotion, build_folds(groups))
        r = [np.corrcoef(predicted[name], emotion[name])[0, 1] for name in EMOTIONS]
        np.testing.assert_allclose(table.loc[row], [*r, np.mean(r)])


def test_without_files_the_ceiling_is_that_of_the_published_correlations(tmp_path):
    table = build_ceiling_table(tmp_path)
    assert table.loc[IN_SAMPLE, "average"] == pytest.approx(0.791, abs=0.001)
    assert table["average"].tolist()[:2] == [0.78, 0.79]


def test_stars_stand_at_the_inconsistent_cells():
    table = build_reading_table(build_comparison_table(build_costs()))
    starred = table.stack().loc[lambda cell: cell.str.endswith("*")]
    assert sorted(starred) == ["-.02*", ".03*", ".79*"]


def test_no_zero_is_negative():
    table = build_reading_table(build_comparison_table(build_costs(coe=-0.0004)))
    assert table.loc[("CoE of A2Mid2E", "ours"), "happy"].startswith(".000 ")


@pytest.mark.parametrize("costs", [build_costs()[["r"]], build_costs().droplevel("output"), pd.DataFrame()])
def test_other_tables_are_refused(costs):
    with pytest.raises(ComparisonError):
        build_comparison_table(costs)


def test_an_unknown_publication_is_refused():
    with pytest.raises(ComparisonError, match="there are: ISMIR 2019"):
        build_reading_table(build_comparison_table(build_costs()), sources=["ISMIR 2020"])
