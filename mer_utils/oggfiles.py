"""Sound as the bytes of an Ogg file, which every browser plays: the same samples, the same bytes.

Public names: ``encode_ogg``.
"""

import io
import zlib

import numpy as np
import soundfile as sf

# Frames encoded at once: libsndfile's Vorbis encoder overflows its stack when it is given a long sound in one piece.
_BLOCK = 2**14
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def encode_ogg(y: np.ndarray, sr: int = 22050, *, subtype: str = "VORBIS") -> bytes:
    """Encode a sound as it is, without changing its level.

    Parameters
    ----------
    y
        (n_samples,) from -1 to 1.
    sr
        Sample rate, Hz.
    subtype
        Coding of the samples in libsndfile's words.
    """
    file = io.BytesIO()
    with sf.SoundFile(file, "w", sr, 1, subtype=subtype, format="OGG") as sound:
        for first in range(0, len(y), _BLOCK):
            sound.write(y[first : first + _BLOCK])
    return _with_serial(file.getvalue(), 1)


def _with_serial(data: bytes, serial: int) -> bytes:
    """Give an Ogg stream a fixed serial number: libsndfile draws a random one, and equal sounds differ by it."""
    pages, position = bytearray(data), 0
    while position < len(pages):
        n_segments = pages[position + 26]
        end = position + 27 + n_segments + sum(pages[position + 27 : position + 27 + n_segments])
        pages[position + 14 : position + 18] = serial.to_bytes(4, "little")
        pages[position + 22 : position + 26] = bytes(4)
        pages[position + 22 : position + 26] = _compute_checksum(bytes(pages[position:end])).to_bytes(4, "little")
        position = end
    return bytes(pages)


def _compute_checksum(page: bytes) -> int:
    # Ogg's CRC-32 is zlib's with the bits of bytes and result in the opposite order, and without the inversions.
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
