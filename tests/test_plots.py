"""Plots: what is drawn where, with which units, and into whose axes."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from figures import check_given_axes
from mer_utils.plots import (
    plot_correlations,
    plot_emotion_plane,
    plot_overview,
    plot_profile,
    plot_rating_distributions,
    plot_spectrogram,
    plot_spectrograms,
    plot_twin,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL, load_published
from mer_utils.scoreplots import plot_learning_curves, plot_prediction_scatter, plot_schemes, plot_scores
from mer_utils.spectrogram import compute_band_frequencies, compute_spectrogram
from mer_utils.style import COLOURS, build_axes

pytestmark = pytest.mark.usefixtures("styled")
ROWS = [f"t{i}" for i in range(20)]
RNG = np.random.default_rng(0)
SPEC = RNG.random((40, 149))
TABLE = pd.DataFrame(RNG.uniform(1, 10, (20, 15)), ROWS, [*MIDLEVEL, *EMOTIONS])
PUBLISHED = load_published("rating_marginals")
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [0.2, 0.1], "valid_midlevel": [0.1, 0.2], "valid_emotion": [0, 0.1]})
SCORES = pd.DataFrame({"rated": [0.3, -0.1], "ceiling": [0.9, 0.8]}, ["happy", "sad"])
EVERY = {
    "spectrogram": (plot_spectrogram, SPEC, 1),
    "spectrograms": (plot_spectrograms, {"a": SPEC, "b": SPEC, "c": SPEC}, 4),
    "twin": (lambda data, ax=None: plot_twin(data, data + 1, ax=ax), SPEC, 3),
    "profile": (plot_profile, TABLE.iloc[0], 1),
    "overview": (lambda data, ax=None: plot_overview(SPEC, data, truth=data, ax=ax), TABLE.iloc[0], 2),
    "plane": (plot_emotion_plane, TABLE[list(EMOTIONS)].corr(), 1),
    "distributions": (lambda data, ax=None: plot_rating_distributions(data, PUBLISHED, ax=ax), TABLE, 15),
    "correlations": (plot_correlations, {"a": TABLE.corr(), "b": TABLE.corr()}, 2),
    "schemes": (plot_schemes, ("a2e", "joint", "multitask"), 3),
    "curves": (plot_learning_curves, {"joint": HISTORY, "a2e": HISTORY.drop(columns="valid_midlevel")}, 2),
    "scores": (plot_scores, SCORES, 1),
    "scatter": (lambda data, ax=None: plot_prediction_scatter(data, data, ax=ax), TABLE, 15),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_plots_return_figure_and_axes(name):
    plot, data, n_axes = EVERY[name]
    fig, ax = plot(data)
    assert isinstance(fig, plt.Figure)
    assert np.size(ax) == n_axes


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    plot, data, n_axes = EVERY[name]
    check_given_axes(partial(plot, data), n_axes)


@pytest.mark.parametrize("name", ["spectrogram", "profile", "schemes"])
def test_the_same_data_make_the_same_picture(name):
    plot, data, _ = EVERY[name]
    pictures = []
    for _ in range(2):
        fig = plot(data)[0]
        fig.canvas.draw()
        pictures.append(bytes(fig.canvas.buffer_rgba()))
    assert pictures[0] == pictures[1]


def test_too_few_axes_are_refused():
    with pytest.raises(ValueError, match="needs 2 axes and got 1"):
        build_axes(plt.subplots()[1], size=(1, 1), shape=(1, 2))


def brightest(y):
    """Where a drawn spectrogram is brightest: seconds, and the row as its distance from a frequency tick."""
    _, ax = plot_spectrogram(compute_spectrogram(y))
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    row, column = np.unravel_index(image.get_array().argmax(), image.get_array().shape)
    shape = image.get_array().shape
    return left + (column + 0.5) * (right - left) / shape[1], bottom + (row + 0.5) * (top - bottom) / shape[0], ax


@pytest.mark.parametrize(("hertz", "found"), [(1000, True), (1090, False)])
def test_a_tone_lies_at_its_frequency_tick(hertz, found):
    y = np.sin(2 * np.pi * hertz * np.arange(22050) / 22050)
    _, height, ax = brightest(y)
    ticks = dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks(), strict=True))
    assert (abs(height - ticks["1 000"]) < 1) == found


@pytest.mark.parametrize(("seconds", "found"), [(2.0, True), (2.2, False)])
def test_a_click_lies_at_its_second(seconds, found):
    y = np.zeros(3 * 22050)
    y[round(seconds * 22050)] = 1
    assert (abs(brightest(y)[0] - 2.0) < 0.1) == found


def test_low_frequencies_are_at_the_bottom():
    _, ax = plot_spectrogram(SPEC)
    bottom, top = ax.get_ylim()
    assert bottom < top
    assert len(compute_band_frequencies()) == top - bottom


def test_spectrogram_axes_have_units():
    _, ax = plot_spectrogram(SPEC)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "frequency (Hz)")


def test_signed_colours_are_centred_on_zero():
    _, ax = plot_spectrogram(SPEC - 0.2, signed=True)
    low, high = ax.images[0].get_clim()
    assert low == -high < 0
    assert np.allclose(ax.images[0].cmap(0.5)[:3], 0.97, atol=0.02)


def test_silence_is_drawn():
    assert plot_spectrogram(np.zeros((40, 149)))[1].images[0].get_clim() == (0, 1)


def test_profile_dots_lie_at_the_ratings():
    values = TABLE.iloc[0][list(MIDLEVEL)]
    _, ax = plot_profile(values, truth=values + 0, label="rated")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["predicted", "rated"]
    assert np.allclose(ax.collections[1].get_offsets()[:, 0], values)


def test_histograms_show_percent_of_clips():
    _, ax = plot_rating_distributions(TABLE, PUBLISHED)
    assert sum(bar.get_height() for bar in ax[0].containers[0]) == pytest.approx(100)


def test_scatter_writes_r():
    _, ax = plot_prediction_scatter(-TABLE[["happy"]], TABLE[["happy"]])
    assert ax.texts[0].get_text() == "r = -1.00"


def test_every_rating_has_a_colour_of_its_own():
    assert len(set(COLOURS.values())) == len(COLOURS) == 15


def test_a_rating_beyond_the_scale_is_marked_with_its_number():
    _, ax = plot_profile(pd.Series({"happy": -0.4, "sad": 4.0, "tender": 11.0}))
    drawn = sorted(float(x) for dots in ax.collections[1:] for x in dots.get_offsets()[:, 0])
    assert drawn == [1.0, 4.0, 10.0]
    assert {"-0.4", "11.0"} <= {text.get_text() for text in ax.texts}
    assert "4.0" not in {text.get_text() for text in ax.texts}
