"""Pictures of the cost: what is drawn where, on common scales, and into whose axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from figures import check_given_axes, find_misplaced
from mer_utils.costplots import plot_conditions, plot_correlations, plot_cost_sources, plot_costs, plot_power
from mer_utils.power import compute_power_curve, compute_tracks_needed
from mer_utils.ratings import EMOTIONS, load_published

pytestmark = pytest.mark.usefixtures("styled")
OUTPUTS = [*EMOTIONS, "average"]
SCHEMES = ["mid2e", "a2e", "a2e, rank 7", "a2mid2e", "joint", "a2b2e", "multitask"]
PUBLISHED = load_published("emotion_correlations")


def build_costs(keys, names):
    """Costs as `scores` gives them, every value another one; the reference has none."""
    index = pd.MultiIndex.from_product([*keys, OUTPUTS], names=names)
    r = pd.Series(np.random.default_rng(0).uniform(0.4, 0.9, len(index)), index)
    table = pd.DataFrame({"r": r, "r_low": r - 0.05, "r_high": r + 0.05})
    table["coe"] = (0.8 - r).where(index.get_level_values(0) != "a2e")
    return table.assign(coe_low=table["coe"] - 0.02, coe_high=table["coe"] + 0.02)


COSTS = build_costs([SCHEMES], ["scheme", "output"])
CONDITIONS = build_costs([["noise", "outside"], [0.0, 0.5, 1.0]], ["condition", "value", "output"])
CURVE = compute_power_curve(np.union1d(np.geomspace(0.005, 0.1, 10), [0.01, 0.05]))
EVERY = {
    "correlations": (lambda ax=None: plot_correlations(COSTS, published=PUBLISHED, live=COSTS, ax=ax), 9),
    "costs": (lambda ax=None: plot_costs(COSTS, published=PUBLISHED, ax=ax), 9),
    "sources": (lambda ax=None: plot_cost_sources({"names": COSTS.loc["joint"], "x": COSTS.loc["a2b2e"]}, ax=ax), 2),
    "power": (lambda ax=None: plot_power(CURVE, tracks={"theirs": 36, "ours": 280, "all": 360}, ax=ax), 1),
    "conditions": (lambda ax=None: plot_conditions(CONDITIONS, ax=ax), 2),
}


@pytest.mark.parametrize("name", EVERY)
def test_plots_return_figure_and_axes(name):
    plot, n_axes = EVERY[name]
    fig, ax = plot()
    assert isinstance(fig, plt.Figure)
    assert np.size(ax) == n_axes


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = EVERY[name][0]()
    words = [text for panel in np.ravel(ax) for text in (*panel.texts, panel.title, panel._left_title)]
    assert find_misplaced(fig, words, overlap=2) == []


def rows(ax, number=0):
    """Where the dots of a panel are, by the name of their row, which stands at the leftmost panel."""
    names = [label.get_text() for label in ax[0].get_yticklabels()]
    return dict(zip(names, ax[number].collections[1].get_offsets()[:, 0], strict=True))


@pytest.mark.parametrize(("plot", "measure"), [(plot_correlations, "r"), (plot_costs, "coe")])
def test_dots_lie_at_their_values(plot, measure):
    _, ax = plot(COSTS)
    assert [panel.get_title(loc="left") for panel in ax] == OUTPUTS
    for number, output in enumerate(OUTPUTS):
        assert rows(ax, number)["Joint"] == COSTS.loc[("joint", output), measure]
        assert rows(ax, number)["A2E, rank 7"] != COSTS.loc[("joint", output), measure]


@pytest.mark.parametrize("plot", [plot_correlations, plot_costs])
def test_the_legend_says_what_the_nets_heard(plot):
    fig, _ = plot(COSTS, music="film music")
    assert fig.legends[0].get_texts()[0].get_text() == "ours, film music, with 95 % interval"


def test_lines_that_would_touch_are_one():
    _, ax = plot_power(CURVE, tracks={"theirs": 36, "all": 360, "rated": 356})
    assert [text.get_text() for text in ax.texts[:2]] == ["theirs: 36", "all: 360; rated: 356"]
    _, ax = plot_power(CURVE, tracks={"all": 360, "fewer": 320})
    assert [text.get_text() for text in ax.texts[:2]] == ["all: 360", "fewer: 320"]


def test_the_first_scheme_is_on_top():
    _, ax = plot_correlations(COSTS)
    assert next(iter(rows(ax))) == "Mid2E"
    assert ax[0].yaxis_inverted()


def test_costs_leave_out_who_has_none():
    _, ax = plot_costs(COSTS)
    assert set(rows(ax)) == {"A2E, rank 7", "A2Mid2E", "Joint", "A2B2E", "Multitask"}


def test_published_marks_lie_in_the_row_of_their_scheme():
    _, ax = plot_correlations(COSTS, published=PUBLISHED.loc[["ismir2019 joint"]])
    assert ax[0].collections[2].get_offsets().tolist() == [[0.82, SCHEMES.index("joint")]]


@pytest.mark.parametrize("name", ["correlations", "costs", "sources"])
def test_panels_share_a_scale(name):
    _, ax = EVERY[name][0]()
    assert len({panel.get_xlim() for panel in ax}) == 1
    assert len({panel.get_ylim() for panel in ax}) == 1


def test_legend_names_every_kind_of_mark():
    fig, _ = EVERY["correlations"][0]()
    words = [text.get_text() for text in fig.legends[0].get_texts()]
    assert [word.split(",")[0] for word in words] == ["ours", "ours", "published 2019", "published 2025"]


def test_power_is_read_off_the_curve():
    _, ax = plot_power(CURVE)
    needed = [compute_tracks_needed(0.05, between=between) for between in (0.95, 0.8)]
    assert f"{needed[0]} to {needed[1]} tracks" in ax.texts[-1].get_text()
    assert ax.get_yscale() == "log"


def test_conditions_share_a_scale_and_name_their_axis():
    _, ax = plot_conditions(CONDITIONS)
    assert [panel.get_xlabel() for panel in ax] == ["noise", "outside"]
    assert ax[0].get_ylim() == ax[1].get_ylim()
