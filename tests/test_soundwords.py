"""Sentences about sounds: each number is the right one, and what makes no difference is not called one."""

from dataclasses import replace

import numpy as np
import pandas as pd
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
    wide = np.broadcast_to((np.arange(48) // 12 % 2 == 0)[:, None], (48, 149))
    labels = np.unique(build_strips(long=1000, wide=wide), return_inverse=True)[1].reshape(48, 149)
    long = np.unique(labels[~wide])
    said = describe_kept(explain_segments(labels, long), "o0", rule="bh")
    assert f"{len(long)} of {labels.max() + 1} segments" in said
    assert "they last 0.38 (0." in said
    assert "they are surely longer and narrower in pitch" in said


def test_random_segments_are_seldom_called_different():
    frames, bands = (np.repeat(np.arange(n), size) for n, size in ((16, 3), (38, 4)))
    labels = frames[:, None] * 38 + bands[None, :149]
    rng = np.random.default_rng(1)
    drawn = [rng.permutation(16 * 38)[:30] for _ in range(20)]
    said = [describe_kept(explain_segments(labels, kept), "o0", seed=1000 * k) for k, kept in enumerate(drawn)]
    assert sum(words.endswith("a permutation test does not tell them apart.") for words in said) >= 17


def test_nothing_kept_is_nothing_to_hear():
    assert describe_kept(KNOWN, "o0") == "None of the 30 largest weights raises *o0*: there is nothing to hear."
    assert describe_kept(KNOWN, "o0", rule="bh") == "No segment raises *o0*: there is nothing to hear."


def test_where_all_are_kept_nothing_is_different():
    assert describe_kept(explain_segments(KNOWN.segments, range(60)), "o0", rule="bh").endswith(
        "does not tell them apart."
    )


def test_the_way_of_2019_has_a_smaller_range():
    fading = (Y * 10 ** (-2 * np.linspace(0, 1, len(Y)))).astype(np.float32)
    passage = Passage(fading, explain_sound(fading, np.zeros(60)))
    kept, paper = (render_gained(passage, np.ones((48, 149)), mode="all", method=m) for m in ("exact", "paper"))
    small, large = (
        int(words.split()[0]) for words in describe_paper(passage, paper).split(" second is ")[1].split(" has ")
    )
    assert small < large - 2
    assert f"second is {large} dB, where the original has {large} dB" in describe_paper(passage, kept)


TRIP = pd.DataFrame(
    {"whole": 0.8, "masked": 0.6, "smoothed": 0.63, "sound": 0.65, "random": 0.79, "survives": 0.75},
    ["positive removed", "negative removed"],
)


def test_a_round_trip_names_what_is_left():
    said = describe_round_trip({"articulation": TRIP})
    assert "from 0.800 to 0.600 on the spectrogram, 0.630 with smoothed edges, and 0.650 in the sound" in said
    assert "(75% of the effect is left); without as many others, as large and as loud, to 0.790." in said
    assert "(no effect to keep)" in describe_round_trip({"articulation": TRIP.assign(survives=np.nan)})


def test_findings_are_made_of_their_numbers():
    cells = pd.MultiIndex.from_product([[6, 12], ["articulation", "minorness"]], names=["db", "feature"])
    numbers = {"obtained": [0.02, 0.04, 0.1, 0.1], "promised": [0.1, 0.02, 1, 1], "on_paper": 0.05, "n_tracks": 30}
    summary = pd.DataFrame(numbers, cells).assign(failure=["", "no further", "", ""])
    said = build_findings(
        {"articulation": TRIP},
        summary,
        gap=2e-6,
        blind={"A coin": compute_outcome(9, 16), "You": compute_outcome(13, 16)},
    )
    assert "articulation by -0.150 (as many others, as large and as loud: -0.010)" in said[0]
    assert "+0.030 in the mean over features and 30 clips, +0.020 to +0.040" in said[1]
    assert "83% come true on the spectrogram and 50% in the sound. 3 of 4 edits" in said[1]
    assert "2.0e-06" in said[2]
    assert "of 16 trials: a coin 9, you 13; 12 are needed" in said[3]
