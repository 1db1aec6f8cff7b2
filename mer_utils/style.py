"""How figures look: sizes, and the colours that mean something, the same in every notebook.

Fonts and lines are in ``mer.mplstyle`` beside this file. The colours are told apart by readers with any of the common
colour-vision deficiencies (features after Okabe and Ito, emotions after Paul Tol's muted scheme), and no figure says
anything by colour alone.

Public names: ``use_style``, ``build_axes``, ``HALF``, ``FULL``, ``TALL``, ``COLOURS``, ``SONGS``, ``OURS``,
``THEIRS``, ``FAINT``, ``DIVERGING``, ``NOTE``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FILE = Path(__file__).with_name("mer.mplstyle")

#: Half of a notebook's width, inches (width, height).
HALF = (4.6, 3.2)
#: All of a notebook's width, inches.
FULL = (9.2, 3.6)
#: All of the width, for grids of small panels, inches.
TALL = (9.2, 5.6)

_FEATURES = ("#0072B2", "#E69F00", "#CC79A7", "#009E73", "#D55E00", "#56B4E9", "#4D4D4D")
_FEELINGS = ("#44AA99", "#999933", "#CC6677", "#882255", "#AA4499", "#C8A415", "#332288", "#117733")

#: Colour of each mid-level feature and of each emotion, by name.
COLOURS = dict(zip((*MIDLEVEL, *EMOTIONS), (*_FEATURES, *_FEELINGS), strict=True))
#: Colour and marker of each of up to five songs, in their order.
SONGS = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#E69F00", "v"))
#: What this companion computed, where no feature or emotion has a colour of its own.
OURS = "#0072B2"
#: What others published, and whatever ours is held against.
THEIRS = "#303030"
#: Guides that must not draw the eye.
FAINT = "#B0B0B0"
#: Colour map of signed values; plots centre it on 0.
DIVERGING = "RdBu_r"
#: Small print inside a figure, for ``ax.text(..., **NOTE)``.
NOTE = {"fontsize": 7.5, "color": "#606060"}


def use_style() -> None:
    """Let every figure from here on look like the companion's: call it once, in a notebook's import cell."""
    import matplotlib.pyplot as plt

    plt.style.use(_FILE)


def build_axes(
    ax: Any, *, size: tuple[float, float], shape: tuple[int, int] = (1, 1), widths: Sequence[float] | None = None
) -> "tuple[Figure, Any]":
    """Give the axes to draw into: those that the caller brought, or new ones.

    Parameters
    ----------
    ax
        One axes, an array of at least as many as asked for, or None for a new figure.
    size
        Width and height of a new figure, inches.
    shape
        Rows and columns of axes.
    widths
        Relative widths of the columns in a new figure; all the same by default.

    Returns
    -------
    fig : matplotlib.figure.Figure
        The figure that the axes belong to.
    ax : matplotlib.axes.Axes or numpy.ndarray
        One axes where ``shape`` is (1, 1), otherwise a flat array of ``rows * columns`` of them.

    Raises
    ------
    ValueError
        If there are fewer axes than the plot needs.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    n_axes = shape[0] * shape[1]
    if ax is None:
        fig, ax = plt.subplots(*shape, figsize=size, squeeze=False, width_ratios=widths)
        return fig, ax.flat[0] if n_axes == 1 else ax.ravel()
    flat = np.asarray(ax, dtype=object).ravel()
    if len(flat) < n_axes:
        raise ValueError(f"this plot needs {n_axes} axes and got {len(flat)}")
    return flat[0].figure, flat[0] if n_axes == 1 else flat[:n_axes]
