"""Listening: what a mode promises is what sounds, and its loudness is told as it is."""

import numpy as np
import pytest
from fakesounds import SR, build_noise, compute_level, explain_sound

from mer_utils.explanation import ExplainError
from mer_utils.listening import MODES, build_gains, describe_rendering, render_edit, render_explanation, render_gained
from mer_utils.passages import Passage
from mer_utils.resynthesis import GainError

RAISES, LOWERS = 17, 42  # tiles: frames 12-15 in bands 60-89, and frames 32-35 in bands 60-89
WEIGHTS = np.eye(60)[RAISES] - 0.5 * np.eye(60)[LOWERS]
Y = build_noise()
PASSAGE = Passage(Y, explain_sound(Y, WEIGHTS))


def select_cells(tile):
    return PASSAGE.explanation.segments == tile


@pytest.mark.parametrize(
    ("mode", "raising", "lowering", "rest"),
    [
        ("positive only", 1, 0, 0),
        ("negative only", 0, 1, 0),
        ("positive removed", 0, 1, 1),
        ("negative removed", 1, 0, 1),
        ("positive edited", 2, 1, 1),
        ("negative edited", 1, 2, 1),
        ("both edited", 2, 0.5, 1),
    ],
)
def test_gains_are_those_of_the_mode(mode, raising, lowering, rest):
    gains = build_gains(PASSAGE.explanation, "o0", mode=mode, db=20 * np.log10(2))
    assert np.allclose(gains[select_cells(RAISES)], raising)
    assert np.allclose(gains[select_cells(LOWERS)], lowering)
    assert np.allclose(gains[~select_cells(RAISES) & ~select_cells(LOWERS)], rest)


def test_irrelevant_frames_are_silenced_as_a_whole():
    gains = build_gains(PASSAGE.explanation, "o0", mode="irrelevant silenced")
    kept = [*range(12, 16), *range(32, 36)]
    assert np.flatnonzero(gains.all(axis=1)).tolist() == np.flatnonzero(gains.any(axis=1)).tolist() == kept


@pytest.mark.parametrize("smoothing", [0, 0.7])
def test_only_and_removed_add_up_to_the_passage(smoothing):
    for sign in ("positive", "negative"):
        parts = [
            render_explanation(PASSAGE, "o0", mode=f"{sign} {m}", smoothing=smoothing) for m in ("only", "removed")
        ]
        rest = sum(part.y for part in parts) - PASSAGE.cut(Y)
        assert compute_level(rest) < compute_level(Y) - 100
        assert compute_level(parts[0].y - PASSAGE.cut(Y)) > compute_level(Y) - 3


def test_what_raises_sounds_when_and_where_it_is():
    y = render_explanation(PASSAGE, "o0").y
    sounding = slice(int(12 * 705.6), int(15 * 705.6) + 2048)
    assert compute_level(y[sounding]) > compute_level(y[int(25 * 705.6) :]) + 60
    spectrum = np.abs(np.fft.rfft(y[sounding])) ** 2
    hertz = np.fft.rfftfreq(sounding.stop - sounding.start, 1 / SR)
    inside = (hertz > 600) & (hertz < 2100)  # bands 60 to 89 reach from 662 to 1895 Hz
    assert spectrum[inside].sum() > 0.98 * spectrum.sum()


def test_levels_are_those_of_the_samples():
    for mode in MODES:
        rendering = render_explanation(PASSAGE, "o0", mode=mode, db=12)
        assert rendering.level == pytest.approx(compute_level(rendering.y) - compute_level(PASSAGE.cut(Y)), abs=1e-3)
        assert rendering.peak == np.abs(rendering.y).max()
    assert rendering.mode == MODES[-1]


def test_the_leak_is_what_is_left_in_hidden_cells():
    hard, soft = (render_explanation(PASSAGE, "o0", mode="positive removed", smoothing=s) for s in (0, 3))
    assert -30 < hard.leak < soft.leak - 3 < -3
    assert np.isnan(render_explanation(PASSAGE, "o0", mode="positive edited", db=-60).leak)
    assert f"(hidden cells: {hard.leak:+.0f} dB)" in describe_rendering(hard)


def test_an_empty_selection_is_silence_that_says_so():
    nothing = Passage(Y, explain_sound(Y, np.zeros(60)))
    rendering = render_explanation(nothing, "o0")
    assert not rendering.y.any()
    assert rendering.level == -np.inf
    assert describe_rendering(rendering) == "positive only: silence, for no segment was kept that sounds"
    assert render_explanation(nothing, "o0", mode="positive removed").level == pytest.approx(0, abs=1e-6)


def test_an_edit_changes_the_whole_sound_where_it_should():
    edited = render_edit(PASSAGE, "o0", db=12)
    changed = np.flatnonzero(np.abs(edited - Y) > 1e-6)
    assert len(edited) == len(Y)
    assert int(19 * 705.6) < changed[0] < int(22 * 705.6) < changed[-1] < int(28 * 705.6) + 2048
    assert np.array_equal(render_edit(PASSAGE, "o0", db=0), Y)
    both = render_edit(PASSAGE, "o0", db=12, sign="both")
    assert np.flatnonzero(np.abs(both - edited) > 1e-6)[0] > int(39 * 705.6)


def test_a_clipping_rendering_is_reported():
    loud, usual = (render_explanation(PASSAGE, "o0", mode="positive edited", db=db) for db in (40, -40))
    assert loud.peak > 1
    assert "would clip" in describe_rendering(loud)
    assert usual.peak <= 1
    assert "would clip" not in describe_rendering(usual)


def test_the_way_of_2019_is_another_sound():
    paper = render_explanation(PASSAGE, "o0", mode="positive removed", method="paper")
    assert np.abs(paper.y).max() == 1
    assert len(paper.y) == 47 * 706
    assert np.isnan(paper.leak)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"mode": "positiv only"}, "unknown mode 'positiv only'"),
        ({"mode": "positive edited", "db": np.nan}, "up to 120 decibels"),
        ({"mode": "positive edited", "db": 1000}, "up to 120 decibels"),
        ({"rule": "best"}, "unknown rule 'best'"),
        ({"method": "griffin"}, "unknown method 'griffin'; there are: exact, paper"),
    ],
)
def test_unknown_choices_are_refused(choice, words):
    with pytest.raises(ExplainError, match=words):
        render_explanation(PASSAGE, "o0", **choice)
    with pytest.raises(ExplainError, match="explained were: o0"):
        render_explanation(PASSAGE, "o1")


def test_any_gains_can_be_heard():
    gains = np.full((48, 149), 0.5)
    rendering = render_gained(PASSAGE, gains, mode="half")
    assert np.allclose(rendering.y, PASSAGE.cut(Y) / 2, atol=1e-6)
    assert rendering.level == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("gains", [np.full((48, 149), -1.0), np.full((48, 149), np.nan), np.full((48, 149), 1e9)])
def test_gains_that_are_none_are_refused(gains):
    with pytest.raises(GainError, match="factors from 0 to 1e"):
        render_gained(PASSAGE, gains, mode="wrong")


def test_gains_of_another_window_are_refused():
    with pytest.raises(GainError, match="the window has 48 frames, these gains have 47"):
        render_gained(PASSAGE, np.ones((47, 149)), mode="wrong")
