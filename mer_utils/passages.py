"""Ten seconds of a sound together with their explanation: what one needs to hear an explanation.

Public names: ``Passage``, ``build_passage``.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .explanation import ExplainError, Explanation
from .resynthesis import SMOOTHING, GainError, Spectra, check_gains, compute_spectra, render_gains
from .spectrogram import SpectrogramConfig

if TYPE_CHECKING:
    from .corpora import Corpus
    from .predictor import OutputFunction

# Largest difference, log10(1 + magnitude), between spectrograms of one sound: one is from another machine, or was kept
# as float16, whose half steps are 0.001 from 2 to 4.
_ROUNDING = 2e-3


@dataclass(frozen=True, eq=False)
class Passage:
    """A sound, and the explanation of a window of it.

    A sound that is shorter than the window was repeated to fill it: then the passage is the whole sound, and each of
    its frames has what its repetitions have on average.

    Attributes
    ----------
    y
        (n_samples,) the whole sound at the level at which it was explained, sampled at the rate of ``config``.
    explanation
        Of a window of it.
    config
        Of the spectrogram that was explained.

    Raises
    ------
    ExplainError
        If the explanation belongs to another sound, another length or another kind of spectrogram.
    GainError
        If the sound is not (n_samples,) finite floats.
    """

    y: np.ndarray
    explanation: Explanation
    config: SpectrogramConfig = field(default_factory=SpectrogramConfig)

    def __post_init__(self) -> None:
        if np.ndim(self.y) != 1:
            raise ExplainError(f"a passage is cut out of a mono sound (n_samples,), not {np.shape(self.y)}")
        spec, fps = self.explanation.spec, self.explanation.fps
        if spec.shape[1] != self.config.n_bands or abs(fps - self.config.fps) > 1e-9:
            raise ExplainError(
                f"this explanation is of {spec.shape[1]} bands at {fps:g} frames per second, the sound would be heard "
                f"in {self.config.n_bands} at {self.config.fps:g}: give the configuration it was made with"
            )
        if not 0 <= self.start < self.n_there:
            raise ExplainError(f"this explanation begins at {self.explanation.start:g} s, where the sound is over")
        if not self.is_looped and self.start + len(spec) > self.n_there:
            raise ExplainError("this explanation reaches beyond the end of the sound: explain this sound anew")
        if np.abs(self.hear(self.y) - spec).max() > _ROUNDING:
            other = f"another sound (or this one is not at {self.config.sr} Hz)"
            raise ExplainError(f"this explanation belongs to {other}: explain this one anew")

    @property
    def start(self) -> int:
        """Frame of the sound at which the window begins."""
        return round(self.explanation.start * self.config.fps)

    @property
    def n_there(self) -> int:
        """Frames of the whole sound."""
        return int(np.ceil(len(self.y) / self.config.hop))

    @property
    def is_looped(self) -> bool:
        """Whether the sound is shorter than the window, and was repeated to fill it."""
        return self.n_there < len(self.explanation.spec)

    @property
    def first(self) -> int:
        """First frame of the sound that is in the passage."""
        return 0 if self.is_looped else self.start

    @property
    def rows(self) -> np.ndarray:
        """(n_frames,) for each frame of the window, its number in the passage."""
        n_frames = len(self.explanation.spec)
        return (self.start + np.arange(n_frames)) % self.n_there if self.is_looped else np.arange(n_frames)

    @cached_property
    def spectra(self) -> Spectra:
        """Spectra of the passage."""
        return self._transform(self.y)

    def _transform(self, y: np.ndarray) -> Spectra:
        n_frames = int(self.rows.max()) + 1
        return compute_spectra(y, first=self.first, n_frames=n_frames, config=self.config)

    def hear(self, y: np.ndarray) -> np.ndarray:
        """Compute the window's spectrogram (n_frames, n_bands) from another version of the sound (n_samples,)."""
        return (self.spectra if y is self.y else self._transform(y)).spec[self.rows]

    def fold(self, gains: np.ndarray) -> np.ndarray:
        """Turn gains of the window's frames into those of the passage's; repetitions are averaged.

        Raises
        ------
        GainError
            If they are not the window's (n_frames, n_bands), or no factors from 0 to 1e6.
        """
        gains = check_gains(gains, self.config.n_bands)
        if len(gains) != len(self.rows):
            raise GainError(f"the window has {len(self.rows)} frames, these gains have {len(gains)}")
        total = np.zeros((self.rows.max() + 1, gains.shape[1]))
        np.add.at(total, self.rows, gains)
        return total / np.bincount(self.rows)[:, None]

    def render(self, gains: np.ndarray, *, smoothing: float = SMOOTHING) -> np.ndarray:
        """Apply gains (n_frames, n_bands) on the window to the whole sound, as `resynthesis.render_gains` does."""
        return render_gains(self.y, self.fold(gains), first=self.first, smoothing=smoothing, config=self.config)

    def cut(self, y: np.ndarray, *, origin: int = 0) -> np.ndarray:
        """Cut the passage out of a version of the sound whose first sample has the number ``origin`` in the sound."""
        ends = np.floor((self.first + np.array([0, self.rows.max() + 1])) * self.config.hop).astype(int)
        start, stop = ends.clip(0, len(self.y)) - origin
        return y[start:stop].astype(np.float32)


def build_passage(corpus: "Corpus", track: str, predict: "OutputFunction", **options: Any) -> Passage:
    """Explain the middle ten seconds of a clip, with what is hidden silenced, unless there is an explanation already.

    Parameters
    ----------
    corpus
        Of clips of 12.5 s or more.
    track
        One of its clips.
    predict
        What to explain.
    options
        Of `explaincache.explain_window`: ``profile``, and whatever is not to be as usual.
    """
    from .causes import START, select_middle
    from .explaincache import explain_window

    config, spec = predict.predictor.spectrogram, select_middle(corpus.spectrogram(track))
    choices = {"hide": "silence", "start": START / config.fps, **options}
    return Passage(corpus.audio(track)[0], explain_window(predict, spec, **choices), config)
