"""Sounds that are known, and explanations that fit them."""

from dataclasses import replace

import numpy as np
from fakeexplanations import fit_explanation

from mer_utils.explanation import compute_sound_fingerprint
from mer_utils.spectrogram import compute_spectrogram

SR = 22050


def build_noise(seconds=2.5, *, seed=0):
    """Give white noise, peak 1."""
    y = np.random.default_rng(seed).normal(size=round(seconds * SR)).astype(np.float32)
    return y / np.abs(y).max()


def build_tones(*hertz, seconds=2.5):
    """Give sines at one level, peak at most 1."""
    time = np.arange(round(seconds * SR)) / SR
    return (sum(np.sin(2 * np.pi * f * time) for f in hertz) / len(hertz)).astype(np.float32)


def explain_sound(y, weights, *, first=10, looped=False):
    """Explain 48 frames of a sound by 60 tiles (`fakeexplanations.SEGMENTS`) that weigh what one asks for."""
    weights = np.asarray(weights, float).reshape(60, -1)
    spec = compute_spectrogram(y)
    rows = first + np.arange(48)
    spec = spec[rows % len(spec) if looped else rows]
    known = fit_explanation(lambda masks: masks @ weights)
    about = {"spec": spec, "sound": compute_sound_fingerprint(spec), "start": first / 31.25, "hide": 0.0}
    return replace(known, **about)


def compute_level(y):
    """Give the root mean square, dB."""
    return 10 * np.log10(np.mean(np.square(y, dtype=float)) + 1e-30)
