"""Pictures of trust: what is drawn where, with verdicts, times and counts that belong to it."""

import numpy as np
import pandas as pd
import pytest
from fakeexplanations import SEGMENTS, fit_explanation

from figures import check_given_axes, find_misplaced
from mer_utils.ratings import MIDLEVEL
from mer_utils.trust import compute_fidelity
from mer_utils.trustplots import plot_convergence, plot_curves, plot_fidelity, plot_leakage, plot_truth

pytestmark = pytest.mark.usefixtures("styled")
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(60, 7))
EXPLAINED = fit_explanation(lambda masks: masks @ WEIGHTS, noise=2.0, output_names=MIDLEVEL)
CARD = compute_fidelity(EXPLAINED).assign(verdict=["holds", "weak", "do not trust"] * 2 + ["holds"])
LOOKS = pd.DataFrame(
    {"weight correlation": [0.5, 0.8, 0.95], "top-30 Jaccard": [0.2, np.nan, 0.9]}, [1000, 8000, 50000]
)
SHARES = np.linspace(0, 1, 5)
CURVE = pd.DataFrame(
    {"most_first": 0.6 - 0.3 * SHARES**0.5, "least_first": 0.6 - 0.3 * SHARES**2, "random": 0.6 - 0.3 * SHARES},
    pd.Index(SHARES, name="share"),
).assign(random_low=lambda table: table["random"] - 0.01, random_high=lambda table: table["random"] + 0.02)
CURVES = pd.concat(dict.fromkeys(MIDLEVEL, CURVE), names=["output"])
GAINS = pd.DataFrame({"gain": np.linspace(-0.02, 0.1, 7)}, list(MIDLEVEL))
MATRIX = pd.DataFrame(RNG.normal(size=(7, 7)), list(MIDLEVEL), list(MIDLEVEL))
SPEC, TRUTH = RNG.random((48, 149)), SEGMENTS == 7
EVERY = {
    "fidelity": (lambda ax=None: plot_fidelity(EXPLAINED, card=CARD, ax=ax), 8),
    "convergence": (lambda ax=None: plot_convergence(LOOKS, ax=ax), 1),
    "curves": (lambda ax=None: plot_curves(CURVES, gains=GAINS, ax=ax), 8),
    "leakage": (lambda ax=None: plot_leakage(MATRIX, ax=ax), 1),
    "truth": (lambda ax=None: plot_truth(SPEC, TRUTH, WEIGHTS[SEGMENTS, 0], title="articulation", ax=ax), 2),
}


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = EVERY[name][0]()
    words = [text for panel in np.ravel(ax) for text in (*panel.texts, panel.title, panel._left_title)]
    assert find_misplaced(fig, words) == []


@pytest.mark.parametrize("place", [(0.5, 0.5), (0.97, 0.5)], ids=["on another", "outside"])
def test_misplaced_words_would_be_seen(place):
    fig = plot_leakage(MATRIX)[0]
    words = [fig.text(*place, "many words", ha="center", va="center"), fig.text(0.5, 0.5, "more words", ha="center")]
    assert len(find_misplaced(fig, words)) == 1


def get_texts(ax):
    return [text.get_text() for text in ax.texts]


def test_fidelity_shows_fresh_masks_against_the_surrogate():
    _, ax = plot_fidelity(EXPLAINED)
    for column, panel in enumerate(ax[:7]):
        masks, whole = (collection.get_offsets() for collection in panel.collections)
        assert np.allclose(masks[:, 0], EXPLAINED.holdout.outputs[:, column])
        assert np.allclose(masks[:, 1], EXPLAINED.holdout_fitted[:, column])
        assert np.allclose(whole[0], [EXPLAINED.prediction[column], EXPLAINED.local_prediction[column]])
        assert panel.get_xlim() == panel.get_ylim()


def test_fidelity_says_r2_and_verdict():
    _, ax = plot_fidelity(EXPLAINED, card=CARD)
    told = [get_texts(panel) for panel in ax[:7]]
    assert told == [[f"R² {r2:.2f}: {said}"] for r2, said in zip(EXPLAINED.r2_holdout, CARD["verdict"], strict=True)]
    assert len({panel.texts[0].get_color() for panel in ax[:3]}) == 3


def test_fidelity_without_a_card_passes_no_verdict():
    assert get_texts(plot_fidelity(EXPLAINED)[1][0]) == [f"R² {EXPLAINED.r2_holdout[0]:.2f}"]


def test_convergence_draws_each_curve_and_skips_what_is_not_known():
    _, ax = plot_convergence(LOOKS)
    correlation, jaccard = (line.get_xydata().tolist() for line in ax.lines)
    assert correlation == [[1000, 0.5], [8000, 0.8], [50000, 0.95]]
    assert jaccard == [[1000, 0.2], [50000, 0.9]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(LOOKS)


@pytest.mark.parametrize(("rate", "found"), [(150.88, True), (140.0, False)])
def test_the_demo_took_331_seconds(rate, found):
    fig, ax = plot_convergence(LOOKS, rate=rate)
    fig.canvas.draw()
    lowest, highest = ax.child_axes[0].get_xlim()
    assert (highest / ax.get_xlim()[1] * 50_000 == pytest.approx(5 * 60 + 31, abs=1)) == found
    assert highest / lowest == pytest.approx(ax.get_xlim()[1] / ax.get_xlim()[0])


def test_times_stand_where_they_fall():
    top = plot_convergence(LOOKS)[1].child_axes[0]
    words = [label.get_text() for label in top.get_xticklabels()]
    times = {"10 s": 10, "30 s": 30, "1 min": 60, "2 min": 120, "5 min": 300}
    assert dict(zip(words, top.get_xticks(), strict=True)) == times


def test_close_numbers_of_samples_get_one_tick():
    close = pd.DataFrame({"a": [0.1, 0.5, 0.9]}, [1000, 9000, 10000])
    assert [t.get_text() for t in plot_convergence(close)[1].get_xticklabels()] == ["1 000", "10 000"]


def test_curves_are_drawn_in_percent_of_cells_with_their_band():
    _, ax = plot_curves(CURVES)
    _, first, last = ax[3].lines
    assert np.allclose(first.get_xydata(), np.column_stack([100 * SHARES, CURVE["most_first"]]))
    assert np.allclose(last.get_ydata(), CURVE["least_first"])
    band = ax[3].collections[0].get_datalim(ax[3].transData)
    assert (band.y0, band.y1) == pytest.approx((CURVE["random_low"].min(), CURVE["random_high"].max()))


def test_curves_say_the_gain_of_their_output():
    _, ax = plot_curves(CURVES, gains=GAINS)
    assert [get_texts(panel) for panel in ax[:7]] == [[f"gain {gain:+.3f}"] for gain in GAINS["gain"]]


def test_one_output_gets_one_panel():
    _, ax = plot_curves(CURVES.loc[["minorness"]])
    assert ax.get_title(loc="left") == "minorness"


@pytest.mark.parametrize(("scale", "digits"), [(1, 2), (0.01, 3)])
def test_leakage_writes_the_number_into_its_cell(scale, digits):
    _, ax = plot_leakage(scale * MATRIX)
    told = {text.get_position(): text.get_text() for text in ax.texts}
    assert told[2, 5] == f"{scale * MATRIX.iloc[5, 2]:+z.{digits}f}"
    assert told[5, 2] != told[2, 5]
    assert len(told) == 49


def test_leakage_is_centred_on_zero_and_marks_the_diagonal():
    _, ax = plot_leakage(MATRIX)
    assert ax.images[0].get_clim() == pytest.approx((-abs(MATRIX.to_numpy()).max(), abs(MATRIX.to_numpy()).max()))
    assert {t.get_position() for t in ax.texts if t.get_weight() == "bold"} == {(k, k) for k in range(7)}


def test_a_cause_without_a_case_is_said():
    _, ax = plot_leakage(MATRIX.drop("dissonance").reindex(MATRIX.index))
    assert [text.get_text() for text in ax.texts].count("no case") == 7
    assert np.isfinite(ax.images[0].get_clim()).all()


def test_the_cause_is_outlined_beside_and_over_the_explanation():
    _, ax = plot_truth(SPEC, TRUTH, WEIGHTS[SEGMENTS, 0])
    frames, bands = np.nonzero(TRUTH)
    for panel in ax:
        lines = np.array(panel.collections[0].get_segments())
        assert np.allclose(lines.min(axis=(0, 1)), [frames.min() / 31.25, bands.min() - 0.5])
        assert np.allclose(lines.max(axis=(0, 1)), [(frames.max() + 1) / 31.25, bands.max() + 0.5])
    assert np.array_equal(ax[1].images[0].get_array(), WEIGHTS[SEGMENTS, 0].T)


def test_the_outline_of_a_cause_bridges_small_gaps_only():
    truth = np.zeros(SEGMENTS.shape, bool)
    truth[2:30, 20:90] = True
    gaps = truth.copy()
    gaps[4::9, 22::7] = False
    _, ax = plot_truth(SPEC, gaps, WEIGHTS[SEGMENTS, 0])
    _, whole = plot_truth(SPEC, truth, WEIGHTS[SEGMENTS, 0])
    assert len(ax[0].collections[0].get_segments()) == len(whole[0].collections[0].get_segments())
    truth[:, 50:70] = False
    _, apart = plot_truth(SPEC, truth, WEIGHTS[SEGMENTS, 0])
    assert len(apart[0].collections[0].get_segments()) > len(whole[0].collections[0].get_segments())
