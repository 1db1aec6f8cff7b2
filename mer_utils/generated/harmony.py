"""Harmony: a chord for each span of time, more or less minor, more or less in key, more or less clashing.

Public names: ``Chord``, ``build_scale``, ``build_chords``, ``build_song_chords``, ``build_voicing``,
``build_clashes``.
"""

from dataclasses import dataclass

import numpy as np

from .intent import Dice, Intent, draw_even
from .score import Song

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
    def quality(self) -> str:
        """Name the third: minor or major."""
        return "minor" if self.minor else "major"

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
        scale = {(pitch_class + self.shift) % 12 for pitch_class in build_scale(tonic, key_is_minor)}
        wrong = (self.root + (4 if self.minor else 3)) % 12
        return (scale - {wrong}) | set(self.pitch_classes)


def build_scale(tonic: int, key_is_minor: bool) -> set[int]:
    """Pitch classes of a major or natural minor key."""
    return {(tonic + step) % 12 for step in (_MINOR_SCALE if key_is_minor else _MAJOR_SCALE)}


def build_chords(
    intent: Intent, tonic: int, *, n_beats: float, span: float, tempo: float, dice: Dice
) -> tuple[bool, list[Chord]]:
    """Fill ``n_beats`` with chords of ``span`` beats; returns whether the key is minor, and the chords.

    The share of minor chords follows minorness, as the raters' question has it; the share of chords that leave the
    key follows falling tonal stability (Krumhansl & Kessler 1982: fit to a key). Four-chord phrases begin on the
    tonic; in a firm key they repeat and return to it.
    """
    rng = dice("chords")
    n = int(np.ceil(n_beats / span)) + 1
    quality, pick, home = draw_even(rng, 4), rng.integers(3, size=n), rng.random(n)
    planned = quality < _minor_share(intent.planned["minorness"])
    firmness = intent.planned["tonal stability"]
    chords = []
    for i in range(n):
        j = i % 4 if firmness > 0.5 else i
        roots = _ROOTS[bool(planned[0]), bool(planned[i % 4])]
        root = roots[0] if i % 4 == 0 or home[j] < firmness - 0.5 else roots[pick[j]]
        chords.append(Chord(i * span, span, (tonic + root) % 12, bool(planned[i % 4]), 0))
    _unsettle(chords, intent, tempo, dice, np.resize(quality, n))
    return bool(planned[0]), chords


def build_song_chords(song: Song, intent: Intent, *, n_beats: float, tempo: float, dice: Dice) -> list[Chord]:
    """Repeat the chords of a song over ``n_beats``; minorness and tonal stability act on them as on our own."""
    length = sum(chord.beats for chord in song.chords)
    chords, start = [], 0.0
    while start < n_beats + length:
        for chord in song.chords:
            chords.append(Chord(start, chord.beats, (song.tonic + chord.degree) % 12, chord.minor, 0))
            start += chord.beats
    _unsettle(chords, intent, tempo, dice, dice("quality").random(len(chords)))
    return chords


def _unsettle(chords: list[Chord], intent: Intent, tempo: float, dice: Dice, quality: np.ndarray) -> None:
    """Move chords out of the key, and turn thirds where a twin's minorness differs from the planned one, in place."""
    rng = dice("unsettle")
    leave, away = draw_even(rng, len(chords)), rng.integers(len(_AWAY), size=len(chords))
    planned = quality < _minor_share(intent.planned["minorness"])
    for i, chord in enumerate(chords):
        seconds = chord.start * 60 / tempo
        if leave[i] < _leaving_share(intent.at("tonal stability", seconds, "chords")):
            chord.shift = _AWAY[away[i]]
            chord.root = (chord.root + chord.shift) % 12
        wanted = bool(quality[i] < _minor_share(intent.at("minorness", seconds, "chords")))
        if wanted != planned[i]:
            chord.minor = wanted


def build_voicing(chord: Chord, centre: float, n_tones: int) -> list[tuple[int, str]]:
    """Place ``n_tones`` (2-5) of a chord around a MIDI pitch in close position.

    Returns pairs (MIDI pitch, third), third being "minor", "major" or "" as in `Note.third`. The third is always
    there, because it is what makes a chord minor.
    """
    quality = chord.quality
    lowest = round(centre) - 5
    close = sorted((lowest + (pc - lowest) % 12, quality if pc == chord.third else "") for pc in chord.pitch_classes)
    if n_tones == 2:
        third = next(tone for tone in close if tone[1])
        return [*[tone for tone in close if tone[0] % 12 == chord.root][:1], third]
    third, root, fifth = sorted(close, key=lambda tone: (not tone[1], tone[0] % 12 != chord.root))
    higher = [(pitch + 12, quality) for pitch, quality in (third, root, fifth)]
    return (close + higher)[:n_tones]


def build_clashes(chord: Chord, tones: list[int], roughness: np.ndarray, dissonance: float) -> list[tuple[int, int]]:
    """Find tones that beat against a chord: pairs (MIDI pitch, the sounding pitch it clashes with).

    ``tones`` are the MIDI pitches that sound. ``roughness`` (6,) holds one number 0-1 per candidate; a candidate is
    taken when its number is below a share that grows with ``dissonance`` 0-1 and when it is a semitone or whole tone
    (octaves aside) from a sounding tone (roughness of small intervals: Plomp & Levelt 1965).
    """
    lowest = min(tones)
    root = lowest + (chord.root - lowest) % 12
    share = 1.1 * max(dissonance - 0.22, 0.0)
    clashes = []
    for interval, number in zip(_CLASHES, roughness, strict=True):
        pitch = root + interval
        against = min(tones, key=lambda tone: (_interval_class(pitch - tone), abs(pitch - tone)))
        if number < share and _interval_class(pitch - against) in (1, 2):
            clashes.append((pitch, against))
    return clashes


def _interval_class(semitones: int) -> int:
    """Fold an interval to 0-6 semitones, octaves and direction aside."""
    return min(semitones % 12, -semitones % 12)


def _minor_share(minorness: float) -> float:
    return float(np.clip(1.25 * minorness - 0.125, 0.0, 1.0))


def _leaving_share(tonal_stability: float) -> float:
    return float(np.clip(0.95 - 1.25 * tonal_stability, 0.0, 0.95))
