"""Sweeps: the same clips predicted by many nets, a net for each scheme and seed.

A finished sweep is one small file: predictions to half precision (within .003 rating points), with the configuration
that they belong to. `sweepruns.run_sweep` trains the nets.

Public names: ``SweepConfig``, ``Sweep``, ``SweepError``, ``check_identity``, ``load_matching``,
``save_sweep``, ``load_sweep``, ``locate_sweep``, ``PREDICTION_VERSION``, ``RANK``, ``TRUNCATED``.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .paths import CACHE, SWEEPS
from .profiles import Profile, build_training_config, load_profile_corpus, locate_first_stage
from .ratings import EMOTIONS, MIDLEVEL, UNIT

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus

#: Raised whenever the same weights give other predictions: part of the identity of every sweep.
PREDICTION_VERSION = 1
#: Rank to which the emotions of A2E are cut down, as if they had gone through seven units.
RANK = len(MIDLEVEL)
#: Name of A2E with its last layer cut down to that rank.
TRUNCATED = f"a2e, rank {RANK}"

_FILE_FORMAT = 1
_COLUMNS = {"midlevel": MIDLEVEL, "emotion": EMOTIONS, "truncated": EMOTIONS}


class SweepError(ValueError):
    """Results of sweeps that cannot be read, or do not belong together."""


@dataclass(frozen=True)
class SweepConfig:
    """What all nets of a sweep have in common.

    Attributes
    ----------
    profile
        Sizes of corpus and nets, and the recipe.
    corpus
        A name that `corpora.load_corpus` knows, or ``"auto"``.
    options
        Further options of the corpus, such as ``{"rater_noise": 0.5}``.
    training
        Other values for fields of `training.TrainingConfig`, such as ``{"midlevel_weight": 2.0}``.
    n_folds
        0 tests on the corpus's own test split; otherwise every clip is tested once, by a net that was trained on the
        other albums (`folds.select_fold`).
    apart
        Keep the clips of an album in one fold. False deals clip by clip, as if there were no albums.
    """

    profile: Profile
    corpus: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    n_folds: int = 0
    apart: bool = True

    def __post_init__(self) -> None:
        if self.n_folds < 0 or 0 < self.n_folds < 3:
            raise SweepError(f"a sweep has 3 folds or more, or 0 for the split of its corpus, not {self.n_folds}")
        if reserved := {"seed", "profile"} & set(self.training):
            raise SweepError(f"{reserved.pop()} cannot be the same for all nets of a sweep by way of 'training'")

    @property
    def changes(self) -> dict[str, Any]:
        """What is told to `profiles.fit_profile_network` beside profile and seed."""
        return {"n_threads": 1, **self.training}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything but the machine that decides the predictions of a scheme and seed, as plain JSON values."""
        from .runs import VERSION

        corpus = self.load_corpus(0 if self.n_folds else None)  # a fold's fingerprint tells how tracks were dealt
        decisive = {"n_folds": self.n_folds, "corpus": f"{corpus.name} {corpus.version}, {corpus.fingerprint}"}
        decisive |= {"version of training": VERSION, "version of predictions": PREDICTION_VERSION}
        decisive["width"] = self.profile.width
        if (stage := locate_first_stage(corpus, "a2mid2e")) is not corpus:
            decisive["first stage"] = f"{stage.name} {stage.version}, {stage.fingerprint}"
        try:
            config = asdict(build_training_config(self.profile, corpus, **self.changes))
        except TypeError as error:
            raise SweepError(f"no such field of a training among {', '.join(self.training)}: {error}") from error
        return decisive | {name: value for name, value in _plain(config).items() if name != "seed"}

    @property
    def key(self) -> str:
        """Digest of `identity`, hexadecimal."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:12]

    def load_corpus(self, fold: int | None = None) -> "Corpus":
        """Load the corpus, split for one of the folds where there are any."""
        from .folds import select_fold

        corpus = load_profile_corpus(self.profile, self.corpus, **self.options)
        return corpus if fold is None else select_fold(corpus, fold, n_folds=self.n_folds, apart=self.apart)

    def list_jobs(self, schemes: Iterable[str], seeds: Iterable[int]) -> list[tuple[str, int, int | None]]:
        """List the nets of a sweep: scheme, seed, and fold or None; seed by seed, so that early results compare."""
        folds = range(self.n_folds) if self.n_folds else (None,)
        return [(scheme, seed, fold) for seed in seeds for scheme in schemes for fold in folds]

    def locate_part(self, scheme: str, seed: int, fold: int | None) -> Path:
        """Name the file that keeps what one net predicts."""
        suffix = "" if fold is None else f"-{fold}"
        return CACHE / "sweeps" / self.key / f"{scheme}-{seed}{suffix}.safetensors"


@dataclass(frozen=True, eq=False)
class Sweep:
    """What the nets of a sweep predict for clips that they were not trained on.

    Attributes
    ----------
    config
        What the nets have in common.
    identity
        `SweepConfig.identity` when they were trained.
    arithmetic
        In which numbers, and on what, they were trained: `runs.describe_arithmetic`.
    tracks
        Ids of the clips.
    nets
        By scheme and seed, then by ``"midlevel"``, ``"emotion"`` or ``"truncated"`` (A2E's emotions at rank 7):
        (n_tracks, n_outputs) float16, unit scale.
    """

    config: SweepConfig
    identity: dict[str, Any]
    arithmetic: str
    tracks: list[str]
    nets: dict[tuple[str, int], dict[str, np.ndarray]]

    @property
    def schemes(self) -> list[str]:
        """Names of the schemes, in the order in which they were asked for."""
        return list(dict.fromkeys(scheme for scheme, _ in self.nets))

    def seeds(self, scheme: str) -> list[int]:
        """Seeds of a scheme, ascending."""
        return sorted(seed for name, seed in self.nets if name == scheme)

    def build_predictions(self, head: str = "emotion") -> "dict[str, pd.DataFrame]":
        """Build what `scores.compute_cost_of_explainability` compares.

        Parameters
        ----------
        head
            ``"emotion"`` (where ``"a2e, rank 7"`` joins the schemes) or ``"midlevel"``.

        Returns
        -------
        dict of pandas.DataFrame
            By scheme: rows by seed and track, ratings 1-10.
        """
        tables = {scheme: self._stack(scheme, head) for scheme in self.schemes}
        if head == "emotion" and "a2e" in tables:
            tables[TRUNCATED] = self._stack("a2e", "truncated")
        return {scheme: table for scheme, table in tables.items() if table is not None}

    def _stack(self, scheme: str, head: str) -> "pd.DataFrame | None":
        import pandas as pd

        tables = {
            seed: pd.DataFrame(UNIT * self.nets[scheme, seed][head].astype(float), self.tracks, list(_COLUMNS[head]))
            for seed in self.seeds(scheme)
            if head in self.nets[scheme, seed]
        }
        return pd.concat(tables, names=["seed", "track_id"]) if tables else None


def check_identity(identity: Mapping[str, Any], config: SweepConfig) -> None:
    """Raise SweepError unless nets of this `Sweep.identity` have the configuration; the message says what differs."""
    for name, ours in config.identity.items():
        if (theirs := identity.get(name)) != ours:
            raise SweepError(f"nets whose {name} is {theirs!r}, not {ours!r}, which cannot be mixed")


def load_matching(name: str | Path, config: SweepConfig) -> Sweep | None:
    """Read a sweep to be added to; None where there is no file.

    Raises
    ------
    SweepError
        If it is no sweep, or one of another configuration.
    """
    path = locate_sweep(name)
    if not path.exists():
        return None
    sweep = load_sweep(path)
    theirs, ours = ({"clips": one.profile.n_clips, **one.options} for one in (sweep.config, config))
    try:
        if theirs != ours:  # said before the fingerprint of the corpus, which tells a reader nothing
            raise SweepError(f"nets of a corpus with {theirs}, not {ours}, which cannot be mixed")
        check_identity(sweep.identity, config)
    except SweepError as error:
        raise SweepError(f"{path} holds {error}: write to another file, or delete it") from error
    return sweep


def locate_sweep(name: str | Path) -> Path:
    """Name the file of a sweep: a bare name stands for ``data/sweeps/<name>.safetensors``."""
    bare = isinstance(name, str) and Path(name).name == name and not Path(name).suffix
    path = SWEEPS / name if bare else Path(name)
    return path if path.suffix else path.with_name(f"{path.name}.safetensors")


def save_sweep(name: str | Path, sweep: Sweep) -> Path:
    """Write a sweep to one file and return its path; the same sweep, the same bytes."""
    import torch

    from .checkpoints import write_tensors

    seeds = {scheme: sweep.seeds(scheme) for scheme in sweep.schemes}
    tensors = {
        f"{scheme}/{head}": torch.from_numpy(np.stack([sweep.nets[scheme, seed][head] for seed in seeds[scheme]]))
        for scheme in seeds
        for head in sweep.nets[scheme, seeds[scheme][0]]
    }
    header = {"format": _FILE_FORMAT, "config": _plain(asdict(sweep.config)), "seeds": list(seeds.items())}
    header |= {name: getattr(sweep, name) for name in ("identity", "arithmetic", "tracks")}
    path = locate_sweep(name)
    write_tensors(path, tensors, header=header)
    return path


def load_sweep(name: str | Path) -> Sweep:
    """Read a sweep that `save_sweep` wrote.

    Parameters
    ----------
    name
        A file, or the name of one in ``data/sweeps``, such as ``"schemes"``.

    Raises
    ------
    SweepError
        If there is no such sweep (the message lists those there are), or the file is damaged or something else.
    """
    from .checkpoints import NetworkError, read_tensors

    path = locate_sweep(name)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SWEEPS.glob("*.safetensors"))) or "none yet"
        raise SweepError(f"no sweep {path}; give a file or the name of one in data/sweeps ({known})")
    try:
        tensors, header = read_tensors(path)
        config = dict(header["config"])
        config = SweepConfig(**config | {"profile": Profile(**config["profile"])})
        seeds = dict(header["seeds"])
        nets = {(scheme, seed): {} for scheme in seeds for seed in seeds[scheme]}
        for label, stacked in tensors.items():
            scheme, head = label.split("/")
            for seed, values in zip(seeds[scheme], stacked.numpy(), strict=True):
                nets[scheme, seed][head] = values
        return Sweep(config, header["identity"], header["arithmetic"], header["tracks"], nets)
    except (NetworkError, KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise SweepError(f"{path} holds no sweep of this version: {reason}") from error


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
