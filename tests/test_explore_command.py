"""``mer explore`` as it is typed: a page for this machine alone, that asks no other, and leaves nothing behind."""

import asyncio
import html
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import url2pathname

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from mer_utils import library, webapp, webserver
from mer_utils.__main__ import main
from mer_utils.audio import save_audio
from mer_utils.ownmusic import build_music_folder, select_songs
from mer_utils.paths import ROOT

SHOWN = "import os, json, ipywidgets\nabout = PROFILE, SEED, NET, os.listdir(SONGS), os.getcwd(), os.getpid()\n"
SHOWN += "print('about', json.dumps(about))\nipywidgets.HTML('<b>hello</b>')"
START = "import sys; from mer_utils import webapp, __main__; webapp.NOTEBOOK = webapp.Path(sys.argv.pop(1)); "
START += "sys.exit(__main__.main())"


def outside(text):
    return re.findall(r"""(?:src|href|url|from|import)\s*[=(:]?\s*["'(]?\s*((?:https?:)?//[^"'\s)]*)""", text)


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    tone = np.sin(np.arange(22050) / 10).astype(np.float32)
    return save_audio(tmp_path_factory.mktemp("music") / "a <b> song.wav", tone)


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    """A notebook that shows its parameters, and what a page must not show."""
    first = new_code_cell("PROFILE, SEED, NET, SONGS = 'quick', 0, '', ''", metadata={"tags": ["parameters"]})
    static = new_code_cell("print('for ' + 'readers')", metadata={"tags": ["static"]})
    path = tmp_path_factory.mktemp("notebooks") / "07_stub.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Some text"), first, new_code_cell(SHOWN), static]), path)
    return path


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def server(stub, song, build):
    command = [sys.executable, "-c", START, str(stub), "explore", str(song), "--seed", "3", "--no-browser"]
    environment = {**os.environ, "MER_BUILD": str(build)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, cwd=ROOT, **pipes) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def address(server):
    return urlsplit(re.search(r"http://\S+", server.stdout.readline())[0])


def ask(address, path, **headers):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer, "" if answer.status == 101 else answer.read().decode()


@pytest.fixture(scope="module")
def page(address):
    return ask(address, f"/?{address.query}")


def read_about(text):
    """Find what the notebook printed."""
    return json.loads(re.search(r"about (\[.*\])", html.unescape(text))[1])


def test_the_page_shows_what_the_parameters_make(page, song, build):
    profile, seed, net, songs, folder, _ = read_about(page[1])
    assert (profile, seed, net, songs) == ("quick", 3, "joint", [song.name])
    assert Path(folder).parent == build
    assert "application/vnd.jupyter.widget-view+json" in page[1]


def test_the_page_shows_text_and_no_code(page):
    assert "Some text" in page[1]
    assert "os.getpid" not in page[1]
    assert "for readers" not in page[1]


def test_the_page_is_readable_for_all(page):
    assert all(said in page[1] for said in ('<html lang="en">', 'name="viewport"', 'role="status"', 'role="alert"'))
    assert f"<title>{webapp.TITLE}</title>" in page[1]


def test_no_page_asks_another_machine(address, page):
    pages = [page[1], ask(address, "/login")[1], ask(address, f"/nowhere?{address.query}")[1]]
    assert [outside(text) for text in pages] == [[], [], []]
    assert all(
        "default-src 'self'" in ask(address, path)[0].headers["Content-Security-Policy"] for path in ("/", "/x")
    )


def test_the_page_may_talk_to_no_other_server_of_this_machine(address, page):
    policy = page[0].headers["Content-Security-Policy"]
    assert not re.search(r"https?:|\*", policy)
    assert re.findall(r"ws:[^ ;]+", policy) == [f"ws://{name}:{address.port}" for name in ("127.0.0.1", "localhost")]


@pytest.mark.parametrize(
    "link", ['<script src="https://cdn.org/x.js">', "@import '//cdn.org/x.css'", "url(http://x.y)"]
)
def test_a_page_that_asked_one_would_be_found(link):
    assert outside(link)


PATHS = [
    "tree",
    "voila/tree",
    "voila/files/explorer.ipynb",
    "voila/files/../explorer.ipynb",
    "voila/render/explorer.ipynb",
]
PATHS += [
    "../explorer.ipynb",
    "voila/static/../../../../../../../../../etc/passwd",
    "voila/templates/lab/static/..%2findex.html.j2",
]
PATHS += [
    "explorer.ipynb",
    "open.html",
    "api/contents",
    "api/kernels",
    "voila/static/%2e%2e/app.py",
    "voila/labextensions/../../jupyter",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_else_is_served(address, path):
    assert ask(address, f"/{path}?{address.query}")[0].status >= 400


def test_an_error_is_a_page_that_leads_back(address):
    assert '<a href="/">Open the explorer</a>' in ask(address, f"/nowhere?{address.query}")[1]


def test_nobody_without_the_address_gets_in(address):
    answer, _ = ask(address, "/")
    assert (answer.status, urlsplit(answer.headers["Location"]).path) == (302, "/login")
    assert "Open the whole address" in ask(address, "/login")[1]
    assert ask(address, "/?token=guessed")[0].status == 302


def test_pages_under_other_names_are_refused(address):
    assert ask(address, f"/?{address.query}", Host=f"evil.example:{address.port}")[0].status == 403
    assert ask(address, f"/nowhere?{address.query}", Host=f"localhost:{address.port}")[0].status == 404


@pytest.fixture(scope="module")
def kernel(page):
    """Path of the kernel's web socket, and the cookies that it takes."""
    cookies = "; ".join(cookie.split(";")[0] for cookie in page[0].headers.get_all("Set-Cookie"))
    return "/api/kernels/{}/channels".format(re.search(r'"kernelId": "([\w-]+)"', page[1])[1]), cookies


@pytest.mark.parametrize(("origin", "status"), [("http://{}", 101), ("http://evil.example", 403)])
def test_only_its_own_page_talks_to_a_kernel(address, kernel, origin, status):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    upgrade |= {"Sec_WebSocket_Key": "c2l4dGVlbiBieXRlcyEhIQ==", "Origin": origin.format(address.netloc)}
    assert ask(address, kernel[0], Cookie=kernel[1], **upgrade)[0].status == status


async def send(address, kernel, size):
    """Ask a kernel what it is in so many bytes; tell whether it answers."""
    headers = {"Cookie": kernel[1], "Origin": f"http://{address.netloc}"}
    socket = await websocket_connect(HTTPRequest(f"ws://{address.netloc}{kernel[0]}", headers=headers))
    header = {"msg_id": "1", "msg_type": "kernel_info_request", "session": "1", "username": "", "version": "5.3"}
    asked = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": {}}
    await socket.write_message(json.dumps(asked).ljust(size))
    said = ""
    while said is not None and "kernel_info_reply" not in said:
        said = await socket.read_message()
    return said is not None


def test_several_files_may_come_in_one_piece(address, kernel):
    assert asyncio.run(send(address, kernel, 110 * 2**20))  # where tornado would by itself end at 100


def test_only_this_machine_is_answered(address):
    assert address.hostname == "127.0.0.1"
    socket.create_connection(("127.0.0.1", address.port)).close()
    with pytest.raises(OSError, match=r"refused|assign|unreachable|timed out"):
        socket.create_connection(("127.0.0.2", address.port), timeout=5)


def test_what_fails_is_said_in_full_in_the_terminal_and_ctrl_c_leaves_nothing(server, address, page, build):
    (notebook,) = build.glob("*/explorer.ipynb")
    notebook.write_text(notebook.read_text().replace("import os", "1 / 0 #"))
    text = ask(address, f"/?{address.query}")[1]
    assert ["says more" in text, "ZeroDivisionError" in text] == [True, False]
    kernel = read_about(page[1])[-1]
    os.kill(kernel, 0)
    server.send_signal(signal.SIGINT)
    assert server.wait(30) == 0
    assert server.stdout.read().splitlines()[1:] == ["stopping"]
    assert "ZeroDivisionError" in server.stderr.read()
    assert list(build.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


def explore(*words):
    return main(["explore", *map(str, words), "--no-browser"])


@pytest.fixture
def music(tmp_path, song):
    for name in ("one", "two", "empty"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / name / "song.wav").write_bytes(song.read_bytes())
    (tmp_path / "empty" / "notes.wav").write_text("no sound at all")
    return tmp_path


@pytest.fixture
def refuse(music, capsys, monkeypatch):
    """Explore what must be refused before anything starts; give the line that says why."""

    def refuse(*words):
        assert explore(*words) == 2
        (said,) = capsys.readouterr().err.splitlines()
        return said

    monkeypatch.chdir(music)
    monkeypatch.setattr("mer_utils.webserver.run_server", lambda *args, **choices: pytest.fail("it was started"))
    return refuse


BAD = [("nowhere.wav",), ("empty",), ("empty/notes.wav",), ("one", "two"), ("one/song.wav", "two"), ("--net", "nix")]


@pytest.mark.parametrize("words", BAD)
def test_bad_input_is_one_line(refuse, words):
    assert refuse(*words)


def test_music_in_folders_of_a_folder_is_not_found_and_it_is_said(refuse):
    assert "not searched" in refuse(".")


def test_more_songs_than_can_be_picked_are_refused(refuse, music, monkeypatch):
    monkeypatch.setattr("mer_utils.library.MOST_FILES", 1)
    monkeypatch.setattr("mer_utils.ownmusic.MOST_FILES", 1)
    assert "2 sounds are named, more than 1" in refuse("one/song.wav", "two/song.wav")
    assert len(select_songs([music / "one"])) == 1
    (music / "one" / "again.wav").write_bytes((music / "one" / "song.wav").read_bytes())
    assert "holds 2 sounds, more than 1" in refuse("one")


@pytest.mark.parametrize("content", [None, "{", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'])
def test_a_notebook_that_is_missing_or_damaged_is_one_line(tmp_path, monkeypatch, capsys, content):
    monkeypatch.setattr(webapp, "NOTEBOOK", tmp_path / "07.ipynb")
    monkeypatch.setenv("MER_BUILD", str(tmp_path / "build"))
    if content:
        webapp.NOTEBOOK.write_text(content)
    assert explore() == 2
    assert str(webapp.NOTEBOOK) in capsys.readouterr().err
    assert list((tmp_path / "build").iterdir()) == []


def test_a_port_that_is_taken_is_one_line(stub, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(webapp, "NOTEBOOK", stub)
    monkeypatch.setenv("MER_BUILD", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert explore("--port", taken.getsockname()[1]) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert f"port {taken.getsockname()[1]}" in said


SECRET = "http://127.0.0.1:8866/?token=secret&x"


def test_the_browser_is_led_to_the_address_by_a_file_that_nobody_else_reads(tmp_path, monkeypatch):
    told, opened = [], Queue()
    monkeypatch.setattr(webserver.webbrowser, "get", lambda: SimpleNamespace(open=opened.put))
    webserver._announce(SECRET, folder=tmp_path, tell=told.append)
    place = Path(url2pathname(urlsplit(opened.get(timeout=10)).path))
    assert place.stat().st_mode & 0o777 == 0o600
    assert set(re.findall(r'(?:url|href)="?([^"]+)', html.unescape(place.read_text()))) == {SECRET}
    assert SECRET in told[0].splitlines()[0]


def test_all_that_may_be_uploaded_fits_into_one_message():
    assert webserver._build_settings()["websocket_max_message_size"] > library.MOST_UPLOADED + 2**20


def test_files_become_a_folder_that_keeps_their_names(music):
    songs = select_songs([music / "one" / "song.wav", music / "two" / "song.wav", music / "one" / "song.wav"])
    folder = build_music_folder(songs, music / "links")
    assert folder == str(music / "links")
    assert sorted(path.name for path in (music / "links").iterdir()) == ["song (2).wav", "song.wav"]
    assert (music / "links" / "song (2).wav").resolve() == songs[1]


def test_a_folder_is_taken_as_it_is(music):
    assert build_music_folder(select_songs([music / "one"]), music / "links") == str(music / "one")
    assert build_music_folder([], music / "links") == ""
    assert not (music / "links").exists()
