"""Sentences about sounds: each number is the right one, and what makes no difference is not called one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakesounds import build_noise, explain_sound

from mer_utils.blindoutcome import compute_outcome
from mer_utils.listening import render_gained
from mer_utils.passages import Passage
from mer_utils.soundwords import build_findings, describe_kept, describe_paper, describe_round_trip

Y = build_noise()
KNOWN = explain_sound(Y, np.zeros(60))


def explain_segments(segments, kept):
    """Explain noise by segments (48, 149), of which some raise the output."""
    weights = np.isin(np.arange(segments.max() + 1), kept).astype(float)[:, None]
    return replace(KNOWN, segments=segments.astype(np.int32), weights=weights, robust_errors=1e-6 + 0 * weights)


def build_strips(*, long, wide):
    """Cut 48 x 149 cells into strips of 12 frames and 4 bands, or of 4 frames and 12 bands where ``wide``."""
    frames, bands = np.meshgrid(np.arange(48), np.arange(149), indexing="ij")
    return np.where(wide, long + frames // 4 * 13 + bands // 12, frames // 12 * 38 + bands // 4)


def test_segments_that_last_longer_are_called_longer():
    upper = np.broadcast_to(np.arange(149) >= 72, (48, 149))
    labels = np.unique(build_strips(long=1000, wide=upper), return_inverse=True)[1].reshape(48, 149)
    lower = [k for k in np.unique(labels[:, :72]) if (labels == k).sum() == 48]
    said = describe_kept(explain_segments(labels, lower), "o0", rule="bh")
    assert f"{len(lower)} of {labels.max() + 1} segments" in said
    assert "longer (0.38 against" in said
    assert "narrower in pitch" in said
    assert "shorter" not in said


def test_random_segments_are_no_different():
    labels = np.unique(np.kron(np.arange(24 * 37).reshape(24, 37), np.ones((2, 4), int)), return_inverse=True)[1]
    labels = np.pad(labels.reshape(48, 148), ((0, 0), (0, 1)), mode="edge")
    drawn = [np.random.default_rng(seed).permutation(24 * 37)[:30] for seed in range(8)]
    said = [describe_kept(explain_segments(labels, kept), "o0") for kept in drawn]
    assert sum("no different in length, pitch, width or attack." in words for words in said) >= 6


def test_nothing_kept_is_nothing_to_hear():
    assert describe_kept(KNOWN, "o0") == "Nothing raises o0 for certain: there is nothing to hear."


def test_the_way_of_2019_has_a_smaller_range():
    fading = (Y * 10 ** (-2 * np.linspace(0, 1, len(Y)))).astype(np.float32)
    passage = Passage(fading, explain_sound(fading, np.zeros(60)))
    kept, paper = (render_gained(passage, np.ones((48, 149)), mode="all", method=m) for m in ("exact", "paper"))
    dbs = [int(word) for word in describe_paper(passage, paper).split() if word.isdecimal()]
    assert dbs[1:] == [pytest.approx(17, abs=2), pytest.approx(20, abs=2)] or dbs[-2] < dbs[-1]
    assert describe_paper(passage, kept).count(f" {dbs[-1]} dB") == 2


def test_a_round_trip_names_what_is_left():
    table = pd.DataFrame(
        {"whole": [0.8, 0.8], "masked": [0.6, 0.9], "sound": [0.65, 0.85], "survives": [0.75, 0.5]},
        ["positive removed", "negative removed"],
    )
    said = describe_round_trip({"articulation": table})
    assert "articulation 0.800 → 0.600 on the spectrogram, 0.650 in the sound (75% of the effect is left)" in said
    nothing = table.assign(survives=np.nan)
    assert "(no effect to keep)" in describe_round_trip({"articulation": nothing})


def test_findings_are_made_of_their_numbers():
    trip = pd.DataFrame({"whole": [0.8], "masked": [0.6], "sound": [0.65], "survives": [0.75]}, ["positive removed"])
    cells = pd.MultiIndex.from_product([[6, 12], ["articulation", "minorness"]], names=["db", "feature"])
    numbers = {"obtained": [0.02, 0.04, 0.1, 0.1], "promised": [0.1, 0.02, 1, 1], "n_tracks": 30}
    summary = pd.DataFrame(numbers, cells).assign(failure=["", "no further", "", ""])
    said = build_findings({"articulation": trip}, summary, gap=2e-6, coin=compute_outcome(9, 16))
    assert "articulation by -0.150 (75% of the effect is left)" in said[0]
    assert (
        "+0.030 in the mean over features and 30 clips, +0.020 to +0.040. That is 50% of what weights promise"
        in said[1]
    )
    assert "3 of 4 edits" in said[1]
    assert "2.0e-06" in said[2]
    assert "9 of 16 in the blind test; who hears a difference needs 12." in said[3]
