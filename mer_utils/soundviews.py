"""What there is to hear of an explanation, ready to be shown: sounds at one gain, a caption, and a picture.

Public names: ``View``, ``build_ways_view``, ``build_view``, ``build_chain_view``, ``build_level_table``,
``compute_noise``, ``SHOWN``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .chains import Chain, describe_chain
from .listening import METHODS, MODES, SIDES, describe_rendering, render_explanation, render_gained
from .passages import Passage
from .selection import select_segments
from .soundwords import describe_kept, describe_paper

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: What one hears of a feature, beside the original.
SHOWN = ("positive only", "positive removed", "negative only")


@dataclass(frozen=True, eq=False)
class View:
    """Sounds, and what is said and drawn of them.

    Attributes
    ----------
    sounds
        (n_samples,) by label, all of one passage and at their own levels.
    caption
        What to hear and see, and how loud it is; Markdown.
    plot
        Draws the figure.
    """

    sounds: dict[str, np.ndarray]
    caption: str
    plot: "Callable[[], Figure]"


def build_ways_view(passage: Passage) -> View:
    """Render a passage as it is, in every way there is (`listening.METHODS`): nothing is left out, nothing lifted."""
    ones = np.ones(passage.explanation.spec.shape)
    original = passage.cut(passage.y)
    ours, paper = (render_gained(passage, ones, mode="all", method=method) for method in METHODS)
    noise = compute_noise(passage, ours.y)
    sounds = {"original": original, "ours": ours.y, "the way of 2019": paper.y}
    same = "to the last bit" if np.isinf(noise) else f"at a signal-to-noise ratio of {noise:.0f} dB"
    caption = f"Ours is the original {same}. {describe_paper(passage, paper)}"
    drawn = {name: sounds[name] for name in ("original", "the way of 2019")}
    return View(sounds, caption, partial(_plot_levels, drawn, passage.explanation.start))


def compute_noise(passage: Passage, y: np.ndarray) -> float:
    """Compute the signal-to-noise ratio, dB, of a passage (n_samples,) that was rendered with all gains 1.

    It is infinite where single precision holds no difference.
    """
    original = passage.cut(passage.y).astype(float)
    noise = np.square(y - original).sum()
    return float(10 * np.log10(np.square(original).sum() / noise)) if noise else np.inf


def _plot_levels(sounds: dict[str, np.ndarray], start: float) -> "Figure":
    from .levelplots import plot_levels

    return plot_levels(sounds, start=start)[0]


def build_view(passage: Passage, output: str, *, rule: str = "top", seed: int = 0) -> View:
    """Render what raises an output, the rest without it, and what lowers it.

    Parameters
    ----------
    passage
        Sound and explanation.
    output
        One that was explained.
    rule
        Which segments count, one of `selection.RULES`.
    seed
        Of the random segments that the caption compares with.
    """
    explanation = passage.explanation
    parts = {mode: render_explanation(passage, output, mode=mode, rule=rule) for mode in SHOWN}
    sounds = {"original": passage.cut(passage.y)} | {mode: part.y for mode, part in parts.items()}
    kept, _ = select_segments(explanation, output, rule=rule)
    drawn = {name: sounds[name] for name in ("original", "positive only")}
    title = f"{len(kept)} of {explanation.n_segments} segments that raise {output}"
    levels = "; ".join(map(describe_rendering, parts.values()))
    caption = f"{describe_kept(explanation, output, rule=rule, seed=seed)}\n\n{levels[0].upper()}{levels[1:]}."
    return View(sounds, caption, partial(_plot_heard, passage, kept, drawn, title))


def _plot_heard(passage: Passage, kept: np.ndarray, sounds: dict[str, np.ndarray], title: str) -> "Figure":
    from .levelplots import plot_heard

    return plot_heard(passage.explanation, kept, sounds, title=title)[0]


def build_chain_view(passage: Passage, chain: Chain) -> View:
    """Render the end of a chain from an emotion to a feature to segments (`chains.build_chain`): the segments."""
    part = render_explanation(passage, chain.feature, mode=SIDES[chain.verb])
    sounds = {"original": passage.cut(passage.y), f"only what {chain.verb} {chain.feature}": part.y}
    plot = partial(_plot_chain, passage, chain, sounds=sounds)
    return View(sounds, describe_chain(chain), plot)


def _plot_chain(passage: Passage, chain: Chain, **options: Any) -> "Figure":
    from .twolevelplots import plot_chain

    return plot_chain(passage.explanation, chain, **options)[0]


def build_level_table(passage: Passage) -> "pd.DataFrame":
    """Tabulate how loud every way to listen is beside the passage, dB, for every output: (n_outputs, n_modes).

    Silence, where no segment was kept, is minus infinity.
    """
    import pandas as pd

    modes = [mode for mode in MODES if "edited" not in mode]
    outputs = passage.explanation.output_names
    levels = [[render_explanation(passage, name, mode=mode).level for mode in modes] for name in outputs]
    return pd.DataFrame(levels, list(outputs), modes)
