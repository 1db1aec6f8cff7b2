"""Tables of edits: what each row says, and controls that would tell if any segment did as well."""

from types import SimpleNamespace

import numpy as np
import pytest
from fakesounds import build_noise, explain_sound

from mer_utils.edits import build_passages, compute_edit_table, compute_edits
from mer_utils.listening import build_gains
from mer_utils.passages import Passage
from mer_utils.rescoring import compute_edit

Y = build_noise()
TILES = explain_sound(Y, np.zeros(60)).segments
WEIGHTS = np.column_stack([np.repeat([1.0, -1.0, 0.0], 20), np.full(60, 0.1)])


class Linear:
    """A predictor that adds up the tiles' mean levels by known weights; the third output is the sum of the others."""

    names = ("o0", "o1", "sum")

    def __call__(self, specs):
        levels = [np.bincount(TILES.ravel(), weights=spec.ravel()) for spec in specs]
        said = np.array(levels) @ WEIGHTS / 1000
        return np.column_stack([said, said.sum(axis=1)])


def build_passage(weights=WEIGHTS):
    return Passage(Y, explain_sound(Y, weights))


@pytest.fixture(scope="module")
def table():
    return compute_edits(Linear(), build_passage(), dbs=(-6, 6), n_controls=10).set_index(["feature", "db"])


def test_a_row_is_the_edit_of_its_feature(table):
    passage = build_passage()
    gains = build_gains(passage.explanation, "o0", mode="positive edited", db=6, rule="bh")
    edit = compute_edit(Linear(), passage, gains)
    row = table.loc[("o0", 6)]
    assert row[["before", "promised", "on_paper", "obtained"]].tolist() == pytest.approx(edit.loc["o0"].tolist())
    assert row[["o0", "o1", "sum"]].tolist() == pytest.approx(edit["obtained"].tolist())
    assert row["n_kept"] == 20


def test_lifting_raises_and_lowering_lowers_beyond_the_controls(table):
    signs = np.sign(table.index.get_level_values("db"))
    margins = signs * (table["obtained"] - table["control"])
    assert (signs * table["obtained"] > 0.01).all()
    assert margins["o0"].min() > 0.01
    assert (signs * table["control"])["o0"].max() < 0.5 * (signs * table["obtained"])["o0"].min()


def test_where_every_segment_does_as_well_the_controls_do_too(table):
    alike = table.loc["o1"]
    assert alike["n_kept"].tolist() == [60, 60]
    assert alike["whole"].tolist() == pytest.approx(alike["obtained"].tolist())
    assert table.loc["o0", "whole"].abs().max() < 0.2 * table.loc["o0", "obtained"].abs().min()


def test_controls_are_as_large_and_as_loud_as_what_they_stand_for(table):
    known = table.loc["o0"]
    assert known["match_size"].tolist() == pytest.approx([1, 1], abs=0.05)
    assert known["match_energy"].tolist() == pytest.approx([0, 0], abs=0.5)
    assert np.allclose(table.loc["o1", "control"], table.loc["o1", "obtained"], atol=1e-5)  # where all are kept
    assert table.loc["o1", "match_size"].tolist() == [1, 1]


def test_an_output_that_nothing_raises_stays_where_it_is():
    table = compute_edits(Linear(), build_passage(-np.abs(WEIGHTS)), dbs=(6,))
    assert table["n_kept"].tolist() == [0, 0]
    assert table[["promised", "obtained", "control"]].abs().to_numpy().max() < 1e-6
    assert table["whole"].abs().max() > 0.1


def test_a_table_names_its_clips_and_is_rounded():
    table = compute_edit_table(Linear(), {"a": build_passage(), "b": build_passage()}.items(), dbs=(6,), n_controls=1)
    assert table["track"].tolist() == ["a", "a", "b", "b"]
    assert table["obtained"].tolist() == [round(value, 5) for value in table["obtained"]]


def test_passages_are_the_silenced_middle_of_clips():
    asked = []

    def explain(spec, **options):
        asked.append(options)
        return explain_sound(Y, WEIGHTS)

    bench = SimpleNamespace(
        select=lambda n: ["t", "u"][:n],
        spec=lambda track: None,
        explain=explain,
        corpus=SimpleNamespace(audio=lambda track: (Y, 22050)),
    )
    assert [name for name, _ in build_passages(bench, n=2)] == ["t", "u"]
    assert asked[0] == {"hide": "silence", "start": pytest.approx(78 / 31.25)}
