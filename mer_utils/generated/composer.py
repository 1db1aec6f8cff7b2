"""The composer: an intent and an album become a score.

Each clip is planned first (key, tempo, layers, instruments), from the *planned* controls; then every player's notes
are written under the *caused* controls, which a counterfactual twin may move. All random numbers come from named
streams, so that moving one control changes what it controls and nothing else.

Public names: ``compose``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .harmony import Chord, build_chords, build_song_chords
from .intent import Dice, Intent
from .players import write_accompaniment, write_bass, write_beat, write_cluster, write_drone, write_melody
from .score import DURATION, Note, Part, Score, Song
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
    song
        The song that is arranged, if one was given.
    """

    tonic: int
    minor: bool
    tempo: float
    beats_per_bar: int
    centre: float
    strength: float
    chords: list[Chord]
    song: Song | None = None

    @property
    def beat(self) -> float:
        """Length of a beat in seconds."""
        return 60 / self.tempo

    @property
    def n_bars(self) -> int:
        """Bars begun within the clip."""
        return int(np.ceil(DURATION / self.beat / self.beats_per_bar))

    @property
    def n_slots(self) -> int:
        """Sixteenths in these bars, and a bar more."""
        return 4 * self.beats_per_bar * (self.n_bars + 1)


_Player = tuple[str, int, Callable[[Intent, Plan, Dice, Part], tuple[float, list[Note]]]]


def compose(intent: Intent, album: Album, dice: Dice, *, song: Song | None = None) -> Score:
    """Write the score of one clip.

    Parameters
    ----------
    intent
        Controls; see `intent.Intent`.
    album
        Instruments and meter.
    dice
        Random streams of this clip.
    song
        A song to arrange; without one the composer invents melody and chords.

    Returns
    -------
    Score
        15 s of music.
    """
    plan = _build_plan(intent, album, dice, song)
    parts = []
    for role, program, write in _choose_players(intent, album, dice):
        part = Part(role, program, drums=role == "percussion")
        part.detune = float(dice("detune", role).normal(0, 2 + 28 * intent.planned["dissonance"] ** 3))
        part.gain_db, notes = write(intent, plan, dice, part)
        part.notes = [note for note in notes if note.onset < DURATION - 0.05]
        parts.append(part)
    return Score([p for p in parts if p.notes], plan.tonic, plan.minor, plan.tempo, plan.beats_per_bar)


def _build_plan(intent: Intent, album: Album, dice: Dice, song: Song | None) -> Plan:
    rng = dice("plan")
    tonic, spread = int(rng.integers(12)), rng.standard_normal(4)
    minorness = intent.planned["minorness"] - 0.5
    # music in minor tends to be slower and lower (Post & Huron 2009; Poon & Schutz 2015); here more so, to be heard
    tempo = 98 * 2 ** (0.36 * intent.knobs["drive"] + 0.1 * spread[0] - 0.8 * minorness)
    tempo = float(np.clip(tempo, 54, 176))
    beats_per_bar = song.beats_per_bar if song else 3 if album.triple else 4
    centre = 62 + 2.4 * intent.knobs["lift"] + 1.5 * spread[1] - 9 * minorness
    strength = float(np.clip(0.58 + 0.13 * intent.knobs["drive"] + 0.05 * spread[2], 0.25, 0.95))
    n_beats = DURATION * tempo / 60
    span = beats_per_bar if tempo < 130 and rng.random() < 0.8 else 2 * beats_per_bar
    if song is not None:
        tonic, minor = song.tonic, song.minor
        chords = build_song_chords(song, intent, n_beats=n_beats, tempo=tempo, dice=dice)
    else:
        minor, chords = build_chords(intent, tonic, n_beats=n_beats, span=span, tempo=tempo, dice=dice)
    return Plan(tonic, minor, tempo, beats_per_bar, float(np.clip(centre, 50, 74)), strength, chords, song)


def _choose_players(intent: Intent, album: Album, dice: Dice) -> list[_Player]:
    """Decide who plays: solo to tutti with the knobs, held or short instruments with articulation."""
    u = dice("players").random(8)
    p = intent.planned
    n_layers = 2.6 + 0.7 * intent.knobs["drive"] - 0.9 * intent.knobs["edge"] + dice("layers").normal(0, 0.6)
    short = u[0] < 1 / (1 + np.exp(-10 * (p["articulation"] - 0.45)))
    own = album.short if short else album.held
    players: list[_Player] = [("chords", own[1], write_accompaniment)]
    if u[1] < 0.2 + 1.5 * p["melodiousness"]:
        players.append(("melody", album.short[-1] if short else album.melody, write_melody))
    if n_layers > 1.6:
        players.append(("bass", album.bass[0], write_bass))
    if n_layers > 3.2 and u[2] < 0.7:
        players.append(("counter", own[0], write_accompaniment))
    if p["rhythmic complexity"] > 0.45 + 0.15 * u[3]:
        players.append(("cross", album.short[0], write_beat))
    if p["dissonance"] > 0.4:
        players.append(("cluster", album.short[0] if short else album.rough, write_cluster))
    return players + _choose_pulse(intent, album, dice, short=short)


def _choose_pulse(intent: Intent, album: Album, dice: Dice, *, short: bool) -> list[_Player]:
    """Decide what keeps the beat: a kit, struck or plucked tones, the bass; or a drone, and no beat."""
    u = dice("pulse").random(4)
    pulse = intent.planned["rhythmic stability"] + 0.25 * (u[0] - 0.5)
    players: list[_Player] = []
    if pulse > 0.3:
        if short and album.kit is not None:
            players.append(("percussion", album.kit, write_beat))
        elif u[1] < 0.6 and album.hits is not None:
            players.append(("ostinato", album.hits, write_beat))
        else:
            players.append(("ostinato", album.short[0] if short else album.bass[-1], write_beat))
    if not short and (pulse < 0.25 or (intent.planned["tonal stability"] > 0.6 and u[2] < 0.3)):
        players.append(("drone", album.held[-1], write_drone))
    return players
