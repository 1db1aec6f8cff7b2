"""A sweep under way: which nets are missing, one worker for each, and what is written down when.

A net of a sweep computes on one thread, so that as many train at once as there are cores. What it predicts for the
clips it was not trained on is written down as soon as it is done, in a file of its own in the cache, under a key made
of everything but the machine that decides it; the file tells in which numbers that machine computed.

Public names: ``run_sweep``, ``run_sweeps``, ``count_trainings``, ``fit_part``, ``truncate_emotions``.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .profiles import fit_profile_network, locate_checkpoint
from .ratings import UNIT
from .sweeps import RANK, Sweep, SweepConfig, SweepError, check_identity

if TYPE_CHECKING:
    import pandas as pd

# Trainings that share the memory of a GPU.
_MOST_ON_GPU = 4
# Random state and number of threads belong to a process, which a Dask worker may share among several jobs.
_ALONE = threading.Lock()
_TOLD = ("tracks", "arithmetic", "identity")


def run_sweep(
    config: SweepConfig,
    schemes: Sequence[str],
    seeds: Sequence[int],
    *,
    known: Sweep | None = None,
    workers: int | str | None = None,
    progress: bool = True,
) -> Sweep:
    """Train what is missing of a sweep, each net by one worker, and collect what all nets predict.

    It may be stopped or killed at any moment: the next call goes on with what each net had reached.

    Parameters
    ----------
    config
        What the nets have in common.
    schemes, seeds
        One net for each pair; a pair that is named twice is one.
    known
        A sweep of the same configuration: its nets are not trained again, and are part of the result.
    workers
        How many at once, `count_trainings` by default, or a Dask scheduler: as in `workers.run_tasks`.
    progress
        Show one progress bar over the nets.

    Returns
    -------
    Sweep
        The nets asked for and those known.

    Raises
    ------
    SweepError
        If ``known`` has another configuration.
    WorkerError, TrainingError, CorpusError, FoldError
        If workers cannot be had or keep dying, or a net cannot be trained.
    """
    jobs = config.list_jobs(dict.fromkeys(schemes), dict.fromkeys(seeds))
    if known is not None:
        check_identity(known.identity, config)
        jobs = [job for job in jobs if job[:2] not in known.nets]
    parts = _fit_parts([(config, *job) for job in jobs], workers=workers, progress=progress)
    return _collect(config, schemes, seeds, parts, known)


def run_sweeps(
    sweeps: Sequence[tuple[SweepConfig, Sequence[str], Sequence[int]]],
    *,
    workers: int | str | None = None,
    progress: bool = True,
) -> list[Sweep]:
    """Do what `run_sweep` does for several configurations, by the same workers and under one progress bar.

    Parameters
    ----------
    sweeps
        Configuration, schemes and seeds of each.
    workers, progress
        See `run_sweep`.
    """
    jobs = [(config, *job) for config, schemes, seeds in sweeps for job in config.list_jobs(schemes, seeds)]
    parts = _fit_parts(jobs, workers=workers, progress=progress)
    return [_collect(*sweep, parts, None) for sweep in sweeps]


def _fit_parts(jobs: Sequence[tuple], *, workers: int | str | None, progress: bool) -> dict[Path, dict[str, Any]]:
    """Train what is missing of nets (configuration, scheme, seed, fold), and give what all predict, by place."""
    from contextlib import closing

    from tqdm import tqdm

    from .workers import run_tasks

    places = {config.locate_part(*job): (config, *job) for config, *job in jobs}
    parts = {place: part for place, job in places.items() if (part := _read_part(place, job[0]))}
    todo = [job for place, job in places.items() if place not in parts]
    if todo and not isinstance(workers, str):  # one bar for the music, before the workers wait for it
        for config in {id(job[0]): job[0] for job in todo}.values():
            _prepare(config, progress)
    shown = {"desc": "sweep", "unit": "net", "disable": not (progress and todo)}
    try:
        with (
            tqdm(total=len(places), initial=len(parts), **shown) as bar,
            closing(run_tasks(fit_part, todo, workers=workers or count_trainings())) as results,
        ):
            for (config, *job), part in results:
                place = config.locate_part(*job)
                _write_part(place, config, part)
                parts[place] = part
                bar.update()
    except KeyboardInterrupt:
        done = f"stopped, {len(parts)} of {len(places)} nets are done"
        raise KeyboardInterrupt(f"{done}: run it again to go on, with the others where they were") from None
    return parts


def count_trainings() -> int:
    """Count the nets that train at once on this machine: one on each core, but four at most where a GPU does it."""
    import torch

    from .workers import count_cores

    return min(count_cores(), _MOST_ON_GPU) if torch.cuda.is_available() else count_cores()


def _prepare(config: SweepConfig, progress: bool) -> None:
    corpus = config.load_corpus()
    corpus.spectrograms(corpus.tracks.index.tolist(), progress=progress)
    if (stage := corpus.build_first_stage()) is not None:
        stage.spectrograms(stage.tracks.index.tolist(), progress=progress)


def fit_part(config: SweepConfig, scheme: str, seed: int, fold: int | None) -> dict[str, Any]:
    """Train one net of a sweep and predict the clips that it was not trained on.

    Parameters
    ----------
    config, scheme, seed, fold
        Which net.

    Returns
    -------
    dict
        ``"heads"``: (n_tracks, n_outputs) float16 on the unit scale by head, as in `Sweep.nets`; ``"tracks"``,
        ``"arithmetic"`` and ``"identity"`` as in `Sweep`, the latter by this worker's code.
    """
    with _ALONE:
        return _fit_part(replace(config), scheme, seed, fold)  # a copy has not computed its identity elsewhere


def _fit_part(config: SweepConfig, scheme: str, seed: int, fold: int | None) -> dict[str, Any]:
    import torch
    from filelock import FileLock

    from .evaluation import predict_split
    from .runs import describe_arithmetic

    torch.set_num_threads(1)
    corpus = config.load_corpus(fold)
    choices = {"profile": config.profile, "seed": seed, **config.changes}
    checkpoint = locate_checkpoint(corpus, scheme, **choices)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(checkpoint.with_suffix(".lock")):  # another sweep may want the same net
        for litter in checkpoint.parent.glob(f".{checkpoint.name}.*.part"):  # of a worker that was killed
            litter.unlink()
        trained = fit_profile_network(corpus, scheme, progress=False, **choices)
    heard = {head: table / UNIT for head, table in predict_split(trained, corpus, "test").items()}
    tracks = next(iter(heard.values())).index.tolist()
    if scheme == "a2e":
        heard["truncated"] = truncate_emotions(heard["emotion"], trained.network.to_emotion, rank=RANK)
    heads = {head: np.asarray(table, np.float16) for head, table in heard.items()}
    arithmetic = describe_arithmetic(trained.config["precision"])
    return {"heads": heads, "tracks": tracks, "arithmetic": arithmetic, "identity": config.identity}


def truncate_emotions(emotion: "pd.DataFrame", layer: Any, *, rank: int) -> "pd.DataFrame":
    """Compute what a linear layer would give if its weights had a lower rank.

    What is left of the weights W (8, n) is their best approximation of that rank, U U' W with the first left singular
    vectors U; so the outputs can be truncated without the inputs.

    Parameters
    ----------
    emotion
        (n_tracks, 8) outputs of the layer, unit scale.
    layer
        The `torch.nn.Linear` that gave them.
    rank
        1 to 8.
    """
    weight, bias = (value.detach().double().numpy() for value in (layer.weight, layer.bias))
    kept = np.linalg.svd(weight, full_matrices=False)[0][:, :rank]
    return bias + (emotion - bias) @ (kept @ kept.T)


def _read_part(place: Path, config: SweepConfig) -> dict[str, Any] | None:
    """Read what a net predicts; None if it is not there, or no longer readable and thus to be made again."""
    from .checkpoints import NetworkError, read_tensors

    try:
        tensors, header = read_tensors(place)
        told = {name: header[name] for name in _TOLD}
        check_identity(told["identity"], config)
    except (NetworkError, SweepError, KeyError):
        return None
    return told | {"heads": {head: tensor.numpy() for head, tensor in tensors.items()}}


def _write_part(place: Path, config: SweepConfig, part: dict[str, Any]) -> None:
    import torch

    from .checkpoints import write_tensors

    check_identity(part["identity"], config)  # a worker elsewhere may have another version of this code
    tensors = {head: torch.from_numpy(values) for head, values in part["heads"].items()}
    header = {name: part[name] for name in _TOLD}
    write_tensors(place, tensors, header=header)


def _collect(
    config: SweepConfig,
    schemes: Sequence[str],
    seeds: Sequence[int],
    parts: Mapping[Path, dict[str, Any]],
    known: Sweep | None,
) -> Sweep:
    """Pool the folds of each net, and join what is known."""
    nets = {} if known is None else dict(known.nets)
    told = [] if known is None else [(known.arithmetic, known.tracks)]
    for scheme, seed in product(schemes, seeds):
        if (scheme, seed) not in nets:
            pooled = [parts[config.locate_part(*job)] for job in config.list_jobs([scheme], [seed])]
            told += [(part["arithmetic"], None) for part in pooled]
            told.append((pooled[0]["arithmetic"], [track for part in pooled for track in part["tracks"]]))
            heads = pooled[0]["heads"]
            nets[scheme, seed] = {head: np.concatenate([part["heads"][head] for part in pooled]) for head in heads}
    kinds = sorted({arithmetic for arithmetic, _ in told})
    tracks = [one for _, one in told if one is not None]
    if len(kinds) > 1 or any(one != tracks[0] for one in tracks):
        odd = f"trained in {' and in '.join(kinds)}" if len(kinds) > 1 else "tested on other tracks than the rest"
        raise SweepError(f"nets {odd} cannot be mixed: train them in one place, with a cache of its own (MER_CACHE)")
    return Sweep(config, config.identity, kinds[0], tracks[0], nets)
