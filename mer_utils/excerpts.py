"""Ten seconds of a sound file, as a network hears them: what `mer explain` explains.

Public names: ``Excerpt``, ``ExcerptError``, ``load_excerpt``, ``build_excerpt``, ``describe_conversion``.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile as sf

from .audio import load_audio
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig, compute_spectrogram, select_window

_DEFAULT = SpectrogramConfig()


class ExcerptError(ValueError):
    """A sound without anything to explain at the place asked for; the message is one line."""


@dataclass(frozen=True, eq=False)
class Excerpt:
    """One window of a sound.

    Attributes
    ----------
    title
        What the sound is called.
    y
        (n_samples,) float32 the whole sound as the network hears it: mono, at the rate of ``config``, peak 1.
    start
        Where the window begins, seconds.
    spec
        (313, 149) log10(1 + magnitude) of the window; a file that is shorter than it is repeated.
    config
        Settings of the spectrogram.
    asked
        Where it was asked to begin, seconds; None is the middle.
    path, channels, rate
        Of the file; Hz. None for a sound of which no file is known.
    """

    title: str
    y: np.ndarray
    start: float
    spec: np.ndarray
    config: SpectrogramConfig
    asked: float | None = None
    path: Path | None = None
    channels: int | None = None
    rate: int | None = None

    fps = property(lambda self: self.config.fps, doc="Frames per second.")
    seconds = property(lambda self: len(self.y) / self.config.sr, doc="Length of the sound.")
    end = property(lambda self: self.start + len(self.spec) / self.fps, doc="Where the window ends, seconds.")

    @property
    def conversion(self) -> str:
        """Say how what is heard of its file differs from it; empty where it does not, or no file is known."""
        if self.path is None:
            return ""
        return describe_conversion(self.path.name, self.channels, self.rate, sr=self.config.sr)

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

    def cut(self) -> np.ndarray:
        """Cut the window (n_samples,) out of the sound; all of a sound that is shorter."""
        frames = round(self.start * self.fps) + np.array([0, len(self.spec)])
        first, last = np.floor(frames * self.config.hop).astype(int)
        return self.y if self.seconds < self.end - self.start else self.y[first:last]


def describe_conversion(name: str, channels: int, rate: int, *, sr: int = _DEFAULT.sr) -> str:
    """Say how what is heard of a sound differs from its file.

    Parameters
    ----------
    name
        What to call the file.
    channels, rate
        Of the file; Hz.
    sr
        At what the network hears it, Hz.

    Returns
    -------
    str
        A sentence, or "" where nothing differs.
    """
    if (channels, rate) == (1, sr):
        return ""
    kind = {1: "mono", 2: "stereo"}.get(channels, f"of {channels} channels")
    heard = f"what you hear is what the net hears: mono at {sr / 1000:g} kHz"
    return f"{name} is {kind} at {rate / 1000:g} kHz; {heard}."


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
        If the file or the window is silent, does not reach so far, or lasts less than a frame.
    """
    y, _ = load_audio(path, sr=config.sr)
    source, path = sf.info(path), Path(path)
    about = {"title": path.stem, "path": path, "channels": source.channels, "rate": source.samplerate}
    return replace(build_excerpt(y, title=str(path), at=at, config=config), **about)


def build_excerpt(
    y: np.ndarray, *, title: str, at: float | None = None, config: SpectrogramConfig = _DEFAULT
) -> Excerpt:
    """Take a window of ten seconds out of a sound.

    Parameters
    ----------
    y
        (n_samples,) mono, at the rate of ``config``.
    title
        What the sound is called.
    at, config
        As in `load_excerpt`.

    Raises
    ------
    ExcerptError
        As in `load_excerpt`.
    """
    seconds = len(y) / config.sr
    if at is not None and at >= seconds:
        raise ExcerptError(
            f"{title}: lasts {seconds:.1f} s, so that nothing begins at {at:g} s: choose an earlier moment"
        )
    if len(y) < config.frame_size:
        frame = 1000 * config.frame_size / config.sr
        raise ExcerptError(f"{title}: lasts {1000 * seconds:.1f} ms, less than a single frame ({frame:.0f} ms)")
    if not y.any():
        raise ExcerptError(f"{title}: is silent: there is nothing to explain")
    spec = compute_spectrogram(y, config=config)
    last = len(spec) - (WINDOW_FRAMES if len(spec) >= WINDOW_FRAMES else 1)
    middle = max(0, len(spec) - WINDOW_FRAMES) // 2
    frame = middle if at is None else min(round(at * config.fps), last)
    excerpt = Excerpt(title, y, frame / config.fps, select_window(spec, frame), config, at)
    if not excerpt.spec.any():
        span = f"from {excerpt.start:.1f} to {excerpt.end:.1f} s"
        raise ExcerptError(f"{title}: is silent {span}: choose another moment")
    return excerpt
