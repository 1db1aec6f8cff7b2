import numpy as np
import pandas as pd
import pytest
from fakeexplanations import fit_explanation

from mer_utils import explainwords


@pytest.fixture(scope="module")
def explanation():
    weights = np.zeros((60, 1))
    weights[[7, 33]] = [[0.5], [-0.25]]
    return fit_explanation(lambda masks: 0.3 + masks @ weights, start=2.0, hide=0.5)


@pytest.fixture
def runs():
    papers = pd.DataFrame({"top_jaccard": [0.4, 0.6, 0.8], "with_papers": 1.0}, [1000, 4000, 16000])
    places = pd.DataFrame({"top_jaccard": [0.4, 0.6, 0.7], "with_papers": [0.9, 0.95, 0.99]}, [100, 400, 1600])
    return pd.concat({"papers": papers, "places": places}, names=["fit", "n"])


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


def test_samples_of_equal_stability_are_read_off_between_those_tried(runs):
    saving = explainwords.compute_saving(runs)
    assert saving.loc[[1000, 4000]].tolist() == pytest.approx([100, 400])
    assert np.isnan(saving.loc[16000])
    runs.loc[("papers", 4000), "top_jaccard"] = 0.5  # half way between .4 at 100 and .6 at 400
    assert explainwords.compute_saving(runs).loc[4000] == pytest.approx(200)


def test_a_convergence_names_the_largest_number_that_was_matched(runs):
    said = explainwords.describe_convergence(runs)
    assert "16000 samples" in said
    assert "place by place 400 agree as well as 4000 there (Jaccard index 0.60)" in said
    assert said.endswith("correlate at 0.990.")


@pytest.mark.parametrize(("low", "count"), [([0.1, 0.2], "2 of 2"), ([-0.1, 0.2], "1 of 2 features; not so for a.")])
def test_gains_are_sure_where_the_interval_is_above_zero(low, count):
    gains = pd.DataFrame({"mean": [0.2, 0.3], "low": low, "high": [0.4, 0.5]}, ["a", "b"])
    said = explainwords.describe_gains(gains)
    assert count in said
    assert said.endswith(f"0.200 [{low[0]:.3f}, 0.400], of a.")


def test_causes_are_told_from_the_best_to_the_worst():
    areas = pd.DataFrame({"LIME": [0.5, 0.7], "energy": [0.4, 0.4]}, ["a", "b"])
    assert explainwords.describe_causes(areas).endswith(": b 0.70, a 0.50. Mean: LIME 0.60, energy 0.40.")


def test_an_output_that_answers_more_to_another_cause_leaks():
    matrix = pd.DataFrame([[0.2, -0.9], [0.1, 0.5]], ["a", "b"], ["a", "b"])
    said = explainwords.describe_leakage(matrix)
    assert said.startswith("Moved most by their own cause: a. Others answer more to another cause: b (a). 41% of all")


def test_random_nets_are_told_with_and_without_what_segments_share():
    said = explainwords.describe_randomised(pd.DataFrame({"size": [0.3, 0.5], "size_partial": [0.0, 0.1]}))
    assert "rank correlations of 0.40 and of 0.05 once" in said


def test_a_shortcut_is_told_by_scores_and_band():
    scores = {"m, as trained": 0.9, "m, no tone": 0.7, "m, swapped": -0.5}
    said = explainwords.describe_shortcut(scores, "m", 0.6, band=(6700.0, 7200.0))
    assert "r = 0.90; without beeps at 0.70, and with beeps in the wrong clips at -0.50" in said
    assert "60% lie between 6700 and 7200 Hz, where the beep is: 1% of the cells" in said
