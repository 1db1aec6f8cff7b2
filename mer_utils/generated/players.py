"""The players: each function writes one part of a planned clip and says how loud it stands in the mix.

All have the form ``write_*(intent, plan, dice, part) -> (gain_db, notes)``. Traits are decided note by note from
numbers drawn beforehand, one per possible note, so that a moved control changes as few notes as it can.

Public names: ``write_melody``, ``write_accompaniment``, ``write_bass``, ``write_beat``, ``write_cluster``,
``write_drone``.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .harmony import Chord, build_clashes, build_voicing
from .intent import Dice, Intent
from .rhythm import (
    build_pattern,
    compute_jitter,
    compute_longest_sound,
    compute_metrical_levels,
    compute_sounding_ratio,
)
from .score import DURATION, Note, Part

if TYPE_CHECKING:
    from .composer import Plan

_Written = tuple[float, list[Note]]
_KICK, _SNARE, _HAT, _TOM, _RIDE, _CRASH = 36, 38, 42, 45, 51, 49


def write_melody(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """A line that one can sing along with, or less and less of one.

    High melodiousness: the line stands out, moves by step, repeats its phrase and rests on tones of the chord (Huron
    2006; Temperley 2008). Low: it sinks into the accompaniment, is thrown about by leaps, and loses notes.
    """
    rng = dice("melody")
    n = plan.n_bars * plan.beats_per_bar * 4 + 16  # decisions are drawn per sixteenth, so that onsets may come and go
    contour, leap, drop = _contour(rng, n), rng.random(n), rng.random(n)
    leap_size, second = rng.choice((-1, 1), n) * rng.integers(7, 15, n), rng.random(n)
    home, notes = plan.centre + 9 + rng.normal(0, 2), []
    for start, length, level in _slots(intent, plan, dice, part, "melody", n_patterns=2):
        i, chord, seconds = round(start * 4), _chord_at(plan, start), start * plan.beat
        melodious = intent.at("melodiousness", seconds, part.role)
        if drop[i] < 0.5 * (0.55 - melodious):
            continue
        tones = set(chord.pitch_classes) if level <= 2 else chord.scale(plan.tonic, plan.minor)
        jump = int(leap_size[i]) if leap[i] < 0.9 * (0.75 - melodious) else 0
        pitch = _nearest(home + 1.8 * contour[i], tones)
        third = ("minor" if chord.minor else "major") if pitch % 12 == chord.third else ""
        strength = plan.strength + 0.3 * (melodious - 0.3)
        note = Note(seconds, length * plan.beat, pitch + jump, strength, leap=jump, third=third)
        note.out_of_key, note.syncopated = chord.shift != 0, level >= 3
        notes.append(note)
        if second[i] < 1.2 * (intent.at("dissonance", seconds, part.role) - 0.55):
            notes.append(replace(note, pitch=note.pitch + 1, third="", clash_with=note.pitch))
    _perform(notes, intent, plan, dice, part)
    return 7.0 * intent.planned["melodiousness"] - 4.0, notes


def write_accompaniment(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Chords: held, repeated or broken, with the tones that clash against them."""
    rng = dice("texture", part.role)
    p = intent.planned
    weights = np.array(
        [
            1.3 - p["articulation"] - 0.5 * p["rhythmic stability"],
            0.2 + p["articulation"],
            0.2 + 0.6 * p["rhythmic stability"],
        ]
    )
    kind = ("pad", "block", "arpeggio")[int(rng.choice(3, p=weights.clip(0.1) / weights.clip(0.1).sum()))]
    centre = plan.centre + (12 if part.role == "counter" else 0)
    n_tones = int(rng.choice((3, 4), p=(0.6, 0.4))) if part.role == "chords" else 2
    notes = []
    for start, length, level in _slots(intent, plan, dice, part, kind, n_patterns=2):
        chord = _chord_at(plan, start)
        tones = build_voicing(chord, centre, n_tones)
        if kind == "arpeggio":
            tones = [tones[int(start * 4) % len(tones)]]
        for pitch, third in tones:
            strength = plan.strength + (0.08 if third else 0.0)  # the tone that makes it major or minor is heard
            note = Note(start * plan.beat, length * plan.beat, pitch, strength, third=third)
            note.out_of_key, note.syncopated = chord.shift != 0, level >= 3
            notes.append(note)
        dissonance = intent.at("dissonance", start * plan.beat, part.role)
        roughness = dice("clash", part.role, chord.start, chord.root).random(6)
        clashes = build_clashes(chord, centre, roughness, dissonance)
        for pitch, against in clashes[:1] if kind == "arpeggio" else clashes:
            note = Note(start * plan.beat, length * plan.beat, pitch, plan.strength, clash_with=against)
            note.out_of_key, note.syncopated = chord.shift != 0, level >= 3
            notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -2.0 if part.role == "chords" else -6.0, notes


def write_bass(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Roots of the chords, an octave and a half below them."""
    notes = []
    for start, length, level in _slots(intent, plan, dice, part, "bass", n_patterns=1):
        chord = _chord_at(plan, start)
        pitch = _nearest(plan.centre - 20, {chord.root})
        note = Note(start * plan.beat, length * plan.beat, pitch, plan.strength + 0.05)
        note.out_of_key, note.syncopated = chord.shift != 0, level >= 3
        notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -4.0 + 4.0 * intent.knobs["menace"], notes


def write_beat(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """The pulse that one could march along with: a kit, repeated tones of an instrument, or a cross-rhythm."""
    rng = dice("beat", part.role)
    voices = rng.random(3)
    kind = "cross" if part.role == "cross" else "beat"
    notes = []
    for start, length, level in _slots(intent, plan, dice, part, kind, n_patterns=1):
        seconds = start * plan.beat
        accent = (0.16, 0.1, 0.02, -0.08, -0.12)[level] * (0.4 + intent.at("rhythmic stability", seconds, part.role))
        if part.drums:
            pitches = _kit_keys(level, int(start) % plan.beats_per_bar, voices)
        else:
            chord = _chord_at(plan, start)
            octave = 12 if part.role == "cross" else -12 if voices[0] < 0.6 else 0
            pitches = [_nearest(plan.centre + octave, {chord.root} if level <= 2 else set(chord.pitch_classes))]
        for pitch in pitches:
            note = Note(seconds, length * plan.beat, pitch, plan.strength + 0.12 + accent, syncopated=level >= 3)
            notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -6.0 + 7.0 * intent.planned["rhythmic stability"] + 1.0 * intent.knobs["drive"], notes


def write_drone(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Root and fifth of the key, held: no pulse, and a firm tonic."""
    rng = dice("drone")
    low = _nearest(plan.centre - 24, {plan.tonic})
    pitches = [low, low + 12] if rng.random() < 0.5 else [low, low + 7]
    length = DURATION / int(rng.integers(1, 4))
    starts = np.arange(0, DURATION - 0.5, length)
    notes = [Note(float(s), length, pitch, plan.strength) for s in starts for pitch in pitches]
    return -8.0 + 2.0 * intent.knobs["menace"], notes


def write_cluster(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Neighbouring semitones sounded together, low or high, held or struck: the roughest thing an orchestra does."""
    rng = dice("cluster")
    base = int(plan.centre) + int(rng.choice((-19, -12, 12, 19)))
    sounding, order = rng.random(64), rng.permutation(5)
    notes = []
    for i, (start, length, level) in enumerate(_slots(intent, plan, dice, part, "bass", n_patterns=2)):
        dissonance = intent.at("dissonance", start * plan.beat, part.role)
        if sounding[i % 64] > 1.6 * (dissonance - 0.35):
            continue
        for k in order[: 2 + int(3.99 * max(dissonance - 0.4, 0) / 0.6)]:
            pitch = base + int(k) - 2
            notes.append(Note(start * plan.beat, length * plan.beat, pitch, plan.strength, clash_with=pitch + 1))
            notes[-1].syncopated = level >= 3
    _perform(notes, intent, plan, dice, part)
    return -12.0 + 9.0 * intent.planned["dissonance"], notes


def _slots(
    intent: Intent, plan: "Plan", dice: Dice, part: Part, kind: str, *, n_patterns: int
) -> list[tuple[float, float, int]]:
    """Onsets of a part: (start in beats, beats to the next onset, metrical level), bar patterns repeating."""
    if kind == "pad":
        return [(c.start, c.length, 0) for c in plan.chords if c.start * plan.beat < DURATION - 0.2]
    n_slots = 4 * plan.beats_per_bar
    uniform = dice("pattern", part.role, kind).random((n_patterns, n_slots))
    levels = compute_metrical_levels(plan.beats_per_bar)
    starts = []
    for bar in range(plan.n_bars):
        seconds = bar * plan.beats_per_bar * plan.beat
        complexity = intent.at("rhythmic complexity", seconds, part.role)
        onsets = build_pattern(kind, uniform[bar % n_patterns], complexity, plan.beats_per_bar)
        starts += [(bar * plan.beats_per_bar + k / 4, int(levels[k])) for k in np.flatnonzero(onsets)]
    last = DURATION / plan.beat
    ends = [s for s, _ in starts[1:]] + [last]
    return [(s, e - s, level) for (s, level), e in zip(starts, ends) if s < last - 0.1]


def _perform(notes: list[Note], intent: Intent, plan: "Plan", dice: Dice, part: Part) -> None:
    """Give notes their articulation, timing and strength, in place; notes of one onset move together."""
    rng = dice("performance", part.role)
    stray, touch = rng.standard_normal(2000), rng.standard_normal(2000)
    for note in notes:
        slot = int(round(note.onset / plan.beat * 4)) % 2000  # the same slot has the same numbers whoever else plays
        stability = intent.at("rhythmic stability", note.onset, part.role)
        articulation = intent.at("articulation", note.onset, part.role)
        note.staccato = float(compute_sounding_ratio(articulation) * 2 ** (0.12 * touch[slot]))
        note.duration = float(np.clip(note.duration * note.staccato, 0.05, compute_longest_sound(articulation)))
        note.off_grid = compute_jitter(stability, stray[slot], beat=plan.beat)
        note.onset = max(note.onset + note.off_grid, 0.0)
        unrest = 0.05 + 0.14 * (1 - stability)
        note.velocity = float(np.clip(note.velocity + unrest * touch[-slot], 0.15, 1.0))


def _chord_at(plan: "Plan", beat: float) -> Chord:
    return plan.chords[min(int(beat / plan.chords[0].length + 1e-9), len(plan.chords) - 1)]


def _nearest(pitch: float, pitch_classes: set[int]) -> int:
    candidates = range(int(pitch) - 6, int(pitch) + 8)
    return min((c for c in candidates if c % 12 in pitch_classes), key=lambda c: (abs(c - pitch), c))


def _contour(rng: np.random.Generator, n: int) -> np.ndarray:
    """A line of small steps (n,) that turns back when it strays; its first half is played twice."""
    line, position = [], 0.0
    for step in rng.standard_normal((n + 1) // 2).clip(-1.5, 1.5):
        position = 0.93 * position + 0.6 * step
        line.append(position)
    return np.array((line * 2)[:n])


def _kit_keys(level: int, beat: int, voices: np.ndarray) -> list[int]:
    """Drum keys of one onset: kick on one, snare or tom on the off beats, hats or ride in between."""
    time_keeper = _HAT if voices[0] < 0.6 else _RIDE
    if level >= 3:
        return [time_keeper] if voices[1] < 0.7 else [_TOM]
    drum = _KICK if beat % 2 == 0 else (_SNARE if voices[1] < 0.7 else _TOM)
    return [drum, time_keeper] if voices[2] < 0.7 else [drum]
