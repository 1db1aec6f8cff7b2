"""What is said of an edit, for outcomes that are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mer_utils import editreport
from mer_utils.listening import build_gains
from mer_utils.selection import select_segments
from mer_utils.soundedit import Edit, _draw_matched


def judge(edited):
    return editreport.describe_outcome(edited.table, edited.edit.feature)


def build_outcome(promised, obtained, *, others=(), controls=(), whole=np.nan, match=(1.0, 0.0)):
    """Give an edit of the output "o" with others beside it, and random segments that match the edited ones."""
    rows = {"o": (0.5, promised, promised, obtained)} | {f"p{k}": (0.5, 0, 0, x) for k, x in enumerate(others)}
    table = pd.DataFrame(rows, ["before", "promised", "on paper", "obtained"]).T
    drawn = pd.DataFrame([(x, *match) for x in controls], columns=["obtained", "size", "energy"], dtype=float)
    drawn.attrs["whole"] = whole
    return SimpleNamespace(edit=SimpleNamespace(feature="o"), table=table, controls=drawn)


@pytest.mark.parametrize(
    ("promised", "obtained", "said"),
    [(0.1, 0.1, "it moved as promised"), (-0.1, -0.1, "it moved as promised"), (0.1, 0.076, "as promised"),
     (0.1, 0.074, "in the right direction, but by 74% of what"), (0.1, 0.134, "and beyond the promise"),
     (0.1, 0.132, "it moved as promised"), (0.1, 0.0099, "it hardly moved"), (0.1, -0.0099, "it hardly moved"),
     (0.1, 0.0101, "in the right direction"), (0.1, -0.0101, "it moved the wrong way"),
     (-0.1, 0.05, "it moved the wrong way"), (0.0, 0.05, "nothing was promised of it")],
)  # fmt: skip
def test_a_verdict_holds_what_came_against_the_promise(promised, obtained, said):
    outcome = judge(build_outcome(promised, obtained, others=[0.0]))
    assert outcome.startswith("o: ")
    assert said in outcome


@pytest.mark.parametrize(
    ("others", "said"),
    [((0.01, -0.04), "No other output moved as much; next comes p1 (-0.040)."),
     ((0.01, -0.06), "Only p1 (-0.060) moved more."),
     ((0.07, -0.06, 0), "2 other outputs moved more, p0 (+0.070) most")],
)  # fmt: skip
def test_side_effects_are_told(others, said):
    assert said in judge(build_outcome(0.05, 0.05, others=others))


@pytest.mark.parametrize(("obtained", "told"), [(0.0049, True), (0.0051, False)])
def test_what_no_second_decimal_shows_is_said(obtained, told):
    assert ("no difference that" in judge(build_outcome(0.01, obtained, others=[0]))) == told


@pytest.mark.parametrize(
    ("known", "said"),
    [({"controls": (0.02, 0.04)}, "So it is these segments that matter"),
     ({"controls": (0.02, 0.06)}, "So it may be level alone"),
     ({"controls": (0.02, 0.04), "whole": 0.06}, "So it may be level alone"),
     ({"controls": (), "whole": 0.01}, "So it is these segments that matter"),
     ({"controls": (-0.9,), "match": (1.26, 0)}, "So it seems to be these segments"),
     ({"controls": (-0.9,), "match": (1.0, -3.1)}, "So it seems to be these segments"),
     ({"controls": (-0.9,), "match": (1.24, -2.9)}, "So it is these segments that matter"), ({}, "cannot be told")],
)  # fmt: skip
@pytest.mark.parametrize("way", [1, -1])
def test_random_segments_and_all_of_them_are_the_control(known, said, way):
    turned = {key: np.multiply(value, way) if key != "match" else value for key, value in known.items()}
    assert said in editreport.describe_control(build_outcome(0.1 * way, 0.05 * way, **turned))


def test_what_hardly_moved_is_compared_with_nothing():
    assert "there is nothing to compare" in editreport.describe_control(build_outcome(0.1, 0.009, controls=[0]))


def test_draws_that_are_all_the_same_are_no_draws():
    said = editreport.describe_control(build_outcome(0.1, 0.1, controls=[0.01, 0.01]))
    assert ": +0.010. " in said
    assert "in 2 draws" in editreport.describe_control(build_outcome(0.1, 0.1, controls=[0.01, 0.02]))


@pytest.mark.parametrize(("sign", "raising", "lowering"), [("positive", 2, 1), ("negative", 1, 2), ("both", 2, 0.5)])
def test_gains_lift_what_is_asked_for(sign, raising, lowering):
    segments = np.arange(6).reshape(3, 2)
    gains = Edit("o", db=20 * np.log10(2), sign=sign).build_gains(segments, np.array([0, 3]), np.array([5]))
    np.testing.assert_allclose(gains, [[raising, 1], [1, raising], [1, lowering]])


@pytest.mark.parametrize("sign", ["positive", "negative", "both"])
def test_gains_are_those_of_listening_to_an_edit(sign):
    from fakeexplanations import fit_explanation

    known = fit_explanation(lambda masks: masks @ np.linspace(-1, 1, 60)[:, None])
    sides, edit = select_segments(known, "o0"), Edit("o0", db=-6, sign=sign)
    wanted = build_gains(known, "o0", mode=f"{sign} edited", db=-6, rule="bh")
    np.testing.assert_allclose(edit.build_gains(known.segments, *sides), wanted)


def test_partners_are_drawn_for_both_sides_once_and_never_kept():
    from fakeexplanations import fit_explanation

    explanation = fit_explanation(lambda masks: masks @ np.ones((60, 1)))
    kept = np.arange(20), np.arange(20, 30)
    drawn = _draw_matched(explanation, kept, seed=0)
    assert [len(side) for side in drawn] == [20, 10]
    assert len(set(np.concatenate([*kept, *drawn]))) == 60
