"""Pictures that are drawn again at every click: one panel each, in a fraction of the time of those in notebooks.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out; colours are those of `explainplots` and `effectplots`.
Time is saved where little is lost: margins are fixed instead of fitted, so that nothing jumps from click to click
either, cells get their colours before they are drawn, and an outline is one line instead of one for each cell.

Public names: ``plot_answer``, ``plot_plain``, ``plot_emotion_effects``, ``build_card``, ``render_png``.
"""

import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .effectplots import plot_boxes
from .explainplots import LOWERS, RAISES
from .plots import STEPS, plot_scales
from .style import FULL, HALF, NOTE, SONGS, build_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from .explanation import Explanation

# Left, bottom, width and height of the panel, shares of the figure.
_CARD = (0.145, 0.15, 0.835, 0.7)
_WIDE, _NARROW = (0.075, 0.135, 0.912, 0.775), (0.28, 0.15, 0.7, 0.64)
_INDENT = 11  # points from a song's mark to its name
_DOTS = 100  # per inch: a picture of all the width has 920 pixels
_GREYS = 4  # of what is not kept
_MOST_OUTLINES = 60  # of more segments only the areas that they make together can be told apart
# Where an outline runs between the middle of a segment's outermost cells, 1, and that of the cells beyond, 0: a bit
# inside, so that those of neighbours do not cover each other.
_INSIDE = 0.8
_SIDES = {"raise": (RAISES, "red, solid", "solid"), "lower": (LOWERS, "blue, dashed", (0, (4, 2.5)))}


def plot_answer(
    explanation: "Explanation",
    output: str,
    *,
    positive: Sequence[int] | None,
    negative: Sequence[int] | None,
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw which segments raise an output and which lower it, both in one panel: in colour, all else in grey.

    Solid outlines go around what raises, dashed ones around what lowers. Of more than 60 segments, what lies side by
    side and has the same sign gets one outline.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    positive, negative
        Labels of the segments to show, as `selection.select_segments` gives them. None is legal and said; None instead
        of labels is a side that was not asked for.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    ExplainError
        For an unknown output.
    """
    explanation.index(output)  # a misspelt name should not become a title
    sides = {"raise": positive, "lower": negative}
    kept = np.concatenate([np.asarray(labels, int) for labels in sides.values() if labels is not None] or [[]])
    colours = _paint(explanation.spec, np.isin(explanation.segments, kept))
    fig, ax = _plot_cells(colours, start=explanation.start, fps=explanation.fps, ax=ax)
    apart = len(kept) <= _MOST_OUTLINES
    for verb, labels in sides.items():
        lines = [] if labels is None else _trace(explanation.segments, labels, apart=apart)
        _draw_lines(ax, [line / (explanation.fps, 1) + (explanation.start, 0) for line in lines], verb)
    _add_title(ax, f"{output}: {_describe_counts(explanation, sides)}", n_lines=2)
    return fig, ax


def plot_plain(
    spec: np.ndarray, *, start: float = 0.0, fps: float = 31.25, title: str = "", ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw a spectrogram of which nothing is known yet, in the size and place of `plot_answer`.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    start
        Where it begins in its track, seconds.
    fps
        Frames per second.
    title
        Any text: what does not fit is left out.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = _plot_cells(_paint(spec, np.ones(np.shape(spec), bool)), start=start, fps=fps, ax=ax)
    _add_title(ax, title)
    return fig, ax


def plot_emotion_effects(
    effects: np.ndarray, *, emotion: str, songs: Mapping[str, np.ndarray], ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw the effects of all tracks on one emotion as box plots, with up to two songs on top.

    Parameters
    ----------
    effects
        (n_tracks, 7) from `effects.compute_effects`, or contributions in the same form.
    emotion
        Its name.
    songs
        (7,) of the same kind, by title, which may be any text; none is legal.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = plot_boxes(effects, songs=songs, ax=_build_panel(ax, HALF, _NARROW))
    ax.set(title=f"{emotion}: effects of the features", xlabel="effect: weight times feature (rating / 10)")
    _name_songs(ax, songs)
    return fig, ax


def render_png(fig: "Figure") -> bytes:
    """Turn a figure into a PNG file, and close it.

    Parameters
    ----------
    fig
        Any figure; 100 pixels to an inch.

    Returns
    -------
    bytes
        Of an equal figure always the same.
    """
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    file = io.BytesIO()
    try:
        fig.dpi = _DOTS
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    finally:
        plt.close(fig)
    image.save(file, "PNG", compress_level=3)  # a palette would be half as large, but costs more time than it saves
    return file.getvalue()


def build_card() -> "Axes":
    """Give axes at half the width, for `plot_answer` and `plot_plain`."""
    return _build_panel(None, HALF, _CARD)


def _build_panel(ax: "Axes | None", size: tuple[float, float], place: tuple[float, ...]) -> "Axes":
    """Give the axes to draw into; those of a new figure are where they are, whatever is written around them."""
    if ax is not None:
        return ax
    fig, ax = build_axes(None, size=size)
    fig.set_layout_engine("none")
    ax.set_position(place)
    return ax


def _paint(spec: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Colour chosen cells as notebooks do and the others in light greys: (n_frames, n_bands, 3) uint8."""
    import matplotlib.pyplot as plt

    spec = np.asarray(spec, float)
    share = np.clip(spec / (float(spec.max()) or 1.0), 0, 1)
    grey = plt.get_cmap("gray", _GREYS)(share)[..., :3] * 0.3 + 0.7
    colours = plt.get_cmap(None, STEPS)(share)[..., :3]
    return np.rint(255 * np.where(chosen[..., None], colours, grey)).astype(np.uint8)


def _plot_cells(colours: np.ndarray, *, start: float, fps: float, ax: "Axes | None") -> "tuple[Figure, Axes]":
    """Draw coloured cells (n_frames, n_bands, 3) as a spectrogram."""
    ax = _build_panel(ax, FULL, _WIDE)
    n_frames, n_bands = colours.shape[:2]
    ax.imshow(colours.transpose(1, 0, 2), extent=(start, start + n_frames / fps, -0.5, n_bands - 0.5))
    return plot_scales(fps=fps, ax=ax)


def _trace(segments: np.ndarray, labels: Sequence[int], *, apart: bool) -> Iterator[np.ndarray]:
    """Trace around segments, or around the areas that they make together: (n_points, 2) frames and bands each."""
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    boxes = find_objects(segments + 1)
    everything = (slice(0, None), slice(0, None))
    areas = [(boxes[label], [label]) for label in labels] if apart else [(everything, labels)]
    for box, inside in areas:
        cells = np.pad(np.isin(segments[box], inside), 1).astype(float)
        for line in find_contours(cells, _INSIDE):
            # The middle of frame 0 is at 0.5, that of band 0 at 0; one cell was padded.
            yield np.add(line, (box[0].start - 0.5, box[1].start - 1))


def _draw_lines(ax: "Axes", lines: Sequence[np.ndarray], verb: str) -> None:
    """Draw outlines, lightened from below so that they are seen on dark cells."""
    from matplotlib.collections import LineCollection

    colour, _, style = _SIDES[verb]
    ax.add_collection(LineCollection(lines, colors="white", linewidths=2.4, alpha=0.8), autolim=False)
    ax.add_collection(LineCollection(lines, colors=colour, linewidths=1.3, linestyles=[style]), autolim=False)


def _describe_counts(explanation: "Explanation", sides: Mapping[str, Sequence[int] | None]) -> str:
    """Say how many segments move the output, on the sides that were asked for."""
    counts = {verb: len(labels) for verb, labels in sides.items() if labels is not None}
    if not any(counts.values()):
        return f"none of {explanation.n_segments} segments was kept"
    parts = []
    for verb, n in counts.items():
        noun = "" if parts else " segment" if n == 1 else " segments"
        look = f" ({_SIDES[verb][1]})" if n else ""
        parts.append(f"{n}{noun} {verb}{'s' if n == 1 else ''} it{look}")
    return f"{', '.join(parts)}, of {explanation.n_segments}"


def _add_title(ax: "Axes", words: str, *, n_lines: int = 1) -> None:
    """Write any text above a panel."""
    _fit(ax.set_title("", parse_math=False), words, width=ax.bbox.width, n_lines=n_lines)


def _name_songs(ax: "Axes", titles: Iterable[str]) -> None:
    """Write above the title of a panel which mark is which song: a legend takes three times as long."""
    left = -_NARROW[0] / _NARROW[2] + 0.02
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    for height, mark, title, (colour, _) in zip((34, 21), "●■", titles, SONGS, strict=False):
        ax.annotate(mark, (left, 1), (0, height), color=colour, **place)
        name = ax.annotate("", (left, 1), (_INDENT, height), parse_math=False, **place, **NOTE)
        _fit(name, title, width=(1 - left) * ax.bbox.width - _INDENT * ax.figure.dpi / 72)


def _fit(text: "Text", words: str, *, width: float, n_lines: int = 1) -> None:
    """Write words into some lines no wider than so many pixels; what does not fit is left out."""
    words = " ".join(words.split())
    text.set_text(words)
    n_fit = len(words)
    while (there := text.get_window_extent().width) > width and n_fit > 1:
        n_fit = min(n_fit - 1, int(n_fit * width / there))
        lines = textwrap.wrap(words, n_fit)
        rest = " ".join(lines[n_lines - 1 :])
        last = rest if len(rest) <= n_fit else f"{rest[: n_fit - 1].rstrip()}…"
        text.set_text("\n".join([*lines[: n_lines - 1], last]))
