"""The composer: an intent and an album become a score.

Each clip is planned first (key, tempo, layers, instruments), from the *planned* controls; then every player's notes
are written under the *caused* controls, which a counterfactual twin may move. All random numbers come from named
streams, so that moving one control changes what it controls and nothing else.

Public names: ``compose``.
"""

from dataclasses import dataclass

import numpy as np

from .harmony import Chord, build_chords
from .intent import Dice, Intent
from .players import write_accompaniment, write_bass, write_beat, write_cluster, write_drone, write_melody
from .score import DURATION, Part, Score
from .styles import Album


@dataclass(frozen=True)
class Plan:
    """Frame of a clip: everything that is decided before a note is written.

    Attributes
    ----------
    tonic, minor
        Pitch class 0-11 and mode of the key.
    tempo
        Beats per minute.
    beats_per_bar
        3 or 4.
    centre
        MIDI pitch about which the chords lie.
    strength
        Mean velocity of playing, 0-1.
    chords
        The harmony.
    """

    tonic: int
    minor: bool
    tempo: float
    beats_per_bar: int
    centre: float
    strength: float
    chords: list[Chord]

    @property
    def beat(self) -> float:
        """Length of a beat in seconds."""
        return 60 / self.tempo

    @property
    def n_bars(self) -> int:
        """Bars begun within the clip."""
        return int(np.ceil(DURATION / self.beat / self.beats_per_bar))


def compose(intent: Intent, album: Album, dice: Dice) -> Score:
    """Write the score of one clip.

    Parameters
    ----------
    intent
        Controls; see `intent.Intent`.
    album
        Instruments and meter.
    dice
        Random streams of this clip.

    Returns
    -------
    Score
        15 s of music.
    """
    plan = _build_plan(intent, album, dice)
    parts = []
    for role, program, write in _choose_players(intent, album, dice):
        part = Part(role, program, drums=role == "percussion")
        part.detune = float(dice("detune", role).normal(0, 2 + 28 * intent.planned["dissonance"] ** 3))
        part.gain_db, part.notes = write(intent, plan, dice, part)
        parts.append(part)
    return Score([p for p in parts if p.notes], plan.tonic, plan.minor, plan.tempo, plan.beats_per_bar)


def _build_plan(intent: Intent, album: Album, dice: Dice) -> Plan:
    rng = dice("plan")
    tonic, spread = int(rng.integers(12)), rng.standard_normal(4)
    minorness = intent.planned["minorness"] - 0.5
    # music in minor tends to be slower and lower (Post & Huron 2009; Huron 2008)
    tempo = 98 * 2 ** (0.36 * intent.knobs["drive"] + 0.12 * spread[0] - 0.5 * minorness)
    tempo = float(np.clip(tempo, 54, 176))
    beats_per_bar = 3 if album.triple else 4
    centre = 62 + 3.2 * intent.knobs["lift"] + 2.0 * spread[1] - 8 * minorness
    strength = float(np.clip(0.58 + 0.13 * intent.knobs["drive"] + 0.05 * spread[2], 0.25, 0.95))
    n_beats = DURATION * tempo / 60
    span = beats_per_bar if tempo < 130 and rng.random() < 0.8 else 2 * beats_per_bar
    chords = build_chords(intent, tonic, n_beats=n_beats, span=span, tempo=tempo, dice=dice)
    minor = intent.planned["minorness"] > 0.5
    return Plan(tonic, minor, tempo, beats_per_bar, float(np.clip(centre, 50, 74)), strength, chords)


def _choose_players(intent: Intent, album: Album, dice: Dice) -> list[tuple]:
    """Decide who plays: tuples (role, program, function that writes the part)."""
    rng = dice("players")
    u = rng.random(12)
    p = intent.planned
    n_layers = 2.6 + 0.7 * intent.knobs["drive"] - 0.9 * intent.knobs["edge"] + rng.normal(0, 0.8)
    detached = 1 / (1 + np.exp(-10 * (p["articulation"] - 0.5)))
    marching = 1 / (1 + np.exp(-9 * (p["rhythmic stability"] - 0.42)))
    pulseless = p["rhythmic stability"] < 0.3 and u[0] < 0.75

    def instrument(i: int) -> int:
        return (album.short if u[i] < detached else album.held)[i % 2]

    players = []
    if u[4] < 0.25 + 1.5 * p["melodiousness"]:
        short_lead = u[5] < 0.6 * (detached - 0.3)
        players.append(("melody", album.short[2 % len(album.short)] if short_lead else album.melody[0], write_melody))
    players.append(("chords", instrument(1), write_accompaniment))
    if n_layers > 1.6:
        players.append(("bass", album.bass[0], write_bass))
    if not pulseless and u[6] < marching:
        kit = album.kit if album.kit is not None and u[7] < detached else None
        if kit is not None:
            players.append(("percussion", kit, write_beat))
        else:
            players.append(
                ("ostinato", album.hits if album.hits is not None and u[8] < 0.5 else instrument(2), write_beat)
            )
    if p["rhythmic complexity"] > 0.45 + 0.5 * u[9]:
        players.append(("cross", album.short[0], write_beat))
    if n_layers > 3.2 and u[10] < 0.7:
        players.append(("counter", instrument(2), write_accompaniment))
    if pulseless or (p["tonal stability"] > 0.55 and u[11] < 0.3):
        players.append(("drone", album.held[-1], write_drone))
    if p["dissonance"] > 0.45:
        players.append(("cluster", album.rough[0], write_cluster))
    return players
