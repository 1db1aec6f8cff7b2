"""One clip from intent to samples: score, stems and mix.

Public names: ``Clip``, ``build_clip``, ``render_recording``.
"""

from dataclasses import dataclass

import numpy as np

from .composer import compose
from .intent import Dice, Intent
from .renderer import N_SAMPLES, SR, render_mix, render_parts
from .score import DURATION, Score, Song
from .styles import Album


@dataclass(frozen=True)
class Clip:
    """A rendered clip.

    Attributes
    ----------
    score
        Notes and parts.
    stems
        (n_parts, 330750) float32: each part alone, without room and noise.
    mix
        (330750,) float32: the recording, before peak normalisation.
    gain
        Factor that brings the peak of ``mix`` to 1 (1 for silence).
    """

    score: Score
    stems: np.ndarray
    mix: np.ndarray
    gain: np.float32


def build_clip(
    intent: Intent, album: Album, dice: Dice, *, song: Song | None = None, extra: np.ndarray | None = None
) -> Clip:
    """Compose, play and record one clip of 15 s at 22 050 Hz.

    With a ``song`` its melody and chords are arranged; ``extra`` (330750,) is added to the recording.

    Examples
    --------
    >>> import numpy as np
    >>> from mer_utils.generated.intent import Dice, build_intent
    >>> from mer_utils.generated.styles import build_album
    >>> intent = build_intent([8, 3, 3, 8, 2, 8, 3])  # ratings 1-10, in the order of `ratings.MIDLEVEL`
    >>> clip = build_clip(intent, build_album("rock", np.random.default_rng(0)), Dice(0))
    >>> (clip.mix * clip.gain).shape
    (330750,)
    """
    score = compose(intent, album, dice, song=song)
    stems = render_parts(score.parts, tuning=album.tuning)
    mix = render_recording(stems, intent, album, dice)
    if extra is not None:
        mix = mix + np.asarray(extra, np.float32)
    peak = np.abs(mix).max()
    return Clip(score, stems, mix, np.float32(1 / peak) if peak > 0 else np.float32(1))


def render_recording(stems: np.ndarray, intent: Intent, album: Album, dice: Dice) -> np.ndarray:
    """Record stems (n_parts, 330750) of a clip, all or some, as the clip was: (330750,), not normalised."""
    drive = max(intent.planned["dissonance"] - 0.6, 0.0) if dice("drive").random() < 0.5 else 0.0
    tilt = 1.3 * intent.knobs["lift"] - 3.0 * (intent.planned["minorness"] - 0.5)
    return render_mix(stems, album, dice, drive=drive, tilt=tilt, envelope=_build_envelope(intent, dice))


def _build_envelope(intent: Intent, dice: Dice) -> np.ndarray:
    """Gain over time (330750,): a crescendo, a decrescendo, swells or a rest, stronger with the knob "menace"."""
    rng = dice("envelope")
    time = np.arange(N_SAMPLES, dtype=np.float32) / SR
    depth = max(0.0, 3.0 + 5.0 * intent.knobs["menace"] + rng.normal(0, 2))  # dB
    shape = rng.choice(("rise", "fall", "swell", "level"), p=(0.35, 0.15, 0.3, 0.2))
    phase = {
        "rise": 1 - time / DURATION,
        "fall": time / DURATION,
        "level": 0 * time,
        "swell": 0.5 + 0.5 * np.cos(2 * np.pi * time / rng.uniform(3, 9) + rng.uniform(0, 6.3)),
    }[str(shape)]
    gain = 10 ** (-depth * phase / 20)
    if rng.random() < 0.08:  # a rest at the beginning or end
        edge = rng.uniform(0.5, 3.0)
        hidden = time < edge if rng.random() < 0.5 else time > DURATION - edge
        gain = np.where(hidden, 0, gain)
    return gain.astype(np.float32)
