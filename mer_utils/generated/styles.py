"""Styles and albums: who plays, in which room, and how an album differs from the next.

A style is a palette of General MIDI programs per role; an album is one draw from a style with a room, an
equalisation and a tuning of its own. Albums keep splits apart, and two styles are kept out of training altogether,
so that a held-out score says something about music made otherwise.

Public names: ``Style``, ``STYLES``, ``HELD_OUT_STYLES``, ``Album``, ``build_album``.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Style:
    """Programs (General MIDI, 0-127) that a style may use in each role.

    ``held`` instruments sustain, ``short`` ones are silent a fifth of a second after a note ends; ``kits`` are drum
    kits, ``hits`` pitched percussion; ``rough`` carries clusters and noise; ``room`` is the range of reverberation
    times in seconds.
    """

    melody: tuple[int, ...]
    held: tuple[int, ...]
    short: tuple[int, ...]
    bass: tuple[int, ...]
    kits: tuple[int, ...] = ()
    hits: tuple[int, ...] = ()
    rough: tuple[int, ...] = (44, 49, 93, 95)
    room: tuple[float, float] = (0.4, 2.0)


STYLES = {
    "piano": Style((0, 1, 4), (0, 1, 2), (0, 1, 3, 6), (0, 1), (), (47,), (0, 44, 95), (0.3, 1.8)),
    "strings": Style((40, 41, 42, 48), (48, 49), (45, 40, 41, 42), (43, 42), (48,), (47,), (44, 49, 48), (0.8, 2.6)),
    "woodwinds": Style((73, 71, 68, 69), (71, 60, 49), (45, 70, 71, 75), (70, 43), (), (47, 13), (44, 71, 73)),
    "orchestra": Style(
        (48, 60, 73, 68, 56), (48, 60, 61, 49), (45, 61, 70, 56), (43, 58), (48,), (47, 116), (44, 61, 57, 49)
    ),
    "choir": Style((52, 53, 85, 73), (52, 53, 19, 91), (53, 6, 75, 20), (19, 43), (), (47,), (52, 91, 19), (1.0, 2.8)),
    "plucked": Style(
        (24, 46, 107, 15, 25), (25, 46, 49), (24, 25, 105, 106), (32, 43), (), (115, 108), (104, 44, 106), (0.2, 1.5)
    ),
    "synthesizer": Style(
        (80, 81, 87, 54, 82), (89, 90, 94, 51, 88), (80, 38, 81, 39), (38, 39, 87), (24, 25), (117,), (93, 95, 101)
    ),
    "ambient": Style(
        (98, 92, 77, 4), (89, 91, 92, 94, 95, 97), (5, 12, 108, 4), (89, 39), (), (116,), (93, 95, 101, 92), (1.2, 2.8)
    ),
    "bells": Style((8, 10, 11, 12), (11, 49, 92), (12, 13, 108), (11, 12, 32), (), (13, 115), (14, 98, 92)),
    "rock": Style(
        (29, 27, 30, 18), (29, 30, 16, 18), (27, 28, 25, 30), (33, 34, 35), (0, 16, 8), (), (30, 29, 86), (0.2, 1.0)
    ),
    "jazz": Style(
        (65, 66, 11, 0, 56, 26), (0, 26, 61, 4), (0, 26, 7, 61), (32, 35), (32, 40), (), (61, 57, 0), (0.2, 1.2)
    ),
    "suspense": Style(
        (42, 71, 44, 77, 0), (44, 49, 43, 57, 60), (45, 43, 0, 58), (43, 58), (48,), (116, 47, 117),
        (44, 93, 101, 95, 57, 48),
    ),
    "action": Style(
        (56, 61, 48, 60), (61, 48, 57, 62), (61, 45, 58, 62), (43, 58, 38), (48, 16), (116, 117, 47), (61, 57, 44)
    ),
    "songwriter": Style((53, 40, 25, 22, 0), (25, 24, 0, 49), (25, 24, 0), (32, 33), (0, 40), (), (27, 49, 22)),
    "brass": Style((56, 60, 57, 59), (60, 61, 57), (61, 56, 57, 58), (58, 57), (48,), (47, 116), (57, 61, 59)),
    "folk": Style((21, 22, 74, 110), (21, 20, 110), (105, 24, 22, 25), (32, 21), (40,), (115,), (109, 110, 20)),
}  # fmt: skip

#: Styles that no net is trained on.
HELD_OUT_STYLES = ("brass", "folk")


@dataclass(frozen=True)
class Album:
    """One album: a style and what its recordings share.

    Attributes
    ----------
    style
        Key of `STYLES`.
    melody, rough
        Programs of the line and of clusters, drawn from the style.
    held, short, bass
        Up to three, three and two programs, drawn from the style.
    kit, hits
        Program of the drum kit and of pitched percussion, or None.
    reverb_time, reverb_db
        Seconds to -60 dB, and level of the reverberation relative to the direct sound.
    tilt_db
        Spectral tilt in dB per octave about 1 kHz.
    bumps
        (4, 3) random peaks of the equalisation: centre in octaves from 1 kHz, width in octaves, gain in dB.
    cutoff
        Hz above which the recording has nothing, as after lossy coding.
    noise_db, noise_slope
        Level of the noise floor relative to full scale, and its slope in dB per octave.
    tuning
        Cents above A4 = 440 Hz.
    triple
        Whether the album is in triple time.
    """

    style: str
    melody: int
    held: tuple[int, ...]
    short: tuple[int, ...]
    bass: tuple[int, ...]
    rough: int
    kit: int | None
    hits: int | None
    reverb_time: float
    reverb_db: float
    tilt_db: float
    bumps: np.ndarray
    cutoff: float
    noise_db: float
    noise_slope: float
    tuning: float
    triple: bool


def build_album(style: str, rng: np.random.Generator) -> Album:
    """Draw an album of a style.

    Raises
    ------
    ValueError
        For an unknown style; the message lists those there are.
    """
    if style not in STYLES:
        raise ValueError(f"unknown style {style!r}; there are: {', '.join(STYLES)}")
    palette = STYLES[style]

    def pick(programs: tuple[int, ...], n: int) -> tuple[int, ...]:
        return tuple(int(p) for p in rng.permutation(programs)[:n])

    bumps = np.stack([rng.uniform(-4, 3.3, 4), rng.uniform(0.3, 1.5, 4), rng.normal(0, 4, 4)], axis=1)
    return Album(
        style=style,
        melody=pick(palette.melody, 1)[0],
        held=pick(palette.held, 3),
        short=pick(palette.short, 3),
        bass=pick(palette.bass, 2),
        rough=pick(palette.rough, 1)[0],
        kit=pick(palette.kits, 1)[0] if palette.kits else None,
        hits=pick(palette.hits, 1)[0] if palette.hits else None,
        reverb_time=float(rng.uniform(*palette.room)),
        reverb_db=float(rng.uniform(-28, -10)),
        tilt_db=float(rng.normal(-0.5, 1.2)),
        bumps=bumps,
        cutoff=float(rng.choice([11025, 10500, 9500, 8000, 7000], p=[0.5, 0.2, 0.1, 0.1, 0.1])),
        noise_db=float(rng.uniform(-85, -42)),
        noise_slope=float(rng.uniform(-6, 0)),
        tuning=float(rng.normal(0, 12)),
        triple=bool(rng.random() < 0.25),
    )
