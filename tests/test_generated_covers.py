"""The pair of covers: two performances of one tune that differ as they were asked to, note by note and as heard."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import signal

from mer_utils.generated.covers import build_cover_table, build_wanted_table, describe_hearing, render_covers
from mer_utils.generated.renderer import SR
from mer_utils.generated.truth import build_truth
from mer_utils.generated.tunes import GREENSLEEVES
from mer_utils.layers import build_published_layer
from mer_utils.predictor import Predictor
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.spectrogram import compute_spectrogram

COVERS = render_covers()
TITLES = ("acoustic", "distorted")
TABLE = build_cover_table(COVERS)
# What the second has more of (+) or less of (-) than the first, and by how much at least.
MARGINS = {
    "tempo (BPM)": 50,
    "players": 3,
    "notes per second": 15,
    "clashing notes (%)": 20,
    "notes outside the key (%)": 8,
    "mean distance from the beat grid (ms)": 50,
    "syncopated notes (%)": 30,
    "median sounding ratio": -0.1,
    "leaps in the melody (%)": 8,
}
HEARD = {
    "melodiousness": -0.25,
    "rhythmic complexity": 0.2,
    "rhythmic stability": -0.1,
    "dissonance": 0.15,
    "tonal stability": -0.2,
    "valence": -0.2,
    "energy": 0.1,
    "tension": 0.2,
    "anger": 0.15,
    "fear": 0.2,
    "sad": -0.2,
    "tender": -0.2,
}


@pytest.fixture(params=COVERS, ids=TITLES)
def cover(request):
    return request.param


def differ_as_wanted(first, second, margins):
    """Which names differ in the direction of their margin by at least that much."""
    return {name for name, margin in margins.items() if (second[name] - first[name]) / margin >= 1}


def measure_spectrum(y):
    """Magnitudes (2049, n) on a grid of 5.4 Hz and 23 ms, frames about their times."""
    return np.abs(signal.stft(y, SR, nperseg=4096, noverlap=4096 - 512)[2])


def locate(start, length, pitch):
    """Rows of the first three harmonics of a note, five bins each, and the frames in which it begins to sound."""
    harmonics = 440 * 2 ** ((pitch - 69) / 12) * np.array([1, 2, 3]) * 4096 / SR
    first = int(start * SR / 512)
    frames = slice(first, max(first + 2, int((start + min(length, 0.4)) * SR / 512)))
    return np.add.outer(np.round(harmonics).astype(int), np.arange(-2, 3)).ravel(), frames


def test_covers_are_named_in_order_and_long_as_any_clip():
    assert tuple(cover.title for cover in COVERS) == TITLES
    assert {cover.clip.mix.shape for cover in COVERS} == {(330750,)}


def test_only_the_tune_and_its_minor_key_are_common():
    first, second = (cover.wanted for cover in COVERS)
    assert list(first) == list(second) == list(MIDLEVEL)
    assert [name for name in MIDLEVEL if first[name] == second[name]] == ["minorness"]
    assert {(cover.clip.score.tonic, cover.clip.score.minor) for cover in COVERS} == {(9, True)}


def test_what_was_played_differs_as_wanted():
    assert differ_as_wanted(TABLE["acoustic"], TABLE["distorted"], MARGINS) == set(MARGINS)
    assert differ_as_wanted(TABLE["distorted"], TABLE["acoustic"], MARGINS) == set()


def test_thirds_are_about_as_minor_as_the_chords_of_the_song():
    assert set(TABLE.index) - set(MARGINS) == {"minor thirds among thirds (%)"}
    shares = TABLE.loc["minor thirds among thirds (%)"]
    np.testing.assert_allclose(shares, [100 * 4 / 7, 100 * 7 / 13], atol=10)  # of the bars that are reached
    assert abs(shares - 100).min() > 10


def test_the_table_counts_what_is_in_the_score(cover):
    notes = build_truth(cover.clip.score)
    column = TABLE[cover.title]
    assert column["notes per second"] * 15 == pytest.approx(len(notes))
    pitched = [note for part in cover.clip.score.parts if not part.drums for note in part.notes]
    clashing = sum(note.clash_with is not None for note in pitched)
    assert column["clashing notes (%)"] == pytest.approx(100 * clashing / len(pitched))


def test_each_count_is_of_the_notes_that_it_names(cover):
    notes, column = build_truth(cover.clip.score), TABLE[cover.title]
    rows = notes.to_dict("records")
    pitched = [row for row in rows if not row["drums"]]
    own = [row["leap"] != 0 for row in pitched if row["role"] == "melody" and pd.isna(row["clash_with"])]
    assert column["players"] == len(cover.clip.score.parts)
    assert column["mean distance from the beat grid (ms)"] == pytest.approx(
        1000 * np.mean([abs(row["off_grid"]) for row in rows])
    )
    assert column["syncopated notes (%)"] == pytest.approx(100 * np.mean([row["syncopated"] for row in rows]))
    assert column["median sounding ratio"] == np.median([row["staccato"] for row in pitched])
    assert column["leaps in the melody (%)"] == pytest.approx(100 * np.mean(own))


def test_counts_of_what_is_not_there_are_missing():
    clip = COVERS[0].clip
    bare = replace(clip.score, parts=[part for part in clip.score.parts if part.role == "ostinato"])
    column = build_cover_table([replace(COVERS[0], clip=replace(clip, score=bare))])["acoustic"]
    assert column.index[column.isna()].tolist() == ["leaps in the melody (%)", "minor thirds among thirds (%)"]


def test_covers_are_the_same_in_every_call():
    for again, cover in zip(render_covers(), COVERS, strict=True):
        assert again.clip.mix.tobytes() == cover.clip.mix.tobytes()
        assert again.wanted == cover.wanted


def test_levels_are_sane(cover):
    y = cover.clip.mix * cover.clip.gain
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)
    assert abs(np.abs(cover.clip.mix).max() - 1) > 0.1  # without its gain a cover would be clipped
    assert -24 < 20 * np.log10(np.sqrt(np.mean(y**2))) < -12
    assert min(np.abs(part).max() for part in np.split(y, 30)) > 0.05  # no half second is silent


def test_the_first_line_is_played_as_written():
    for cover, n_notes in zip(COVERS, (16, 19), strict=True):
        line = next(part for part in cover.clip.score.parts if part.role == "melody").notes
        played = [note.pitch - 69 for note in line if note.clash_with is None]
        assert played[:n_notes] == [step for _, _, step in GREENSLEEVES.melody[:n_notes]]


def test_after_its_first_line_the_distorted_tune_comes_apart():
    line = next(part for part in COVERS[1].clip.score.parts if part.role == "melody").notes
    played = [note.pitch - 69 for note in line if note.clash_with is None]
    assert played[19:] != [step for _, _, step in GREENSLEEVES.melody[19 : len(played)]]


def test_the_melody_is_not_masked(cover):
    """Nearly all notes are stronger, at their first harmonics, than all other players together."""
    place = [part.role for part in cover.clip.score.parts].index("melody")
    own, others = map(measure_spectrum, (cover.clip.stems[place], np.delete(cover.clip.stems, place, 0).sum(0)))
    cells = [locate(note.onset, note.duration, note.pitch) for note in cover.clip.score.parts[place].notes]
    above = [np.sum(own[rows, frames] ** 2) / np.sum(others[rows, frames] ** 2) for rows, frames in cells]
    assert np.mean(np.array(above) > 1) > 0.85
    assert np.mean(np.array(above) / 100 > 1) < 0.5  # not so if it were 20 dB softer


def test_the_tune_can_be_found_in_the_mix(cover):
    """In the sound alone, the first line as written meets more than its own notes do in any of 100 other orders."""
    beat = 60 / cover.clip.score.tempo
    sound = np.log10(measure_spectrum(cover.clip.mix * cover.clip.gain) + 1e-5)
    starts, lengths, steps = np.array(GREENSLEEVES.melody[:16]).T

    def compute_score(steps):
        notes = zip(starts * beat, lengths * beat, steps + 69, strict=True)
        return np.mean([sound[rows[:5], frames].mean() for rows, frames in (locate(*note) for note in notes)])

    rng = np.random.default_rng(0)
    assert compute_score(steps) > max(compute_score(rng.permutation(steps)) for _ in range(100))


def test_the_released_network_hears_the_difference():
    predictor = Predictor.load("joint")
    specs = [compute_spectrogram(cover.clip.mix * cover.clip.gain) for cover in COVERS]
    heard = [np.hstack(predictor.predict_track(spec)[:2]) for spec in specs]
    first, second = (dict(zip(MIDLEVEL + EMOTIONS, values, strict=True)) for values in heard)
    assert differ_as_wanted(first, second, HEARD) == set(HEARD)
    assert abs(second["minorness"] - first["minorness"]) < 0.1


def test_what_was_asked_of_the_covers_is_on_the_unit_scale():
    wanted = build_wanted_table(COVERS)
    assert list(wanted) == list(MIDLEVEL)
    assert wanted.loc["distorted", "dissonance"] == COVERS[1].wanted["dissonance"] / 10


def test_what_a_net_mishears_is_told():
    layer = build_published_layer()
    heard = build_wanted_table(COVERS)
    heard.loc["distorted", "minorness"] += 0.3
    told = describe_hearing(COVERS, heard, layer=layer)
    assert "minorness was asked to change by +0.00; the net hears +0.30." in told
    changes = [float(number) for number in re.findall(r"by ([-+]\d\.\d\d)", told)][1:]
    assert changes[1] - changes[0] == pytest.approx(0.3 * layer.weights[3, 6], abs=0.011)
