"""``mer fetch`` as it is typed: what it shows, asks, fetches and refuses, against a server on this machine."""

import errno
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from osfserver import cut, fail, midlevel, send, serving, soundtracks, zipped

from mer_utils import __main__ as command
from mer_utils import fetchchecks, webaccess
from mer_utils.downloads import _PIECE as PIECE

N_SOUNDS = 12  # of 360 and 3575, which test_fetchchecks.py looks at
SOUNDTRACKS, MIDLEVEL = soundtracks(n_sounds=N_SOUNDS), midlevel(n_sounds=N_SOUNDS)
ARCHIVE = "Set1.zip"


@pytest.fixture(scope="module")
def server():
    with serving() as osf:
        yield osf


@pytest.fixture
def osf(server, monkeypatch):
    """Give a server that has everything and no faults, and wait for nothing."""
    server.__dict__.update(files={"p6vkg": dict(SOUNDTRACKS), "5aupt": dict(MIDLEVEL)}, faults={}, guids={})
    server.asked.clear()
    monkeypatch.setenv("MER_OSF", f"{server.url}/v2")
    monkeypatch.setattr(webaccess, "sleep", lambda seconds: None)
    monkeypatch.setattr(fetchchecks, "_FILM_CLIPS", tuple(f"{number:03d}" for number in range(1, N_SOUNDS + 1)))
    monkeypatch.setattr(fetchchecks, "_LEAST_MIDLEVEL_CLIPS", N_SOUNDS)
    return server


@pytest.fixture
def root(tmp_path):
    return tmp_path / "sets"


@pytest.fixture
def fetch(root, capsys):
    """Type a command; gives what it returned, and what it said on both channels."""

    def fetch(*words, yes=True):
        status = command.main(["fetch", *words, "--root", str(root), *(["--yes"] if yes else [])])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return status, said.out, said.err

    return fetch


def content(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def downloads(osf):
    return [Path(path).name for path, _ in osf.asked if not path.startswith("/v2")]


def test_soundtracks_are_fetched_shown_and_checked(osf, fetch, root):
    status, out, _ = fetch("soundtracks")
    assert status == 0
    assert "licence: A licence; the recordings are commercial film scores" in out
    assert "Eerola, T. & Vuoskoski, J. K. (2011)" in out
    assert re.search(r"\d+ kB  Set1\.zip", out)
    assert "Set1.zip: 12 sounds, as fetched" in out
    assert out.endswith(f"next: mer fetch midlevel --only ratings --root {root}\n")
    found = content(root / "soundtracks")
    assert found["Set1/011.mp3"] == bytes([11]) * 20
    assert {"mean_ratings_set1.csv", "set1_tracklist.csv", "readme.md"} < set(found)
    assert not [name for name in found if re.search(r"part|zip$|etag|old", name)]


def test_the_list_of_hashes_is_one_that_sha256sum_reads(osf, fetch, root):
    fetch("soundtracks")
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "Set1.zip.sha256"], cwd=root / "soundtracks")
    assert checked.returncode == 0
    (root / "soundtracks" / "Set1" / "007.mp3").write_bytes(b"damaged")
    assert subprocess.run(["sha256sum", "--status", "-c", "Set1.zip.sha256"], cwd=root / "soundtracks").returncode


def test_what_is_there_needs_no_network(osf, fetch, root, monkeypatch):
    fetch("midlevel", "--only", "ratings")
    fetch("soundtracks")
    monkeypatch.setenv("MER_OSF", "http://127.0.0.1:1")
    status, out, _ = fetch("soundtracks", yes=False)
    assert (status, out.count("as fetched")) == (0, 4)
    assert "has already" in out
    assert out.endswith(f"next: MER_DATA={root} mer run --corpus soundtracks\n")
    monkeypatch.setattr("mer_utils.fetchcommand.OWN", root)
    assert fetch("soundtracks")[1].endswith("\nnext: mer run --corpus soundtracks\n")


def test_what_was_damaged_is_fetched_again_and_kept_aside(osf, fetch, root):
    fetch("soundtracks")
    sets, osf.asked[:] = root / "soundtracks", []
    (sets / "Set1" / "007.mp3").write_bytes(b"damaged")
    (sets / "mean_ratings_set1.csv").write_bytes(b"edited")
    assert fetch("soundtracks")[0] == 0
    assert sorted(downloads(osf)) == [ARCHIVE, "mean_ratings_set1.csv"]
    assert (sets / "Set1" / "007.mp3").read_bytes() == bytes([7]) * 20
    assert (sets / "mean_ratings_set1.csv.old").read_bytes() == b"edited"


def test_what_the_reader_put_there_is_left_alone(osf, fetch, root):
    sets = root / "soundtracks"
    sets.mkdir(parents=True)
    for name, packed in SOUNDTRACKS.items():  # Set2.zip with another 001.mp3, too
        (sets / name).write_bytes(packed)
    before = content(root)
    status, out, _ = fetch("soundtracks", yes=False)
    assert (status, out.count("as you put it there"), osf.asked) == (0, 4, [])
    assert content(root) == before


def test_only_ratings_leaves_out_the_sounds(osf, fetch, root):
    for name in ("soundtracks", "midlevel"):
        assert fetch(name, "--only", "ratings")[0] == 0
    assert not [name for name in content(root) if name.endswith((".mp3", ".zip"))]
    assert (root / "midlevel" / "metadata_annotations" / "annotations.csv").is_file()


@pytest.mark.parametrize("loose", [False, True])
def test_midlevel_sounds_are_found_whatever_holds_them(osf, fetch, root, loose):
    osf.files["5aupt"] = midlevel(n_sounds=N_SOUNDS, loose=loose)
    status, out, _ = fetch("midlevel")
    assert (status, "audio: 12 sounds, as fetched" in out) == (0, True)
    assert content(root)[f"midlevel/{'audio' if loose else 'mid_audio'}/11.mp3"] == b"11"
    osf.asked.clear()
    (root / "midlevel" / "audio.sha256").unlink()
    assert fetch("midlevel")[0] == 0
    assert downloads(osf) == []


def test_sounds_may_come_in_several_archives(osf, fetch, root):
    osf.files["5aupt"]["audio 2.zip"] = zipped({"more/13.mp3": b"13"})
    assert "audio: 13 sounds, as fetched" in fetch("midlevel")[1]
    assert (root / "midlevel" / "audio 2" / "13.mp3").is_file()


def test_several_archives_that_hold_too_little_are_told(osf, fetch, root):
    osf.files["5aupt"] |= {"mid_audio.zip": zipped({"1.mp3": b"1"}), "audio 2.zip": zipped({"2.mp3": b"2"})}
    status, _, err = fetch("midlevel")
    assert status == 2
    assert re.search(r"audio in .*/midlevel holds 2 sounds of at least 12: 3.mp3 is the first to lack, though", err)


def test_loose_sounds_that_are_there_are_not_fetched_twice(osf, fetch, root):
    osf.files["5aupt"] = midlevel(n_sounds=N_SOUNDS, loose=True)
    osf.faults["11.mp3"] = [fail(404)]
    assert fetch("midlevel")[0] == 2
    osf.asked.clear()
    assert fetch("midlevel")[0] == 0
    assert "1.mp3" not in downloads(osf)
    assert downloads(osf)[0] == "11.mp3"


def test_a_renamed_file_is_known_by_its_identifier(osf, fetch, root):
    osf.files["p6vkg"]["ratings.csv"] = osf.files["p6vkg"].pop("mean_ratings_set1.csv")
    osf.guids["ratings.csv"] = "g2h8w"
    assert fetch("soundtracks")[0] == 0
    assert (root / "soundtracks" / "mean_ratings_set1.csv").is_file()


def test_a_cut_list_of_tracks_is_fetched_anew_and_taken_as_osf_has_it(osf, fetch, root):
    whole, path = SOUNDTRACKS["set1_tracklist.csv"], root / "soundtracks" / "set1_tracklist.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\n".join(whole.splitlines()[:345]))
    assert "set1_tracklist.csv: 360 clips" in fetch("soundtracks")[1]
    path.unlink()
    osf.files["p6vkg"]["set1_tracklist.csv"] = b"\n".join(whole.splitlines()[:345])
    assert "set1_tracklist.csv: 344 clips" in fetch("soundtracks")[1]
    assert "has already" in fetch("soundtracks")[1]


def test_an_unneeded_file_may_lack(osf, fetch):
    del osf.files["p6vkg"]["readme.md"]
    assert fetch("soundtracks")[0] == 0
    assert fetch("soundtracks")[1].count("as fetched") == 3


@pytest.mark.parametrize(("answer", "fetched"), [("y", True), ("yes", True), ("", False), ("n", False)])
def test_it_asks_first(osf, fetch, root, monkeypatch, answer, fetched):
    asked = []
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    status, _, err = fetch("soundtracks", "--only", "ratings", yes=False)
    assert (status == 0, (root / "soundtracks").exists()) == (fetched, fetched)
    assert asked[0].startswith("Fetch ")
    assert asked[0].endswith(f" kB into {root / 'soundtracks'}? [y/N] ")
    assert fetched or "nothing was fetched, for you did not agree" in err


def test_without_a_terminal_somebody_must_have_agreed(osf, fetch, root):
    status, out, err = fetch("soundtracks", yes=False)
    assert (status, downloads(osf), root.exists()) == (2, [], False)
    assert "please cite" in out
    assert "nobody to agree" in err
    assert "--yes" in err


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([fail(404)], r"has no Set1\.zip at that address any more \(404\)"),
        ([fail(503)] * 4, r"too much to do \(503\): run the same command later"),
        ([cut(1)] * 4, "broke off within Set1.zip: run the same command"),
        ([send(b"<html>", Content_Type="text/html")], "sent a web page instead of Set1.zip"),
        ([send(b"x" * len(SOUNDTRACKS[ARCHIVE]))], "arrived damaged, for it is not what its hash says"),
        ([send(b"short")], "has 5 bytes instead of"),
    ],
)
def test_each_fault_ends_in_a_sentence_and_the_same_command_mends_it(osf, fetch, root, faults, said):
    osf.faults[ARCHIVE] = list(faults)
    status, _, err = fetch("soundtracks")
    assert (status, err.count("\n")) == (2, 1)
    assert re.search(said, err)
    assert (root / "soundtracks" / "mean_ratings_set1.csv").is_file()
    assert not (root / "soundtracks" / "Set1").exists()
    osf.faults.clear()
    assert fetch("soundtracks")[0] == 0


@pytest.mark.parametrize(
    ("name", "bad", "said"),
    [
        (ARCHIVE, zipped({"../evil.mp3": b"x"}), r"Set1\.zip would write outside of its folder \('\.\./evil\.mp3'\)"),
        (ARCHIVE, b"PK\x03\x04 half", r"Set1\.zip is no whole zip archive"),
        (ARCHIVE, soundtracks(n_sounds=11)[ARCHIVE], r"Set1\.zip holds 11 sounds of at least 12: 012\.mp3"),
        ("mean_ratings_set1.csv", b"number,valence\n1,2\n", r"mean_ratings_set1\.csv has no column 'energy'"),
        ("set1_tracklist.csv", b"Nro\n1\n", r"set1_tracklist\.csv has no column 'Album name' but 'Nro'"),
    ],
)
def test_what_is_not_what_it_should_be_is_set_aside(osf, fetch, root, name, bad, said):
    osf.files["p6vkg"][name] = bad
    status, _, err = fetch("soundtracks")
    assert (status, err.count("\n")) == (2, 1)
    assert re.search(said + f".*; it was set aside as .*{name}.refused", err)
    assert (root / "soundtracks" / f"{name}.refused").read_bytes() == bad
    assert not list(root.rglob("evil.mp3"))
    assert not (root / "soundtracks" / name.removesuffix(".zip")).exists()


def test_a_moved_file_is_told_with_what_there_is(osf, fetch):
    del osf.files["p6vkg"][ARCHIVE]
    status, _, err = fetch("soundtracks")
    assert status == 2
    assert "https://osf.io/p6vkg has no Set1.zip any more, but mean_ratings_set1.csv, set1_tracklist.csv, " in err


def test_no_network_is_told(osf, fetch, monkeypatch):
    monkeypatch.setenv("MER_OSF", "http://127.0.0.1:1")
    status, _, err = fetch("soundtracks")
    assert (status, err) == (
        2,
        "mer: 127.0.0.1:1 cannot be reached: look at your network, then run the same command\n",
    )


def test_a_full_disk_is_told_before_anything_is_asked(osf, fetch, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=40 * 10**6))
    status, _, err = fetch("soundtracks")
    assert (status, downloads(osf)) == (2, [])
    assert "needs 50 MB and its disk has 40 MB left: free some space" in err


def test_a_place_that_cannot_be_written_is_told_before_the_network_is_used(osf, fetch, root, monkeypatch):
    root.write_text("a file")
    status, _, err = fetch("soundtracks")
    assert (status, osf.asked, err.count("\n")) == (2, [], 1)
    assert "sets/soundtracks: may not be read (Not a directory)" in err
    root.unlink()
    monkeypatch.setattr("os.access", lambda *_: False)
    status, _, err = fetch("soundtracks")
    assert (status, osf.asked) == (2, [])
    assert "may not be written to, choose another folder" in err


def test_stopping_says_that_it_goes_on(osf, fetch, root, monkeypatch):
    def stop(archive, folder, check):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mer_utils.fetching.save_unpacked", stop)
        assert fetch("soundtracks")[::2] == (130, "mer: stopped while unpacking Set1.zip: the same command goes on\n")
    osf.asked.clear()
    assert fetch("soundtracks")[0] == 0
    assert downloads(osf) == []


def test_a_killed_fetch_goes_on_where_it_was(osf, fetch, root):
    rng, killed = np.random.default_rng(0), Event()
    packed = zipped({f"Set1/{number:03d}.mp3": rng.bytes(200) for number in range(1, 361)})
    osf.files["p6vkg"][ARCHIVE] = packed

    def stall(handler, content):
        handler.send_file(content, send=3 * PIECE)
        handler.wfile.flush()
        killed.wait(30)
        handler.close_connection = True

    osf.faults[ARCHIVE] = [stall]
    words = [sys.executable, "-m", "mer_utils", "fetch", "soundtracks", "--yes", "--root", str(root)]
    part = root / "soundtracks" / "Set1.zip.part"
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    killed.set()
    assert not (root / "soundtracks" / "Set1").exists()
    arrived = part.stat().st_size
    osf.asked.clear()
    assert fetch("soundtracks")[0] == 0
    assert [headers["Range"] for path, headers in osf.asked if path.endswith(ARCHIVE)] == [f"bytes={arrived}-"]
    assert downloads(osf) == [ARCHIVE]
    assert len(list((root / "soundtracks" / "Set1").iterdir())) == 360


def test_a_disk_that_fills_up_is_told_and_what_arrived_stays(osf, fetch, root, monkeypatch):
    def fill(source, target, length=0):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("mer_utils.archives.shutil.copyfileobj", fill)
        status, _, err = fetch("soundtracks")
    assert (status, err.count("\n")) == (2, 1)
    assert "is full: free some space, then run the same command" in err
    assert (root / "soundtracks" / "mean_ratings_set1.csv").is_file()
    assert not (root / "soundtracks" / "Set1").exists()
    osf.asked.clear()
    assert fetch("soundtracks")[0] == 0
    assert downloads(osf) == []  # the archive had arrived


def test_two_at_once_do_not_write_into_each_other(osf, fetch, root):
    (root / "soundtracks").mkdir(parents=True)
    with FileLock(root / "soundtracks" / ".fetch.lock"):
        status, _, err = fetch("soundtracks")
    assert (status, downloads(osf)) == (2, [])
    assert "another mer fetch is at work" in err


def test_an_unknown_data_set_is_guessed(capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(["fetch", "soundtrack"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith("did you mean soundtracks?\n")
