"""The picture of what starting is worth: every number is where it belongs, words can be read, axes are used."""

import numpy as np
import pandas as pd
import pytest

from figures import check_given_axes, find_misplaced
from mer_utils.finetuning import STARTS
from mer_utils.finetuningplots import plot_finetuning

pytestmark = pytest.mark.usefixtures("styled")
GROUPS = [("joint", "midlevel"), ("joint", "emotion"), ("a2e", "emotion")]


@pytest.fixture
def table():
    rows = [(*group, n, start) for group in GROUPS for n in (100, 200, 284) for start in STARTS]
    table = pd.DataFrame(rows, columns=["scheme", "head", "n_clips", "start"])
    rng = np.random.default_rng(0)
    table["r"] = rng.uniform(0.3, 0.7, len(table))
    table["gain"] = rng.uniform(-0.1, 0.3, len(table)) * np.where(table["start"] == STARTS[0], np.nan, 1)
    ends = {
        f"{name}_{end}": table[name] + step for name in ("r", "gain") for end, step in (("low", -0.06), ("high", 0.04))
    }
    return table.assign(**ends)


def test_it_draws_into_axes_it_is_given(table):
    check_given_axes(lambda ax: plot_finetuning(table, ax=ax), 6)


@pytest.mark.parametrize(("panel", "measure"), [(1, "r"), (4, "gain")])
def test_points_and_whiskers_are_those_of_the_table(table, panel, measure):
    _, ax = plot_finetuning(table)
    wanted = table[(table["scheme"] == "joint") & (table["head"] == "emotion") & (table["start"] == "fine-tuned")]
    drawn = {box.get_label(): box for box in ax[panel].containers}["fine-tuned"]
    np.testing.assert_allclose(drawn[0].get_ydata(), wanted[measure])
    ends = np.array([segment[:, 1] for segment in drawn[2][0].get_segments()])
    np.testing.assert_allclose(ends, wanted[[f"{measure}_low", f"{measure}_high"]])


def test_whiskers_stand_beside_each_other(table):
    _, ax = plot_finetuning(table)
    places = np.array([box[0].get_xdata() for box in ax[0].containers])
    assert places.shape == (3, 3)
    assert (np.diff(places, axis=0) >= 5).all()
    np.testing.assert_allclose(places[1], [100, 200, 284])
    assert ax[0].get_xlim() == ax[5].get_xlim()


def test_panels_of_a_row_share_their_scale(table):
    _, ax = plot_finetuning(table)
    assert ax[0].get_ylim() == ax[1].get_ylim() == ax[2].get_ylim() != ax[3].get_ylim() == ax[5].get_ylim()


def test_no_words_leave_the_picture_or_cover_each_other(table):
    fig, ax = plot_finetuning(table)
    words = [text for panel in ax for text in (panel.title, panel._left_title, panel.xaxis.label, panel.yaxis.label)]
    words += [*fig.legends[0].get_texts(), *ax[3].get_xticklabels()]
    assert len([text for text in words if text.get_text()]) >= 3 + 3 + 2 + 4 + 3
    assert find_misplaced(fig, words, overlap=1) == []
