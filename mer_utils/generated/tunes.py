"""Songs to arrange, entered by hand from print.

Public names: ``GREENSLEEVES``.
"""

import re

from .score import Song, SongChord

# Semitones above the tonic A; capitals lie below, small letters above, z is a rest.
_STEPS = {"E": -5, "F#": -3, "G": -2, "G#": -1, "A": 0, "B": 2, "c": 3, "d": 5, "e": 7, "f": 8, "f#": 9, "g": 10}
_BEATS = 3  # per bar

# Letters are notes, numbers their beats. The upbeat of the verse stands at the very end, before the song begins again.
_VERSE = """
c2 d1 | e1.5 f.5 e1 | d2 B1 | G1.5 A.5 B1 | c2 A1       | A1.5 G#.5 A1   | B2 G#1 | E2 A1 |
c2 d1 | e1.5 f.5 e1 | d2 B1 | G1.5 A.5 B1 | c1.5 B.5 A1 | G#1.5 F#.5 G#1 | A2 A1  | A2 z1 |
"""
_CHORUS = """
g3 | g1.5 f#.5 e1 | d2 B1 | G1.5 A.5 B1 | c2 A1       | A1.5 G#.5 A1   | B2 G#1 | E3 |
g3 | g1.5 f#.5 e1 | d2 B1 | G1.5 A.5 B1 | c1.5 B.5 A1 | G#1.5 F#.5 G#1 | A3     | A2 A1
"""
# One chord per bar: the passamezzo antico under the verse, the romanesca under the chorus.
_CHORDS = """
Am Am G G Am Am E E  Am Am G G Am E Am Am
c  c  G G Am Am E E  c  c  G G Am E Am Am
"""


def _build_melody(text: str) -> tuple[tuple[float, float, int], ...]:
    """Read notes written as above: (start and length in beats, semitones above the tonic)."""
    melody, start = [], 0.0
    for name, beats in re.findall(r"([A-Ga-gz]#?)([\d.]+)", text):
        if name != "z":
            melody.append((start, float(beats), _STEPS[name]))
        start += float(beats)
    return tuple(melody)


def _build_chords(text: str) -> tuple[SongChord, ...]:
    """Read chords written as above, a bar each; their roots are spelt like notes."""
    return tuple(SongChord(_BEATS, _STEPS[name[0]] % 12, minor=name.endswith("m")) for name in text.split())


#: "Greensleeves", verse and chorus: 32 bars of three beats, each half a bar of the 6/8 in which it is printed.
#:
#: An English tune of unknown maker, long free of rights; a ballad of this name was entered in the Stationers' Register
#: in September 1580. Notes: W. Chappell, Popular Music of the Olden Time (London, 1855-59), pp. 227-233, as quoted in
#: Grove's Dictionary of Music and Musicians, article "Greensleeves", moved from E minor to A minor. Chords: the two
#: grounds on which it is traditionally played.
GREENSLEEVES = Song(
    tonic=9,
    minor=True,
    beats_per_bar=_BEATS,
    melody=_build_melody(_VERSE + _CHORUS),
    chords=_build_chords(_CHORDS),
)
