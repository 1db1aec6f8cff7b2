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
        build_first_stage=lambda: None,
    )


CELLS = np.arange(12).reshape(6, 2)  # labels of a spectrogram of 6 frames and 2 bands: each cell a segment
CORNERS = (np.arange(4096)[:, None] >> np.arange(12) & 1).astype(bool)  # all masks of these


class PlaceToy:
    """A predictor of 6 x 2 cells that averages over four places, each bending and multiplying what three rows hold."""

    names = ("bent", "multiplied")

    def __init__(self, *, seen=3):
        self._seen = seen  # rows that each place is said to see; 3 is the truth

    def __call__(self, specs):
        return self.places(specs).mean(axis=1)

    def places(self, specs):
        x = np.stack([specs[:, k : k + 3].reshape(len(specs), 6) for k in range(4)], axis=1).astype(float)
        pull = np.array([[0.5, -0.3, 0.8, 0.2, -0.6, 0.4], [0.1, 0.7, -0.2, 0.5, 0.3, -0.4]]).T
        bent = np.tanh(x @ pull)
        together = x[:, :, 0] * x[:, :, 3] * x[:, :, 5] - 0.5 * x[:, :, 1] * x[:, :, 4]
        place = np.array([1.0, 0.4, -0.7, 1.2])
        return np.stack([bent[..., 0] * place, bent[..., 1] + together * place], axis=2)

    def fields(self, n_frames):
        return np.array([[k, k + self._seen, 0, 2] for k in range(4)])


def compute_population(predict, *, keep_prob=0.5):
    """Fit a predictor of `CELLS` to all of its masks: the weights (12, n_outputs) that samples are to estimate."""
    root = np.sqrt(np.where(CORNERS, keep_prob, 1 - keep_prob).prod(axis=1))[:, None]
    design = np.column_stack([np.ones(len(CORNERS)), CORNERS])
    return np.linalg.lstsq(root * design, root * predict(CORNERS.reshape(-1, 6, 2)), rcond=None)[0][1:]
