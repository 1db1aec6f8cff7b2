"""Headline numbers beside what is expected: of this run, its profile and corpus, in as many digits."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mer_utils import results
from mer_utils.headlines import HeadlineRow, load_headline
from mer_utils.profiles import CORPORA

EXPECTED = {"quick": {CORPORA[0]: {"01_a": {"r": [0.5, 0.02]}}}, "paper": {CORPORA[0]: {"01_a": {"r": [0.6, 0.001]}}}}
RIGHT = HeadlineRow("r", "0.51", "0.5 ± 0.02", True)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Read the headline of a notebook with these code cells, the last of which ran or not."""
    (tmp_path / "expected.json").write_text(json.dumps(EXPECTED))
    monkeypatch.setattr(results, "EXPECTED", tmp_path / "expected.json")

    def load_stored(*cells, ran=True, headline=None):
        headline = headline if headline is not None else {"r": 0.51}
        (tmp_path / "results.json").write_text(json.dumps({"01_a": {"headline": headline}}))
        code = [new_code_cell(source, execution_count=1) for source in cells]
        code.append(new_code_cell('assert check_headline("01_a", headline)', execution_count=2 if ran else None))
        return load_headline(new_notebook(cells=code), "01_a", tmp_path)

    return load_stored


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (0.51, RIGHT),
        (0.5201, HeadlineRow("r", "0.52", "0.5 ± 0.02", False)),
        (None, HeadlineRow("r", "not finite", "0.5 ± 0.02", False)),
    ],
)
def test_a_number_is_held_against_what_is_expected(load, value, row):
    assert load('PROFILE = "quick"\nCORPUS = "auto"', headline={"r": value}) == [row]


def test_the_parameters_of_the_run_decide(load):
    given = ['PROFILE = "quick"\nCORPUS = "auto"', '# Parameters\nPROFILE = "paper"\nCORPUS = "generated"']
    assert load(*given) == [HeadlineRow("r", "0.510", "0.6 ± 0.001", False)]
    assert load(*given[::-1]) == [RIGHT]


@pytest.mark.parametrize("given", ['PROFILE = "smoke"', 'PROFILE = "quick"\nCORPUS = "midlevel"', "x = 1"])
def test_nothing_is_expected_of_other_runs(load, given):
    assert load(given) == [HeadlineRow("r", "0.51", "", None)]


def test_a_number_that_is_missing_is_named(load):
    rows = load('PROFILE = "quick"', headline={"n": 3})
    assert rows == [HeadlineRow("n", "3", "", None), HeadlineRow("r", "missing", "0.5 ± 0.02", False)]


def test_numbers_of_an_earlier_run_are_not_shown(load):
    assert load('PROFILE = "quick"', ran=False) == []


@pytest.mark.parametrize("damage", [None, "", "[1]"])
def test_without_results_expected_numbers_are_missing(load, tmp_path, damage):
    notebook = new_notebook(cells=[new_code_cell('PROFILE = "quick"\ncheck_headline()', execution_count=1)])
    if damage is not None:
        (tmp_path / "results.json").write_text(damage)
    assert [row.value for row in load_headline(notebook, "01_a", tmp_path)] == ["missing"]
