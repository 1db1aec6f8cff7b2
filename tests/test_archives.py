"""Archives that are unpacked whole, or refused without a trace."""

import shutil
import stat
import zipfile
from types import SimpleNamespace

import pytest
from osfserver import zipped

from mer_utils.archives import ArchiveError, save_unpacked
from mer_utils.webaccess import FetchError

SOUNDS = {"Set1/001.mp3": b"one", "Set1/002.mp3": b"two"}


@pytest.fixture
def packed(tmp_path):
    """Write an archive with some members beside the folder that it is to become."""

    def write(members):
        path = tmp_path / "Set1.zip.part"
        path.write_bytes(zipped(members) if isinstance(members, dict) else members)
        return path

    return write


def unpack(archive, check=lambda folder: 1):
    return save_unpacked(archive, archive.with_name("Set1"), check=check)


def left(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("top", ["", "Set1/", "set1/", "anything/"])
def test_a_single_folder_around_all_is_taken_off(packed, top):
    files = unpack(packed({f"{top}001.mp3": b"one", f"{top}more/002.mp3": b"two"}))
    assert [path.read_bytes() for path in files] == [b"one", b"two"]
    assert left(files[0].parent) == {"001.mp3", "more/002.mp3"}


def test_litter_of_other_systems_stays_behind(packed):
    files = unpack(packed(SOUNDS | {"__MACOSX/Set1/._001.mp3": b"", "Set1/.DS_Store": b""}))
    assert [path.name for path in files] == ["001.mp3", "002.mp3"]


@pytest.mark.parametrize(
    "name", ["../out.mp3", "a/../../out.mp3", "/out.mp3", "C:\\out.mp3", "C:out.mp3", "..\\out.mp3"]
)
def test_nothing_climbs_out(packed, tmp_path, name):
    with pytest.raises(ArchiveError, match=r"Set1\.zip would write outside of its folder"):
        unpack(packed(SOUNDS | {name: b"out"}))
    assert left(tmp_path) == {"Set1.zip.part"}


def test_no_link_is_made(packed, tmp_path):
    archive = packed(SOUNDS)
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("Set1/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc")
    with pytest.raises(ArchiveError, match="outside of its folder"):
        unpack(archive)
    assert left(tmp_path) == {"Set1.zip.part"}


def test_a_bomb_is_not_set_off(packed, monkeypatch):
    monkeypatch.setattr("mer_utils.archives._ALWAYS_FINE", 10**5)
    assert unpack(packed({"001.mp3": bytes(10**5)}))
    with pytest.raises(ArchiveError, match="would unpack to 101 kB, which no data set of its size does"):
        unpack(packed({"001.mp3": bytes(101_000)}))


@pytest.mark.parametrize("content", [b"<html>", zipped(SOUNDS)[:-30], b""])
def test_what_is_no_archive_is_refused(packed, tmp_path, content):
    with pytest.raises(ArchiveError, match=r"Set1\.zip is no whole zip archive"):
        unpack(packed(content))
    assert left(tmp_path) == {"Set1.zip.part"}


def test_a_changed_byte_is_found_and_nothing_looks_finished(packed, tmp_path):
    content = bytearray(zipped({"Set1/001.mp3": bytes(range(256))}))
    content[100] ^= 1
    with pytest.raises(ArchiveError, match="no whole zip archive"):
        unpack(packed(bytes(content)))
    assert left(tmp_path) == {"Set1.zip.part"}


def test_an_empty_archive_is_refused(packed):
    with pytest.raises(ArchiveError, match=r"Set1\.zip is empty"):
        unpack(packed({"__MACOSX/x": b""}))


def test_an_encrypted_archive_is_refused(packed):
    content = bytearray(zipped({"001.mp3": b"one"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the flags in the table of contents
    with pytest.raises(ArchiveError, match=r"is encrypted \('001\.mp3'\)"):
        unpack(packed(bytes(content)))


def test_a_folder_found_wanting_is_not_kept(packed, tmp_path):
    def check(folder):
        assert left(folder) == {"001.mp3", "002.mp3"}
        raise ValueError("too few")

    with pytest.raises(ValueError, match="too few"):
        unpack(packed(SOUNDS), check)
    assert left(tmp_path) == {"Set1.zip.part"}


def test_a_full_disk_is_noticed_beforehand(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=5))
    with pytest.raises(FetchError, match=r"unpacked it needs 6 B, and the disk of .* has 5 B left"):
        unpack(packed(SOUNDS))
    assert left(tmp_path) == {"Set1.zip.part"}


def test_a_disk_that_fills_meanwhile_leaves_no_half(packed, tmp_path, monkeypatch):
    def copy(source, target, size):
        target.write(b"o")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    with pytest.raises(FetchError, match="is full: free some space"):
        unpack(packed(SOUNDS))
    assert left(tmp_path) == {"Set1.zip.part"}


def test_what_a_killed_run_left_is_no_obstacle(packed, tmp_path):
    (tmp_path / ".Set1.part").mkdir()
    (tmp_path / ".Set1.part" / "003.mp3").write_bytes(b"half")
    unpack(packed(SOUNDS))
    assert left(tmp_path) == {"Set1.zip.part", "Set1/001.mp3", "Set1/002.mp3"}


def test_other_files_of_a_folder_are_left_alone(packed, tmp_path):
    (tmp_path / "Set1").mkdir()
    (tmp_path / "Set1" / "001.mp3").write_bytes(b"damaged")
    (tmp_path / "Set1" / "my notes.txt").write_bytes(b"notes")
    files = unpack(packed(SOUNDS))
    assert [path.read_bytes() for path in files] == [b"one", b"two"]
    assert left(tmp_path / "Set1") == {"001.mp3", "002.mp3", "my notes.txt"}
