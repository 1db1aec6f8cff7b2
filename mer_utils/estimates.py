"""How long trainings will take on this machine, before they start: a short epoch is timed and the rest counted.

Early stopping may end a training sooner, so what is told is about the longest that it takes.

Public names: ``compute_training_seconds``, ``describe_sweeps``, ``describe_seconds``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .corpora import Corpus
from .networks import BANDS
from .profiles import build_training_config, locate_first_stage
from .ratings import EMOTIONS, MIDLEVEL, RATING_RANGE

if TYPE_CHECKING:
    from .sweeps import SweepConfig
    from .training import TrainingConfig

_BATCHES, _N_VALID = 4, 4
_CLIP_FRAMES = 469  # of 15 s


class _Noise(Corpus):
    """Clips of noise with ratings of chance: as much work as music."""

    name, version, fingerprint = "noise", "1", "noise"

    def __init__(self, n_train: int) -> None:
        rng, index = np.random.default_rng(0), [f"{number}" for number in range(n_train + _N_VALID)]
        self._specs = rng.random((len(index), _CLIP_FRAMES, BANDS), np.float32)
        splits = ["train"] * n_train + ["valid"] * _N_VALID
        self.tracks = pd.DataFrame({"album": index, "split": splits}, index)
        self.midlevel, self.emotion = (
            pd.DataFrame(rng.uniform(*RATING_RANGE, (len(index), len(names))), index, list(names))
            for names in (MIDLEVEL, EMOTIONS)
        )

    def audio(self, track_id: str) -> tuple[np.ndarray, int]:
        raise NotImplementedError

    def spectrograms(self, track_ids: Sequence[str]) -> list[np.ndarray]:
        return [self._specs[int(track)] for track in track_ids]


def compute_training_seconds(config: "TrainingConfig", *, n_train: int, width: int) -> float:
    """Estimate how long a training takes that runs through all its epochs.

    Parameters
    ----------
    config
        The recipe.
    n_train
        Clips of 15 s in the training split; there are about as many validation clips for each as in ten folds.
    width
        Channels of the first layer.

    Returns
    -------
    float
        Seconds on this machine as it is now: the second of two epochs over a few batches of noise, scaled.
    """
    from .training import fit_network

    n_timed = _BATCHES * config.batch_size
    short = replace(config, max_epochs=2, patience=2, start_at_ratings=False)
    history = fit_network(_Noise(n_timed), "joint", config=short, width=width, progress=False).history
    return float(history["seconds"].iloc[1]) * n_train / n_timed * config.max_epochs


def describe_sweeps(sweeps: "Iterable[tuple[SweepConfig, Sequence[str], Sequence[int]]]", *, n_workers: int) -> str:
    """Say how many nets are missing of some sweeps and how long they will take; "" if none are.

    Parameters
    ----------
    sweeps
        Configuration, schemes and seeds of each, as `sweepruns.run_sweep` takes them.
    n_workers
        Nets that train at a time.
    """
    n_nets, seconds, timed = 0, 0.0, {}
    for config, schemes, seeds in sweeps:
        corpus = config.load_corpus(0 if config.n_folds else None)
        for scheme in schemes:
            missing = [job for job in config.list_jobs([scheme], seeds) if not config.locate_part(*job).is_file()]
            stage = locate_first_stage(corpus, scheme)
            recipe = build_training_config(config.profile, stage, **config.changes)
            key = recipe, len(stage.select("train")), config.profile.width
            if missing and key not in timed:
                timed[key] = compute_training_seconds(recipe, n_train=key[1], width=key[2])
            n_nets += len(missing)
            seconds += len(missing) * timed.get(key, 0)
    if not n_nets:
        return ""
    return (
        f"{n_nets} nets are to be trained first, {min(n_workers, n_nets)} at a time: about "
        f"{describe_seconds(seconds / n_workers)} on this machine. Stop it at will: it goes on where it was."
    )


def describe_seconds(seconds: float) -> str:
    """Spell a duration with one unit: seconds, minutes, hours or days."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
