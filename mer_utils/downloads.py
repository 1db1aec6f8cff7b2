"""Files from the web that are whole or not there: a download that was cut goes on where it was.

Public names: ``Remote``, ``save_part``, ``is_same``, ``describe_size``, ``explaining_disk``.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .webaccess import FetchError, PassingError, insist, open_url

if TYPE_CHECKING:
    import requests

_PIECE = 1 << 14  # bytes; a cut loses what has arrived of one


@dataclass(frozen=True)
class Remote:
    """A file that a server offers.

    Parameters
    ----------
    name
        Of the file, without folders.
    url
        Where it is.
    size
        Bytes; None if the server does not say.
    sha256, md5
        Hashes in hexadecimal; "" if the server does not say.
    guid
        By which OSF knows the file whatever its name is; "" if it has none.
    """

    name: str
    url: str
    size: int | None = None
    sha256: str = ""
    md5: str = ""
    guid: str = ""


def save_part(remote: Remote, part: Path) -> None:
    """Bring a partial file to completeness, and check its length and hash.

    Parameters
    ----------
    remote
        The file.
    part
        Where what has arrived is kept, also when the rest does not come; the server's mark of the version lies beside
        it until it is complete.

    Raises
    ------
    FetchError
        If it cannot be completed or stored, or is another file than announced: then nothing is left of it.
    KeyboardInterrupt
        If somebody stops it, with a message.
    """
    try:
        insist(lambda: _transfer(remote, part), measure=lambda: _measure(part))
    except KeyboardInterrupt:
        kept = f"{describe_size(_measure(part))} of {describe_size(remote.size)} of {remote.name}"
        raise KeyboardInterrupt(f"stopped with {kept}: the same command goes on from there") from None
    _locate_tag(part).unlink(missing_ok=True)
    _check_hash(remote, part)


def _transfer(remote: Remote, part: Path) -> None:
    """Ask for what is missing, once."""
    have, tag = _measure(part), _locate_tag(part)
    if have == remote.size and part.exists():
        return
    headers = {"Accept-Encoding": "identity"}  # ranges count the bytes that are sent
    if have:
        headers["Range"] = f"bytes={have}-"
        if tag.exists():
            headers["If-Range"] = tag.read_text()
    with open_url(remote.url, what=remote.name, headers=headers) as answer, explaining_disk(part):
        start = _find_start(answer)
        if start not in (0, have) or answer.status_code == 416:
            part.unlink(missing_ok=True)
            raise PassingError(f"the server has no rest of {remote.name}: run the same command to fetch all of it")
        length = answer.headers.get("Content-Length", "")
        size = start + int(length) if length.isdecimal() else remote.size
        if remote.size not in (None, size):
            raise FetchError(f"{remote.name} has {size} bytes instead of {remote.size}: it was replaced, try later")
        _keep_tag(answer, tag)
        _write(answer, part, start, size, remote.name)
    if size not in (None, _measure(part)):
        raise PassingError(f"{remote.name} came to an end at {_measure(part)} of {size} bytes: run the same command")


def _find_start(answer: "requests.Response") -> int:
    """Tell at which byte an answer begins: a server that knows no ranges begins anew."""
    if answer.status_code != 206:
        return 0
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _keep_tag(answer: "requests.Response", tag: Path) -> None:
    """Remember which version of the file it is; weak marks do not promise equal bytes."""
    version = answer.headers.get("ETag", "")
    if version and not version.startswith("W/"):
        tag.write_text(version)
    else:
        tag.unlink(missing_ok=True)


def _write(answer: "requests.Response", part: Path, start: int, size: int | None, name: str) -> None:
    from tqdm import tqdm

    bar = tqdm(total=size, initial=start, unit="B", unit_scale=True, desc=name, disable=None, leave=False)
    with part.open("ab" if start else "wb") as file, bar:
        for piece in answer.iter_content(_PIECE):
            file.write(piece)
            bar.update(len(piece))


def _check_hash(remote: Remote, part: Path) -> None:
    if not is_same(remote, part):
        part.unlink()
        raise FetchError(
            f"{remote.name} arrived damaged, for it is not what its hash says: it was deleted, "
            "run the same command to fetch it anew"
        )


def is_same(remote: Remote, path: Path) -> bool:
    """Tell whether a file has the length and the hashes that a server announced, as far as it did."""
    import pooch

    if not path.is_file() or remote.size not in (None, path.stat().st_size):
        return False
    hashes = {"sha256": remote.sha256, "md5": remote.md5}
    return all(pooch.file_hash(str(path), alg=kind) == known.lower() for kind, known in hashes.items() if known)


@contextmanager
def explaining_disk(path: Path) -> Iterator[None]:
    """Say in one line why something cannot be written below the folder of ``path``."""
    try:
        yield
    except OSError as error:
        # those of the web are OSErrors, too, and no number of the system's comes with them
        if isinstance(error, FetchError) or error.errno is None:
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FetchError(
                f"the disk of {path.parent} is full: free some space, then run the same command"
            ) from error
        raise FetchError(f"{error.filename or path} cannot be written ({error.strerror})") from error


def describe_size(size: int | None) -> str:
    """Write a number of bytes as people say it, such as "149 MB"."""
    if size is None:
        return "? MB"
    power = max(power for power in (0, 3, 6, 9) if size >= 10**power or not power)
    value, unit = size / 10**power, {0: "B", 3: "kB", 6: "MB", 9: "GB"}[power]
    return f"{value:.1f} {unit}" if power and value < 10 else f"{value:.0f} {unit}"


def _measure(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _locate_tag(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")
