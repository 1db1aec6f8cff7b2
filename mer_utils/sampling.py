"""From the options of an explanation to its samples: which masks are drawn, what is asked, what is summed up.

Public names: ``ExplainOptions``, ``PAPER_OPTIONS``, ``Sampler``.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from .explanation import ExplainError, Samples
from .masks import draw_block
from .places import PlaceSquares
from .probing import Probe
from .surrogate import LeastSquares

_FITS = ("auto", "least squares", "places")


@dataclass(frozen=True, eq=False)
class ExplainOptions:
    """What can be chosen about an explanation.

    Attributes
    ----------
    keep_prob
        Probability that a segment is on; .5 in the papers. It decides the question: a weight is what its segment adds
        on average over such masks, and .9 stays near the sound as it is. Of given masks, their mean.
    hide
        What hidden cells hold, as `masks.build_hidden` takes it; None is the papers' training mean where the predictor
        knows it, and silence otherwise.
    design
        How masks are drawn, one of `masks.DESIGNS`.
    masks
        (n, n_segments) bool to use instead of drawn ones.
    seed
        Seed of all masks.
    output_names
        Names of the outputs; None asks the predictor's ``names``, and calls them "output 0" and so on where it has
        none.
    expected
        (n_outputs,) the prediction that the reader was shown: another one is an error.
    kernel_width
        Width of LIME's kernel, .25 in the papers; None counts all samples alike, which is nearly the same.
    ridge
        Penalty on the squared weights, 1 in the papers; 0 pulls them nowhere.
    fit
        ``"least squares"``, ``"places"`` (see that module; for networks that average over places), or ``"auto"``: by
        place where it can be done.
    n_holdout
        Fresh masks on which the surrogate is tested.
    start
        Where the spectrogram begins in its track, seconds.
    fps
        Frames per second.
    segmentation
        How the segments were made, for the record.
    progress
        Show a progress bar; or a function that is told after each batch how many predictions are done, and of how
        many (0 while that is not known). What it raises ends the work.
    """

    keep_prob: float = 0.9
    hide: float | str | None = None
    design: str = "bernoulli"
    masks: np.ndarray | None = None
    seed: int = 0
    output_names: Sequence[str] | None = None
    expected: Sequence[float] | None = None
    kernel_width: float | None = None
    ridge: float = 0.0
    fit: str = "auto"
    n_holdout: int = 300
    start: float = 0.0
    fps: float = 31.25
    segmentation: str = ""
    progress: bool | Callable[[int, int], object] = False


#: The choices of 2019 (authors' demo page; LIME's defaults of that year), beside Felzenszwalb segments, 50 000 samples
#: and the selection rule ``"paper"``.
PAPER_OPTIONS = {
    "keep_prob": 0.5,
    "design": "bernoulli",
    "kernel_width": 0.25,
    "ridge": 1.0,
    "fit": "least squares",
}


@dataclass
class Sampler:
    """Draws masks and asks a predictor what it makes of them.

    Attributes
    ----------
    probe
        The predictor before its spectrogram.
    options
        How to draw and how to fit.
    by_place
        Whether the fit is by place.
    """

    probe: Probe
    options: ExplainOptions
    by_place: bool = field(init=False)

    def __post_init__(self) -> None:
        options, wanted = self.options, self.options.fit
        if wanted not in _FITS:
            raise ExplainError(f"unknown fit {wanted!r}; there are: {', '.join(_FITS)}")
        plain = options.kernel_width is None and not options.ridge and options.masks is None
        if wanted == "places" and not (plain and self.probe.has_places):
            raise ExplainError("a fit by place needs a network with places, drawn masks, no kernel and no ridge")
        self.by_place = wanted != "least squares" and plain and self.probe.has_places
        self._visible = self.probe.compute_visible() if self.by_place else None
        if self.by_place:
            self.probe.check_places(len(self._visible))

    @property
    def pairs(self) -> bool:
        """Whether each mask is followed by its complement."""
        return self.options.masks is None and self.options.design == "foldover"

    @property
    def fewest(self) -> int:
        """Fewest samples that tell the segments apart."""
        if self.by_place:
            return max(self.probe.n_segments + 2, 2 * int(self._visible.sum(axis=1).max()) + 2)
        return (self.probe.n_segments + 2) * (1 + self.pairs)

    def build_sums(self) -> LeastSquares | PlaceSquares:
        """Open an empty sum of samples."""
        n_outputs = len(self.probe.names)
        if self.by_place:
            return PlaceSquares(self._visible, n_outputs, pairs=self.pairs)
        choices = {"kernel_width": self.options.kernel_width, "ridge": self.options.ridge}
        return LeastSquares(self.probe.n_segments, n_outputs, **choices)

    def draw(self, number: int, *, stream: int) -> np.ndarray:
        """Draw one block of masks of one of several independent streams."""
        choices = {"design": self.options.design, "keep_prob": self.options.keep_prob}
        return draw_block(number, self.probe.n_segments, seed=(self.options.seed, stream), **choices)

    def take(self, masks: np.ndarray, sums: LeastSquares | PlaceSquares, keep: list[Samples] | None = None) -> None:
        """Ask under some masks, add the answers to a sum, and keep them in a list.

        Whoever stops it finds sum and list either both without the block or both with all of it.
        """
        answers = self.probe.ask_places(masks) if self.by_place else self.probe.ask(masks)
        with holding_interrupts():
            sums.add(masks, answers)
            if keep is not None:
                keep.append(Samples.pack(masks, answers.mean(axis=1) if self.by_place else answers))


@contextmanager
def holding_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait until the block is done; only the main thread can be interrupted at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        raise KeyboardInterrupt
