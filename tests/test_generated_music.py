"""Composer and renderer: each control does what it says, instruments are in tune, and rendering is exact."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mer_utils.generated.clip import build_clip, render_recording
from mer_utils.generated.composer import compose
from mer_utils.generated.intent import KNOBS, Dice, Focus, Intent, build_intent, build_intents
from mer_utils.generated.ratings import build_ratings
from mer_utils.generated.renderer import SR, render_mix, render_parts
from mer_utils.generated.score import DURATION, Note, Part, Song, SongChord
from mer_utils.generated.styles import HELD_OUT_STYLES, STYLES, build_album
from mer_utils.generated.truth import build_truth
from mer_utils.ratings import MIDLEVEL

MIDDLE = Intent(planned=dict.fromkeys(MIDLEVEL, 0.5), caused=dict.fromkeys(MIDLEVEL, 0.5))
#: Programs that sound an octave off, like the stops of an organ or the strike tone of a bell.
OCTAVE_STOPS = {14: 1, 16: -1, 18: -1, 47: -1, 52: 1}
#: Programs without a definite pitch.
UNPITCHED = {115, 116, 117}
PROGRAMS = sorted(
    {p for s in STYLES.values() for p in (*s.melody, *s.held, *s.short, *s.bass, *s.rough, *s.hits)} - UNPITCHED
)


@cache
def write(seed=0, style="orchestra", **controls):
    """Notes of a clip in which some controls differ from the middle."""
    intent = replace(MIDDLE, caused={**MIDDLE.caused, **controls})
    return build_truth(compose(intent, build_album(style, np.random.default_rng(seed)), Dice(seed)))


def many(measure, **controls):
    """Mean of a measure over clips of several seeds and styles."""
    styles = list(STYLES)
    return np.mean([measure(write(seed, styles[seed % len(styles)], **controls)) for seed in range(12)])


MEASURES = {
    "melodiousness": lambda t: -(t.leap != 0).mean(),
    "articulation": lambda t: -t.staccato[t.role != "drone"].mean(),
    "rhythmic complexity": lambda t: t.syncopated[t.clash_with.isna()].mean(),
    "rhythmic stability": lambda t: -t.off_grid.abs().mean(),
    "dissonance": lambda t: t.clash_with.notna().mean(),
    "tonal stability": lambda t: -t.out_of_key[t.third != ""].mean(),
    "minorness": lambda t: (t.third == "minor").sum() / max((t.third != "").sum(), 1),
}


@pytest.mark.parametrize("feature", MIDLEVEL)
def test_each_control_moves_its_own_trait(feature):
    low, middle, high = (many(MEASURES[feature], **{feature: value}) for value in (0.05, 0.5, 0.95))
    assert low < middle < high


@pytest.mark.parametrize("feature", MIDLEVEL)
def test_each_control_leaves_the_other_traits_alone(feature):
    for other in set(MIDLEVEL) - {feature}:
        moved = abs(many(MEASURES[other], **{feature: 0.95}) - many(MEASURES[other], **{feature: 0.05}))
        own = abs(many(MEASURES[other], **{other: 0.95}) - many(MEASURES[other], **{other: 0.05}))
        assert moved < 0.35 * own, (feature, other)


def test_focus_confines_a_trait_to_its_span():
    focus = Focus("dissonance", start=5, end=10, elsewhere=0.0)
    intent = replace(MIDDLE, caused={**MIDDLE.caused, "dissonance": 1.0}, focus=focus)
    notes = build_truth(compose(intent, build_album("strings", np.random.default_rng(0)), Dice(0)))
    clashing = notes[notes.clash_with.notna()]
    assert len(clashing)
    assert clashing.onset.sub(clashing.off_grid).between(4.9, 10).all()


def test_a_clashing_note_clashes_with_one_that_sounds():
    notes = write(dissonance=1.0)
    begin = (notes.onset - notes.off_grid).round(6)
    for note in notes[notes.clash_with.notna()].itertuples():
        together = notes[(notes.role == note.role) & (begin == begin[note.Index])]
        assert note.clash_with in together.pitch.to_numpy()
        assert min((note.pitch - note.clash_with) % 12, (note.clash_with - note.pitch) % 12) in (1, 2)


def test_notes_said_to_be_out_of_key_are():
    intent = replace(MIDDLE, caused={**MIDDLE.caused, "tonal stability": 0.0})
    score = compose(intent, build_album("piano", np.random.default_rng(2)), Dice(2))
    notes = build_truth(score)
    steps = (0, 2, 3, 5, 7, 8, 10) if score.minor else (0, 2, 4, 5, 7, 9, 11)
    assert notes.out_of_key.any()
    assert not ((notes[notes.out_of_key].pitch - score.tonic) % 12).isin(steps).any()


TUNE = Song(
    tonic=7,
    minor=False,
    beats_per_bar=4,
    melody=((0, 1, 0), (1, 1, 4), (2, 2, 7), (4, 4, 9)),
    chords=(SongChord(4, 0, minor=False), SongChord(4, 5, minor=False)),
)


def arrange(**controls):
    """Melody notes of an arrangement of the tune in the middle of all controls but the given ones."""
    high = {**MIDDLE.caused, "melodiousness": 0.9, "rhythmic stability": 0.95, "tonal stability": 0.95}
    intent = replace(MIDDLE, planned=high, caused=high | controls)
    notes = build_truth(compose(intent, build_album("piano", np.random.default_rng(0)), Dice(0), song=TUNE))
    return notes[(notes.role == "melody") & notes.clash_with.isna()]


def test_a_given_song_keeps_its_melody():
    assert ((arrange().pitch - TUNE.tonic) % 12).tolist()[:4] == [0, 4, 7, 9]


def test_a_given_song_loses_its_melody_with_its_melodiousness():
    assert arrange(melodiousness=0.15).leap.ne(0).any()


@pytest.mark.parametrize(
    "bad",
    [
        {"melody": ()},
        {"chords": ()},
        {"tonic": 60},
        {"beats_per_bar": 5},
        {"melody": ((0, -1, 0),)},
        {"chords": (SongChord(0, 0, minor=False),)},
    ],
)
def test_an_impossible_song_is_refused(bad):
    with pytest.raises(ValueError, match="song"):
        replace(TUNE, **bad)


@pytest.mark.parametrize("bad", [{"parts": ("piano",)}, {"parts": "melody"}, {"start": 20}, {"start": 5, "end": 4}])
def test_an_impossible_focus_is_refused(bad):
    with pytest.raises(ValueError, match="a focus needs"):
        Focus("dissonance", **bad)


def test_a_cause_moves_by_a_number():
    with pytest.raises(ValueError, match="not by nan"):
        MIDDLE.with_cause("dissonance", float("nan"))


def test_given_ratings_become_an_intent():
    intent = build_intent([9.9, 1, 4.5, 5, 4, 6, 6], knobs={"drive": 1.5})
    assert intent.planned["melodiousness"] == 1
    assert intent.planned["articulation"] == 0
    assert intent.knobs == {"drive": 1.5, "lift": 0, "edge": 0, "menace": 0}


@pytest.mark.parametrize(
    "bad",
    [
        {"midlevel": [5] * 6},
        {"midlevel": [0.5] * 7},
        {"midlevel": [float("nan")] * 7},
        {"midlevel": [5] * 7, "knobs": {"tempo": 1}},
        {"midlevel": [5] * 7, "knobs": {"drive": 40}},
    ],
)
def test_impossible_intents_are_refused(bad):
    with pytest.raises(ValueError, match=r"an intent needs 7 ratings|knobs are standard normal"):
        build_intent(**bad)


def test_an_unknown_feature_lists_the_seven():
    with pytest.raises(ValueError, match="melodiousness, articulation"):
        MIDDLE.with_cause("loudness", 0.1)


def test_an_unknown_style_lists_those_there_are():
    with pytest.raises(ValueError, match="orchestra"):
        build_album("opera", np.random.default_rng(0))


def test_knobs_are_uncorrelated_with_midlevel_and_with_each_other():
    table = build_ratings(300)
    knobs = np.array([list(i.knobs.values()) for i in build_intents(table)])
    everything = np.corrcoef(np.hstack([table.latent[:, :7], knobs]).T)[7:]
    np.testing.assert_allclose(everything[:, :7], 0, atol=1e-6)
    np.testing.assert_allclose(everything[:, 7:], np.eye(len(KNOBS)), atol=1e-6)


def harmonic_strength(sound, frequency):
    """Summed magnitude of the first four harmonics."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 2**18))
    bins = np.arange(1, 5) * frequency * 2**18 / SR
    return sum(np.interp(bins, np.arange(len(spectrum)), spectrum) / np.sqrt(np.arange(1, 5)))


def hear_pitch(part):
    """Octaves and cents by which a part's first note sounds off from the written middle C."""
    sound = render_parts([part])[0][int(0.2 * SR) : int(1.4 * SR)]
    candidates = [(octave, cents) for octave in (-1, 0, 1) for cents in range(-60, 61, 4)]
    return max(candidates, key=lambda c: harmonic_strength(sound, 261.626 * 2 ** (c[0] + c[1] / 1200)))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_instrument_sounds_its_written_pitch(program):
    octave, cents = hear_pitch(Part("melody", program, notes=[Note(0.1, 1.5, 60, 0.7)]))
    assert octave == OCTAVE_STOPS.get(program, 0)
    assert abs(cents) <= 20


@pytest.mark.parametrize(("pitch", "detune", "heard"), [(60, 35, (0, 36)), (72, 0, (1, 0)), (48, 0, (-1, 4))])
def test_a_wrong_pitch_is_noticed(pitch, detune, heard):
    octave, cents = hear_pitch(Part("melody", 73, detune=detune, notes=[Note(0.1, 1.5, pitch, 0.7)]))
    assert octave == heard[0]
    assert abs(cents - heard[1]) <= 8


@pytest.fixture(scope="module")
def clip():
    return build_clip(MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(1))


def test_stems_recorded_together_are_the_mix(clip):
    again = render_recording(clip.stems, MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(1))
    assert np.array_equal(again, clip.mix)


def test_a_missing_stem_is_noticed(clip):
    fewer = render_recording(clip.stems[1:], MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(1))
    assert np.abs(fewer - clip.mix).max() > 0.01


def test_a_stem_does_not_depend_on_the_others(clip):
    tuning = build_album("orchestra", np.random.default_rng(1)).tuning
    apart = [render_parts([part], tuning=tuning)[0] for part in reversed(clip.score.parts)]
    assert np.array_equal(np.stack(apart[::-1]), clip.stems)


def test_a_reused_synthesizer_sounds_like_a_fresh_one(clip):
    from mer_utils.generated import renderer

    used = render_parts(clip.score.parts[:2])
    renderer._synthesizer.cache_clear()
    assert np.array_equal(render_parts(clip.score.parts[:2]), used)


def test_the_same_dice_give_the_same_bytes(clip):
    again = build_clip(MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(1))
    assert again.mix.tobytes() == clip.mix.tobytes()


def test_other_dice_give_other_music(clip):
    assert not np.array_equal(
        build_clip(MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(2)).mix, clip.mix
    )


def test_clip_is_finite_and_its_gain_brings_the_peak_to_one(clip):
    assert clip.mix.shape == (int(DURATION * SR),)
    assert np.isfinite(clip.mix).all()
    assert np.abs(clip.mix * clip.gain).max() == pytest.approx(1, abs=1e-6)


def test_one_changed_note_changes_nothing_before_it():
    album = build_album("piano", np.random.default_rng(3))
    notes = [Note(float(t), 0.8, 60 + t, 0.6) for t in range(12)]
    other = [replace(n) for n in notes]
    other[7].pitch += 1
    a, b = (render_mix(render_parts([Part("melody", 0, notes=n)]), album, Dice(3)) for n in (notes, other))
    assert np.abs(a - b)[: 7 * SR - 64].max() < 1e-6
    assert np.abs(a - b)[7 * SR : 8 * SR].max() > 1e-2


def test_held_out_styles_are_styles():
    assert set(HELD_OUT_STYLES) < set(STYLES)
