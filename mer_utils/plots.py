"""Pictures of sounds and ratings.

Each function draws data that somebody else computed and returns ``(fig, ax)``, also into axes that were handed in;
``ax`` is a flat array where there are several. Spectrograms lie with low frequencies at the bottom, seconds to the
right, hertz upwards. Fonts, sizes and colours come from `style`. Curves and scores of networks are in `scoreplots`.

Public names: ``plot_spectrogram``, ``plot_scales``, ``plot_spectrograms``, ``plot_twin``, ``plot_profile``,
``plot_overview``, ``plot_emotion_plane``, ``plot_rating_distributions``, ``plot_correlations``, ``STEPS``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .ratings import RATING_RANGE
from .spectrogram import SpectrogramConfig, compute_band_frequencies
from .style import COLOURS, DIVERGING, FAINT, FULL, HALF, NOTE, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HERTZ = (100, 500, 1000, 2000, 5000, 10000)
#: Steps of a spectrogram's colour scale: an eye sees no more in such texture, and a file is half as large as with 256.
#: Odd, so that no change is white.
STEPS = 13


def plot_spectrogram(
    spec: np.ndarray,
    *,
    ax: "Axes | None" = None,
    title: str = "",
    limit: float | None = None,
    signed: bool = False,
    fps: float = 31.25,
) -> "tuple[Figure, Axes]":
    """Draw one spectrogram, or a signed difference of two.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude), or a difference of such.
    ax
        Where to draw; a new figure by default.
    title
        Title of the panel.
    limit
        Value at the end of the colour scale; the largest in ``spec`` by default, of a difference nearly so.
    signed
        Whether values below 0 mean something: takes the diverging colours, centred on 0.
    fps
        Frames per second.
    """
    import matplotlib.pyplot as plt

    fig, ax = build_axes(ax, size=FULL)
    spec = np.asarray(spec)
    # A few cells far above all others must not make the rest of a difference invisible.
    limit = limit or float(np.quantile(np.abs(spec), 0.998 if signed else 1.0)) or 1.0
    colours = {"cmap": plt.get_cmap(DIVERGING if signed else None, STEPS), "vmin": -limit if signed else 0.0}
    extent = (0, len(spec) / fps, -0.5, spec.shape[1] - 0.5)
    image = ax.imshow(spec.T, extent=extent, vmax=limit, **colours)
    plot_scales(fps=fps, ax=ax)
    ax.set_title(title)
    label = "change of log magnitude" if signed else "log magnitude"
    fig.colorbar(image, ax=ax, label=label, fraction=0.04, pad=0.01)
    return fig, ax


def plot_scales(*, fps: float = 31.25, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Write seconds and hertz on the axes of a spectrogram whose bands are numbered from 0.

    Parameters
    ----------
    fps
        Frames per second.
    ax
        Where; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL)
    bands = compute_band_frequencies(SpectrogramConfig(fps=fps))
    shown = [f for f in _HERTZ if bands[0] < f < bands[-1]]
    ax.set_yticks(_locate_bands(shown, bands), [f"{f:,}".replace(",", " ") for f in shown])
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)")
    return fig, ax


def _locate_bands(hertz: Sequence[float], bands: np.ndarray) -> np.ndarray:
    """Band numbers, with fractions, at which frequencies in Hz lie."""
    return np.interp(np.log(hertz), np.log(bands), np.arange(len(bands)))


def plot_spectrograms(specs: Mapping[str, np.ndarray], *, ax: Any = None) -> "tuple[Figure, np.ndarray]":
    """Draw several spectrograms, two in a row, on one colour scale.

    Parameters
    ----------
    specs
        (n_frames, 149) each, by title.
    ax
        As many axes as spectrograms; a new figure by default.
    """
    rows = -(-len(specs) // 2)
    fig, ax = build_axes(ax, size=(FULL[0], 2.3 * rows), shape=(rows, 2))
    limit = max(float(np.max(spec)) for spec in specs.values())
    for panel, (title, spec) in zip(ax, specs.items(), strict=False):
        plot_spectrogram(spec, ax=panel, title=title, limit=limit)
    for panel in ax[len(specs) :]:
        panel.set_axis_off()
    return fig, ax


def plot_twin(
    original: np.ndarray, changed: np.ndarray, *, titles: Sequence[str] = ("original", "changed"), ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw a clip, its counterfactual twin, and where the two differ.

    Parameters
    ----------
    original, changed
        (n_frames, 149) spectrograms at one gain.
    titles
        Of the first two panels.
    ax
        Three axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0], 5.7), shape=(3, 1))
    limit = float(max(original.max(), changed.max()))
    for panel, spec, title in zip(ax, (original, changed), titles, strict=False):
        plot_spectrogram(spec, ax=panel, title=title, limit=limit)
        panel.set_xlabel("")
    plot_spectrogram(changed - original, ax=ax[2], title="where the cause is: changed minus original", signed=True)
    return fig, ax


def plot_profile(
    values: "pd.Series",
    *,
    truth: "pd.Series | None" = None,
    label: str = "truth",
    ends: Mapping[str, tuple[str, str]] | None = None,
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw the features or emotions of one track on the raters' scale.

    A linear layer can leave the scale: such a value is a triangle at the end it passed, with its number.

    Parameters
    ----------
    values
        Ratings by name, such as predictions.
    truth
        Ratings 1-10 by the same names to hold them against.
    label
        What these are called in the legend.
    ends
        What the lowest and the highest rating mean, by name.
    ax
        Where to draw; a new figure by default.
    """
    names = list(values.index)
    rows = np.arange(len(names))[::-1]
    fig, ax = build_axes(ax, size=(FULL[0], 0.8 + 0.36 * len(names)))
    ax.hlines(rows, *RATING_RANGE, color=FAINT)
    colours = [COLOURS.get(name, OURS) for name in names]
    lowest, highest = RATING_RANGE
    beyond = np.select([values < lowest - 0.1, values > highest + 0.1], [-1, 1])
    shown = np.clip(values, lowest, highest)
    for side, marker in ((0, "o"), (-1, "<"), (1, ">")):
        chosen = [colour for colour, where in zip(colours, beyond, strict=True) if where == side]
        here = beyond == side
        ax.scatter(
            shown[here], rows[here], s=90, c=chosen, marker=marker, zorder=3, label=None if side else "predicted"
        )
    for row, value, x in zip(rows[beyond != 0], values[beyond != 0], shown[beyond != 0], strict=True):
        inward = 0.12 if value < x else -0.12  # beside the triangle, clear of the truth's bar
        ax.text(x + inward, row + 0.3, f"{value:.1f}", ha="left" if inward > 0 else "right", va="center", **NOTE)
    if truth is not None:
        ax.scatter(truth[names], rows, marker="|", s=260, linewidths=2, c=THEIRS, zorder=4, label=label)
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    for row, name in zip(rows, names, strict=True):
        low, high = (ends or {}).get(name, ("", ""))
        ax.text(0.8, row, low, ha="right", va="center", **NOTE)
        ax.text(10.2, row, high, ha="left", va="center", **NOTE)
    ax.set(xlim=(-1.4 if ends else 0.8, 12.6 if ends else 10.2), ylim=(-0.6, len(names) - 0.4), xlabel="rating")
    ax.set_xticks(range(1, 11))
    ax.set_yticks(rows, names)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig, ax


def plot_overview(
    spec: np.ndarray, values: "pd.Series", *, truth: "pd.Series | None" = None, label: str = "truth", ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw a clip as the net sees it, and beside it what the net hears in it.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    values, truth, label
        Ratings 1-10 by name, as in `plot_profile`.
    ax
        Two axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL, shape=(1, 2), widths=(1.1, 1))
    plot_spectrogram(spec, ax=ax[0], title="what the net sees")
    plot_profile(values, truth=truth, label=label, ax=ax[1])
    ax[1].set(title="what it hears", xlabel="rating (1 to 10)")
    if truth is not None:
        ax[1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)  # beside the title, not on it
    return fig, ax


def plot_emotion_plane(correlations: "pd.DataFrame", *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Place named emotions on the plane of valence and energy, by how their ratings correlate with these two.

    Parameters
    ----------
    correlations
        Pearson correlations of the ratings, with ``valence`` and ``energy`` among rows and columns.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(HALF[0] + 0.6, HALF[0]))
    ax.axhline(0, color=FAINT, zorder=0)
    ax.axvline(0, color=FAINT, zorder=0)
    for name in correlations.columns.drop(["valence", "energy"]):
        x, y = correlations.loc[name, "valence"], correlations.loc[name, "energy"]
        ax.scatter(x, y, s=110, color=COLOURS.get(name, OURS), zorder=3)
        ax.annotate(name, (x, y), xytext=(0, 8), textcoords="offset points", ha="center")
    ax.set(xlim=(-1.1, 1.1), ylim=(-1, 1), xlabel="correlation with valence (unpleasant to pleasant)")
    ax.set_ylabel("correlation with energy (sleepy to wide awake)")
    ax.grid(visible=True)
    return fig, ax


def plot_rating_distributions(
    ratings: "pd.DataFrame", published: "pd.DataFrame", *, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw a histogram of each rating with the published distribution as an outline.

    Parameters
    ----------
    ratings
        (n_tracks, n_ratings) on 1-10, named columns.
    published
        One row per rating: quantiles 1-10 in columns named by their probability 0-1, others are left aside.
    ax
        As many axes as ratings; a new figure, five in a row, by default.
    """
    rows = -(-ratings.shape[1] // 5)
    fig, ax = build_axes(ax, size=(TALL[0], 1.75 * rows), shape=(rows, 5))
    quantiles = published[[c for c in published.columns if c not in ("mean", "sd")]]
    edges = np.linspace(*RATING_RANGE, 19)
    for panel, name in zip(ax, ratings.columns, strict=False):
        probabilities = (np.arange(2000) + 0.5) / 2000
        theirs = np.interp(probabilities, quantiles.columns.astype(float), quantiles.loc[name])
        options = {"bins": edges, "range": RATING_RANGE}
        panel.hist(ratings[name], weights=_percent(len(ratings)), color=COLOURS.get(name, OURS), **options)
        panel.hist(theirs, weights=_percent(len(theirs)), histtype="step", color=THEIRS, **options)
        panel.set(title=name, xticks=(1, 4, 7, 10))
        panel.yaxis.get_major_locator().set_params(nbins=3, integer=True)
    for panel in ax[ratings.shape[1] :]:
        panel.set_axis_off()
    fig.supxlabel("rating (filled: this corpus, outline: published)")
    fig.supylabel("share of clips (%)")
    return fig, ax


def _percent(n: int) -> np.ndarray:
    return np.full(n, 100 / n)


def plot_correlations(tables: "Mapping[str, pd.DataFrame]", *, ax: Any = None) -> "tuple[Figure, Any]":
    """Draw correlation matrices side by side on one scale from -1 to 1.

    Parameters
    ----------
    tables
        Square tables of Pearson correlations with the same names, by title.
    ax
        As many axes as tables; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(TALL[0], 5.2), shape=(1, len(tables)))
    panels = np.atleast_1d(ax)
    for panel, (title, table) in zip(panels, tables.items(), strict=True):
        image = panel.imshow(table, cmap=DIVERGING, vmin=-1, vmax=1, origin="upper", aspect="equal")
        panel.set_title(title)
        panel.set_xticks(range(len(table)), table.columns, rotation=90)
        panel.set_yticks(range(len(table)), table.index)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    for panel in panels[1:]:
        panel.set_yticks([])
    fig.colorbar(image, ax=list(panels), label="Pearson's r", shrink=0.7)
    return fig, ax
