"""A corpus in memory whose ratings can be heard: each sets the depth of a ripple of its own over time and bands."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from mer_utils.ratings import EMOTIONS, MIDLEVEL


def build_fake_corpus(n_tracks: int = 64, *, n_frames: int = 64, seed: int = 0) -> SimpleNamespace:
    """Build a stand-in for `mer_utils.corpora.Corpus` with noise-free ratings on 1-10."""
    rng = np.random.default_rng(seed)
    ids = [f"t{number:04d}" for number in range(n_tracks)]
    unit = rng.uniform(0.1, 1.0, (n_tracks, len(MIDLEVEL) + len(EMOTIONS)))
    # Ripples differ by their periods, which convolutions tell apart wherever they are.
    frames, bands = np.arange(n_frames), np.arange(149)
    over_time = [np.cos(2 * np.pi * frames / period) for period in (4, 6, 9, 14, 30)]
    over_bands = [np.cos(2 * np.pi * bands / period) for period in (5, 9, 20)]
    ripples = np.array([np.outer(one, other) for one in over_time for other in over_bands])  # (15, n_frames, 149)
    noise = rng.uniform(0, 0.2, (n_tracks, n_frames, 149))
    spectra = 3 + np.einsum("nk,ktb->ntb", unit, ripples) + noise
    specs = dict(zip(ids, spectra.clip(0).astype(np.float32), strict=True))
    split = np.where(np.arange(n_tracks) % 4, "train", "valid")
    tracks = pd.DataFrame({"album": "a", "split": split}, index=ids)
    seven, eight = 10 * unit[:, :7], 10 * unit[:, 7:]
    return SimpleNamespace(
        name="fake",
        version="1",
        fingerprint=f"fake-{n_tracks}-{n_frames}-{seed}",
        tracks=tracks,
        midlevel=pd.DataFrame(seven, ids, list(MIDLEVEL)),
        emotion=pd.DataFrame(eight, ids, list(EMOTIONS)),
        select=lambda name: list(tracks.index[tracks["split"] == name]),
        spectrogram=lambda track: specs[track],
        spectrograms=lambda wanted: [specs[track] for track in wanted],
    )
