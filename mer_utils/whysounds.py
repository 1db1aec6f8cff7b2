"""What one can hear of an explanation: the ten seconds, what raises the feature in them, and what lowers it.

Public names: ``render_why_sounds``, ``describe_why_sounds``, ``build_sound_records``.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .answerfolders import build_path, compute_gain, compute_suffix
from .listening import SIDES, Rendering, render_explanation
from .passages import Passage
from .selection import RULES
from .soundwhy import SoundWhy

_FILLED = (
    "The weights were found with what was hidden filled, not silent as it is here: --hide silence asks about what one "
    "hears."
)


def render_why_sounds(why: SoundWhy, folder: Path) -> SoundWhy:
    """Add to an explanation what one hears of its strongest segments.

    Parameters
    ----------
    why
        Sound, question and answer.
    folder
        Where the sounds will lie: a file is called otherwise beside an explanation that it must not replace.

    Returns
    -------
    SoundWhy
        Whose ``sounds`` are ``original.wav``, and ``raises.wav`` and ``lowers.wav``: of the largest weights by the
        rule ``"top"``; None where no segment was kept, or none that sounds.
    """
    passage = Passage(why.excerpt.y, why.explanation, why.excerpt.config)
    sounds: dict[str, Rendering | None] = {"original": Rendering(passage.cut(passage.y), "original", 0.0, np.nan)}
    for name, mode in SIDES.items():
        sound = render_explanation(passage, why.feature, mode=mode, rule="top")
        sounds[name] = sound if np.isfinite(sound.level) else None
    suffix = compute_suffix(folder, why.explanation)
    return replace(why, sounds={build_path(Path(), f"{name}.wav", suffix).name: y for name, y in sounds.items()})


def describe_why_sounds(why: SoundWhy) -> str:
    """Say which sounds were written, how loud each is beside the original, and whether they are what was explained.

    Where none were, say how they come to be.
    """
    if not why.sounds:
        return "With --out one hears what raises and what lowers it."
    original, *parts = why.sounds
    seconds = len(why.sounds[original].y) / why.excerpt.config.sr
    told = []
    for verb, name in zip(SIDES, parts, strict=True):
        if sound := why.sounds[name]:
            told.append(f"{name}, what {verb} {why.feature} ({sound.level:+.1f} dB beside the original)")
        else:
            told.append(f"no {name}, for none of them that one hears {verb} {why.feature}")
    gain = compute_gain(sound.y for sound in why.sounds.values() if sound)
    lowered = f" All were lowered by {-20 * np.log10(gain):.1f} dB, or one would clip." if gain < 1 else ""
    which = f"segments of the {RULES['top']} largest weights alone"
    said = f"To hear: {original}, these {seconds:.1f} s; of the {which}, {'; '.join(told)}.{lowered}"
    filled = _FILLED if why.explanation.hide != 0 else ""
    return " ".join(filter(None, [said, filled, why.excerpt.conversion]))


def build_sound_records(sounds: Mapping[str, Rendering | None]) -> dict[str, dict[str, Any]]:
    """Tell of each file its ``level`` beside the original, its ``leak`` (`listening.Rendering`) and the ``gain``, dB.

    What leaves no file is left out.
    """
    heard = {name: sound for name, sound in sounds.items() if sound}
    gain = 20 * np.log10(compute_gain(sound.y for sound in heard.values()))
    return {name: {"level": s.level, "leak": s.leak, "gain": float(gain)} for name, s in heard.items()}
