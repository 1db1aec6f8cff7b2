"""Downloads that are cut, resumed, replaced and refused, from a server on this machine."""

import email.utils
import hashlib
import time

import pytest
from osfserver import cut, fail, send, serving

from mer_utils import downloads, webaccess
from mer_utils.downloads import Remote, describe_size, explaining_disk, save_part
from mer_utils.webaccess import PAUSES, FetchError

PIECE = downloads._PIECE
CONTENT = bytes(range(256)) * 640  # ten pieces
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def server():
    with serving(node={"file": CONTENT}) as osf:
        yield osf


@pytest.fixture
def osf(server):
    server.asked.clear()
    server.faults.clear()
    server.ranges = True
    return server


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Wait for nothing, but remember for how long one would."""
    waited = []
    monkeypatch.setattr(webaccess, "sleep", waited.append)
    return waited


@pytest.fixture
def part(tmp_path):
    return tmp_path / "file.part"


def remote(osf, **known):
    return Remote("file", f"{osf.url}/node/file", **{"size": len(CONTENT), "sha256": SHA256, **known})


def asked_ranges(osf):
    return [headers.get("Range") for _, headers in osf.asked]


def test_a_file_arrives_whole(osf, part):
    save_part(remote(osf), part)
    assert part.read_bytes() == CONTENT
    assert list(part.parent.iterdir()) == [part]


def test_a_cut_download_goes_on_where_it_was(osf, part, pauses):
    osf.faults["file"] = [cut(PIECE), cut(3 * PIECE + 1)]
    save_part(remote(osf), part)
    assert part.read_bytes() == CONTENT
    assert asked_ranges(osf) == [None, f"bytes={PIECE}-", f"bytes={4 * PIECE}-"]
    assert pauses == [PAUSES[0]] * 2


def test_what_an_earlier_call_left_is_not_fetched_again(osf, part):
    osf.faults["file"] = [cut(PIECE), *[cut(0)] * 3]
    with pytest.raises(FetchError, match="broke off within file: run the same command, it goes on from there"):
        save_part(remote(osf), part)
    assert part.stat().st_size == PIECE
    osf.asked.clear()
    save_part(remote(osf), part)
    assert asked_ranges(osf) == [f"bytes={PIECE}-"]


def test_a_complete_part_asks_for_nothing(osf, part):
    part.write_bytes(CONTENT)
    save_part(remote(osf), part)
    assert osf.asked == []


def test_a_server_without_ranges_starts_anew(osf, part):
    osf.ranges, osf.faults["file"] = False, [cut(PIECE)]
    save_part(remote(osf), part)
    assert part.read_bytes() == CONTENT


def test_another_version_is_not_glued_to_the_first(osf, part):
    part.write_bytes(b"x" * PIECE)
    part.with_name("file.part.etag").write_text('"another"')
    save_part(remote(osf, sha256=""), part)
    assert part.read_bytes() == CONTENT


def test_without_a_mark_the_hash_finds_another_version(osf, part):
    part.write_bytes(b"x" * PIECE)
    with pytest.raises(FetchError, match="arrived damaged"):
        save_part(remote(osf), part)
    assert not part.exists()


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_wrong_hash_leaves_nothing(osf, part, kind):
    with pytest.raises(FetchError, match="it was deleted, run the same command"):
        save_part(remote(osf, **{"sha256": "", kind: "0" * 64}), part)
    assert not part.exists()


def test_a_part_that_is_too_long_is_fetched_anew(osf, part):
    part.write_bytes(CONTENT + b"x")
    save_part(remote(osf), part)
    assert part.read_bytes() == CONTENT


def test_a_replaced_file_is_known_by_its_length(osf, part):
    with pytest.raises(FetchError, match="163840 bytes instead of 163841: it was replaced"):
        save_part(remote(osf, size=len(CONTENT) + 1), part)
    assert not part.exists()


def test_a_fault_of_the_server_passes(osf, part, pauses):
    osf.faults["file"] = [fail(503), fail(429, Retry_After="7"), fail(500)]
    save_part(remote(osf), part)
    assert pauses == [PAUSES[0], 7, PAUSES[2]]


def test_a_lasting_fault_ends_in_one_sentence(osf, part, pauses):
    osf.faults["file"] = [fail(503)] * 4
    with pytest.raises(FetchError, match=r"fault or too much to do \(503\): run the same command later"):
        save_part(remote(osf), part)
    assert pauses == list(PAUSES)


def test_a_server_that_wants_an_hour_is_not_waited_for(osf, part, pauses):
    osf.faults["file"] = [fail(429, Retry_After=email.utils.formatdate(time.time() + 3600, usegmt=True))]
    with pytest.raises(FetchError, match=r"run the same command in (60|59) minutes"):
        save_part(remote(osf), part)
    assert pauses == []


@pytest.mark.parametrize(("status", "said"), [(404, "moved, renamed or deleted"), (403, "does not give file away")])
def test_what_is_not_there_is_not_asked_for_again(osf, part, status, said):
    osf.faults["file"] = [fail(status)] * 2
    with pytest.raises(FetchError, match=said):
        save_part(remote(osf), part)
    assert len(osf.asked) == 1


def test_a_login_page_is_no_file(osf, part):
    osf.faults["file"] = [send(b"<html>log in", Content_Type="text/html; charset=utf-8")]
    with pytest.raises(FetchError, match="a web page instead of file: open it in a browser"):
        save_part(remote(osf), part)
    assert not part.exists()


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_no_network_ends_in_one_sentence(part, host):
    with pytest.raises(FetchError, match=f"{host} cannot be reached: look at your network"):
        save_part(Remote("file", f"http://{host}/file", 3), part)


def test_a_silent_server_is_not_waited_for_forever(osf, part, monkeypatch):
    monkeypatch.setattr(webaccess, "_TIMEOUT", (1, 0.05))
    osf.faults["file"] = [lambda handler, content: time.sleep(0.15)] * 4
    with pytest.raises(FetchError, match="does not answer: run the same command later"):
        save_part(remote(osf), part)


def test_a_full_disk_keeps_what_there_is(osf, part):
    part.symlink_to("/dev/full")
    with pytest.raises(FetchError, match="is full: free some space, then run the same command"):
        save_part(remote(osf), part)
    part.unlink()
    save_part(remote(osf), part)


def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    with pytest.raises(FetchError, match=r"a/b cannot be written \(Permission denied\)"), explaining_disk(tmp_path):
        raise PermissionError(13, "Permission denied", "a/b") from None


def test_stopping_tells_how_far_it_came(osf, part, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    osf.faults["file"] = [cut(PIECE)]
    monkeypatch.setattr(webaccess, "sleep", stop)
    with pytest.raises(KeyboardInterrupt, match=r"stopped with 16 kB of 164 kB of file: the same command goes on"):
        save_part(remote(osf), part)
    assert part.stat().st_size == PIECE


def test_sizes_are_said_as_people_say_them():
    assert [describe_size(size) for size in (None, 0, 999, 1500, 148_600_000, 2 * 10**9)] == [
        "? MB", "0 B", "999 B", "1.5 kB", "149 MB", "2.0 GB",
    ]  # fmt: skip
