"""Spectrograms of many sound files in one file on disk: made once, on all cores, and read without filling the memory.

Frames are float16, to half a unit in the last place of what `compute_spectrogram` gives: its errors are below 0.1 % of
a value. The file grows at its end and nothing in it is overwritten, so what was handed out stays as it is; an index,
replaced at one stroke, says what of it counts. Work is shared by threads, for all that takes time leaves Python's lock
alone: they start at once, end with their process and need no guarded script.

Public names: ``SpectrogramPack``, ``SpectrogramPackError``.
"""

import errno
import json
import os
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from .audio import AudioError
from .files import save_text
from .soundfiles import SoundFile, SoundFileError
from .spectrogram import SpectrogramConfig, SpectrogramError, compute_spectrogram

#: Raise with any change to `load_audio` or `compute_spectrogram` that changes a spectrogram.
VERSION = 1

_DEFAULT = SpectrogramConfig()
_DTYPE = np.dtype("<f2")
_SECONDS_AT_STAKE = 2.0  # between two writings of the index: what a kill may cost
_NAMED = 3  # faults that an error spells out


class SpectrogramPackError(OSError):
    """A place where no spectrograms can be kept."""


class SpectrogramPack:
    """A folder with the spectrograms of sound files.

    Parameters
    ----------
    folder
        Where to keep them, a folder for nothing else; it is made.
    config
        Settings of the spectrograms. A pack made with others, or by another version, is begun anew.
    """

    def __init__(self, folder: Path, *, config: SpectrogramConfig = _DEFAULT) -> None:
        self.folder = Path(folder)
        self._config = config

    def load(self, sounds: Mapping[str, SoundFile], *, progress: bool = True) -> list[np.ndarray]:
        """Give the spectrograms of some sounds; those missing, damaged or of changed files are computed first.

        What an interrupted or killed call has done is kept, up to two seconds of it. Two processes take turns.

        Parameters
        ----------
        sounds
            Sounds by name. A name that the pack knows with another file gets its frames replaced; names left out
            keep theirs.
        progress
            Show a bar while computing.

        Returns
        -------
        list of numpy.ndarray
            Read-only float16 (n_frames, n_bands), log10(1 + magnitude), in the order of ``sounds``. They are views
            of one file, whose pages come into memory when they are looked at and leave it when it is needed.

        Raises
        ------
        SoundFileError
            If sounds cannot be read or are silent; the others are kept.
        SpectrogramPackError
            If the folder cannot be written to, or is full; what is done is kept.
        """
        from filelock import FileLock

        if not sounds:
            return []
        stamps = {name: sound.stamp for name, sound in sounds.items()}
        with _explaining(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock"):
                store = _Store(self.folder, self._config)
                store.drop_damaged(list(sounds))
                todo = [
                    name for name in sounds if name not in store.entries or store.entries[name].stamp != stamps[name]
                ]
                faults = self._compute(store, {name: (sounds[name], stamps[name]) for name in todo}, progress)
                if not faults:
                    return store.open(list(sounds))
        more = " ..." if len(faults) > _NAMED else ""
        raise SoundFileError(
            f"{len(faults)} of {len(sounds)} sounds are of no use: {'; '.join(faults[:_NAMED])}{more}"
        )

    def _compute(self, store: "_Store", todo: dict[str, tuple[SoundFile, str]], progress: bool) -> list[str]:
        """Compute and keep what is to do; tell what was wrong with the rest, in a fixed order."""
        from joblib import Parallel, delayed
        from tqdm import tqdm

        from .workers import count_cores

        if not todo:
            return []
        parallel = Parallel(min(count_cores(), len(todo)), prefer="threads", return_as="generator_unordered")
        results = parallel(delayed(_compute_frames)(name, sound, self._config) for name, (sound, _) in todo.items())
        faults = []
        bar = tqdm(total=len(todo), desc="spectrograms", unit="sound", disable=not progress)
        with bar, closing(results), store.writing():
            for name, spec in results:
                if isinstance(spec, str):
                    faults.append(spec)
                else:
                    store.append(name, todo[name][1], spec)
                bar.update()
        return sorted(faults)


def _compute_frames(name: str, sound: SoundFile, config: SpectrogramConfig) -> tuple[str, np.ndarray | str]:
    """Compute the float16 spectrogram of a sound, or say what is wrong with it."""
    try:
        y, _ = sound.load(sr=config.sr)
        if not y.any():
            return name, f"{sound}: is silent"
        return name, compute_spectrogram(y, config=config).astype(_DTYPE)
    except AudioError as error:
        return name, str(error)
    except SpectrogramError as error:
        return name, f"{sound}: {error}"


class _Entry(NamedTuple):
    """Where the frames of a sound lie, what file they were made of, and their checksum."""

    stamp: str
    first: int
    n_frames: int
    checksum: int

    @property
    def stop(self) -> int:
        return self.first + self.n_frames


class _Store:
    """The two files of a pack; whoever has one holds the pack's lock."""

    def __init__(self, folder: Path, config: SpectrogramConfig) -> None:
        self._index = folder / "index.json"
        self._n_bands, self._row = config.n_bands, config.n_bands * _DTYPE.itemsize
        self._identity = {"version": VERSION, **asdict(config)}
        self._begin()
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # none yet, or damaged
            index = json.loads(self._index.read_text(encoding="utf-8"))
            if index["identity"] == self._identity:
                entries = {name: _Entry(str(row[0]), *map(int, row[1:])) for name, row in index["entries"].items()}
                self.entries, self._frames = entries, folder / index["frames"]
                self._end = max(entry.stop for entry in entries.values())

    def _begin(self) -> None:
        """Go on with a new file: what others still look at in the old one stays."""
        self._frames = self._index.with_name(f"{uuid.uuid4().hex[:8]}.frames")
        self.entries: dict[str, _Entry] = {}
        self._end = 0  # first free row

    def drop_damaged(self, names: list[str]) -> None:
        """Forget entries of which the end is missing, and some others whose frames are not what they were."""
        n_rows = self._frames.stat().st_size // self._row if self._frames.is_file() else 0
        self.entries = {name: entry for name, entry in self.entries.items() if 0 <= entry.first < entry.stop <= n_rows}
        if self.entries:
            with self._frames.open("rb") as file:  # not through a map: all pages would come into memory at once
                for name in filter(self.entries.__contains__, names):
                    if zlib.crc32(self._read(file, self.entries[name])) != self.entries[name].checksum:
                        del self.entries[name]
        if not self.entries:
            self._begin()

    def _read(self, file: BinaryIO, entry: _Entry) -> bytes:
        file.seek(entry.first * self._row)
        return file.read(entry.n_frames * self._row)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open the pack for `append`; what was appended is kept, however the block ends."""
        self._frames.touch()
        with self._frames.open("r+b", buffering=0) as self._file:  # unbuffered: nothing is left over on a full disk
            self._saved = time.monotonic()
            try:
                yield
            finally:
                self._save()
        if 2 * sum(entry.n_frames for entry in self.entries.values()) < self._end:
            self._compact()

    def append(self, name: str, stamp: str, spec: np.ndarray) -> None:
        """Keep the frames (n_frames, n_bands) of a sound, in the place of any others of this name."""
        content = spec.tobytes()
        self._file.seek(self._end * self._row)
        self._write(content)
        self.entries[name] = _Entry(stamp, self._end, len(spec), zlib.crc32(content))
        self._end += len(spec)
        if time.monotonic() - self._saved > _SECONDS_AT_STAKE:
            self._save()
            self._saved = time.monotonic()

    def _write(self, content: bytes) -> None:
        left = memoryview(content)
        while left:  # a disk that fills up takes a part before it refuses
            left = left[self._file.write(left) :]

    def _save(self) -> None:
        """Put the index on disk after the frames that it tells of, and remove frames that it does not."""
        os.fsync(self._file.fileno())
        index = {"identity": self._identity, "frames": self._frames.name, "entries": self.entries}
        save_text(self._index, json.dumps(index))
        for other in self._frames.parent.glob("*.frames"):
            if other != self._frames:
                other.unlink()

    def _compact(self) -> None:
        """Copy what counts into a new file; until the index names it, the old one holds."""
        old, entries = self._frames, sorted(self.entries.items(), key=lambda item: item[1].first)
        self._begin()
        with old.open("rb") as source, self._frames.open("wb", buffering=0) as self._file:
            for name, entry in entries:
                self._write(self._read(source, entry))
                self.entries[name] = entry._replace(first=self._end)
                self._end += entry.n_frames
            self._save()

    def open(self, names: list[str]) -> list[np.ndarray]:
        """Give read-only views (n_frames, n_bands) of the frames of some sounds."""
        entries = [self.entries[name] for name in names]
        shape = (max(entry.stop for entry in entries), self._n_bands)
        frames = np.asarray(np.memmap(self._frames, _DTYPE, mode="r", shape=shape))
        return [frames[entry.first : entry.stop] for entry in entries]


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    """Say in one line why nothing can be kept in a folder."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full: make room, or let MER_CACHE name a folder elsewhere, and go on"
        else:
            reason = error.strerror or error
        raise SpectrogramPackError(f"{folder}: spectrograms cannot be kept ({reason})") from error
