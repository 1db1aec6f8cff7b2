import numpy as np
import pytest
from fakeexplanations import fit_explanation

from mer_utils import explainwords


@pytest.fixture(scope="module")
def explanation():
    weights = np.zeros((60, 1))
    weights[[7, 33]] = [[0.5], [-0.25]]
    return fit_explanation(lambda masks: 0.3 + masks @ weights, start=2.0, hide=0.5)


def test_the_strongest_segments_are_named_with_place_weight_and_error(explanation):
    said = explainwords.describe_strongest(explanation, "o0")
    assert said.startswith("*O0* is 0.550 (rating / 10): raised most by 2.1–2.3 s, ")
    assert "(+0.5000 ± 0.0000), lowered most by 2.8–2.9 s" in said
    assert "(-0.2500 ± 0.0000)." in said


def test_quiet_segments_are_counted(explanation):
    assert explainwords.describe_quiet(explanation, "o0").startswith("0% of the cells")
    explanation.spec[explanation.segments == 33] = 0.1  # one of the two selected, of 120 cells each
    assert explainwords.describe_quiet(explanation, "o0").startswith("50% of the cells")
    explanation.spec[:] = 1


def test_a_shortcut_is_told_by_scores_and_band():
    scores = {"m, as trained": 0.9, "m, no tone": 0.7, "m, swapped": -0.5}
    said = explainwords.describe_shortcut(scores, "m", 0.6, band=(6700.0, 7200.0))
    assert "r = 0.90; without beeps at 0.70, and with beeps in the wrong clips at -0.50" in said
    assert "60% lie between 6700 and 7200 Hz, where the beep is: 1% of the cells" in said
