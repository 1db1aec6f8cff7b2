"""Sound files as data sets deliver them: by name, at any depth of a folder, unpacked or inside zip archives.

Public names: ``SoundFile``, ``SoundFileError``, ``find_sounds``.
"""

import filecmp
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

import numpy as np

from .audio import AudioError, load_audio

_ENCRYPTED = 0x1  # bit of a member's flags
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


class SoundFileError(AudioError):
    """A sound that cannot be found or read; the message is one line with file and cause."""


@dataclass(frozen=True)
class SoundFile:
    """One sound: a file, or a member of a zip archive, which is read into memory and never written anywhere.

    Parameters
    ----------
    path
        The file, or the archive.
    member
        Name inside of the archive; "" for a file of its own.
    """

    path: Path
    member: str = ""

    def load(self, *, sr: int = 22050) -> tuple[np.ndarray, int]:
        """Read the sound as `load_audio` does: (n_samples,) float32 at ``sr`` Hz, peak 1, and ``sr``.

        Raises
        ------
        AudioError
            If it cannot be read; the message names it.
        """
        if not self.member:
            return load_audio(self.path, sr=sr)
        with _explaining(self.path):
            archive = _open_archive(self.path)
            try:
                content = archive.read(self.member)
            except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
                raise SoundFileError(f"{self}: cannot be unpacked ({' '.join(str(error).split())})") from error
        return load_audio(io.BytesIO(content), sr=sr, name=str(self))

    @property
    def stamp(self) -> str:
        """What changes whenever the file does, and seldom otherwise; nothing of the sound is read.

        Size, time of change and number of a file on its disk, so it says nothing on other machines; size and checksum
        of a member.

        Raises
        ------
        SoundFileError
            If there is no such file any more.
        """
        with _explaining(self.path):
            if self.member:
                return f"{self.size}-{_find_member(self).CRC:08x}"
            status = self.path.stat()
            # Clips of constant bit rate have one size, and those of an archive one time: swapped, numbers tell.
            return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"

    @property
    def size(self) -> int:
        """Bytes, unpacked."""
        with _explaining(self.path):
            return _find_member(self).file_size if self.member else self.path.stat().st_size

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)


def find_sounds(
    root: Path, names: Iterable[str], *, suffix: str = ".mp3", ignore: Collection[str] = ()
) -> dict[str, SoundFile]:
    """Find sounds by their names, wherever below a folder they lie, in one walk.

    Archives (``*.zip``) are looked into only where a name is found nowhere else; archives inside of archives are not.
    Hidden files and folders and ``__MACOSX`` are passed over. Links are followed, each folder once.

    Parameters
    ----------
    root
        The folder.
    names
        Names without suffix, such as "001".
    suffix
        How their names end, in upper or lower case.
    ignore
        Names of folders and archives, without suffix, that are passed over, in upper or lower case.

    Returns
    -------
    dict
        From name to sound, in the order of ``names``; those that are not there are left out.

    Raises
    ------
    SoundFileError
        If two files of one name differ, a folder may not be read, or an archive that is needed is damaged or
        encrypted.
    """
    names, ignored = list(names), {name.lower() for name in ignore}
    files, archives = _walk(Path(root), ignored, suffix.lower())
    found = {name: _choose(name, files[name]) for name in names if name in files}
    if archives and (missing := set(names) - set(found)):
        members = _list_members(archives, missing, ignored, suffix.lower())
        found |= {name: _choose(name, members[name]) for name in missing if name in members}
    return {name: found[name] for name in names if name in found}


def _walk(root: Path, ignored: set[str], suffix: str) -> tuple[dict[str, list[SoundFile]], list[Path]]:
    """Collect the sounds below a folder by their names, and the archives."""
    files, archives, seen = {}, [], set()
    for folder, folders, contents in os.walk(root, followlinks=True, onerror=_complain):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not _is_passed_over(name, ignored))
        for path in (Path(folder, file) for file in sorted(contents) if not file.startswith(".")):
            if path.suffix.lower() == suffix:
                files.setdefault(path.stem, []).append(SoundFile(path))
            elif path.suffix.lower() == ".zip" and path.stem.lower() not in ignored:
                archives.append(path)
    return files, archives


def _complain(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise SoundFileError(f"{error.filename}: may not be read ({error.strerror})") from error


def _is_passed_over(folder: str, ignored: set[str]) -> bool:
    return folder.startswith(".") or folder == "__MACOSX" or folder.lower() in ignored


def _list_members(archives: list[Path], names: set[str], ignored: set[str], suffix: str) -> dict[str, list[SoundFile]]:
    members = {}
    for path in archives:
        with _explaining(path):
            infos = _open_archive(path).infolist()
        for info in infos:
            *folders, file = map(PurePath, info.filename.replace("\\", "/").split("/"))
            if file.stem not in names or file.suffix.lower() != suffix:
                continue
            if any(_is_passed_over(folder.name, ignored) for folder in folders):
                continue
            sound = SoundFile(path, info.filename)
            if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
                how = "is encrypted" if info.flag_bits & _ENCRYPTED else "is packed in a way not known here"
                raise SoundFileError(f"{sound}: {how}; unpack {path.name} beside it")
            members.setdefault(file.stem, []).append(sound)
    return members


def _choose(name: str, sounds: list[SoundFile]) -> SoundFile:
    """Give the first of some sounds of one name, which must be copies of each other."""
    for other in sounds[1:]:
        if not _are_equal(sounds[0], other):
            raise SoundFileError(f"{name} is ambiguous: {sounds[0]} and {other} differ; move away the one not meant")
    return sounds[0]


def _are_equal(one: SoundFile, other: SoundFile) -> bool:
    if one.member:
        return one.stamp == other.stamp  # the checksum of what is packed
    with _explaining(one.path):
        return filecmp.cmp(one.path, other.path, shallow=False)


def _find_member(sound: SoundFile) -> zipfile.ZipInfo:
    try:
        return _open_archive(sound.path).getinfo(sound.member)
    except KeyError as error:
        raise SoundFileError(f"{sound}: is not in the archive any more") from error


def _open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive, once in a process as long as it stays the same."""
    status = path.stat()
    return _open_unchanged(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _open_unchanged(path: Path, size: int, changed: int) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (NotImplementedError, UnicodeError, struct.error) as error:  # what a damaged table of contents looks like
        raise zipfile.BadZipFile(str(error)) from error


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file."""
    try:
        yield
    except zipfile.BadZipFile as error:
        raise SoundFileError(f"{path}: is no whole zip archive ({error}); download it again or remove it") from error
    except OSError as error:
        raise SoundFileError(f"{path}: cannot be read ({error.strerror or error})") from error
