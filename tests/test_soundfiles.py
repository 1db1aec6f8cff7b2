"""Finding sounds: wherever they lie, one walk, one meaning of each name; faults named in one line."""

import os
import shutil
import zipfile

import numpy as np
import pytest
from fakesounds import build_tones

from mer_utils.audio import AudioError, load_audio, save_audio
from mer_utils.soundfiles import SoundFile, SoundFileError, find_sounds


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Two short mp3 files that differ."""
    folder = tmp_path_factory.mktemp("sounds")
    return [save_audio(folder / f"{f}.mp3", build_tones(f, seconds=0.3)) for f in (300, 500)]


def lay(root, files):
    """Copy files to places below a folder, into an archive where a place has ``.zip/`` in it."""
    for place, file in files.items():
        archive, _, member = place.partition(".zip/")
        target = root / (f"{archive}.zip" if member else archive)
        target.parent.mkdir(parents=True, exist_ok=True)
        if member:
            with zipfile.ZipFile(target, "a") as zipped:
                zipped.write(file, member)
        else:
            shutil.copy(file, target)


def find(root, *names, **options):
    return {name: str(sound)[len(str(root)) + 1 :] for name, sound in find_sounds(root, names, **options).items()}


def test_sounds_are_found_at_any_depth_in_the_order_asked_for(tmp_path, sounds):
    lay(tmp_path, {"a/b/001.mp3": sounds[0], "002.MP3": sounds[1], "set1.zip/deep/003.Mp3": sounds[0]})
    found = find(tmp_path, "003", "001", "9", "002")
    assert list(found.items()) == [("003", "set1.zip/deep/003.Mp3"), ("001", "a/b/001.mp3"), ("002", "002.MP3")]


def test_a_sound_is_the_same_unpacked_and_zipped(tmp_path, sounds):
    lay(tmp_path, {"one/7.mp3": sounds[0], "two/x.zip/7.mp3": sounds[0], "three/x.zip/7.mp3": sounds[1]})
    unpacked, zipped, other = (find_sounds(tmp_path / name, ["7"])["7"].load()[0] for name in ("one", "two", "three"))
    np.testing.assert_array_equal(unpacked, load_audio(sounds[0])[0])
    np.testing.assert_array_equal(unpacked, zipped)
    assert not np.array_equal(unpacked, other)


def test_unpacked_beats_zipped_and_no_archive_is_opened_in_vain(tmp_path, sounds):
    lay(tmp_path, {"7.mp3": sounds[0], "a.zip/7.mp3": sounds[1]})
    (tmp_path / "b.zip").write_text("half a download")
    assert find(tmp_path, "7") == {"7": "7.mp3"}


@pytest.mark.parametrize("name", ["__MACOSX", ".x"])
@pytest.mark.parametrize("place", ["{}/7.mp3", "set.zip/a/{}/7.mp3"])
def test_what_machines_leave_behind_is_passed_over(tmp_path, sounds, name, place):
    lay(tmp_path / "one", {place.format(name): sounds[0]})
    lay(tmp_path / "other", {place.format("x"): sounds[0]})
    assert find(tmp_path / "one", "7") == {}
    assert list(find(tmp_path / "other", "7")) == ["7"]


@pytest.mark.parametrize("place", ["Set2/7.mp3", "SET2.zip/7.mp3", "all.zip/set2/7.mp3"])
def test_ignored_folders_and_archives_are_passed_over(tmp_path, sounds, place):
    lay(tmp_path, {place: sounds[0]})
    assert list(find(tmp_path, "7")) == ["7"]
    assert find(tmp_path, "7", ignore=["set2"]) == {}


@pytest.mark.parametrize("places", [("a/7.mp3", "b/7.mp3"), ("x.zip/a/7.mp3", "y.zip/7.mp3")])
def test_copies_are_fine_and_others_of_the_same_name_are_not(tmp_path, sounds, places):
    lay(tmp_path / "copies", dict.fromkeys(places, sounds[0]))
    assert len(find(tmp_path / "copies", "7")) == 1
    lay(tmp_path / "others", dict(zip(places, sounds, strict=True)))
    with pytest.raises(SoundFileError, match=r"7 is ambiguous: .*7\.mp3 and .*7\.mp3 differ"):
        find(tmp_path / "others", "7")


def test_files_of_one_size_are_compared(tmp_path):
    for name, content in (("a", b"one"), ("b", b"two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "7.mp3").write_bytes(content)
    with pytest.raises(SoundFileError, match="ambiguous"):
        find(tmp_path, "7")


def test_links_that_loop_end(tmp_path, sounds):
    lay(tmp_path, {"a/7.mp3": sounds[0]})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert find(tmp_path, "7") == {"7": "a/7.mp3"}


def test_no_folder_has_no_sounds(tmp_path):
    assert find(tmp_path / "none", "7") == {}


def test_half_an_archive_is_named_where_it_is_needed(tmp_path, sounds):
    lay(tmp_path, {"a.zip/7.mp3": sounds[0]})
    os.truncate(tmp_path / "a.zip", 1000)
    with pytest.raises(SoundFileError, match=r"a\.zip: is no whole zip archive \(.*\); download it again"):
        find(tmp_path, "7")


def flag(archive, bit):
    """Set a flag of the only member, in its own header and in the table of contents."""
    content = bytearray(archive.read_bytes())
    for header, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.rindex(header) + place] |= bit
    archive.write_bytes(content)


def test_an_encrypted_member_is_named(tmp_path, sounds):
    lay(tmp_path, {"a.zip/7.mp3": sounds[0]})
    flag(tmp_path / "a.zip", 1)
    with pytest.raises(SoundFileError, match=r"a\.zip/7\.mp3: is encrypted; unpack a\.zip beside it"):
        find(tmp_path, "7")


def test_a_damaged_member_is_named(tmp_path, sounds):
    lay(tmp_path, {"a.zip/7.mp3": sounds[0]})
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(sounds[0].read_bytes()[-200:], bytes(200)))
    sound = find_sounds(tmp_path, ["7"])["7"]
    with pytest.raises(AudioError, match=r"a\.zip/7\.mp3: cannot be unpacked \(Bad CRC-32"):
        sound.load()


def test_an_archive_is_opened_once_and_again_when_it_changed(tmp_path, sounds, monkeypatch):
    lay(tmp_path, {"a.zip/7.mp3": sounds[0], "a.zip/8.mp3": sounds[1]})
    opened, original = [], zipfile.ZipFile
    monkeypatch.setattr(zipfile, "ZipFile", lambda path: opened.append(path) or original(path))
    seven, eight = find_sounds(tmp_path, ["7", "8"]).values()
    before = seven.load()[0], eight.load()[0], seven.stamp
    assert len(opened) == 1
    (tmp_path / "a.zip").unlink()
    with original(tmp_path / "a.zip", "w") as archive:
        archive.write(sounds[1], "7.mp3")
    np.testing.assert_array_equal(seven.load()[0], before[1])
    assert seven.stamp != before[2]


def test_the_stamp_tells_a_changed_file(tmp_path, sounds):
    one, other = (SoundFile(save_audio(tmp_path / f"{n}.mp3", build_tones(300, seconds=0.3))) for n in (1, 2))
    stamp = one.stamp
    assert stamp == one.stamp
    os.utime(other.path, ns=(one.path.stat().st_mtime_ns,) * 2)
    other.path.replace(one.path)  # same size and time
    assert one.stamp != stamp


def test_a_sound_that_went_away_is_named(tmp_path):
    sound = SoundFile(tmp_path / "7.mp3")
    with pytest.raises(SoundFileError, match=r"7\.mp3: cannot be read \(No such file"):
        _ = sound.stamp
    with pytest.raises(AudioError, match=r"7\.mp3: there is no such file"):
        sound.load()
