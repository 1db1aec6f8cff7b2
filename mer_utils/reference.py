"""What a network hears in all tracks of a corpus: the yardstick by which a song's values are high or low.

Values are on the unit scale, rating / 10. The yardstick of the released network is stored in ``data/references``; that
of any other is computed once and kept in the cache.

Public names: ``Reference``, ``ReferenceError``, ``build_reference``, ``load_reference``, ``save_reference``.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .paths import CACHE, REFERENCES
from .ratings import EMOTIONS, MIDLEVEL, UNIT

if TYPE_CHECKING:
    from .corpora import Corpus
    from .networks import TrainedNetwork


class ReferenceError(ValueError):
    """A network that hears no features and emotions, or a stored yardstick of something else."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Predictions for many tracks.

    Attributes
    ----------
    midlevel, emotion
        (n_tracks, 7) and (n_tracks, 8), unit scale, by track id.
    label
        Whose tracks they are, as a sentence calls them: "the 2000 clips of the generated corpus".
    """

    midlevel: pd.DataFrame
    emotion: pd.DataFrame
    label: str

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of the seven features (7,)."""
        return self.midlevel.to_numpy().mean(axis=0)

    def compute_rank(self, name: str, value: float) -> float:
        """Compute the share of tracks, 0-1, that have less of a feature or emotion; equal ones count half."""
        column = (self.midlevel if name in self.midlevel else self.emotion)[name].to_numpy()
        return float(((column < value).mean() + (column <= value).mean()) / 2)


def build_reference(trained: "TrainedNetwork", corpus: "Corpus", *, progress: bool = True) -> Reference:
    """Let a network hear every track of a corpus.

    Parameters
    ----------
    trained
        A network that hears features and emotions.
    corpus
        Its tracks, of all splits; a generated corpus is rendered first, if it has not been yet.
    progress
        Show a progress bar.

    Raises
    ------
    ReferenceError
        If the network's scheme lacks features or emotions.
    """
    from .evaluation import predict_tracks
    from .predictor import Predictor

    heard = predict_tracks(Predictor.from_trained(trained), corpus, list(corpus.tracks.index), progress=progress)
    if len(heard) < 2:
        raise ReferenceError(f"a network of the scheme {trained.scheme!r} hears only {', '.join(heard)}: take joint")
    label = f"the {len(corpus.tracks)} clips of the {corpus.name} corpus"
    return Reference(heard["midlevel"] / UNIT, heard["emotion"] / UNIT, label)


def load_reference(trained: "TrainedNetwork", corpus: "Corpus | None" = None, *, progress: bool = True) -> Reference:
    """Load the yardstick of a network on a corpus; computed where there is none.

    Parameters
    ----------
    trained
        A network that hears features and emotions.
    corpus
        Whose clips are the yardstick; generated music of the default size for None and for any generated corpus, since
        a small one is none.
    progress
        Show progress bars where it has to be computed, which takes minutes the first time.

    Raises
    ------
    ReferenceError
        As in `build_reference`, or if a stored file is damaged.
    """
    from .checkpoints import NetworkError, read_tensors
    from .profiles import load_profile_corpus

    if corpus is None or corpus.name == "generated":
        corpus = load_profile_corpus("quick")
    name = f"{trained.fingerprint[:12]}-{corpus.fingerprint[:12]}.safetensors"
    path = next((folder / name for folder in (REFERENCES, CACHE / "references") if (folder / name).is_file()), None)
    if path is None:
        reference = build_reference(trained, corpus, progress=progress)
        save_reference(CACHE / "references" / name, reference)
        return reference
    try:
        tensors, header = read_tensors(path)
        tables = (tensors[name].numpy().astype(float) for name in ("midlevel", "emotion"))
        midlevel, emotion = (
            pd.DataFrame(table, header["tracks"], list(names))
            for table, names in zip(tables, (MIDLEVEL, EMOTIONS), strict=True)
        )
        return Reference(midlevel, emotion, header["label"])
    except (NetworkError, KeyError, ValueError) as error:
        raise ReferenceError(f"{path} holds no predictions of this version ({error}): delete it") from error


def save_reference(path: Path, reference: Reference) -> None:
    """Write a yardstick to half precision; the same one, the same bytes."""
    import torch

    from .checkpoints import write_tensors

    tables = {"midlevel": reference.midlevel, "emotion": reference.emotion}
    tensors = {name: torch.tensor(table.to_numpy(np.float16)) for name, table in tables.items()}
    write_tensors(path, tensors, header={"tracks": list(reference.midlevel.index), "label": reference.label})
