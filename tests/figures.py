"""What tests of pictures share: axes that are given must be used, and words must be readable."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.text import Text


def check_given_axes(plot, n_axes):
    """Assert that ``plot(ax=...)`` draws into ``n_axes`` axes that it is given, and opens no figure of its own."""
    theirs, given = plt.subplots(n_axes, squeeze=False)
    fig, ax = plot(ax=given[0, 0] if n_axes == 1 else given)
    assert fig is theirs
    assert np.size(ax) == n_axes
    assert set(np.ravel(ax)) <= set(given.flat)
    assert len(plt.get_fignums()) == 1


def find_misplaced(fig, words, *, overlap=0):
    """Find words that leave a drawn picture, and pairs that cover each other by more than ``overlap`` pixels."""
    fig.canvas.draw()
    boxes = {text: Text.get_window_extent(text) for text in words if text.get_text()}  # without leaders to the words
    outside = [a for a, box in boxes.items() if min(box.p0) < 0 or box.x1 > fig.bbox.x1 or box.y1 > fig.bbox.y1]
    shrunk = {text: box.padded(-overlap) for text, box in boxes.items()}
    return outside + [(a, b) for a in shrunk for b in shrunk if id(a) < id(b) and shrunk[a].overlaps(shrunk[b])]


def read_titles(ax):
    """Give the titles of panels, which are on the left."""
    return [panel.get_title(loc="left") for panel in np.ravel(ax)]
