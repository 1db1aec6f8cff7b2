"""Ten seconds of a sound file, as a network hears them: what `mer explain` explains.

Public names: ``Excerpt``, ``ExcerptError``, ``load_excerpt``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .audio import load_audio
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig, compute_spectrogram, select_window

_DEFAULT = SpectrogramConfig()


class ExcerptError(ValueError):
    """A sound without anything to explain at the place asked for; the message is one line."""


@dataclass(frozen=True, eq=False)
class Excerpt:
    """One window of a sound file.

    Attributes
    ----------
    path
        The file.
    seconds
        Length of the file.
    start
        Where the window begins, seconds.
    spec
        (313, 149) log10(1 + magnitude) of the sound, which is peak-normalised as a whole; a file that is shorter than
        the window is repeated.
    fps
        Frames per second.
    asked
        Where it was asked to begin, seconds; None is the middle.
    """

    path: Path
    seconds: float
    start: float
    spec: np.ndarray
    fps: float
    asked: float | None = None

    title = property(lambda self: self.path.stem, doc="What the sound is called.")
    end = property(lambda self: self.start + len(self.spec) / self.fps, doc="Where the window ends, seconds.")

    @property
    def notes(self) -> list[str]:
        """Sentences about what a reader may not expect of this window."""
        notes, length = [], (self.end - self.start)
        if self.seconds < length:
            notes.append(
                f"It is repeated to fill the window of {length:.0f} s: what lies beyond {self.seconds:.1f} s is a "
                "repetition."
            )
        if self.asked is not None and self.asked - self.start > 1 / self.fps:
            notes.append(f"No whole window begins at {self.asked:g} s: this is the last one.")
        return notes


def load_excerpt(path: str | Path, *, at: float | None = None, config: SpectrogramConfig = _DEFAULT) -> Excerpt:
    """Load a window of ten seconds from a sound file.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file of any length and rate.
    at
        Where to begin, seconds, rounded to a frame; the last window of the file is taken if less is left from there
        on. None is the window in the middle, or the whole of a file that is shorter.
    config
        Settings of the spectrogram.

    Raises
    ------
    AudioError
        If the file cannot be read.
    ExcerptError
        If the file or the window is silent, or does not reach so far.
    """
    y, sr = load_audio(path, sr=config.sr)
    seconds = len(y) / sr
    if at is not None and at >= seconds:
        raise ExcerptError(
            f"{path}: lasts {seconds:.1f} s, so that nothing begins at {at:g} s; choose an earlier --at"
        )
    if not y.any():
        raise ExcerptError(f"{path}: is silent: there is nothing to explain")
    spec = compute_spectrogram(y, config=config)
    last = len(spec) - (WINDOW_FRAMES if len(spec) >= WINDOW_FRAMES else 1)
    middle = max(0, len(spec) - WINDOW_FRAMES) // 2
    frame = middle if at is None else min(round(at * config.fps), last)
    excerpt = Excerpt(Path(path), seconds, frame / config.fps, select_window(spec, frame), config.fps, at)
    if not excerpt.spec.any():
        span = f"from {excerpt.start:.1f} to {excerpt.end:.1f} s"
        raise ExcerptError(f"{path}: is silent {span}: choose another window with --at")
    return excerpt
