"""What is said of an edit, for outcomes that are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mer_utils import editreport


def judge(edited):
    return editreport.describe_edit_outcome(edited.table, edited.edit.feature)


def build_outcome(promised, obtained, *, others=(0.0,), controls=(), whole=np.nan, match=(1.0, 0.0)):
    """Give an edit of the output "o" with others beside it, and random selections that match the edited one."""
    rows = {"o": (0.5, promised, promised, obtained)} | {f"p{k}": (0.5, 0, 0, x) for k, x in enumerate(others)}
    table = pd.DataFrame(rows, ["before", "promised", "on paper", "obtained"]).T
    drawn = pd.DataFrame([(x, *match) for x in controls], columns=["obtained", "size", "energy"], dtype=float)
    drawn.attrs["whole"] = whole
    return SimpleNamespace(edit=SimpleNamespace(feature="o", db=6), table=table, controls=drawn)


@pytest.mark.parametrize(
    ("promised", "obtained", "said"),
    [(0.1, 0.1, "it moved as promised"), (-0.1, -0.09, "it moved as promised"), (0.1, 0.11, "it moved as promised"),
     (0.1, 0.089, "it moved the right way, but fell short"), (-0.1, -0.111, "it moved the right way, and beyond"),
     (0.1, -0.005, "it moved the wrong way"), (0.1, 0.0049, "next to nothing came of"),
     (0.004, 0.0049, "next to nothing was promised, and came"), (0.1, -0.0049, "next to nothing came of"),
     (0.0, 0.05, "nothing was promised of it"), (0.0004, 0.05, "nothing was promised of it")],
)  # fmt: skip
def test_a_verdict_holds_what_came_against_the_promise(promised, obtained, said):
    assert judge(build_outcome(promised, obtained)).startswith(f"o: {said}")


@pytest.mark.parametrize(
    ("promised", "obtained", "told"),
    [(0.1, 0.076, "+0.100, obtained +0.076, 76% of it."), (0.1, -0.05, "-0.050, -50% of it."), (0, 0.1, "+0.100. ")],
)
def test_the_share_of_the_promise_is_always_told(promised, obtained, told):
    assert told in judge(build_outcome(promised, obtained))


@pytest.mark.parametrize(
    ("promised", "end"), [(np.nan, None), (0.49, None), (0.51, "1.010"), (-0.49, None), (-0.51, "-0.010")]
)
def test_a_promise_beyond_the_scale_is_told(promised, end):
    said = judge(build_outcome(promised, 0.1))
    assert ("leaves the scale" in said) == (end is not None)
    assert end is None or f"it would lead to {end}." in said


@pytest.mark.parametrize(
    ("others", "said"),
    [((0.01, -0.04), "No other output moved as much; next comes p1 (-0.040)."),
     ((0.01, -0.06), "Only p1 (-0.060) moved more."),
     ((0.07, -0.06, 0), "2 other outputs moved more, p0 (+0.070) most")],
)  # fmt: skip
def test_side_effects_are_told(others, said):
    assert said in judge(build_outcome(0.05, 0.05, others=others))


CLAIM = "o moved further than in any of 2 random selections of as many segments, as large and as loud (best: "


@pytest.mark.parametrize(
    ("known", "said"),
    [({"controls": (0.02, 0.04)}, CLAIM), ({"controls": (-0.9, 0.045)}, CLAIM),
     ({"controls": (0.02, 0.046)}, "cannot be told from chance: in 2 random"),
     ({"controls": (0.02, 0.04), "whole": 0.045}, CLAIM),
     ({"controls": (0.02, 0.04), "whole": 0.046}, "cannot be told from level alone: in 2 random"),
     ({"controls": (0.02, 0.06), "whole": 0.06}, "cannot be told from chance nor from level alone: in 2 random"),
     ({"controls": (-0.9, 0), "match": (1.26, 0)}, "cannot be told, for no others are like them: in 2 random"),
     ({"controls": (-0.9, 0), "match": (1.0, -3.1)}, "cannot be told, for no others are like them: in 2 random"),
     ({"controls": (-0.9, 0), "match": (1.0, -np.inf)}, "cannot be told, for no others are like them: in 2 random"),
     ({"controls": (-0.9, 0), "match": (1.24, -2.9)}, CLAIM),
     ({"controls": (), "whole": 0.01}, "cannot be told whether it matters which")],
)  # fmt: skip
@pytest.mark.parametrize("way", [1, -1])
def test_random_selections_and_all_segments_are_the_control(known, said, way):
    turned = {key: np.multiply(value, way) if key != "match" else value for key, value in known.items()}
    assert said in editreport.describe_control(build_outcome(0.1 * way, 0.05 * way, **turned))


@pytest.mark.parametrize(("obtained", "claimed"), [(0.005, True), (0.0049, False), (-0.05, False)])
def test_of_what_hardly_moves_nothing_is_claimed(obtained, claimed):
    said = editreport.describe_control(build_outcome(0.1, obtained, controls=[-0.1, -0.2]))
    assert said.startswith(CLAIM) == claimed
    assert ("cannot be told where o hardly moves as promised" in said) == (not claimed)


def test_the_best_of_the_others_is_told_with_its_sign():
    said = editreport.describe_control(build_outcome(-0.1, -0.05, controls=[0.03, -0.012], whole=0.008))
    assert "(best: -0.012), and than when all are lifted alike (+0.008). By chance" in said
    assert said.endswith("once in 3 times at most.")
