"""Writing files at one stroke: a reader sees the old content or the new, never a part.

Public names: ``replacing``, ``save_text``, ``save_bytes``, ``check_target``, ``shorten_path``, ``TargetError``.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TargetError(OSError):
    """A place at which no file can be written."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what lies there becomes ``path`` if the block ends without an error.

    Parameters
    ----------
    path
        The file; its folder is made.

    Yields
    ------
    pathlib.Path
        A hidden name in the same folder, another one at each call; nothing is left there afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def save_text(path: Path, text: str) -> None:
    """Write a text file at one stroke.

    Parameters
    ----------
    path
        File to write; its folder is made.
    text
        All of its content; written as UTF-8.
    """
    save_bytes(path, text.encode("utf-8"))


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file at one stroke.

    Parameters
    ----------
    path
        File to write; its folder is made.
    content
        All of its content.
    """
    with replacing(path) as part:
        part.write_bytes(content)


def check_target(path: Path) -> None:
    """Find out whether a file can be written, before long work whose result it shall hold; nothing is created.

    Parameters
    ----------
    path
        The file; missing folders above it count as writable if they can be made.

    Raises
    ------
    TargetError
        If ``path`` is a folder, or the place that it would lie in is a file or may not be written to.
    """
    if path.is_dir():
        raise TargetError(f"{path} is a folder: name a file in it")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise TargetError(f"{path} cannot be written: {above} is a file, not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise TargetError(f"{path} cannot be written: {above} may not be written to, choose another folder")


def shorten_path(path: Path) -> str:
    """Give a path relative to the current folder where it lies below it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
