import numpy as np
import pandas as pd
import pytest
from fakeexplanations import fit_explanation

from mer_utils import trustviews


@pytest.fixture
def runs():
    papers = pd.DataFrame({"top_jaccard": [0.4, 0.6, 0.8], "with_papers": 1.0}, [1000, 4000, 16000])
    places = pd.DataFrame({"top_jaccard": [0.4, 0.6, 0.7], "with_papers": [0.9, 0.95, 0.99]}, [100, 400, 1600])
    near = places.assign(with_papers=0.5)
    return pd.concat({"papers": papers, "places": places, "places, nine of ten on": near}, names=["fit", "n"])


def test_samples_of_equal_stability_are_read_off_between_those_tried(runs):
    saving = trustviews.compute_saving(runs)
    assert saving.loc[[1000, 4000]].tolist() == pytest.approx([100, 400])
    assert np.isnan(saving.loc[16000])
    runs.loc[("papers", 4000), "top_jaccard"] = 0.5  # half way between .4 at 100 and .6 at 400
    assert trustviews.compute_saving(runs).loc[4000] == pytest.approx(200)


def test_a_convergence_names_the_largest_number_that_was_matched(runs):
    said = trustviews.describe_convergence(runs)
    assert "16000 samples" in said
    assert "place by place 400 agree as well as 4000 there (Jaccard index 0.60)" in said
    assert said.endswith(
        "correlate at 0.990; with nine of ten segments on, another question, they correlate with these at 0.50."
    )


@pytest.mark.parametrize(("low", "count"), [([0.1, 0.2], "2 of 2"), ([-0.1, 0.2], "1 of 2 features; not so for a.")])
def test_gains_are_sure_where_the_interval_is_above_zero(low, count):
    gains = pd.DataFrame({"mean": [0.2, 0.3], "low": low, "high": [0.4, 0.5]}, ["a", "b"])
    said = trustviews.describe_gains({"gain": gains, "symmetric_gain": 2 * gains}, n_tracks=9)
    assert said.startswith("Over 9 other clips")
    assert count in said
    assert f"0.200 [{low[0]:.3f}, 0.400], of a; the symmetric gain (least first minus most first) is 0.400" in said


@pytest.fixture
def caused():
    rows = [("LIME", "a", 0.5, 0.2, 0.1), ("LIME", "b", 0.7, 0.4, 0.1)]
    rows += [("energy", "a", 0.4, 0, 0), ("energy", "b", 0.4, 0, 0)]
    return pd.DataFrame(rows, columns=["explainer", "feature", "auroc", "precision", "chance"])


def test_causes_are_told_from_the_best_to_the_worst(caused):
    said = trustviews.describe_causes(caused)
    assert "in 2 clips: b 0.70, a 0.50. Mean: LIME 0.60, energy 0.40." in said
    assert said.endswith("30% do have it; by chance 10%.")


def test_an_output_that_answers_more_to_another_cause_leaks():
    matrix = pd.DataFrame([[0.2, -0.9], [0.1, 0.5]], ["a", "b"], ["a", "b"])
    nets = pd.concat({"released": matrix, "other": abs(matrix) * np.eye(2)}, names=["net", "cause"])
    said = trustviews.describe_leakage(nets)
    assert said.startswith("Moved most by their own cause: a. Others answer more to another cause: b (a). Of all")
    assert "movement 41% is by" in said
    assert said.endswith("other 100%.")


def test_random_nets_are_told_with_and_without_what_segments_share():
    said = trustviews.describe_randomised(pd.DataFrame({"size": [0.3, 0.5], "size_partial": [0.0, 0.1]}))
    assert "rank correlations of 0.40 and of 0.05 once" in said


def test_choices_are_counted_by_what_is_not_distrusted():
    rows = [("x", 10, 0.8, "holds"), ("x", 20, 0.6, "do not trust"), ("y", 5, 0.9, "weak")]
    table = trustviews.build_choice_table(
        pd.DataFrame(rows, columns=["choice", "n_segments", "r2_holdout", "verdict"])
    )
    assert table.to_numpy().tolist() == [[15, 0.7, 0.5], [5, 0.9, 1]]


def test_curves_of_agreement_have_a_column_per_fit(runs):
    table = trustviews.build_convergence_table(runs)
    assert table["as in 2019"].dropna().to_dict() == {1000: 0.4, 4000: 0.6, 16000: 0.8}
    assert table["place by place"].dropna().index.tolist() == [100, 400, 1600]


def test_stability_stands_beside_what_is_stored():
    runs = [fit_explanation(lambda m: m @ np.linspace(-1, 1, 60)[:, None], noise=0.1, seed=s) for s in (0, 1)]
    stored = pd.DataFrame({"track": ["t", "u"], "output": ["o0", "o0"], "top_jaccard": [0.4, 0.6]})
    table = trustviews.build_stability_table(runs, stored)
    assert list(table) == ["this clip, 2 runs", "as its errors predict", "by chance", "2 other clips"]
    assert table.loc["o0", "2 other clips"] == 0.5
    assert table.loc["o0", "this clip, 2 runs"] > table.loc["o0", "by chance"] == pytest.approx(30 / 90)


def test_findings_hold_the_numbers_of_the_headline():
    headline = {"R2": 0.87, "Jaccard": 0.912, "beep": 0.655, "planted": 0.99, "caused": 0.551}
    choices = pd.DataFrame({"R² on fresh masks": [0.9, 0.6]}, ["as here", "half of it on"])
    said = " ".join(trustviews.build_findings(headline, choices=choices, gains=pd.DataFrame({"low": [0.1, -1]})))
    assert all(number in said for number in ("87%", "0.91", "90%, and 60%", "0.99", "1 of 2", "66%", "0.55"))
