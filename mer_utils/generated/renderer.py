"""From score to sound: a SoundFont synthesizer plays each part, an album's room and recording do the rest.

The font is the General MIDI font that the package ``pretty_midi`` installs (TimGM6mb, GPL-2; read from there, never
copied). Rendering is exact: the same score gives the same samples on every run and in every order, parts add up to
the mix, and a changed note changes nothing before its onset or after its reverberation.

Public names: ``render_parts``, ``render_mix``, ``compute_recording_response``, ``SR``.
"""

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from .intent import Dice
from .score import DURATION, Part
from .styles import Album

if TYPE_CHECKING:
    from tinysoundfont import Synth

SR = 22050
N_SAMPLES = int(SR * DURATION)
_BLOCK = 64  # samples in which the synthesizer moves its envelopes: events on this grid keep notes independent
_N_FFT = fft.next_fast_len(N_SAMPLES + 3 * SR, real=True)
_N_LOOP = 2**17
_LEVEL = 0.08  # RMS to which every instrument is brought


def render_parts(parts: list[Part], *, tuning: float = 0.0) -> np.ndarray:
    """Play parts without room or noise.

    Parameters
    ----------
    parts
        Players with notes; see `score.Part`.
    tuning
        Cents above A4 = 440 Hz for all.

    Returns
    -------
    numpy.ndarray
        (n_parts, 330750) float32 at 22 050 Hz, not normalised.
    """
    return np.stack([_render_part(part, tuning) for part in parts]) if parts else np.zeros((0, N_SAMPLES), np.float32)


def render_mix(
    stems: np.ndarray,
    album: Album,
    dice: Dice,
    *,
    drive: float = 0.0,
    tilt: float = 0.0,
    envelope: np.ndarray | None = None,
) -> np.ndarray:
    """Mix stems (n_parts, 330750) and record them: envelope, overdrive, room, equalisation, noise floor.

    ``drive`` 0-1 is the amount of overdrive, ``tilt`` dB per octave of brightness beyond the album's, ``envelope``
    (330750,) a gain over time. Returns (330750,) float32, not normalised: peak level is given once per clip, so that
    twins share it.
    """
    mix = stems.sum(axis=0)
    if envelope is not None:
        mix = mix * envelope
    if drive > 0:
        gain = 1 + 14 * drive**2
        mix = np.tanh(gain * mix) / gain**0.7
    spectrum = fft.rfft(mix, _N_FFT) * compute_recording_response(album, dice, tilt=tilt)
    recorded = fft.irfft(spectrum, _N_FFT)[:N_SAMPLES]
    return (recorded + _noise(album, dice)).astype(np.float32)


def compute_recording_response(album: Album, dice: Dice, *, tilt: float = 0.0) -> np.ndarray:
    """Complex frequency response of room and equalisation, on the grid of `render_mix`.

    The room is exponentially decaying noise, darker with time; equalisation is a tilt, four peaks and a cutoff.
    """
    rng = dice("room")
    n = int(min(album.reverb_time, 2.8) * SR)
    time = np.arange(n) / SR
    tail = rng.standard_normal(n, dtype=np.float32) * np.exp(-6.9 * time / album.reverb_time)
    tail[1:] = 0.6 * tail[1:] + 0.4 * tail[:-1]
    level = album.reverb_db + rng.normal(0, 2.5)
    tail *= 10 ** (level / 20) / np.sqrt((tail**2).sum() + 1e-12)
    delay = int(rng.uniform(0.005, 0.03) * SR)
    impulse = np.zeros(n + delay, np.float32)
    impulse[0] = 1
    impulse[delay:] += tail
    return fft.rfft(impulse, _N_FFT) * fft.rfft(_equaliser(album, tilt + rng.normal(0, 0.5)), _N_FFT)


def _equaliser(album: Album, tilt: float, *, n: int = 4096) -> np.ndarray:
    """Impulse response (4096,) of an album's equalisation; minimum phase, so that nothing sounds before its time."""
    octaves = np.log2(np.maximum(np.arange(n // 2 + 1) * SR / n, 20) / 1000)
    db = (album.tilt_db + tilt) * octaves
    for centre, width, gain in album.bumps:
        db = db + gain * np.exp(-(((octaves - centre) / width) ** 2))
    above = np.maximum(octaves - np.log2(album.cutoff / 1000), 0)
    log_gain = np.log(10) / 20 * (db - np.minimum(100 * above, 60))
    cepstrum = fft.irfft(log_gain, n)  # folded onto positive time: the textbook construction of minimum phase
    cepstrum[1 : n // 2] *= 2
    cepstrum[n // 2 + 1 :] = 0
    return fft.irfft(np.exp(fft.rfft(cepstrum)), n).astype(np.float32)


def _render_part(part: Part, tuning: float) -> np.ndarray:
    synth, font = _synthesizer()
    synth.program_select(0, font, 128 if part.drums else 0, part.program, part.drums)
    synth.set_tuning(0, (tuning + part.detune) / 100)
    stereo = np.zeros(((N_SAMPLES // _BLOCK + 1) * _BLOCK, 2), np.float32)
    buffer, frame, position = memoryview(stereo).cast("B"), stereo.strides[0], 0
    for sample, _, key, velocity in _events(part):
        if sample > position:
            synth.generate_simple(sample - position, buffer=buffer[position * frame : sample * frame])
            position = sample
        if velocity:
            synth.noteon(0, key, velocity)
        else:
            synth.noteoff(0, key)
    synth.generate_simple(len(stereo) - position, buffer=buffer[position * frame :])
    _silence(synth)
    gain = 10 ** (part.gain_db / 20) * _LEVEL / _instrument_level(part.program, part.drums)
    return (stereo[:N_SAMPLES, 0] + stereo[:N_SAMPLES, 1]) * np.float32(gain / 2)


def _events(part: Part) -> list[tuple[int, int, int, int]]:
    """Note-on and note-off events (sample, order, key, MIDI velocity or 0), on the block grid and in order."""
    last = N_SAMPLES // _BLOCK * _BLOCK
    events = []
    for note in part.notes:
        key = int(np.clip(note.pitch, 0, 127))
        on = int(note.onset * SR) // _BLOCK * _BLOCK
        off = max(int(note.end * SR) // _BLOCK * _BLOCK, on + _BLOCK)
        if on < last:
            events += [(on, 1, key, max(1, round(127 * note.velocity))), (min(off, last), 0, key, 0)]
    return sorted(events)


def _run(synth: "Synth", n_samples: int) -> np.ndarray:
    """Let the synthesizer sound for ``n_samples``; left and right averaged."""
    return np.frombuffer(synth.generate_simple(n_samples), np.float32).reshape(-1, 2).mean(axis=1)


def _silence(synth: "Synth") -> None:
    """End all sound, so that the next part starts as if on a fresh synthesizer (a test compares the two)."""
    synth.sounds_off(0)
    while np.any(_run(synth, 32 * _BLOCK)):
        pass


@lru_cache(maxsize=1)
def _synthesizer() -> tuple["Synth", int]:
    """Load the process's synthesizer and its font."""
    import tinysoundfont

    spec = find_spec("pretty_midi")
    path = Path(spec.submodule_search_locations[0]) / "TimGM6mb.sf2"
    synth = tinysoundfont.Synth(samplerate=SR)
    return synth, synth.sfload(str(path))


@cache
def _instrument_level(program: int, drums: bool) -> float:
    """RMS of an instrument's loudest half second among four notes at medium strength."""
    synth, font = _synthesizer()
    synth.program_select(0, font, 128 if drums else 0, program, drums)
    synth.set_tuning(0, 0.0)
    levels = []
    for key in (36, 38, 42, 45) if drums else (48, 55, 62, 69):
        synth.noteon(0, key, 90)
        sound = _run(synth, 256 * _BLOCK)
        synth.noteoff(0, key)
        _silence(synth)
        levels.append(np.sqrt(np.mean(sound[: 172 * _BLOCK] ** 2)))
    return float(max(np.mean(levels), 1e-4))


@lru_cache(maxsize=4)
def _white(index: int) -> np.ndarray:
    """Compute the spectrum of one of four loops of white noise."""
    return fft.rfft(np.random.default_rng(index).standard_normal(_N_LOOP, dtype=np.float32))


def _noise(album: Album, dice: Dice) -> np.ndarray:
    """Make the noise floor (330750,) of an album: sloped noise in a 6 s loop, begun elsewhere in each clip."""
    octaves = np.log2(np.maximum(np.arange(_N_LOOP // 2 + 1) * SR / _N_LOOP, 30) / 1000)
    rng = dice("noise")
    level = 0.2 * 10 ** ((album.noise_db + album.noise_slope * octaves) / 20)
    loop = fft.irfft(_white(int(rng.integers(4))) * level.astype(np.float32), _N_LOOP)
    return np.resize(np.roll(loop, int(rng.integers(_N_LOOP))), N_SAMPLES)
