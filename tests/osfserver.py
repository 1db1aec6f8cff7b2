"""A server on this machine that answers as the Open Science Framework does, and fails in the ways that one is told."""

import hashlib
import io
import json
import re
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

from standins import ALBUM_FILE, EMOTION_FILE, METADATA_FILE, MIDLEVEL_FILE, write_standins

N_LISTED = 2  # files a page of a listing has, so that there are several


@dataclass
class Osf:
    """What the server has: files by project and name, and by the name of a file what goes wrong next."""

    files: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    folders: dict = field(default_factory=dict)
    url: str = ""
    ranges: bool = True
    hashes: bool = True
    lengths: dict = field(default_factory=dict)
    guids: dict = field(default_factory=dict)


@contextmanager
def serving(**files):
    osf = Osf(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"osf": osf}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # who stops reading is meant to
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    osf.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield osf
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fail(status, **headers):
    """Answer with a status instead of the file."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, content: handler.answer(status, b"", **named)


def cut(after):
    """Promise all of a file, or of what is asked of it, and close after some bytes."""

    def answer(handler, content):
        handler.send_file(content, send=after)
        handler.close_connection = True

    return answer


def send(content, **headers):
    """Send something else."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.answer(200, content, **named)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.path = unquote(self.path)
        self.osf.asked.append((self.path, dict(self.headers)))
        if match := re.fullmatch(
            r"/v2/nodes/(\w+)/files/osfstorage/(\w+/)?\??(?:page\[size\]=\d+)?(?:page=(\d+))?", self.path
        ):
            self._list(match[1], match[2] or "", int(match[3] or 0))
        elif match := re.fullmatch(r"/v2/nodes/(\w+)/\?embed=license", self.path):
            licence = {"data": {"attributes": {"name": "A licence"}}}
            self._json({"data": {"embeds": {"license": licence}}})
        else:
            *_, node, name = self.path.split("/")
            self._download(name, self.osf.files.get(node, {}).get(name))

    def _list(self, node, folder, page):
        fault = self.osf.faults.get("listing") and self.osf.faults["listing"].pop(0)
        files = self.osf.folders if folder else self.osf.files.get(node)
        if fault or files is None:
            return (fault or fail(404))(self, b"")
        entries = [self._describe(node, name, content) for name, content in files.items()]
        if self.osf.folders and not folder:
            href = f"{self.osf.url}/v2/nodes/{node}/files/osfstorage/inner/?"
            related = {"files": {"links": {"related": {"href": href}}}}
            entries.insert(0, {"attributes": {"kind": "folder", "name": "inner"}, "relationships": related})
        last = (page + 1) * N_LISTED >= len(entries)
        more = f"{self.osf.url}/v2/nodes/{node}/files/osfstorage/{folder}?page={page + 1}"
        shown = entries[page * N_LISTED : (page + 1) * N_LISTED]
        self._json({"data": shown, "links": {"next": None if last else more}})

    def _describe(self, node, name, content):
        hashes = {"sha256": hashlib.sha256(content).hexdigest(), "md5": hashlib.md5(content).hexdigest()}
        extra = {"hashes": hashes if self.osf.hashes else {"sha256": None, "md5": None}}
        size = self.osf.lengths.get(name, len(content))
        known = {"name": name, "kind": "file", "size": size, "guid": self.osf.guids.get(name), "extra": extra}
        return {"attributes": known, "links": {"download": f"{self.osf.url}/{node}/{name}"}}

    def _download(self, name, content):
        faults = self.osf.faults.get(name)
        if content is None:
            return fail(404)(self, b"")
        return faults.pop(0)(self, content) if faults else self.send_file(content)

    def send_file(self, content, *, send=None):
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and self.osf.ranges and self.headers.get("If-Range", tag) == tag else None
        if start is None:
            return self.answer(200, content, send=send, ETag=tag)
        if start >= len(content):
            return self.answer(416, b"")
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self.answer(206, content[start:], send=send, ETag=tag, **{"Content-Range": span})

    def answer(self, status, content, *, send=None, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:send])

    def _json(self, content):
        self.answer(200, json.dumps(content).encode(), **{"Content-Type": "application/vnd.api+json"})

    def log_message(self, *_):
        pass


def zipped(members):
    """Pack members by name into an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@cache
def _write_tables():
    with TemporaryDirectory() as folder:
        write_standins(folder, n_sounds=0)
        names = (EMOTION_FILE, ALBUM_FILE, MIDLEVEL_FILE, METADATA_FILE)
        return {name: Path(folder, name).read_bytes() for name in names}


def soundtracks(*, n_sounds=360, folder="Set1/"):
    """Give Soundtracks as OSF has it, with ratings of nobody and sounds of nothing."""
    sounds = {f"{folder}{number:03d}.mp3": bytes([number % 256]) * 20 for number in range(1, n_sounds + 1)}
    return {
        **{Path(name).name: _write_tables()[name] for name in (EMOTION_FILE, ALBUM_FILE)},
        "readme.md": b"# readme",
        "Set1.zip": zipped(sounds),
        "Set2.zip": zipped({"001.mp3": b"another"}),
    }


def midlevel(*, n_sounds=3575, loose=False):
    """Give Mid-level as it may be on OSF."""
    tables = {name.removeprefix("midlevel/"): _write_tables()[name] for name in (MIDLEVEL_FILE, METADATA_FILE)}
    sounds = {f"{number}.mp3": b"%d" % number for number in range(1, n_sounds + 1)}
    annotations = {"metadata_annotations.zip": zipped({**tables, "__MACOSX/._x": "litter"})}
    return annotations | (sounds if loose else {"mid_audio.zip": zipped(sounds)})
