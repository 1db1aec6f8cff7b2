"""The generated corpus as a corpus: splits, ratings, sound, cache, truth and twins."""

import subprocess
import sys

import numpy as np
import pytest

from mer_utils.corpora import CorpusError, load_corpus, save_corpus
from mer_utils.generated.intent import Focus
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.spectrogram import compute_spectrogram


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return load_corpus("generated", n_tracks=48, root=tmp_path_factory.mktemp("cache"))


def test_tables_have_the_fixed_columns(corpus):
    assert tuple(corpus.midlevel) == MIDLEVEL
    assert tuple(corpus.emotion) == EMOTIONS
    assert corpus.midlevel.index.equals(corpus.tracks.index)
    assert corpus.tracks.index.is_unique


def test_observed_ratings_are_in_range(corpus):
    for table in (corpus.midlevel, corpus.emotion, corpus.true_midlevel, corpus.true_emotion):
        assert table.min().min() >= 1
        assert table.max().max() <= 10


@pytest.mark.parametrize("n_tracks", [40, 48, 333, 1400])
def test_no_album_and_no_rating_vector_is_in_two_splits(n_tracks):
    tracks = load_corpus("generated", n_tracks=n_tracks).tracks
    assert len(tracks) == n_tracks
    assert (tracks.groupby("album")["split"].nunique() == 1).all()
    assert (tracks.groupby("vector")["split"].nunique() == 1).all()


def test_renderings_of_a_rating_vector_are_on_different_albums():
    tracks = load_corpus("generated", n_tracks=400).tracks
    assert (tracks.groupby("vector")["album"].nunique() == 2).all()


@pytest.mark.parametrize("renderings", [1, 3, 4])
def test_any_number_of_renderings_finds_albums(renderings):
    tracks = load_corpus("generated", n_tracks=48, renderings=renderings).tracks
    assert (tracks.groupby("vector")["album"].nunique() == tracks.groupby("vector").size()).all()


def test_held_out_styles_are_in_their_own_split():
    tracks = load_corpus("generated", n_tracks=400).tracks
    assert not set(tracks[tracks.split == "style"]["style"]) & set(tracks[tracks.split != "style"]["style"])


def test_smoke_has_twelve_test_clips(corpus):
    assert len(corpus.select("test")) >= 12


def test_audio_is_peak_normalised(corpus):
    y, sr = corpus.audio("g0005")
    assert sr == 22050
    assert y.dtype == np.float32
    assert np.abs(y).max() == pytest.approx(1, abs=1e-6)


def test_sound_does_not_depend_on_the_order_of_requests(corpus):
    first = corpus.audio("g0003")[0].tobytes()
    corpus.audio("g0004")
    assert corpus.audio("g0003")[0].tobytes() == first


def test_another_process_makes_the_same_bytes(corpus):
    code = (
        "import hashlib; from mer_utils.corpora import load_corpus;"
        "y = load_corpus('generated', n_tracks=48).audio('g0007')[0]; print(hashlib.sha256(y.tobytes()).hexdigest())"
    )
    import hashlib

    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == hashlib.sha256(corpus.audio("g0007")[0].tobytes()).hexdigest()


def test_cached_spectrograms_are_those_of_the_sound(corpus):
    cached = corpus.spectrograms(["g0002", "g0011"], progress=False)
    assert cached[0].shape == (469, 149)
    assert not cached[0].flags.writeable
    assert np.array_equal(cached[1], compute_spectrogram(corpus.audio("g0011")[0]))


def test_an_interrupted_cache_is_finished_not_begun_again(tmp_path, monkeypatch):
    from mer_utils.generated import cache

    corpus = load_corpus("generated", n_tracks=40, root=tmp_path)
    path = corpus.cache / "spectrograms.npy"
    corpus.cache.mkdir(parents=True)
    specs, done = cache._open(path.with_suffix(".part.npy"), path.with_suffix(".done.npy"), 40)
    specs[:30], done[:30] = 7.0, True
    del specs, done
    spec = corpus.spectrograms(["g0000", "g0039"], progress=False)
    assert np.all(spec[0] == 7.0)
    assert np.array_equal(spec[1], compute_spectrogram(corpus.audio("g0039")[0]))
    assert [p.name for p in corpus.cache.glob("*.npy")] == ["spectrograms.npy"]


def test_a_cache_that_lacks_only_its_name_is_given_it(tmp_path):
    from mer_utils.generated import cache

    corpus = load_corpus("generated", n_tracks=40, root=tmp_path)
    path = corpus.cache / "spectrograms.npy"
    corpus.cache.mkdir(parents=True)
    _, done = cache._open(path.with_suffix(".part.npy"), path.with_suffix(".done.npy"), 40)
    done[:] = True
    done.flush()
    assert not np.any(corpus.spectrograms(["g0001"], progress=False)[0])


def test_other_music_needs_another_version(corpus):
    """Whoever changes the music of a seed raises `generated.corpus.VERSION` and then these sums."""
    notes = [corpus.truth(track) for track in ("g0000", "g0020")]
    assert (corpus.version, *(int(table.pitch.sum()) for table in notes)) == ("1", 36381, 40512)


def test_a_corpus_can_be_written_out(corpus, tmp_path):
    from mer_utils.audio import load_audio

    save_corpus(corpus, tmp_path / "out", track_ids=["g0001", "g0002"], suffix=".flac")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "emotion.csv", "g0001.flac", "g0002.flac", "midlevel.csv", "tracks.csv",
    ]  # fmt: skip
    np.testing.assert_allclose(load_audio(tmp_path / "out" / "g0001.flac")[0], corpus.audio("g0001")[0], atol=1e-4)


@pytest.mark.parametrize("bad", [{"track_ids": ["g0001", "nope"]}, {"track_ids": "g0001"}, {"suffix": ".aac"}])
def test_a_wrong_request_writes_nothing(corpus, tmp_path, bad):
    with pytest.raises(CorpusError):
        save_corpus(corpus, tmp_path / "out", **bad)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_tracks": "48"}, "whole numbers"),
        ({"seed": -1}, "seed >= 0"),
        ({"n_track": 3}, "n_tracks"),
        ({"n_tracks": 3}, "n_tracks >= 40"),
        ({"extra": len}, "go together"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(CorpusError, match=message):
        load_corpus("generated", **options)


def test_unknown_names_list_those_there_are(corpus):
    with pytest.raises(CorpusError, match="generated"):
        load_corpus("deam")
    with pytest.raises(CorpusError, match="g0000"):
        corpus.audio("track 1")
    with pytest.raises(CorpusError, match="test, train"):
        corpus.select("dev")


def test_options_change_the_fingerprint():
    prints = {load_corpus("generated", **o).fingerprint for o in ({}, {"seed": 1}, {"rater_noise": 0.5})}
    extra = load_corpus("generated", extra=lambda row: np.zeros(330750), extra_name="nothing")
    assert len(prints | {extra.fingerprint}) == 4


def test_extra_signal_is_added_to_the_mix():
    tone = 0.5 * np.sin(2 * np.pi * 5000 / 22050 * np.arange(330750)).astype(np.float32)
    plain = load_corpus("generated", n_tracks=48).clip("g0001")
    marked = load_corpus("generated", n_tracks=48, extra=lambda row: tone * (row["anger"] >= 1), extra_name="tone")
    np.testing.assert_allclose(marked.clip("g0001").mix - plain.mix, tone, atol=1e-6)


def test_truth_tells_when_what_sounds(corpus):
    truth = corpus.truth("g0001")
    assert truth.onset.between(0, 15).all()
    assert (truth.end > truth.onset).all()
    assert {"part", "role", "clash_with", "out_of_key", "third", "staccato", "off_grid"} <= set(truth)


def make_twin(corpus, feature, **focus):
    delta = 0.6 if corpus.intent("g0006").caused[feature] < 0.5 else -0.6
    return corpus.twin("g0006", feature, delta, focus=Focus(feature, **focus) if focus else None)


@pytest.mark.parametrize("feature", MIDLEVEL)
def test_a_twin_is_the_same_until_its_first_changed_note(corpus, feature):
    twin = make_twin(corpus, feature)
    first = max(int((twin.notes["onset"].min() - 0.003) * twin.sr), 0)
    difference = np.abs(twin.original - twin.changed)
    assert difference[:first].max(initial=0) < 1e-4
    assert difference[first:].max() > 1e-3


@pytest.mark.parametrize("feature", ["melodiousness", "articulation", "dissonance", "rhythmic stability"])
def test_a_focused_twin_changes_only_notes_in_its_span(corpus, feature):
    notes = make_twin(corpus, feature, start=5, end=8).notes
    assert len(notes)
    assert (notes["onset"] - notes["off_grid"]).between(4.99, 8).all()


def test_a_focused_twin_sounds_the_same_after_its_reverberation(corpus):
    twin = make_twin(corpus, "dissonance", start=3, end=6)
    silent = int((twin.notes["end"].max() + 3.5) * twin.sr)
    assert np.abs(twin.original - twin.changed)[silent:].max() < 1e-3 < np.abs(twin.original - twin.changed).max()


def test_a_twin_keeps_the_gain_of_its_original(corpus):
    twin = corpus.twin("g0006", "articulation", 0.4)
    assert np.array_equal(twin.original, corpus.audio("g0006")[0])


def test_a_focus_on_another_feature_is_refused(corpus):
    with pytest.raises(ValueError, match="articulation"):
        corpus.twin("g0006", "minorness", 0.4, focus=Focus("articulation"))
