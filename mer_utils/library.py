"""What music can be picked, by title: clips of a corpus, files of a folder, and uploads that stay in memory.

Titles and labels are plain text in which anything may stand that can be seen: whoever shows them escapes them.

Public names: ``Library``, ``LibraryError``, ``select_sounds``, ``MOST_BYTES``, ``MOST_UPLOADED``, ``MOST_SECONDS``,
``MOST_FILES``.
"""

import io
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soundfile as sf

from .audio import AudioError, check_content, load_audio
from .excerpts import describe_conversion
from .glossary import COMPARATIVES
from .spectrogram import SpectrogramConfig

if TYPE_CHECKING:
    from .corpora import Corpus
    from .reference import Reference

#: Largest size of one upload and of all together, bytes.
MOST_BYTES = 50 * 2**20
MOST_UPLOADED = 8 * MOST_BYTES

#: Greatest length of a sound, seconds: what is longer is cut there.
MOST_SECONDS = 900

#: Largest number of sounds that are taken from one folder.
MOST_FILES = 500

# Sounds that are kept decoded, and characters of a title, and of the name of a file or folder.
_N_HELD = 4
_TITLE, _NAME = 60, 200

_CONFIG = SpectrogramConfig()

# Controls, signs that turn or hide text, halves of characters (from names that are no UTF-8), ends of lines and of
# paragraphs; but not the joiners, without which some scripts and emoji are spelt wrongly.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"


class LibraryError(ValueError):
    """Music that cannot be picked; the message is one line."""


class Library:
    """Sounds by title.

    Parameters
    ----------
    corpus
        Its clips go by their ids.
    reference
        What a network hears in all tracks of this corpus: names the clips that have most of something. One of other
        tracks is left aside.
    tracks
        Clips to choose from; by default those of the test split.

    Raises
    ------
    LibraryError, CorpusError
        If the corpus lacks one of the tracks, or a test split.
    """

    def __init__(
        self, corpus: "Corpus", *, reference: "Reference | None" = None, tracks: Sequence[str] | None = None
    ) -> None:
        tracks = list(dict.fromkeys(corpus.select("test") if tracks is None else tracks))
        if unknown := set(tracks).difference(corpus.tracks.index):
            raise LibraryError(f"corpus {corpus.name!r} has no track {min(unknown)!r}")
        of_corpus = reference is not None and reference.midlevel.index.equals(corpus.tracks.index)
        self._corpus = corpus
        self._clips = _build_labels(tracks, reference if of_corpus else None)
        self._own: dict[str, Path | bytes] = {}
        self._names: dict[str, str] = {}  # of the files, by title
        self._load = lru_cache(maxsize=_N_HELD)(self._read)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Label and title of every sound: own ones, the newest last, then clips, those that are labelled first."""
        return [(title, title) for title in self._own] + [(label, track) for track, label in self._clips.items()]

    def is_own(self, title: str) -> bool:
        """Tell whether a sound is the reader's own."""
        return title in self._own

    def is_recording(self, title: str) -> bool:
        """Tell whether a sound is no generated music, as far as one can know: the reader's own, or a real corpus'."""
        return self.is_own(title) or self._corpus.name != "generated"

    def notes(self, title: str) -> list[str]:
        """Say what a reader may not expect of a sound, in sentences."""
        try:
            info = sf.info(self._open(title)) if self.is_own(title) else None
        except (sf.SoundFileError, OSError, ValueError, TypeError):
            info = None  # `load` says what is wrong with it
        notes = []
        if info and info.duration > MOST_SECONDS:
            lengths = (math.ceil(MOST_SECONDS), math.ceil(info.duration))
            most, whole = (f"{length // 60}:{length % 60:02d}" for length in lengths)
            notes.append(f"Only its first {most} minutes are taken; it lasts {whole}.")
        if info and (said := describe_conversion("It", info.channels, info.samplerate, sr=_CONFIG.sr)):
            notes.append(said)
        return notes

    def load(self, title: str) -> np.ndarray:
        """Load a sound; the last few that were loaded are kept.

        Parameters
        ----------
        title
            One of `choices`.

        Returns
        -------
        numpy.ndarray
            (n_samples,) float32 mono at 22 050 Hz, peak 1, at most `MOST_SECONDS` long; read-only.

        Raises
        ------
        AudioError
            If an own sound cannot be decoded.
        LibraryError
            If there is no such title, or its sound is silent or lasts less than a frame.
        """
        return self._load(title)

    def add_folder(self, folder: str | Path) -> list[str]:
        """Add the sound files of a folder, as `select_sounds` finds them.

        Parameters
        ----------
        folder
            What was added of it before stays as it is.

        Returns
        -------
        list of str
            Titles of the new sounds, in the order of their names.

        Raises
        ------
        LibraryError
            As in `select_sounds`.
        """
        paths = select_sounds(folder)
        stems, known = Counter(path.stem for path in paths), set(self._own.values())
        return [
            self._add(path, path.name, path.stem if stems[path.stem] == 1 else path.name, path.parent.name)
            for path in paths
            if path not in known
        ]

    def add_upload(self, name: str, content: bytes | memoryview) -> str:
        """Add a sound file from memory, and decode it; nothing is written.

        Parameters
        ----------
        name
            What the file is called where it comes from; folders in it are left out.
        content
            Its bytes.

        Returns
        -------
        str
            Title; the same for the same bytes.

        Raises
        ------
        AudioError, LibraryError
            If it is too large, no sound that is read here, silent, or lasts less than a frame; the message is one
            sentence that says so, after the file's name.
        """
        name = re.split(r"[\\/]", name)[-1]
        shown, size = _clean(name, _NAME), memoryview(content).nbytes
        if size > MOST_BYTES:
            raise LibraryError(f"{shown}: has {_spell(size)}, and one upload may have {_spell(MOST_BYTES)} at most")
        content = bytes(content)
        if title := next((title for title, known in self._own.items() if known == content), None):
            return title
        total = size + sum(len(each) for each in self._own.values() if isinstance(each, bytes))
        if total > MOST_UPLOADED:
            raise LibraryError(f"{shown}: all uploads together would have {_spell(total)}: begin anew to add more")
        title = self._add(content, name, PurePosixPath(name).stem)
        try:
            self.load(title)
        except ValueError:
            del self._own[title], self._names[title]
            raise
        return title

    def _add(self, source: Path | bytes, file: str, name: str, folder: str = "") -> str:
        taken = {*chain.from_iterable(self.choices), *self._corpus.tracks.index}
        title = next(each for each in _spell_titles(name, folder) if each not in taken)
        self._own[title], self._names[title] = source, _clean(file, _NAME)
        return title

    def _open(self, title: str) -> Path | BinaryIO:
        source = self._own[title]
        return io.BytesIO(source) if isinstance(source, bytes) else source

    def _read(self, title: str) -> np.ndarray:
        if self.is_own(title):
            y = _decode(self._open(title), self._names[title])
        elif title in self._clips:
            y = self._corpus.audio(title)[0].view()
        else:
            raise LibraryError(f"there is no sound {_clean(title)} to choose from")
        y.flags.writeable = False  # it is kept, and handed out again
        return y


def select_sounds(folder: str | Path) -> list[Path]:
    """Find the sound files of a folder, not of those in it; they are told by their first bytes, and not decoded.

    Parameters
    ----------
    folder
        Any folder, ``~`` for one's own.

    Returns
    -------
    list of pathlib.Path
        At least one and at most `MOST_FILES`, sorted; in a folder that is absolute and no link.

    Raises
    ------
    LibraryError
        If there is no such folder, it must not be read, or holds no sound or more than `MOST_FILES`.
    """
    spelt = _clean(str(folder), _NAME)
    try:
        place = Path(folder or "\0").expanduser().resolve(strict=True)  # "" would be the current folder
        paths = [path for path in sorted(place.iterdir()) if _is_sound(path)]
    except (OSError, ValueError, RuntimeError) as error:  # without a home, "~" is a RuntimeError
        raise LibraryError(f"there is no folder {spelt} that can be read: name one with sound files") from error
    if not paths:
        raise LibraryError(
            f"{spelt} holds no wav, flac, ogg or mp3 file (folders in it are not searched): name a folder with some"
        )
    if len(paths) > MOST_FILES:
        raise LibraryError(f"{spelt} holds {len(paths)} sounds, more than {MOST_FILES}: name another folder, or files")
    return paths


def _build_labels(tracks: list[str], reference: "Reference | None") -> dict[str, str]:
    """Label clips by what they have most of, at most two things each: these first, in the order of the words."""
    labels = defaultdict(list)
    for name, (_, more) in COMPARATIVES.items() if reference and len(tracks) > 1 else ():
        table = reference.midlevel if name in reference.midlevel else reference.emotion
        labels[table.loc[tracks, name].idxmax()].append(_spell_most(more))
    labelled = {track: f"{track} – {', '.join(words[:2])}" for track, words in labels.items()}
    return labelled | {track: track for track in sorted(tracks) if track not in labelled}


def _spell_most(more: str) -> str:
    """Turn a comparative into its superlative: "more tender" into "most tender", "angrier" into "angriest"."""
    return re.sub(r"\bmore\b", "most", more) if "more" in more else re.sub("er$", "est", more)


def _is_sound(path: Path) -> bool:
    try:
        check_content(path)
    except (AudioError, OSError):
        return False
    return True


def _decode(source: Path | BinaryIO, name: str) -> np.ndarray:
    y, sr = load_audio(source, sr=_CONFIG.sr, duration=MOST_SECONDS, name=name)
    if len(y) < _CONFIG.frame_size:
        lasts, frame = (f"{1000 * n / sr:.0f} ms" for n in (len(y), _CONFIG.frame_size))
        raise LibraryError(f"{name}: lasts {lasts}, less than a single frame ({frame})")
    if not y.any():
        raise LibraryError(f"{name}: is silent: there is nothing to explain")
    return y


def _spell_titles(name: str, folder: str) -> Iterator[str]:
    """Spell titles for a name, the best first and without end."""
    yield _clean(name)
    if folder:
        yield _clean(f"{folder}/{name}")
    for number in count(2):
        yield f"{_clean(name, _TITLE - 7)} ({number})"


def _clean(text: str, n_most: int = _TITLE) -> str:
    """Leave what can be seen of a name, in one line; two that look the same become the same."""
    seen = "".join(" " if unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS else sign for sign in text)
    text = " ".join(unicodedata.normalize("NFC", seen).split()) or "untitled"
    return text if len(text) <= n_most else f"{text[: n_most - 1].rstrip()}…"


def _spell(n_bytes: int) -> str:
    return f"{math.ceil(10 * n_bytes / 2**20) / 10:g} MB"  # upwards: one byte too many is not "50 MB of 50 MB"
