"""The players: each function writes one part of a planned clip and says how loud it stands in the mix.

All have the form ``write_*(intent, plan, dice, part) -> (gain_db, notes)``. Traits are decided note by note from
numbers drawn beforehand, one per possible note, so that a moved control changes as few notes as it can.

Public names: ``write_melody``, ``write_accompaniment``, ``write_bass``, ``write_beat``, ``write_cluster``,
``write_drone``.
"""

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .harmony import Chord, build_clashes, build_scale, build_voicing
from .intent import Dice, Intent, draw_even
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
_KICK, _SNARE, _HAT, _TOM, _RIDE = 36, 38, 42, 45, 51


def write_melody(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write a line that one can sing along with, or less and less of one.

    High melodiousness: the line stands out, moves by small steps near its centre and in key (Huron 2006; Temperley
    2008), and repeats its phrase. Low: it sinks into the accompaniment, leaps about, and loses notes.
    """
    rng = dice("melody")
    n = plan.n_slots  # decisions are drawn per sixteenth, so that onsets may come and go
    leap, drop, second = rng.random(n), rng.random(n), rng.random(n)
    leap_size = rng.choice((-1, 1), n) * rng.integers(7, 15, n)
    notes = []
    for start, length, level, pitch in _build_line(intent, plan, dice, part):
        i, chord, seconds = round(start * 4) % n, _chord_at(plan, start), start * plan.beat
        melodious = intent.at("melodiousness", seconds, part.role)
        if drop[i] < 0.5 * (0.55 - melodious):
            continue
        jump = int(leap_size[i]) if leap[i] < 0.9 * (0.75 - melodious) else 0
        third = chord.quality if pitch % 12 == chord.third and not jump else ""
        strength = plan.strength + 0.3 * (melodious - 0.3)
        note = Note(seconds, length * plan.beat, pitch + jump, strength, leap=jump, third=third)
        _mark(note, plan, chord, level)
        notes.append(note)
        if second[i] < 1.2 * (intent.at("dissonance", seconds, part.role) - 0.55):
            parallel = replace(note, pitch=note.pitch + 1, third="", clash_with=note.pitch)
            _mark(parallel, plan, chord, level)
            notes.append(parallel)
    _perform(notes, intent, plan, dice, part)
    return 7.0 * intent.planned["melodiousness"] - 4.0, notes


def write_accompaniment(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write chords: held, repeated or broken, with the tones that clash against them."""
    rng = dice("texture", part.role)
    held = 1 / (1 + np.exp(10 * (intent.planned["rhythmic stability"] - 0.42)))  # no pulse in a pad
    kind = ("pad", "block", "arpeggio")[int(rng.choice(3, p=(held, (1 - held) * 0.6, (1 - held) * 0.4)))]
    centre = plan.centre + (12 if part.role == "counter" else 0)
    n_tones = int(rng.choice((3, 4), p=(0.6, 0.4))) if part.role == "chords" else 2
    notes = []
    for start, length, level in _build_slots(intent, plan, dice, part, kind, n_patterns=2):
        chord = _chord_at(plan, start)
        tones = build_voicing(chord, centre, n_tones)
        if kind == "arpeggio":
            tones = [tones[int(start * 4) % len(tones)]]
        for pitch, third in tones:
            strength = plan.strength + (0.12 if third else 0.0)  # the tone that makes it major or minor is heard
            note = Note(start * plan.beat, length * plan.beat, pitch, strength, third=third)
            _mark(note, plan, chord, level)
            notes.append(note)
        dissonance = intent.at("dissonance", start * plan.beat, part.role)
        roughness = draw_even(dice("clash", part.role, chord.start), 6)
        clashes = build_clashes(chord, [pitch for pitch, _ in tones], roughness, dissonance)
        for pitch, against in clashes[:1] if kind == "arpeggio" else clashes:
            note = Note(start * plan.beat, length * plan.beat, pitch, plan.strength, clash_with=against)
            _mark(note, plan, chord, level)
            notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -2.0 if part.role == "chords" else -6.0, notes


def write_bass(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write the roots of the chords, an octave and a half below them."""
    notes = []
    for start, length, level in _build_slots(intent, plan, dice, part, "bass", n_patterns=1):
        chord = _chord_at(plan, start)
        pitch = _nearest(plan.centre - 20, {chord.root})
        note = Note(start * plan.beat, length * plan.beat, pitch, plan.strength + 0.05)
        _mark(note, plan, chord, level)
        notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -4.0 + 4.0 * intent.knobs["menace"], notes


def write_beat(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write the pulse that one could march along with: a kit, repeated tones of an instrument, or a cross-rhythm."""
    rng = dice("beat", part.role)
    voices = rng.random(3)
    kind = "cross" if part.role == "cross" else "beat"
    notes = []
    for start, length, level in _build_slots(intent, plan, dice, part, kind, n_patterns=1):
        seconds = start * plan.beat
        accent = (0.16, 0.1, 0.02, -0.08, -0.12)[level] * (0.4 + intent.at("rhythmic stability", seconds, part.role))
        chord = _chord_at(plan, start)
        if part.drums:
            pitches = _choose_drums(level, int(start) % plan.beats_per_bar, voices)
        else:
            octave = 12 if part.role == "cross" else -24 if voices[0] < 0.5 else -12
            pitches = [_nearest(plan.centre + octave, {chord.root} if level <= 2 else set(chord.pitch_classes))]
        for pitch in pitches:
            note = Note(seconds, length * plan.beat, pitch, plan.strength + 0.12 + accent)
            _mark(note, plan, chord, level)
            note.out_of_key &= not part.drums
            notes.append(note)
    _perform(notes, intent, plan, dice, part)
    if part.role == "cross":
        return -10.0 + 12.0 * intent.planned["rhythmic complexity"], notes
    return -14.0 + 20.0 * intent.planned["rhythmic stability"] + 1.0 * intent.knobs["drive"], notes


def write_drone(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write root and fifth of the key, held: no pulse, and a firm tonic."""
    rng = dice("drone")
    low = _nearest(plan.centre - 24, {plan.tonic})
    pitches = [low, low + 12] if rng.random() < 0.5 else [low, low + 7]
    length = DURATION / int(rng.integers(1, 4))
    starts = np.arange(0, DURATION - 0.5, length)
    notes = [Note(float(s), length, pitch, plan.strength) for s in starts for pitch in pitches]
    return -8.0 + 2.0 * intent.knobs["menace"], notes


def write_cluster(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> _Written:
    """Write neighbouring semitones, low or high, held or struck: the roughest thing an orchestra does."""
    rng = dice("cluster")
    base = int(plan.centre) + int(rng.choice((-19, -12, 12, 19)))
    sounding = draw_even(rng, 8)
    notes = []
    for start, length, level in _build_slots(intent, plan, dice, part, "bass", n_patterns=2):
        dissonance = intent.at("dissonance", start * plan.beat, part.role)
        if sounding[int(start / plan.beats_per_bar) % 8] > 1.6 * (dissonance - 0.35):
            continue
        n_tones = 2 + int(3.99 * max(dissonance - 0.4, 0) / 0.6)
        for k in range(n_tones):
            neighbour = base + k + (1 if k + 1 < n_tones else -1)
            note = Note(start * plan.beat, length * plan.beat, base + k, plan.strength, clash_with=neighbour)
            note.syncopated = level >= 3
            notes.append(note)
    _perform(notes, intent, plan, dice, part)
    return -12.0 + 9.0 * intent.planned["dissonance"], notes


def _mark(note: Note, plan: "Plan", chord: Chord, level: int) -> None:
    """Write down whether a note lies outside the key, and whether it is syncopated."""
    note.out_of_key = chord.shift != 0 and note.pitch % 12 not in build_scale(plan.tonic, plan.minor)
    note.syncopated = level >= 3


def _build_line(intent: Intent, plan: "Plan", dice: Dice, part: Part) -> list[tuple[float, float, int, int]]:
    """Build the tune before leaps: (start and length in beats, metrical level, MIDI pitch)."""
    rng = dice("line")
    home = plan.centre + 9 + rng.normal(0, 2)
    if plan.song is not None:
        return _build_song_line(plan, home)
    contour = _draw_contour(rng, plan.n_slots)
    line = []
    for start, length, level in _build_slots(intent, plan, dice, part, "melody", n_patterns=2):
        chord = _chord_at(plan, start)
        tones = set(chord.pitch_classes) if level <= 2 else chord.scale(plan.tonic, plan.minor)
        line.append((start, length, level, _nearest(home + 1.8 * contour[round(start * 4)], tones)))
    return line


def _build_song_line(plan: "Plan", home: float) -> list[tuple[float, float, int, int]]:
    """Repeat a song's melody over the clip, near ``home`` (MIDI pitch) and moved with its chords."""
    song, last = plan.song, DURATION / plan.beat
    levels = compute_metrical_levels(plan.beats_per_bar)
    base, line, begin = _nearest(home - 5, {song.tonic}), [], 0.0
    while begin < last:
        for start, length, degree in song.melody:
            chord = _chord_at(plan, begin + start)
            pitch = base + degree + (chord.shift + 6) % 12 - 6
            if pitch % 12 == (chord.root + (4 if chord.minor else 3)) % 12:
                pitch += -1 if chord.minor else 1  # the tune's third follows the chord's
            line.append((begin + start, length, int(levels[round(start * 4) % len(levels)]), pitch))
        begin += song.beats
    return [event for event in line if event[0] < last - 0.1]


def _build_slots(
    intent: Intent, plan: "Plan", dice: Dice, part: Part, kind: str, *, n_patterns: int
) -> list[tuple[float, float, int]]:
    """Onsets of a part: (start in beats, beats to the next onset, metrical level), bar patterns repeating."""
    if kind == "pad":
        return [(c.start, c.length, 0) for c in plan.chords if c.start * plan.beat < DURATION - 0.2]
    n_slots = 4 * plan.beats_per_bar
    levels = compute_metrical_levels(plan.beats_per_bar)
    rng, uniform = dice("pattern", part.role, kind), np.zeros((n_patterns, n_slots))
    for level in range(5):
        uniform[:, levels == level] = draw_even(rng, n_patterns * int((levels == level).sum())).reshape(n_patterns, -1)
    starts = []
    for bar in range(plan.n_bars):
        seconds = bar * plan.beats_per_bar * plan.beat
        complexity = intent.at("rhythmic complexity", seconds, part.role)
        onsets = build_pattern(kind, uniform[bar % n_patterns], complexity, plan.beats_per_bar)
        starts += [(bar * plan.beats_per_bar + k / 4, int(levels[k])) for k in np.flatnonzero(onsets)]
    last = DURATION / plan.beat
    ends = [s for s, _ in starts[1:]] + [last]
    return [(s, e - s, level) for (s, level), e in zip(starts, ends, strict=True) if s < last - 0.1]


def _perform(notes: list[Note], intent: Intent, plan: "Plan", dice: Dice, part: Part) -> None:
    """Give notes their articulation, timing and strength, in place; notes of one onset move together."""
    rng = dice("performance", part.role)
    stray, touch = rng.standard_normal(2000), rng.standard_normal(2000)
    for note in notes:
        slot = round(note.onset / plan.beat * 4) % 2000  # the same slot has the same numbers whoever else plays
        stability = intent.at("rhythmic stability", note.onset, part.role)
        articulation = intent.at("articulation", note.onset, part.role)
        note.staccato = float(compute_sounding_ratio(articulation) * 2 ** (0.12 * touch[slot]))
        note.duration = max(min(note.duration * note.staccato, compute_longest_sound(articulation)), 0.05)
        note.off_grid = compute_jitter(stability, stray[slot], beat=plan.beat)
        note.onset = max(note.onset + note.off_grid, 0.0)
        unrest = 0.05 + 0.14 * (1 - stability)
        note.velocity = max(min(note.velocity + unrest * float(touch[-slot]), 1.0), 0.15)


def _chord_at(plan: "Plan", beat: float) -> Chord:
    starts = [chord.start for chord in plan.chords]
    return plan.chords[bisect_right(starts, beat + 1e-9) - 1]


def _nearest(pitch: float, pitch_classes: set[int]) -> int:
    candidates = range(int(pitch) - 6, int(pitch) + 8)
    return min((c for c in candidates if c % 12 in pitch_classes), key=lambda c: (abs(c - pitch), c))


def _draw_contour(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw a line of small steps (n,) that turns back when it strays; its first half is played twice."""
    line, position = [], 0.0
    for step in rng.standard_normal((n + 1) // 2).clip(-1.5, 1.5):
        position = 0.93 * position + 0.6 * step
        line.append(position)
    return np.array((line * 2)[:n])


def _choose_drums(level: int, beat: int, voices: np.ndarray) -> list[int]:
    """Drum keys of one onset: kick on one, snare or tom on the off beats, hats or ride in between."""
    time_keeper = _HAT if voices[0] < 0.6 else _RIDE
    if level >= 3:
        return [time_keeper] if voices[1] < 0.7 else [_TOM]
    drum = _KICK if beat % 2 == 0 else (_SNARE if voices[1] < 0.7 else _TOM)
    return [drum, time_keeper] if voices[2] < 0.7 else [drum]
