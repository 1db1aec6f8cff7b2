"""Truths about segments: every cell has one, none is empty, and what is loudest, connected or alike shares one."""

import hashlib
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from mer_utils.generated.corpus import load_generated
from mer_utils.segments import METHODS, SegmentError, build_segment_table, compute_segments
from mer_utils.spectrogram import compute_band_frequencies, compute_spectrogram, select_window

SR = 22050
N_FRAMES, N_BANDS = 313, 149
PICTURES = ("music", "noise", "constant", "click", "eight frames", "silence")
BY_MAGNITUDE = ("hpss", "nmf", "stems")


@cache
def clip():
    corpus = load_generated()
    return corpus.clip(corpus.tracks.index[0])


@cache
def music(gain=1.0):
    return select_window(compute_spectrogram(clip().mix * clip().gain * np.float32(gain)), 20)


def picture(name):
    rng = np.random.default_rng(0)
    return {
        "music": music,
        "noise": lambda: rng.random((N_FRAMES, N_BANDS), np.float32),
        "constant": lambda: np.ones((N_FRAMES, N_BANDS), np.float32),
        "click": lambda: np.eye(N_FRAMES, N_BANDS, 0, np.float32),
        "eight frames": lambda: np.tile(rng.random((1, N_BANDS), np.float32), (8, 1)),
        "silence": lambda: np.zeros((N_FRAMES, N_BANDS), np.float32),
    }[name]()


def segment(spec, method="felzenszwalb", **options):
    """Segment as called, with the stems of the clip where they are asked for."""
    stems = {"stems": clip().stems, "start": 20} if method == "stems" else {}
    return compute_segments(spec, method=method, **(stems | options))


def burst():
    """A tone of 440 Hz from 1 s to 2 s of three, over faint noise."""
    t = np.arange(3 * SR) / SR
    return np.sin(2 * np.pi * 440 * t) * (t >= 1) * (t < 2) + 1e-4 * np.random.default_rng(0).normal(size=len(t))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("method", METHODS)
def test_every_cell_has_a_label_and_every_label_a_cell(method, name, split):
    spec = picture(name)
    labels = segment(spec, method, **({"split": True} if split and "split" in METHODS[method].options else {}))
    assert labels.dtype == np.int32
    assert labels.shape == spec.shape
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))


@pytest.mark.parametrize("method", METHODS)
def test_switching_off_a_segment_changes_its_cells_alone(method):
    spec, labels = music(), segment(music(), method)
    n = labels.max() + 1
    masks = ~np.eye(n, dtype=bool)  # row k: all but k on
    changed = [np.where(mask[labels], spec, -1) != spec for mask in masks]
    assert all(np.array_equal(cells, labels == k) for k, cells in enumerate(changed))
    assert np.array_equal(np.sum(changed, axis=0), np.ones(spec.shape))


@pytest.mark.parametrize("method", METHODS)
def test_silence_is_one_segment(method):
    assert segment(picture("silence"), method).max() == 0
    assert segment(music(), method).max() > 0


def test_a_constant_has_nothing_to_tell_apart():
    assert compute_segments(picture("constant")).max() == 0
    assert compute_segments(picture("constant"), method="nmf").max() == 0
    assert compute_segments(picture("noise")).max() > 0


def test_the_default_is_what_the_papers_took():
    from skimage.segmentation import felzenszwalb

    labels = compute_segments(music())
    theirs = felzenszwalb(music() / np.abs(music()).max(), scale=25, min_size=40, channel_axis=None)
    assert len(np.unique(labels.ravel() * 10_000 + theirs.ravel())) == labels.max() + 1 == theirs.max() + 1
    assert np.bincount(labels.ravel()).min() >= 40
    assert labels.max() != compute_segments(music(), scale=5).max()


@pytest.mark.parametrize("method", ["felzenszwalb", "slic", "hpss"])
def test_a_factor_on_the_spectrogram_changes_nothing(method):
    assert all(np.array_equal(segment(music(), method), segment(factor * music(), method)) for factor in (0.25, 3, 8))


def test_the_gain_of_the_sound_moves_felzenszwalb():
    assert compute_segments(music(2.0)).max() > 1.03 * compute_segments(music()).max()


@pytest.mark.parametrize("method", BY_MAGNITUDE)
def test_the_gain_of_the_sound_leaves_what_compares_magnitudes(method):
    assert (segment(music(2.0), method) == segment(music(), method)).mean() > 0.999  # ties may fall otherwise
    assert (segment(music(2.0) ** 2, "nmf") == segment(music(), "nmf")).mean() < 0.999


def test_grids_are_even():
    labels = compute_segments(music(), method="grid", n_times=4, n_bands=3)
    assert labels[0, 0] == 0
    assert labels[-1, -1] == 11
    assert set(np.bincount(labels[:, 0])[[0, 3, 6, 9]]) <= {78, 79}
    assert set(np.bincount(labels[0])) <= {49, 50}
    assert compute_segments(music(), method="grid").max() + 1 == 60


@pytest.mark.parametrize(("method", "axis", "n"), [("time", 1, 20), ("bands", 0, 12)])
def test_slices_of_time_have_all_bands_and_bands_all_times(method, axis, n):
    labels = compute_segments(music(), method=method)
    assert np.all(np.ptp(labels, axis=axis) == 0)
    assert np.all(np.diff(labels.take(0, axis=axis)) >= 0)
    assert labels.max() + 1 == n


def test_more_slices_than_frames_leave_no_gaps():
    assert compute_segments(music()[:5], method="time").max() + 1 == 5


def test_a_tone_burst_is_a_segment_where_and_when_it_sounds():
    spec = compute_spectrogram(burst())
    table = build_segment_table(compute_segments(spec), spec)
    loudest = table.loc[table["mean"].idxmax()]
    assert loudest[["start", "end"]].to_numpy(float) == pytest.approx([1, 2], abs=0.15)
    assert loudest["low"] < 440 < loudest["high"] < 2 * loudest["low"]
    assert loudest["low"] > 330


def test_what_lasts_is_told_from_what_strikes():
    sound = burst() + 0.0
    sound[: 2 * SR : SR // 5] += 20.0  # a click every 0.2 s
    spec = compute_spectrogram(sound)
    labels = compute_segments(spec, method="hpss", n_times=1, n_bands=1)
    tone = np.argmin(np.abs(compute_band_frequencies() - 440))
    assert np.all(labels[35:58, tone] == labels[45, tone])
    clicks = spec[:28, 120].argsort()[-4:]
    assert np.all(labels[clicks, 120] != labels[45, tone])


def test_spectra_that_alternate_are_two_parts():
    spec = np.zeros((80, N_BANDS), np.float32)
    spec[:40, 20:30] = spec[40:, 60:70] = 1
    labels = compute_segments(spec, method="nmf", n_parts=2)
    assert np.ptp(labels[:40, 20:30]) == np.ptp(labels[40:, 60:70]) == 0
    assert labels[0, 20] != labels[-1, 60]


def build_stems():
    """A low tone before 0.8 s, a high one after 1.2 s."""
    t = np.arange(2 * SR) / SR
    return np.array([np.sin(2 * np.pi * 200 * t) * (t < 0.8), np.sin(2 * np.pi * 2000 * t) * (t > 1.2)])


def test_a_cell_belongs_to_its_loudest_stem_or_to_silence():
    stems = build_stems()
    labels = compute_segments(compute_spectrogram(stems.sum(axis=0)), method="stems", stems=stems)
    low, high = (np.argmin(np.abs(compute_band_frequencies() - hertz)) for hertz in (200, 2000))
    assert np.all(labels[:20, low] == 0)
    assert np.all(labels[40:60, high] == 1)
    assert np.all(labels[27:33] == 2)


def test_stems_begin_where_the_window_does():
    whole = compute_segments(compute_spectrogram(clip().mix), method="stems", stems=clip().stems)
    assert np.array_equal(segment(music(), "stems", start=20), whole[20 : 20 + N_FRAMES])
    assert not np.array_equal(segment(music(), "stems", start=21), whole[20 : 20 + N_FRAMES])


def test_split_makes_a_segment_of_each_connected_piece():
    t = np.arange(3 * SR) / SR
    stems = np.array([np.sin(2 * np.pi * 300 * t) * ((t < 1) | (t > 2))])
    spec = compute_spectrogram(stems[0])
    whole, pieces = (compute_segments(spec, method="stems", stems=stems, split=split) for split in (False, True))
    low = np.argmin(np.abs(compute_band_frequencies() - 300))
    assert whole[10, low] == whole[-10, low]
    assert pieces[10, low] != pieces[-10, low]
    assert np.bincount(pieces.ravel()).min() >= 40


def test_small_pieces_join_the_nearest():
    from mer_utils.softparts import select_pieces

    labels = np.zeros((20, N_BANDS), int)
    labels[3, 4] = labels[:, 100:] = 1
    assert len(np.unique(select_pieces(labels, min_size=2))) == 2
    assert len(np.unique(select_pieces(labels, min_size=1))) == 3
    assert select_pieces(labels, min_size=2)[3, 4] == select_pieces(labels, min_size=2)[0, 0]
    assert len(np.unique(select_pieces(labels, min_size=10_000))) == 1


def test_a_table_adds_up():
    spec, labels = music(), compute_segments(music())
    table = build_segment_table(labels, spec)
    assert table["cells"].sum() == spec.size
    assert table["energy share"].sum() == pytest.approx(1)
    third = labels == 3
    assert table.loc[3, "mean"] == pytest.approx(spec[third].mean(), rel=1e-5)
    assert table.loc[3, "energy share"] == pytest.approx(spec[third].sum() / spec.sum(), rel=1e-4)
    assert table.loc[3, "energy share"] != pytest.approx(spec[third].sum() / spec.sum() * 1.001, rel=1e-4)


def test_boxes_of_a_grid_tile_time_and_frequency():
    table = build_segment_table(compute_segments(music(), method="grid", n_times=2, n_bands=2), music(), start=5.0)
    assert table["start"].min() == 5
    assert table["end"].max() == pytest.approx(5 + N_FRAMES / 31.25)
    assert table.loc[0, "high"] == table.loc[1, "low"]
    assert table.loc[0, "end"] == table.loc[2, "start"] == pytest.approx(5 + 157 / 31.25)
    assert table["low"].min() < compute_band_frequencies()[0] < compute_band_frequencies()[-1] < table["high"].max()


def test_a_segment_of_one_band_lies_around_its_centre():
    labels = np.tile(np.arange(N_BANDS), (4, 1))
    table = build_segment_table(labels, np.ones(labels.shape))
    assert np.all((table["low"] < compute_band_frequencies()) & (compute_band_frequencies() < table["high"]))
    assert np.array_equal(table["high"][:-1], table["low"][1:])


def test_silence_has_no_energy_to_share():
    spec = picture("silence")
    assert build_segment_table(np.zeros(spec.shape, int), spec)["energy share"].tolist() == [0]


@pytest.mark.parametrize("labels", [np.zeros((5, N_BANDS), int), np.ones((N_FRAMES, N_BANDS), int)])
def test_a_table_needs_labels_of_this_spectrogram(labels):
    with pytest.raises(SegmentError, match="without gaps"):
        build_segment_table(labels, music())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("method", METHODS)
def test_a_spectrogram_is_finite(method, bad):
    spec = music().copy()
    spec[7, 7] = bad
    with pytest.raises(SegmentError, match="finite"):
        segment(spec, method)


@pytest.mark.parametrize("shape", [(N_FRAMES, 148), (N_BANDS,), (1, N_FRAMES, N_BANDS), (0, N_BANDS)])
def test_a_spectrogram_has_149_bands(shape):
    with pytest.raises(SegmentError, match=r"\(n_frames, 149\), not \("):
        compute_segments(np.ones(shape))


BAD_OPTIONS = [
    ("watershed", {}, "choose one of: felzenszwalb, slic, grid, time, bands, hpss, nmf, stems"),
    ("grid", {"n_time": 3}, "grid has no option 'n_time'; there are: n_times, n_bands"),
    ("time", {"n_bands": 3}, "there are: n_times"),
    ("grid", {"n_times": 0}, "n_times of grid must be a whole number, at least 1, not 0"),
    ("grid", {"n_bands": 2.5}, "at least 1, not 2.5"),
    ("felzenszwalb", {"scale": -1}, "finite number, at least 0, not -1"),
    ("felzenszwalb", {"sigma": np.inf}, "not inf"),
    ("hpss", {"split": "yes"}, "must be True or False, not 'yes'"),
    ("nmf", {"n_parts": 1000}, "nmf finds no segments with these options: .*"),
    ("stems", {}, "stems needs the option stems"),
    ("stems", {"stems": np.zeros(9)}, r"shape \(n_parts, n_samples\), not \(9,\)"),
    ("stems", {"stems": np.zeros((2, SR * 15)), "start": 400}, "must start at frame 0 to 156, not 400"),
    ("stems", {"stems": np.full((2, SR), np.nan)}, "NaN"),
]


@pytest.mark.parametrize(("method", "options", "message"), BAD_OPTIONS)
def test_what_cannot_be_done_is_told_in_one_line(method, options, message):
    with pytest.raises(SegmentError, match=message) as caught:
        compute_segments(music(), method=method, **options)
    assert "\n" not in str(caught.value)


def test_there_are_eight_methods_and_no_other():
    assert len(METHODS) == 8
    with pytest.raises(SegmentError, match="choose one of: felzenszwalb"):
        compute_segments(music(), method="watershed")


def digest():
    """SHA-256 of the labels that all methods give for a clip."""
    return hashlib.sha256(b"".join(segment(music(), method).tobytes() for method in METHODS)).hexdigest()


def test_another_process_finds_the_same_segments():
    code = "import sys; sys.path.insert(0, sys.argv[1]); from test_segments import digest; print(digest())"
    call = [sys.executable, "-c", code, str(__file__).rpartition("/")[0]]
    assert subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip() == digest()
