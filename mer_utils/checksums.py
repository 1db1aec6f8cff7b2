"""Lists of hashes beside what was fetched: whether it is still whole can be told later, and without a network.

They are in the format of ``sha256sum``, so ``sha256sum --check NAME.sha256`` tells the same.

Public names: ``save_checksums``, ``find_changed``.
"""

from collections.abc import Iterable
from pathlib import Path

from .files import save_text


def save_checksums(root: Path, name: str, files: Iterable[Path]) -> None:
    """Write ``NAME.sha256`` into a folder.

    Parameters
    ----------
    root
        The folder.
    name
        Of what the files make up together.
    files
        Paths below the folder.
    """
    import pooch

    lines = (f"{pooch.file_hash(str(path))}  {path.relative_to(root).as_posix()}\n" for path in files)
    save_text(_locate(root, name), "".join(lines))


def find_changed(root: Path, name: str, *, compare: bool = True) -> list[str] | None:
    """Compare files with their list.

    Parameters
    ----------
    root, name
        As given to `save_checksums`.
    compare
        Whether to read the files; otherwise only those are found that are missing.

    Returns
    -------
    list of str or None
        Those that are missing or have other content, below the folder; None if there is no list.
    """
    try:
        lines = _locate(root, name).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    hashes = dict(reversed(line.split("  ", 1)) for line in lines if "  " in line)
    return [file for file, known in hashes.items() if not _is_same(root / file, known, compare)]


def _is_same(path: Path, known: str, compare: bool) -> bool:
    import pooch

    return path.is_file() and (not compare or pooch.file_hash(str(path)) == known)


def _locate(root: Path, name: str) -> Path:
    return root / f"{name}.sha256"
