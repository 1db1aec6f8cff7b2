"""What can be picked: titles that are unique and in one line, limits, and that nothing is written."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from fakes import build_fake_corpus

from mer_utils import library
from mer_utils.audio import AudioError, load_audio, save_audio
from mer_utils.excerpts import build_excerpt, describe_conversion, load_excerpt
from mer_utils.glossary import COMPARATIVES
from mer_utils.library import Library, LibraryError
from mer_utils.reference import Reference

SR = 22050
TRACKS = ["t0001", "t0002", "t0003", "t0005"]
HOSTILE = "<img src=x onerror=alert(1)>"


def tone(seconds=0.2, frequency=440.0, rate=SR):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def encode(y=None, rate=SR, container="WAV"):
    file = io.BytesIO()
    sf.write(file, tone() if y is None else y, rate, format=container)
    return file.getvalue()


@pytest.fixture
def corpus():
    corpus = build_fake_corpus(8, n_frames=4)
    corpus.audio = lambda track: (tone(0.1, 300 + 10 * int(track[1:])).astype(np.float32) * 2, SR)
    return corpus


@pytest.fixture
def music(corpus):
    return Library(corpus, tracks=TRACKS)


def hear(corpus, **most):
    """Let each feature and emotion be strongest in the first track; or in the one that is told."""
    heard = pd.DataFrame(0.5, corpus.tracks.index, list(COMPARATIVES))
    for name in COMPARATIVES:
        heard.loc[most.get(name, TRACKS[0]), name] = 0.6
    return Reference(heard[list(corpus.midlevel)], heard[list(corpus.emotion)], "some tracks")


# Clips of a corpus


def test_clips_are_chosen_by_id(music):
    assert music.choices == [(track, track) for track in TRACKS]
    assert not music.is_own("t0001")
    assert music.notes("t0001") == []


@pytest.mark.parametrize(("name", "recorded"), [("soundtracks", True), ("generated", False)])
def test_clips_of_real_corpora_are_recordings(music, corpus, monkeypatch, name, recorded):
    monkeypatch.setattr(corpus, "name", name)
    assert music.is_recording("t0001") == recorded


def test_clips_are_those_of_the_test_split(corpus):
    corpus.tracks.loc[["t0004", "t0002"], "split"] = "test"
    assert Library(corpus).choices == [("t0002", "t0002"), ("t0004", "t0004")]


def test_clips_with_most_of_something_come_first_and_say_so(corpus):
    heard = hear(corpus, anger="t0005", melodiousness="t0003", articulation="t0003", tender="t0003", sad="t0007")
    labels = [label for label, _ in Library(corpus, tracks=TRACKS, reference=heard).choices]
    assert labels == [
        "t0003 – most melodious, most staccato",
        "t0001 – rhythmically most complex, rhythmically steadiest",
        "t0005 – angriest",
        "t0002",
    ]


def test_labels_follow_the_reference(corpus):
    heard = hear(corpus, sad="t0005")  # its anger is not the greatest this time
    labels = [label for label, _ in Library(corpus, tracks=TRACKS, reference=heard).choices]
    assert labels[1:] == ["t0005 – saddest", "t0002", "t0003"]


def test_every_word_has_a_superlative():
    words = [library._spell_most(more) for _, more in COMPARATIVES.values()]
    assert sum("most" in word for word in words) == 10
    assert {"tensest", "angriest", "happiest", "saddest", "rhythmically steadiest", "most tender"} < set(words)


def test_reference_of_other_tracks_is_left_aside(corpus):
    heard = hear(build_fake_corpus(9, n_frames=4))
    assert Library(corpus, tracks=TRACKS, reference=heard).choices == [(track, track) for track in TRACKS]


def test_unknown_tracks_and_titles_are_refused(corpus, music):
    with pytest.raises(LibraryError, match="no track 'x'"):
        Library(corpus, tracks=["t0001", "x"])
    with pytest.raises(LibraryError, match="no sound t0007 "):
        music.load("t0007")  # of the corpus, and not among the choices


def test_what_is_loaded_cannot_be_spoilt(music):
    y = music.load("t0001")
    np.testing.assert_array_equal(y, music._corpus.audio("t0001")[0])
    with pytest.raises(ValueError, match="read-only"):
        y *= 2


def test_few_sounds_are_kept_and_those_are_decoded_once(corpus):
    asked = []
    corpus.audio = lambda track: (asked.append(track), (np.ones(5000, np.float32), SR))[1]
    music = Library(corpus, tracks=list(corpus.tracks.index))
    for track in [*corpus.tracks.index, "t0007", "t0006", "t0000"]:
        music.load(track)
    assert asked == [*corpus.tracks.index, "t0000"]
    assert music._load.cache_info().currsize == library._N_HELD < len(corpus.tracks)


# Folders


@pytest.fixture
def folder(tmp_path):
    """Two songs, one without a right suffix, among what lies in folders of music."""
    save_audio(tmp_path / "songs" / "Hurt.mp3", tone())
    save_audio(tmp_path / "songs" / "One.ogg", tone()).rename(tmp_path / "songs" / "One")
    save_audio(tmp_path / "songs" / "deeper" / "Two.wav", tone())
    (tmp_path / "songs" / "cover.wav").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "songs" / "text.mp3").write_bytes("Dear diary".encode("utf-16"))
    (tmp_path / "songs" / "gone.wav").symlink_to(tmp_path / "nowhere")
    return tmp_path / "songs"


def test_sounds_of_a_folder_are_told_by_their_content(music, folder):
    assert music.add_folder(folder) == ["Hurt", "One"]
    assert music.choices[:3] == [("Hurt", "Hurt"), ("One", "One"), ("t0001", "t0001")]
    assert music.is_own("One")
    np.testing.assert_array_equal(music.load("One"), load_audio(folder / "One")[0])


def test_a_folder_is_added_once_and_what_is_new_in_it_later(music, folder):
    music.add_folder(folder)
    assert music.add_folder(f"{folder}/../songs/") == []
    save_audio(folder / "New.wav", tone())
    assert music.add_folder(folder) == ["New"]
    assert [title for _, title in music.choices][:3] == ["Hurt", "One", "New"]


def test_nothing_of_a_folder_is_decoded_before_it_is_asked_for(music, folder, monkeypatch):
    monkeypatch.setattr(sf, "SoundFile", None)
    assert len(music.add_folder(folder)) == 2


def test_songs_of_one_name_get_different_titles(music, tmp_path):
    for name in ("a/x.wav", "a/x.flac", "a/t0001.wav", "a/t0007.wav", "b/a/x.ogg", "b/x.ogg", "c/b/x.ogg"):
        save_audio(tmp_path / name, tone())
    assert music.add_folder(tmp_path / "a") == ["a/t0001", "a/t0007", "x.flac", "x.wav"]
    assert music.add_folder(tmp_path / "b" / "a") == ["x"]
    assert music.add_folder(tmp_path / "b") == ["b/x"]
    assert music.add_folder(tmp_path / "c" / "b") == ["x (2)"]


def test_song_that_cannot_be_decoded_keeps_its_title(music, tmp_path):
    (tmp_path / "bad.flac").write_bytes(b"fLaC" + bytes(500))
    assert music.add_folder(tmp_path) == ["bad"]
    with pytest.raises(AudioError, match=r"^bad.flac: is damaged"):
        music.load("bad")
    assert music.notes("bad") == []
    assert music.choices[0] == ("bad", "bad")


@pytest.mark.parametrize(
    "name", ["", "nowhere", "songs/Hurt.mp3", "a\0b", "x" * 300, "~nobody-at-all/x", "two\nlines"]
)
def test_what_is_no_folder_is_refused(music, folder, monkeypatch, name):
    monkeypatch.chdir(folder.parent)
    with pytest.raises(LibraryError, match="there is no folder") as caught:
        music.add_folder(name)
    assert str(caught.value).isprintable()


def test_folder_without_or_with_too_many_sounds_is_refused(music, folder, monkeypatch):
    (folder / "empty").mkdir()
    with pytest.raises(LibraryError, match=r"empty holds no wav.*folders in it are not searched"):
        music.add_folder(folder / "empty")
    monkeypatch.setattr(library, "MOST_FILES", 1)
    with pytest.raises(LibraryError, match="2 sounds, more than 1"):
        music.add_folder(folder)
    assert len(music.choices) == len(TRACKS)


# Uploads


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3"])
def test_upload_sounds_like_its_file(music, tmp_path, container):
    path = save_audio(tmp_path / f"Hurt.{container}", tone(0.5, rate=44100), 44100)
    title = music.add_upload(path.name, memoryview(path.read_bytes()))
    assert title == "Hurt"
    np.testing.assert_array_equal(music.load(title), load_audio(path)[0])
    assert np.abs(music.load(title)).max() == 1


def test_uploads_are_not_written(music, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    opened = []
    monkeypatch.setattr("builtins.open", lambda *_, **__: opened.append(1))
    monkeypatch.setattr("io.open", lambda *_, **__: opened.append(1))
    music.load(music.add_upload("x.mp3", encode(container="MP3")))
    assert opened == list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../x.wav", "x"),
        ("C:\\music\\x.wav", "x"),
        ("/etc/passwd", "passwd"),
        (f"{HOSTILE}.wav", HOSTILE),
        ("Für Elise №1 ☂.wav", "Für Elise №1 ☂"),
        ("Fu\u0308r.wav", "F\u00fcr"),
        ("a\nb\x00c\x1b[31m.wav", "a b c [31m"),
        ("a\u202egnp.wav", "a gnp"),
        ("\u200b\ufeff.wav", "untitled"),
        ("می\u200cخواهم.wav", "می\u200cخواهم"),
        ("a\udcff\u2028b.wav", "a b"),
        ("x" * 300 + ".wav", "x" * 59 + "…"),
        ("", "untitled"),
        ("..", ".."),
        ("t0001 – angriest.wav", "t0001 – angriest"),
    ],
)
def test_titles_are_the_visible_last_part_of_a_name(music, name, title):
    assert music.add_upload(name, encode()) == title
    assert music.choices[0] == (title, title)
    title.encode()


def test_titles_differ_from_each_other_and_from_labels(corpus):
    music = Library(corpus, tracks=TRACKS, reference=hear(corpus, anger="t0005"))
    names = ["t0005 – angriest", "t0007", "x" * 70, "x" * 80, "a", "A", "a"]
    titles = [music.add_upload(f"{name}.wav", encode(tone(0.2 + k / 100))) for k, name in enumerate(names)]
    assert titles[:2] == ["t0005 – angriest (2)", "t0007 (2)"]
    assert titles[4:] == ["a", "A", "a (2)"]
    assert len(set(titles)) == len(names)
    assert max(map(len, titles)) == 60


def test_same_bytes_have_the_same_title(music):
    assert [music.add_upload(name, encode()) for name in ("a.wav", "b.wav")] == ["a", "a"]
    assert music.add_upload("a.wav", encode(tone(0.3))) == "a (2)"
    assert len(music.choices) == len(TRACKS) + 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"Dear diary, " * 100, "is not audio"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(500), "m4a.*convert"),
        (encode(container="FLAC")[:60], "damaged"),
        (encode(np.zeros(SR)), "is silent"),
        (encode(tone(0.05)), "lasts 50 ms, less than a single frame .93 ms."),
    ],
)
def test_upload_without_music_is_refused_in_one_line(music, content, says):
    with pytest.raises((AudioError, LibraryError), match=says) as caught:
        music.add_upload(f"../{HOSTILE}\n.wav", content)
    assert str(caught.value).startswith(f"{HOSTILE} .wav: ")
    assert str(caught.value).isprintable()
    assert len(music.choices) == len(TRACKS)


def test_sound_of_a_single_frame_is_taken(music):
    assert music.add_upload("x.wav", encode(tone(2048 / SR))) == "x"


def test_too_large_an_upload_is_refused_with_both_sizes(music, monkeypatch):
    content = encode()
    monkeypatch.setattr(library, "MOST_BYTES", len(content))
    assert music.add_upload("x.wav", content) == "x"
    monkeypatch.setattr(library, "MOST_BYTES", 2**21)
    with pytest.raises(LibraryError, match=r"^y.wav: has 2.1 MB, and one upload may have 2 MB at most"):
        music.add_upload("y.wav", bytes(2**21 + 1))


def test_uploads_are_limited_together(music, monkeypatch):
    monkeypatch.setattr(library, "MOST_UPLOADED", 2 * len(encode()) + 1)
    for k in range(2):
        music.add_upload(f"{k}.wav", encode(tone(0.2, 400 + k)))
    with pytest.raises(LibraryError, match=r"^2.wav: all uploads together"):
        music.add_upload("2.wav", encode(tone(0.2, 500)))


# Notes


def test_long_sound_is_cut_and_it_is_said(music, monkeypatch):
    monkeypatch.setattr(library, "MOST_SECONDS", 2)
    long = music.add_upload("x.wav", encode(np.r_[0.1 * tone(2), tone(57.7)]))
    assert len(music.load(long)) == 2 * SR
    assert np.abs(music.load(long)).max() == 1  # of what is left
    assert music.notes(long) == ["Only its first 0:02 minutes are taken; it lasts 1:00."]
    assert music.notes(music.add_upload("y.wav", encode(tone(2)))) == []


HEARD = "is stereo at 48 kHz; what you hear is what the net hears: mono at 22.05 kHz."


@pytest.fixture
def stereo(tmp_path):
    sf.write(tmp_path / "a.b.flac", np.stack([tone(rate=48000)] * 2, axis=1), 48000)
    return tmp_path / "a.b.flac"


def test_conversion_is_said(music, stereo):
    music.add_folder(stereo.parent)
    assert music.notes("a.b") == [f"It {HEARD}"]
    assert load_excerpt(stereo).conversion == f"a.b.flac {HEARD}"


@pytest.mark.parametrize(
    ("channels", "rate", "said"), [(1, SR, ""), (1, 8000, "mono at 8 k"), (6, SR, "of 6 channels")]
)
def test_conversion_is_told_from_either_number(channels, rate, said):
    sentence = describe_conversion("It", channels, rate)
    assert said in sentence
    assert bool(sentence) == bool(said)


def test_excerpt_knows_what_is_known_of_a_sound(stereo):
    file, sound = load_excerpt(stereo), build_excerpt(tone(), title="a.b")
    assert (file.title, file.path, file.channels, file.rate) == ("a.b", stereo, 2, 48000)
    assert (sound.title, sound.path, sound.channels, sound.rate, sound.conversion) == ("a.b", None, None, None, "")
