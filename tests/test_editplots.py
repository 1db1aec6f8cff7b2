"""Pictures of edits: what is drawn where, and words that stay in their places."""

import numpy as np
import pandas as pd
import pytest

from figures import check_given_axes, find_misplaced
from mer_utils.editplots import plot_edit, plot_edit_summary
from mer_utils.ratings import EMOTIONS, MIDLEVEL

pytestmark = pytest.mark.usefixtures("styled")
RNG = np.random.default_rng(0)
NAMES = [*MIDLEVEL, *EMOTIONS]
EDIT = pd.DataFrame({"before": 0.5, "promised": RNG.normal(0, 0.02, 15)}, NAMES)
EDIT = EDIT.assign(obtained=0.6 * EDIT["promised"] + 0.005, control=0.001)
EDIT.loc[list(EMOTIONS), "promised"] = np.nan


def draw_edit(table=EDIT, ax=None):
    return plot_edit(table, "dissonance", ax=ax)


DBS = np.array([-12, -6, 6, 12])
SUMMARY = pd.concat(
    {name: pd.DataFrame({"obtained": step * DBS, "promised": 2 * step * DBS}, DBS) for name, step in
     zip(MIDLEVEL, np.linspace(0.001, 0.01, 7), strict=True)}, names=["feature", "db"],
).assign(control=0.002, whole=-0.001)  # fmt: skip
for name in ("obtained", "control"):
    SUMMARY[f"{name}_low"], SUMMARY[f"{name}_high"] = SUMMARY[name] - 0.01, SUMMARY[name] + 0.02


EVERY = {
    "edit": (draw_edit, 1),
    "edit of features alone": (lambda ax=None: draw_edit(EDIT.loc[list(MIDLEVEL)].drop(columns="control"), ax), 1),
    "summary": (lambda ax=None: plot_edit_summary(SUMMARY, ax=ax), 8),
}


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = EVERY[name][0]()
    words = [text for panel in np.ravel(ax) for text in (*panel.texts, panel.xaxis.label, panel._left_title)]
    labels = [label for label in np.ravel(ax)[0].get_yticklabels() if label.get_text() in NAMES]
    assert find_misplaced(fig, words + labels + [text for legend in fig.legends for text in legend.get_texts()]) == []


def read_marks(ax):
    handles, names = ax.get_legend_handles_labels()
    marks = zip(handles, names, strict=True)
    return {name: np.asarray(handle.get_offsets()) for handle, name in marks if hasattr(handle, "get_offsets")}


def test_an_edit_has_every_output_where_it_was_promised_and_where_it_went():
    marks = read_marks(draw_edit()[1])
    assert marks["obtained"][:, 0].tolist() == EDIT["obtained"].tolist()
    assert marks["random segments"][:, 0].tolist() == EDIT["control"].tolist()
    assert len(marks["promised"]) == 15  # NaN of emotions is drawn nowhere
    assert marks["promised"][:7, 0].tolist() == EDIT["promised"][:7].tolist()


def test_the_asked_output_alone_is_in_bold():
    labels = draw_edit()[1].get_yticklabels()
    assert [label.get_text() for label in labels if label.get_weight() == "bold"] == ["dissonance"]


def test_before_and_after_stand_beside_each_row():
    _, ax = draw_edit()
    said = [text.get_text() for text in ax.texts]
    assert said == [f"0.50 → {0.5 + change:.2f}" for change in EDIT["obtained"]]


def test_a_summary_has_each_feature_at_each_level_where_it_went():
    _, ax = plot_edit_summary(SUMMARY)
    assert [panel.get_title(loc="left") for panel in ax[:7]] == list(MIDLEVEL)
    for panel, name in zip(ax, MIDLEVEL, strict=False):
        table = SUMMARY.loc[name]
        marks = read_marks(panel)
        assert marks["obtained"].tolist() == np.column_stack([DBS, table["obtained"]]).tolist()
        assert marks["random segments"][:, 1].tolist() == [0.002] * 4


def test_a_summary_has_intervals_and_a_course_through_nothing():
    _, ax = plot_edit_summary(SUMMARY)
    course, bars = ax[0].lines[1], ax[0].collections[1]
    assert course.get_xydata().tolist()[2] == [0, 0]
    ends = np.array([path.vertices[:, 1] for path in bars.get_paths()])
    assert ends == pytest.approx(SUMMARY.loc[MIDLEVEL[0], ["obtained_low", "obtained_high"]].to_numpy())


def test_promises_out_of_sight_are_written_at_the_edge():
    _, ax = plot_edit_summary(SUMMARY)
    limit = ax[0].get_ylim()[1]
    far = SUMMARY["promised"].abs() >= limit
    assert 0 < far.sum() < 28
    for panel, name in zip(ax, MIDLEVEL, strict=False):
        wanted = [f"{value:+.2f}".replace("-", "−") for value in SUMMARY["promised"][far].get(name, [])]
        assert [text.get_text() for text in panel.texts] == wanted
