"""Composer and renderer: each control does what it says, instruments are in tune, and rendering is exact."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mer_utils.generated.clip import build_clip
from mer_utils.generated.composer import compose
from mer_utils.generated.intent import KNOBS, Dice, Focus, Intent, build_intents
from mer_utils.generated.ratings import build_ratings
from mer_utils.generated.renderer import SR, render_mix, render_parts
from mer_utils.generated.score import DURATION, Note, Part
from mer_utils.generated.styles import HELD_OUT_STYLES, STYLES, build_album
from mer_utils.generated.truth import build_truth
from mer_utils.ratings import MIDLEVEL

MIDDLE = Intent(planned=dict.fromkeys(MIDLEVEL, 0.5), caused=dict.fromkeys(MIDLEVEL, 0.5))
#: Programs that sound an octave off, like the stops of an organ or the strike tone of a bell.
OCTAVE_STOPS = {14: 1, 16: -1, 18: -1, 19: 1, 20: 1, 52: 1}
#: Programs without a definite pitch.
UNPITCHED = {47, 115, 116, 117, 118}
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


def test_clashing_notes_lie_a_semitone_a_tritone_or_a_tone_apart():
    notes = write(dissonance=1.0)
    clashing = notes[notes.clash_with.notna()]
    assert set((clashing.pitch - clashing.clash_with).abs() % 12) <= {1, 2, 3, 6, 10, 11}


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


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_instrument_sounds_its_written_pitch(program):
    part = Part("melody", program, notes=[Note(0.1, 1.5, 60, 0.7)])
    sound = render_parts([part])[0][int(0.2 * SR) : int(1.4 * SR)]
    cents = np.arange(-60, 61, 4)
    wanted = 261.626 * 2.0 ** OCTAVE_STOPS.get(program, 0)
    heard = cents[np.argmax([harmonic_strength(sound, wanted * 2 ** (c / 1200)) for c in cents])]
    assert abs(heard) <= 20


def test_a_note_a_third_of_a_semitone_off_is_noticed():
    part = Part("melody", 73, detune=35, notes=[Note(0.1, 1.5, 60, 0.7)])
    sound = render_parts([part])[0][int(0.2 * SR) : int(1.4 * SR)]
    cents = np.arange(-60, 61, 4)
    heard = cents[np.argmax([harmonic_strength(sound, 261.626 * 2 ** (c / 1200)) for c in cents])]
    assert heard > 20


@pytest.fixture(scope="module")
def clip():
    return build_clip(MIDDLE, build_album("orchestra", np.random.default_rng(1)), Dice(1))


def test_stems_add_up_to_the_mix(clip):
    album, parts = build_album("orchestra", np.random.default_rng(1)), clip.score.parts
    whole = render_parts(parts, tuning=album.tuning)
    apart = np.concatenate([render_parts([p], tuning=album.tuning) for p in reversed(parts)])[::-1]
    assert np.array_equal(whole, apart)
    together = render_mix(whole, album, Dice(1))
    np.testing.assert_allclose(render_mix(apart, album, Dice(1)), together, atol=1e-6)


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
