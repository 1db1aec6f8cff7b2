"""Harmony: a chord for each span of time, more or less minor, more or less in key, more or less clashing.

Public names: ``Chord``, ``build_chords``, ``build_voicing``, ``build_clashes``.
"""

from dataclasses import dataclass

import numpy as np

from .intent import Dice, Intent

# Roots (semitones above the tonic) whose diatonic triad has the wanted quality, by (key is minor, chord is minor).
_ROOTS = {(False, False): (0, 5, 7), (False, True): (9, 2, 4), (True, True): (0, 5, 7), (True, False): (8, 3, 10)}
_MAJOR_SCALE, _MINOR_SCALE = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_AWAY = (1, 3, 4, 6, 8, 11)  # semitones by which a root leaves the key
_CLASHES = (1, 6, 11, 8, -1, 2)  # semitones above the root against which a triad beats, roughest use first


@dataclass(slots=True)
class Chord:
    """A triad and its span.

    Attributes
    ----------
    start, length
        Beats.
    root
        Pitch class 0-11.
    minor
        Whether its third is minor.
    shift
        Semitones by which chord and melody were moved out of the key (0 = in key).
    """

    start: float
    length: float
    root: int
    minor: bool
    shift: int

    @property
    def third(self) -> int:
        """Pitch class of the third."""
        return (self.root + (3 if self.minor else 4)) % 12

    @property
    def pitch_classes(self) -> tuple[int, int, int]:
        """Root, third and fifth as pitch classes."""
        return self.root, self.third, (self.root + 7) % 12

    def scale(self, tonic: int, key_is_minor: bool) -> set[int]:
        """Pitch classes of the key, moved with the chord and bent to its third."""
        steps = _MINOR_SCALE if key_is_minor else _MAJOR_SCALE
        scale = {(tonic + step + self.shift) % 12 for step in steps}
        wrong = (self.root + (4 if self.minor else 3)) % 12
        return (scale - {wrong}) | set(self.pitch_classes)


def build_chords(intent: Intent, tonic: int, *, n_beats: float, span: float, tempo: float, dice: Dice) -> list[Chord]:
    """Fill ``n_beats`` with chords of ``span`` beats.

    The share of minor chords follows minorness (Hevner 1935: the mode of the chords), the share of chords that leave
    the key follows falling tonal stability (Krumhansl & Kessler 1982: fit to a key). Four-chord phrases repeat, and a
    stable key returns to its tonic.
    """
    rng = dice("chords")
    n = int(np.ceil(n_beats / span)) + 1
    quality, leave, away, pick = (
        rng.random(n),
        rng.random(n),
        rng.integers(len(_AWAY), size=n),
        rng.integers(3, size=n),
    )
    home = rng.random(n)
    planned_minor = intent.planned["minorness"]
    key_is_minor = planned_minor > 0.5
    chords = []
    for i in range(n):
        j = i % 4 if (i // 4) % 2 == 0 or intent.planned["tonal stability"] > 0.6 else i  # phrases repeat
        u = 0.5 if i % 4 == 0 else quality[j]
        seconds = i * span * 60 / tempo
        root = _ROOTS[key_is_minor, u < _minor_share(planned_minor)][pick[j]]
        if i % 4 == 0 or home[j] < intent.planned["tonal stability"] - 0.5:
            root = _ROOTS[key_is_minor, u < _minor_share(planned_minor)][0]
        out = leave[i] < _leaving_share(intent.at("tonal stability", seconds, "chords"))
        shift = _AWAY[away[i]] if out else 0
        minor = u < _minor_share(intent.at("minorness", seconds, "chords"))
        chords.append(Chord(i * span, span, (tonic + root + shift) % 12, bool(minor), shift))
    return chords


def build_voicing(chord: Chord, centre: float, n_tones: int) -> list[tuple[int, str]]:
    """Place ``n_tones`` (2-5) of a chord around a MIDI pitch in close position.

    Returns pairs (MIDI pitch, third), third being "minor", "major" or "" as in `Note.third`. The third is always
    there, because it is what makes a chord minor.
    """
    quality = "minor" if chord.minor else "major"
    lowest = int(round(centre)) - 5
    close = sorted((lowest + (pc - lowest) % 12, quality if pc == chord.third else "") for pc in chord.pitch_classes)
    if n_tones == 2:
        third = next(tone for tone in close if tone[1])
        return [tone for tone in close if tone[0] % 12 == chord.root][:1] + [third]
    while len(close) < n_tones:
        close.append((close[len(close) - 3][0] + 12, close[len(close) - 3][1]))
    return close[:n_tones]


def build_clashes(chord: Chord, centre: float, roughness: np.ndarray, dissonance: float) -> list[tuple[int, int]]:
    """Tones that beat against a chord: pairs (MIDI pitch, the chord's pitch they clash with).

    ``roughness`` (6,) holds one uniform number per candidate; a candidate sounds when its number is below a share
    that grows with ``dissonance`` 0-1 (roughness of small intervals: Plomp & Levelt 1965).
    """
    lowest = int(round(centre)) - 5
    root = lowest + (chord.root - lowest) % 12
    share = 1.1 * max(dissonance - 0.22, 0.0)
    tones = []
    for interval, u in zip(_CLASHES, roughness):
        if u < share:
            against = (
                root if interval in (1, 6, 11, -1) else root + 7 if interval == 8 else root + 3 + (not chord.minor)
            )
            tones.append((root + interval, against))
    return tones


def _minor_share(minorness: float) -> float:
    return float(np.clip(1.25 * minorness - 0.125, 0.0, 1.0))


def _leaving_share(tonal_stability: float) -> float:
    return float(np.clip(0.95 - 1.25 * tonal_stability, 0.0, 0.95))
