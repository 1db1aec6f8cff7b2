import sys

import numpy as np
import pandas as pd
import pytest

from mer_utils.explainers import COLUMNS, EXPLAINERS, build_checked, describe_benchmark, load_explainer
from mer_utils.explanation import ExplainError


def test_every_explainer_finds_the_one_segment_that_is_read():
    spec = np.random.default_rng(0).random((32, 149), np.float32) + 0.5
    segments = np.repeat(np.arange(4), 8)[:, None].repeat(149, axis=1)
    for explain in (EXPLAINERS["lime"], EXPLAINERS["occlusion"]):
        weights = explain(lambda specs: specs[:, 8:16].mean((1, 2))[:, None], spec, segments)
        assert np.abs(weights[:, 0]).argmax() == 1
        assert np.allclose(weights[[0, 2, 3]], 0, atol=1e-6)


def test_energy_knows_nothing_of_the_predictor():
    spec, segments = np.ones((4, 149)), np.arange(4)[:, None].repeat(149, axis=1)
    one, other = (EXPLAINERS["energy"](lambda s, k=k: s[:, k, :1], spec, segments) for k in (0, 1))
    assert np.array_equal(one, other)


def test_any_function_that_can_be_imported_is_an_explainer():
    assert load_explainer("mer_utils.benchmark:explain_by_energy") is EXPLAINERS["energy"]


def test_the_readers_own_module_is_found_where_the_reader_is(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    (tmp_path / "here" / "mine_of_a_reader.py").write_text("def explain(predict, spec, segments):\n    return 7\n")
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(ExplainError, match="No module named 'mine_of_a_reader'"):
        load_explainer("mine_of_a_reader:explain")
    monkeypatch.chdir(tmp_path / "here")
    assert load_explainer("mine_of_a_reader:explain")(None, None, None) == 7


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lmie", "unknown explainer 'lmie'; there are: lime, occlusion, energy, or module:function"),
        ("nowhere:explain", "no explainer 'nowhere:explain': No module named 'nowhere'"),
        ("numpy:nothing", "no explainer 'numpy:nothing'"),
        ("numpy:pi", "is no function"),
        (":explain", "no explainer"),
    ],
)
def test_what_is_no_explainer_is_refused_in_a_line(name, words):
    with pytest.raises(ExplainError, match=words):
        load_explainer(name)


def test_a_benchmark_is_spelled_in_short_lines():
    columns = ["n", "auroc", "target", "precision", "chance", "heard"]
    index = pd.MultiIndex.from_tuples([("planted", "saturating"), ("cause", "rhythmic complexity")])
    table = pd.DataFrame([[3, 0.987, 0.9, 1, 0.2, np.nan], [2, 0.5, np.nan, -0.001, 0.1, -0.01]], index, columns)
    lines = describe_benchmark(table).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["planted", "saturating", "3", "0.99", "0.90", "1.00", "0.20"]
    assert lines[2].split() == ["cause", "rhythmic", "complexity", "2", "0.50", "0.00", "0.10", "-0.01"]


def test_every_column_is_explained_in_short_lines():
    row = pd.DataFrame(columns=["n"], index=pd.MultiIndex.from_tuples([], names=["test", "of"]))
    heads = describe_benchmark(row).split()
    assert [head for head in ("planted", "cause", *heads[1:]) if f"{head}:" not in COLUMNS] == []
    assert heads[0] == "clips"
    assert max(map(len, COLUMNS.splitlines())) <= 80


def fail(*args):
    raise TypeError("no such thing")


@pytest.mark.parametrize(
    ("explain", "words"),
    [
        (
            lambda *args: np.zeros(4),
            "must return (n_segments, n_outputs) weights, here (4, 1), not (4,)",
        ),
        (lambda *args: np.zeros((1, 4)), "not (1, 4)"),
        (lambda *args: np.full((4, 1), np.nan), "mine:explain must return finite weights"),
        (lambda *args: None, "not ()"),
        (lambda *args: "abc", "mine:explain raised ValueError: could not convert"),
        (lambda predict: 0, "mine:explain raised TypeError: "),
        (fail, "mine:explain raised TypeError: no such thing"),
    ],
)
def test_what_an_explainer_does_wrong_is_told_in_a_line(explain, words):
    spec, segments = np.ones((4, 149)), np.arange(4)[:, None].repeat(149, axis=1)
    with pytest.raises(ExplainError) as caught:
        build_checked("mine:explain", explain)(lambda specs: specs[:, 0, :1], spec, segments)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_an_explainer_does_right_is_passed_on():
    spec, segments = np.ones((4, 149)), np.arange(4)[:, None].repeat(149, axis=1)
    explain = build_checked("mine:explain", lambda *args: [[1], [2], [3], [4]])
    assert explain(lambda specs: specs[:, 0, :1], spec, segments).tolist() == [[1.0], [2.0], [3.0], [4.0]]
