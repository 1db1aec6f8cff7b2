"""Zip archives from elsewhere, unpacked so that they do no harm: all of it or nothing, and nowhere else.

Public names: ``ArchiveError``, ``save_unpacked``.
"""

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from .downloads import describe_size, explaining_disk
from .webaccess import FetchError

# Sound shrinks by a few per cent and tables to a tenth; a bomb to a thousandth.
_LARGEST_RATIO, _ALWAYS_FINE = 50, 10**8
_ENCRYPTED = 0x1
_LITTER = re.compile(r"__MACOSX|\.DS_Store|\._.*|Thumbs\.db|desktop\.ini", re.IGNORECASE)


class ArchiveError(FetchError):
    """An archive that is damaged, does not hold what it should, or would write where it should not."""


def save_unpacked(archive: Path, folder: Path, *, check: Callable[[Path], object]) -> list[Path]:
    """Unpack an archive into a folder of its own, which appears only when all of it is there and found good.

    If all of the archive is in one folder, that is it, whatever its name. In a folder that exists already, files are
    replaced one by one and others are left alone.

    Parameters
    ----------
    archive
        The archive.
    folder
        Where its content shall lie.
    check
        Looks at the unpacked folder while it has another name, and raises a ``ValueError`` if it is not what it should
        be.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of the archive.

    Raises
    ------
    ArchiveError
        If the archive is damaged, encrypted, far larger inside than outside, or has members that climb out of the
        folder.
    FetchError
        If there is too little room, or the folder cannot be written.
    """
    part = folder.with_name(f".{folder.name}.part")
    with explaining_disk(part), _explaining(archive.name.removesuffix(".part")):
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        try:
            with zipfile.ZipFile(archive) as opened:
                members = _list_members(opened, archive)
                _check_room(sum(info.file_size for info in members.values()), archive.parent)
                part.mkdir(parents=True)
                for name, info in members.items():
                    _write(opened, info, part / name)
            check(part)
            _put_in_place(part, folder, members)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return [folder / name for name in members]


def _list_members(opened: zipfile.ZipFile, archive: Path) -> dict[str, zipfile.ZipInfo]:
    """Find out what is to be unpacked and where to, after looking at all names and sizes."""
    for info in opened.infolist():
        _check_member(info)
    infos = {PurePosixPath(info.filename).parts: info for info in opened.infolist() if not info.is_dir()}
    infos = {parts: info for parts, info in infos.items() if not any(map(_LITTER.fullmatch, parts))}
    if not infos:
        raise ArchiveError("is empty")
    size = sum(info.file_size for info in infos.values())
    if size > max(_ALWAYS_FINE, _LARGEST_RATIO * archive.stat().st_size):
        raise ArchiveError(f"would unpack to {describe_size(size)}, which no data set of its size does")
    nested = len({parts[0] for parts in infos}) == 1 and all(len(parts) > 1 for parts in infos)
    return {"/".join(parts[nested:]): info for parts, info in infos.items()}


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.filename
    unsafe = ".." in name.split("/") or name.startswith("/") or re.search(r"[\\:\x00-\x1f]", info.orig_filename)
    if unsafe or stat.S_ISLNK(info.external_attr >> 16):
        raise ArchiveError(f"would write outside of its folder ({name!r})")
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(f"is encrypted ({name!r})")


def _check_room(size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise FetchError(
            f"unpacked it needs {describe_size(size)}, and the disk of {folder} has {describe_size(free)} left: "
            "free some space, then run the same command"
        )


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(info) as source, path.open("wb") as target:  # checks length and checksum at the end
        shutil.copyfileobj(source, target, 1 << 20)


def _put_in_place(part: Path, folder: Path, names: Iterable[str]) -> None:
    if not folder.exists():
        part.rename(folder)
        return
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).replace(folder / name)


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise ArchiveError(f"{name} is no whole zip archive ({' '.join(str(error).split())})") from error
    except ArchiveError as error:
        raise ArchiveError(f"{name} {error}") from error
