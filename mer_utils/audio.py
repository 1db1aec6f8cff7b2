"""Sound in and out: any wav, flac, ogg or mp3 file becomes mono float32 at one rate and one level.

Level has one owner: what `load_audio` returns is peak-normalised (silence stays silence) and never trimmed, so the
gain of a file changes nothing and absolute loudness is no cue for a network. Only who measures the level itself asks
for it to be kept. `save_audio` writes a sound as it is.
Whatever is wrong with a file ends in an `AudioError`: one line that names file and cause.

Public names: ``AudioError``, ``load_audio``, ``save_audio``, ``check_content``.
"""

import difflib
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile as sf

from .files import replacing
from .oggfiles import encode_ogg

#: Formats that `save_audio` writes, by the suffix of the file: container and default coding of the samples.
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}

# Rates outside this range (Hz) come from damaged headers; resampling from 1 Hz would fill the memory.
_RATES = (1_000, 1_000_000)

# Sound on both sides of a window that its resampling needs, seconds: the filter of soxr HQ is far shorter.
_MARGIN = 0.1

# Frames decoded at once: headers lie about the length of a damaged file, so memory follows what is there.
_BLOCK = 2**14

# In the last page of a Vorbis stream libsndfile 1.2 seeks up to a block of samples beside the target, so the end is
# approached by decoding. No page is longer: it has at most 255 packets of at most 4 096 frames.
_VORBIS_PAGE = 2**20

# First bytes of the files that are handed to libsndfile, which by itself also guesses from a file's name; and what
# stands at byte 8 of containers that hold pictures and films as well.
_AUDIO_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"riff", b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b".snd")
_CONTENTS = {b"RIFF": b"WAVE", b"FORM": b"AIF"}


class AudioError(ValueError):
    """A sound that cannot be read or written; the message is one line with file and cause."""


class _Stream(sf.SoundFile):
    """A sound file that is not told after each block where it stands: in an mp3 that makes libmpg123 start anew.

    It then lacks bits that it has read already, and says so on stderr, line after line.
    """

    def seekable(self) -> bool:
        """Say no to whoever would seek without need; `seek` works all the same."""
        return False


def load_audio(
    path: str | os.PathLike | BinaryIO,
    *,
    sr: int = 22050,
    offset: float = 0.0,
    duration: float | None = None,
    keep_level: bool = False,
    name: str | None = None,
) -> tuple[np.ndarray, int]:
    """Read a sound file, or a window of it, as a peak-normalised mono sound.

    The format is told from the content, not from the name. Channels are averaged. Only the window is decoded (and
    0.1 s around it, so that resampling gives the same samples as in the whole file). A truncated file gives what can
    be decoded of it; so does an mp3 of variable rate without a Xing header, whose length libsndfile has to guess.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file (aiff, au and caf work too), 1 kHz to 1 MHz, any number of channels; or such a
        file in memory, as an ``io.BytesIO``, which is read from its start and left open.
    sr
        Sample rate of the result, Hz.
    offset
        Start of the window, seconds.
    duration
        Length of the window, seconds; to the end of the file by default, and never beyond it.
    keep_level
        Leave the samples at the level that they have in the file, where full scale is 1.
    name
        What errors call the file; by default its path.

    Returns
    -------
    y : numpy.ndarray
        (n_samples,) float32, finite, n_samples >= 1. Its peak is exactly 1, or all is 0 where the window is silent;
        with ``keep_level`` the peak is that of the mono sound, up to what resampling does to it.
    sr : int
        Sample rate, Hz, as asked for.

    Raises
    ------
    AudioError
        If there is no such file, it is not audio, the window lies outside of it, it has samples that are NaN or
        infinite, or ``sr``, ``offset`` or ``duration`` make no sense.
    """
    source = path if hasattr(path, "read") else Path(path)
    name = name or ("the sound" if source is path else str(source))
    _check_window(name, sr, offset, duration)
    start = round(offset * sr)
    n_samples = None if duration is None else max(1, round(duration * sr))
    try:
        check_content(source)
        with _Stream(source) as file:
            y, scale = _read_window(file, sr, start, n_samples)
    except AudioError as error:
        raise AudioError(f"{name}: {error}") from None
    except (sf.SoundFileError, OSError, ValueError, TypeError, MemoryError) as error:
        raise AudioError(f"{name}: is damaged or not audio ({_one_line(error)})") from error
    return (_scaled(y, scale) if keep_level else _normalised(y)), sr


def save_audio(path: str | os.PathLike, y: np.ndarray, sr: int = 22050, *, subtype: str | None = None) -> Path:
    """Write a sound as it is, without changing its level; the suffix of the file chooses the format.

    The file appears whole or not at all, and the same samples give the same bytes.

    Parameters
    ----------
    path
        File to write, ``.wav``, ``.flac``, ``.ogg`` or ``.mp3``; one that exists is replaced, its folder is made.
    y
        (n_samples,) sound, finite, from -1 to 1.
    sr
        Sample rate, Hz.
    subtype
        Coding of the samples in libsndfile's words, such as ``"FLOAT"`` for an exact wav; 16 bit by default.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    AudioError
        If the sound is empty, not one-dimensional, not finite or exceeds -1 to 1, or cannot be written there.
    """
    path = Path(path)
    y = _checked_sound(path, y)
    if path.suffix.lower() not in FORMATS:
        raise AudioError(f"{path}: cannot write a {path.suffix or 'nameless'} file; use {', '.join(FORMATS)}")
    container, default = FORMATS[path.suffix.lower()]
    try:
        with replacing(path) as part:
            if container == "OGG":
                part.write_bytes(encode_ogg(y, sr, subtype=subtype or default))
            else:
                sf.write(part, y, sr, subtype=subtype or default, format=container)
    except (sf.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(f"{path}: cannot be written ({_one_line(error)})") from error
    return path


def check_content(source: Path | BinaryIO) -> None:
    """Tell from its first bytes whether a file can be a sound that is read here; nothing of it is decoded.

    Parameters
    ----------
    source
        A file, or one in memory, which is set to its start.

    Raises
    ------
    AudioError
        If it cannot; the message says what it is instead, without a name.
    OSError
        If it must not be read.
    """
    if isinstance(source, Path):
        _check_place(source)
        with source.open("rb") as file:
            head = file.read(16)
    else:
        source.seek(0)
        head = source.read(16)
        source.seek(0)
    if not head:
        raise AudioError("is empty (0 bytes)")
    if foreign := _foreign_format(head):
        raise AudioError(f"is {foreign} audio, which is not read here; convert it to wav, flac, ogg or mp3")
    # A stream of MPEG frames of layer II or III: layer I is out of use, and looks like text in UTF-16.
    is_mpeg_frame = int.from_bytes(head[:2], "big") & 0xFFE0 == 0xFFE0 and head[1] & 6 in (2, 4)
    is_other_content = not head[8:].startswith(_CONTENTS.get(head[:4], b""))
    if not (head.startswith(_AUDIO_MAGIC) or is_mpeg_frame) or is_other_content:
        raise AudioError("is not audio; use a wav, flac, ogg or mp3 file")


def _check_window(name: str, sr: int, offset: float, duration: float | None) -> None:
    if not (isinstance(sr, int | np.integer) and _RATES[0] <= sr <= _RATES[1]):
        raise AudioError(f"{name}: the rate must be a whole number from {_RATES[0]} to {_RATES[1]} Hz, not {sr!r}")
    if not (math.isfinite(offset) and offset >= 0):
        raise AudioError(f"{name}: the window must start at 0 s or later, not at {offset} s")
    if duration is not None and not (math.isfinite(duration) and duration > 0):
        raise AudioError(f"{name}: the window must last more than 0 s, not {duration} s")


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise AudioError("is a folder; name a sound file in it")
    if not path.exists():
        raise AudioError(f"there is no such file{_similar(path)}")
    if not path.is_file():
        raise AudioError("is not a regular file; name a wav, flac, ogg or mp3 file")


def _similar(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" (there is no folder {folder} either)"
    names = {p.name.lower(): p.name for p in folder.iterdir() if p.is_file()}
    close = difflib.get_close_matches(path.name.lower(), names, n=1)
    return f"; did you mean {names[close[0]]}?" if close else ""


def _foreign_format(head: bytes) -> str | None:
    """Name a format that people have and libsndfile cannot read."""
    if int.from_bytes(head[:2], "big") & 0xFFF6 == 0xFFF0:  # MPEG sync with layer 0
        return "AAC"
    if head[4:8] == b"ftyp":
        return "m4a/mp4 (AAC or ALAC)"
    return {b"\x30\x26\xb2\x75": "wma", b"\x1a\x45\xdf\xa3": "webm/mkv"}.get(head[:4])


def _read_window(file: sf.SoundFile, sr: int, start: int, n_samples: int | None) -> tuple[np.ndarray, float]:
    """Read ``n_samples`` from ``start`` on, both in samples at ``sr`` Hz, and the factor that restores their level."""
    rate = file.samplerate
    if not _RATES[0] <= rate <= _RATES[1]:
        raise AudioError(f"claims a sample rate of {rate} Hz; the file is damaged or no recording")
    if file.frames == 0:
        raise AudioError("holds no samples")
    if start * rate >= file.frames * sr:
        raise AudioError(f"the window starts at {start / sr:g} s, but the file lasts {file.frames / rate:g} s")
    # Frame `first` of the file falls on sample `origin` of the result exactly, whatever the two rates.
    common = math.gcd(rate, sr)
    margin = 0 if rate == sr else math.ceil(_MARGIN * rate)
    steps = max(0, start * rate // sr - margin) // (rate // common)
    first, origin = steps * (rate // common), steps * (sr // common)
    last = None if n_samples is None else -(-(start + n_samples) * rate // sr)
    y = _read_frames(file, first, None if last is None else last + margin)
    # Silence next to a loud sound stays silence: the ringing of the filter must not be normalised to full level.
    if len(y) and not y[start * rate // sr - first : None if last is None else last - first].any():
        y[:] = 0
    n_available = -(-(first + len(y)) * sr // rate) - start
    n_samples = n_available if n_samples is None else min(n_samples, n_available)
    if n_samples < 1 or not len(y):
        raise AudioError(f"nothing could be decoded at {start / sr:g} s; the file is damaged or truncated")
    scale = 1.0 if rate == sr else float(np.abs(y).max())
    return _resampled(y, rate, sr)[start - origin :][:n_samples], scale


def _read_frames(file: sf.SoundFile, first: int, last: int | None) -> np.ndarray:
    """Decode frames ``first`` to ``last`` (excluded), as far as there are any, into (n_frames,) float32 mono."""
    landing = min(first, max(0, file.frames - _VORBIS_PAGE)) if file.subtype == "VORBIS" else first
    last = file.frames if last is None else min(last, file.frames)
    with np.errstate(invalid="ignore"):  # Inf - Inf between channels is NaN, and refused below
        mono = [
            block.mean(axis=1, dtype=np.float64).astype(np.float32) for block in _decoded_blocks(file, landing, last)
        ]
    y = np.concatenate([np.empty(0, np.float32), *mono])[first - landing :]
    if n_bad := np.count_nonzero(~np.isfinite(y)):
        raise AudioError(f"has {n_bad} samples that are NaN or infinite; export the sound again")
    return y


def _decoded_blocks(file: sf.SoundFile, position: int, last: int) -> Iterator[np.ndarray]:
    """Yield (n_frames, n_channels) blocks until ``last`` or until nothing more can be decoded."""
    file.seek(position)
    n_frames = _BLOCK
    while position < last:
        try:
            block = file.read(min(n_frames, last - position), dtype="float32", always_2d=True)
            if not len(block):
                return
            yield block
            position += len(block)
        except sf.SoundFileError:
            # The block runs into the end of a truncated file: a smaller one gets what is left before it.
            n_frames //= 4
            if n_frames < _BLOCK // 64:
                return
            with suppress(sf.SoundFileError):
                file.seek(position)


def _resampled(y: np.ndarray, rate: int, sr: int) -> np.ndarray:
    if rate == sr:
        return y
    import soxr

    # Normalised before, so that no legal float overflows in the filter; and followed by a little silence, because
    # soxr rounds the length down, to nothing for a few samples at a high rate.
    return soxr.resample(np.pad(_normalised(y), (0, 2 * math.ceil(rate / sr))), rate, sr, quality="HQ")


def _normalised(y: np.ndarray) -> np.ndarray:
    peak = np.abs(y).max(initial=0)
    return y / peak if peak > 0 else y


def _scaled(y: np.ndarray, scale: float) -> np.ndarray:
    limit = np.finfo(np.float32).max  # ringing of the filter may exceed the peak
    return np.clip(y * np.float64(scale), -limit, limit).astype(np.float32)


def _checked_sound(path: Path, y: np.ndarray) -> np.ndarray:
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0 or not np.issubdtype(y.dtype, np.floating):
        raise AudioError(f"{path}: a sound has floats of the shape (n_samples,), not {y.dtype} {y.shape}")
    if not np.isfinite(y).all():
        raise AudioError(
            f"{path}: not written, the sound has {np.count_nonzero(~np.isfinite(y))} NaN or infinite samples"
        )
    if (peak := np.abs(y).max()) > 1:
        raise AudioError(f"{path}: not written, the sound would clip: its peak is {peak:.4g} and may be 1 at most")
    return y


def _one_line(error: BaseException) -> str:
    # libsndfile's own words, where there are any: soundfile's text repeats the path.
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
