"""Releasing nets: trained ones with how well they hear, as small files with a model card each.

A released file holds all that its card says: the scores on test clips with their intervals, and how many clips there
were. So `modelcards.describe_card` needs nothing but the file, and the same net gives the same card.

Public names: ``ReleaseError``, ``find_run_networks``, ``build_release``, ``select_groups``,
``compute_intervals``, ``save_release``.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import check_target, save_text
from .networks import SCHEMES, load_network, save_network
from .profiles import Profile, find_run_network, fit_profile_network, locate_checkpoint

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .networks import TrainedNetwork

#: Splits that no training looks at.
_SPLITS = ("test", "style")
# Decimals of what is stored: more than an interval is wide, fewer than machines differ by.
_DIGITS = 4
_FEWEST_GROUPS = 3


class ReleaseError(ValueError):
    """Nets that cannot be released."""


def find_run_networks(
    corpus: "Corpus", folder: Path, *, profile: str | Profile, seed: int = 0
) -> "dict[str, TrainedNetwork]":
    """Load the nets that a run has trained, by their scheme.

    Parameters
    ----------
    corpus
        What they were trained on.
    folder
        Where ``mer train`` puts nets, ``<scheme>-<seed>.safetensors``; those of notebooks are found in the cache.
    profile, seed
        Of the run.

    Raises
    ------
    ReleaseError
        If the run has trained none, or a training was stopped.
    NetworkError, CheckpointError
        If a file is damaged.
    """
    files = {scheme: folder / f"{scheme}-{seed}.safetensors" for scheme in SCHEMES}
    nets = {scheme: load_network(path) for scheme, path in files.items() if path.is_file()}
    for scheme in SCHEMES:
        if scheme in nets:
            continue
        if find_run_network(corpus, scheme, profile=profile, seed=seed):
            nets[scheme] = fit_profile_network(corpus, scheme, profile=profile, seed=seed, progress=False)
        elif locate_checkpoint(corpus, scheme, profile=profile, seed=seed).is_file():
            raise ReleaseError(f"the training of {scheme} with seed {seed} was stopped: mer train or mer run ends it")
    if not nets:
        raise ReleaseError(f"no net of seed {seed} in {folder} nor in the cache: mer run or mer train makes some")
    return nets


def build_release(trained: "TrainedNetwork", corpus: "Corpus", *, name: str = "the net") -> "TrainedNetwork":
    """Add to a net what its card tells: scores with intervals, and sizes of the splits.

    Parameters
    ----------
    trained
        Any network.
    corpus
        What it was trained on; its split ``"test"``, and ``"style"`` where there is one, judge it.
    name
        What a message calls it.

    Returns
    -------
    TrainedNetwork
        The same with more in ``scores["card"]``: ``clips`` and ``albums`` by split, what was ``resampled``, and ``r``
        by split, head and output, "average" the last: ``[r, low, high]`` with the 95 % interval, or ``[r]`` alone.

    Raises
    ------
    ReleaseError
        If it was trained on another corpus.
    """
    theirs, ours = trained.corpus["fingerprint"], corpus.fingerprint
    if theirs != ours:
        raise ReleaseError(
            f"{name} was trained on corpus {trained.corpus['name']} {theirs}, not on {corpus.name} {ours}: say which "
            "with --corpus, --profile and --clips"
        )
    splits = [split for split in _SPLITS if (corpus.tracks["split"] == split).any()]
    albums = corpus.tracks.groupby("split")["album"]
    groups = {split: select_groups(corpus.tracks.loc[corpus.select(split)]) for split in splits}
    card: dict[str, Any] = {
        "clips": {str(split): int(n) for split, n in albums.size().items()},
        "albums": {str(split): int(n) for split, n in albums.nunique().items()},
        "resampled": {split: words for split, (words, _) in groups.items()},
        "r": {split: compute_intervals(trained, corpus, split, units) for split, (_, units) in groups.items()},
    }
    return replace(trained, scores={**trained.scores, "card": card})


def select_groups(tracks: "pd.DataFrame") -> "tuple[str, pd.Series | None]":
    """Say what is resampled for intervals, and give the number or name of each track's group.

    Clips with the same ratings belong together as those of an album do (`folds.build_groups`). Where that leaves fewer
    than three groups, albums are resampled; where these are fewer, nothing is.

    Parameters
    ----------
    tracks
        Rows of `Corpus.tracks`.
    """
    from .folds import build_groups

    groups = build_groups(tracks)
    if groups.nunique() >= _FEWEST_GROUPS:
        return "groups of albums that share no ratings", groups
    if tracks["album"].nunique() >= _FEWEST_GROUPS:
        return "albums, some of which share ratings, so that they are somewhat narrow", tracks["album"]
    return "nothing, for there are too few albums", None


def compute_intervals(
    trained: "TrainedNetwork", corpus: "Corpus", split: str, groups: "pd.Series | None"
) -> dict[str, dict[str, list[float]]]:
    """Compute r with the ratings of a split by head and output, with its 95 % interval over groups unless None."""
    import pandas as pd

    from .evaluation import predict_split
    from .scores import NO_SEED, compute_cost_of_explainability

    intervals = {}
    for head, predicted in predict_split(trained, corpus, split).items():
        rated = getattr(corpus, head).loc[predicted.index]
        heard = {trained.scheme: pd.concat({NO_SEED: predicted})}
        table = compute_cost_of_explainability(heard, rated, groups=groups, reference=trained.scheme)
        intervals[head] = _round(table.loc[trained.scheme][["r"] if groups is None else ["r", "r_low", "r_high"]])
    return intervals


def _round(table: "pd.DataFrame") -> dict[str, list[float]]:
    return {str(name): [round(float(value), _DIGITS) for value in row] for name, row in table.iterrows()}


def save_release(folder: Path, nets: "Mapping[str, TrainedNetwork]", corpus: "Corpus") -> list[Path]:
    """Write nets and their cards, ``<name>.safetensors`` and ``<name>.md``; none before all are judged.

    Parameters
    ----------
    folder
        Where to; made if need be.
    nets
        By the name that they get.
    corpus
        What they were trained on.

    Returns
    -------
    list of pathlib.Path
        The nets' files.

    Raises
    ------
    ReleaseError
        If a name is no plain one, or a net was trained on another corpus.
    """
    from .modelcards import describe_card

    for name in nets:
        if not re.fullmatch(r"[\w-]+", name):
            raise ReleaseError(f"{name!r} is no name for a net: take letters, digits, - and _")
        check_target(folder / f"{name}.safetensors")
    released = {name: build_release(trained, corpus, name=name) for name, trained in nets.items()}
    for name, trained in released.items():
        save_network(folder / f"{name}.safetensors", trained)
        save_text(folder / f"{name}.md", describe_card(trained, name))
    return [folder / f"{name}.safetensors" for name in released]
