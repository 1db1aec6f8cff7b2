"""What OSF lists: pages, folders, hashes, licences, and answers that are none."""

import pytest
from osfserver import fail, send, serving

from mer_utils import webaccess
from mer_utils.osf import OSF, _locate_api, load_licence, load_listing
from mer_utils.webaccess import FetchError

FILES = {f"{number}.mp3": b"x" * number for number in range(5)}


@pytest.fixture
def osf(monkeypatch):
    monkeypatch.setattr(webaccess, "sleep", lambda seconds: None)
    with serving(abcde=FILES, empty={}) as osf:
        monkeypatch.setenv("MER_OSF", f"{osf.url}/v2/")
        yield osf


def test_all_pages_are_read(osf):
    listing = load_listing("abcde")
    assert {remote.name: remote.size for remote in listing} == {name: len(content) for name, content in FILES.items()}
    assert all(len(remote.sha256) == 64 and len(remote.md5) == 32 for remote in listing)
    assert load_listing("empty") == []


def test_folders_are_looked_into(osf):
    osf.folders = {"inner.zip": b"1", "inner2.zip": b"2", "inner3.zip": b"3"}
    assert {remote.name for remote in load_listing("abcde")} == {*FILES, *osf.folders}


def test_hashes_may_lack(osf):
    osf.hashes = False
    assert {(remote.sha256, remote.md5) for remote in load_listing("abcde")} == {("", "")}


def test_a_listing_that_leads_in_circles_ends(osf, monkeypatch):
    monkeypatch.setattr("osfserver.N_LISTED", 0)
    monkeypatch.setattr("mer_utils.osf._MOST_PAGES", 7)
    assert load_listing("abcde") == []
    assert len(osf.asked) == 7


def test_faults_pass(osf):
    osf.faults["listing"] = [fail(502), fail(503)]
    assert len(load_listing("abcde")) == 5


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            send(b"<html>", Content_Type="text/html"),
            r"sent a web page instead of list of the files of https://osf.io/ab",
        ),
        (send(b"{"), "is no list of the files of https://osf.io/abcde: try later"),
        (send(b'{"errors": []}'), "lists the files of https://osf.io/abcde in a way not known here"),
        (send(b"[1]"), "in a way not known here"),
        (fail(404), r"has no list of the files of https://osf.io/abcde at that address any more \(404\)"),
        (fail(401), r"does not give list of the files of https://osf.io/abcde away \(401 Unauthorized\)"),
    ],
)
def test_an_answer_that_is_no_listing_is_told(osf, answer, said):
    osf.faults["listing"] = [answer]
    with pytest.raises(FetchError, match=said):
        load_listing("abcde")


def test_a_licence_is_told_or_not(osf, monkeypatch):
    assert load_licence("abcde") == "A licence"
    monkeypatch.setenv("MER_OSF", "http://127.0.0.1:1")
    assert load_licence("abcde") == ""


def test_the_real_address_is_the_default(monkeypatch):
    monkeypatch.delenv("MER_OSF", raising=False)
    assert _locate_api() == OSF == "https://api.osf.io/v2"
