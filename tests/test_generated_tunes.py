"""The tune entered by hand: bars are full, chords fit, and what sounds is what is printed."""

from dataclasses import replace

import numpy as np
import pytest

from mer_utils.generated.composer import compose
from mer_utils.generated.intent import Dice, build_intent
from mer_utils.generated.styles import build_album
from mer_utils.generated.tunes import GREENSLEEVES

# MIDI numbers of the printed tune in E minor (Grove's Dictionary, article "Greensleeves"), without the first upbeat.
LINE = [67, 69, 71, 72, 71, 69, 66, 62, 64, 66, 67, 64, 64, 63, 64, 66, 63, 59]
CLOSE = [67, 66, 64, 63, 61, 63, 64]
VERSE = [*LINE, 64, *LINE[:10], *CLOSE, 64, 64]
CHORUS = [74, 74, 73, 71, *LINE[5:18], 74, 74, 73, 71, *LINE[5:10], *CLOSE, 64, 64]

# Bars of the print, from which a beat here is an eighth: a quarter and an eighth, or dotted eighth, sixteenth, eighth.
PLAIN, DOTTED = [2, 1], [1.5, 0.5, 1]
RHYTHM = [*[PLAIN, DOTTED] * 3, PLAIN, PLAIN, *[PLAIN, DOTTED] * 2, DOTTED, DOTTED, PLAIN, [2]]
REFRAIN = [[3], DOTTED, *[PLAIN, DOTTED] * 2, PLAIN, [3], [3], DOTTED, PLAIN, DOTTED, DOTTED, DOTTED, [3], PLAIN]


def fill_bars(song):
    """Beats that sound in each bar; a note that crosses a bar line would make one too full."""
    full = np.zeros(round(song.beats) // song.beats_per_bar)
    for start, length, _ in song.melody:
        full[int(start // song.beats_per_bar)] += length
    return full.tolist()


def count_consonant_downbeats(song):
    """Bars whose first note belongs to the triad of the bar."""
    first = {start / 3: step for start, _, step in song.melody if start % 3 == 0}
    triads = [{(chord.degree + step) % 12 for step in (0, 3 if chord.minor else 4, 7)} for chord in song.chords]
    return sum(first[bar] % 12 in triad for bar, triad in enumerate(triads))


def test_every_bar_is_full_but_the_one_that_ends_the_verse():
    assert fill_bars(GREENSLEEVES) == [3.0] * 15 + [2.0] + [3.0] * 16
    assert fill_bars(replace(GREENSLEEVES, melody=GREENSLEEVES.melody[1:]))[0] == 1.0


def test_notes_follow_each_other():
    starts, ends = zip(*[(start, start + length) for start, length, _ in GREENSLEEVES.melody], strict=True)
    gaps = np.subtract(starts[1:], ends[:-1])
    assert sorted(gaps)[-1] == 1.0  # the rest before the chorus
    assert np.count_nonzero(gaps) == 1


def test_the_tune_is_the_printed_one():
    steps = [step for _, _, step in GREENSLEEVES.melody]
    assert steps == [pitch - 64 for pitch in VERSE + CHORUS]


def test_its_rhythm_is_the_printed_one():
    bars = [[] for _ in range(32)]
    for start, length, _ in GREENSLEEVES.melody:
        bars[int(start // 3)].append(length)
    assert bars == RHYTHM + REFRAIN


def test_each_bar_begins_with_a_tone_of_its_chord():
    assert count_consonant_downbeats(GREENSLEEVES) == 32
    late = replace(GREENSLEEVES, chords=GREENSLEEVES.chords[-1:] + GREENSLEEVES.chords[:-1])
    assert count_consonant_downbeats(late) < 24


@pytest.mark.parametrize("seed", range(4))
def test_what_sounds_is_the_tune(seed):
    def play(tonal_stability):
        intent = build_intent([9.5, 3, 2, 9, 1, tonal_stability, 6.5], knobs={"drive": 3})
        album = build_album("piano", np.random.default_rng(seed))
        score = compose(intent, album, Dice(seed), song=GREENSLEEVES)
        return np.diff([note.pitch for part in score.parts if part.role == "melody" for note in part.notes]).tolist()

    printed = np.diff(VERSE + CHORUS).tolist()
    assert play(9.5) == printed[: len(play(9.5))]
    assert len(play(9.5)) > 20
    assert play(2) != printed[: len(play(2))]
