"""Pictures of edits: what is drawn where, and words that stay in their places."""

import numpy as np
import pandas as pd
import pytest

from figures import check_given_axes, find_misplaced
from mer_utils.editplots import plot_edit
from mer_utils.ratings import EMOTIONS, MIDLEVEL

pytestmark = pytest.mark.usefixtures("styled")
RNG = np.random.default_rng(0)
NAMES = [*MIDLEVEL, *EMOTIONS]
EDIT = pd.DataFrame({"before": 0.5, "promised": RNG.normal(0, 0.02, 15)}, NAMES)
EDIT = EDIT.assign(obtained=0.6 * EDIT["promised"] + 0.005, control=0.001)
EDIT.loc[list(EMOTIONS), "promised"] = np.nan


def draw_edit(table=EDIT, ax=None):
    return plot_edit(table, "dissonance", ax=ax)


EVERY = {
    "edit": (draw_edit, 1),
    "edit of features alone": (lambda ax=None: draw_edit(EDIT.loc[list(MIDLEVEL)].drop(columns="control"), ax), 1),
}


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = EVERY[name][0]()
    words = [text for panel in np.ravel(ax) for text in (*panel.texts, panel.xaxis.label, *panel.get_yticklabels())]
    assert find_misplaced(fig, [*words, *fig.legends[0].get_texts()]) == []


def read_marks(ax):
    handles, names = ax.get_legend_handles_labels()
    return {name: np.asarray(handle.get_offsets()) for handle, name in zip(handles, names, strict=True)}


def test_an_edit_has_every_output_where_it_was_promised_and_where_it_went():
    marks = read_marks(draw_edit()[1])
    assert marks["obtained"][:, 0].tolist() == EDIT["obtained"].tolist()
    assert marks["other segments"][:, 0].tolist() == EDIT["control"].tolist()
    assert len(marks["promised"]) == 15  # NaN of emotions is drawn nowhere
    assert marks["promised"][:7, 0].tolist() == EDIT["promised"][:7].tolist()


def test_the_asked_output_alone_is_in_bold():
    labels = draw_edit()[1].get_yticklabels()
    assert [label.get_text() for label in labels if label.get_weight() == "bold"] == ["dissonance"]


def test_before_and_after_stand_beside_each_row():
    _, ax = draw_edit()
    said = [text.get_text() for text in ax.texts]
    assert said == [f"0.50 → {0.5 + change:.2f}" for change in EDIT["obtained"]]
