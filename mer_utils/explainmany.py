"""Explaining many sounds, one on each core of this machine or on each worker of a Dask cluster: one file for each.

What is done stays done: a call that was stopped is called again and goes on.

Public names: ``ManyExplained``, ``explain_many``, ``build_sounds``, ``TABLE``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .explainjobs import ExplainJob, explain_one
from .explaintable import build_track_rows, build_verdict_table
from .explanation import VERSION, ExplainError, Explanation, load_explanation, save_explanation
from .files import TargetError, save_text

if TYPE_CHECKING:
    import pandas as pd

#: Name of the table beside the explanations.
TABLE = "explained.csv"


class ManyExplained(NamedTuple):
    """What came of many sounds.

    Attributes
    ----------
    table
        As `explaintable.build_verdict_table` gives it, of all sounds that are explained, in their order.
    faults
        By track, why it is not explained: one line each.
    reused
        Tracks whose explanation lay there already.
    """

    table: "pd.DataFrame"
    faults: dict[str, str]
    reused: list[str]


def explain_many(
    job: ExplainJob,
    sounds: Mapping[str, str | Path],
    folder: Path,
    *,
    workers: int | str | None = None,
    progress: bool = True,
) -> ManyExplained:
    """Explain many sounds, and write an explanation for each, ``<track>.safetensors``, and one table of all.

    What lies there of the same network, sound and settings is not computed again, and each is written as soon as it
    is done; so whoever stops a call loses what was in work.

    Parameters
    ----------
    job
        With which network and how (`explainjobs.build_job`).
    sounds
        Tracks of the job's corpus, or sound files, each once, by the name that their explanation is to have.
    folder
        Where to write; it is made.
    workers
        How many at once, or a Dask scheduler: as in `workers.run_tasks`. Workers elsewhere see the same files.
    progress
        Show one progress bar over the sounds.

    Raises
    ------
    TargetError, OSError
        If a file that is no explanation has the name of one, or nothing can be written.
    WorkerError, ExplainError, NetworkError, CorpusError
        If workers cannot be had, keep dying, or have another network, corpus or version of this package.
    KeyboardInterrupt
        If somebody stopped it; the message says how much is done.
    """
    from tqdm import tqdm

    from .workers import run_tasks

    folder = Path(folder).absolute()
    places = {track: folder / f"{track}.safetensors" for track in sounds}
    there = {track: place for track, place in places.items() if _check_place(place)}
    tracks = {(job, sound, there.get(track)): track for track, sound in sounds.items()}
    rows, faults, reused = {}, {}, []
    try:
        with (
            tqdm(total=len(sounds), desc="explain", unit="track", disable=not progress) as bar,
            closing(run_tasks(explain_one, list(tracks), workers=workers)) as results,
        ):
            for task, result in results:
                track = tracks[task]
                if isinstance(result, str):
                    faults[track] = result
                else:
                    reused += [track] if result is None else []
                    rows[track] = build_track_rows(track, _settle(result, places[track], job), rule=job.settings.rule)
                bar.update()
    except KeyboardInterrupt:
        done = f"stopped, {len(rows)} of {len(sounds)} tracks are explained"
        raise KeyboardInterrupt(f"{done}: run it again to go on") from None
    table = build_verdict_table({track: rows[track] for track in sounds if track in rows})
    if rows:
        save_text(folder / TABLE, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return ManyExplained(table, {track: faults[track] for track in sounds if track in faults}, sorted(reused))


def _check_place(place: Path) -> bool:
    """Tell whether something lies where an explanation is to be written, and spare what is none."""
    from .checkpoints import NetworkError, read_tensors

    if not place.is_file():
        return False
    try:
        header = read_tensors(place)[1]
    except NetworkError:  # damaged: it is made anew
        return False
    if "explanation" not in header:
        raise TargetError(f"{place} is no explanation and would be overwritten: choose another folder")
    return True


def _settle(explanation: Explanation | None, place: Path, job: ExplainJob) -> Explanation:
    """Write what is new, and read what is not."""
    if explanation is None:
        return load_explanation(place)
    if explanation.config["version"] != VERSION or explanation.network != job.network:
        raise ExplainError("a worker has another version of this package: install the same everywhere")
    save_explanation(place, explanation)
    return explanation


def build_sounds(paths: Iterable[Path]) -> dict[str, Path]:
    """Name sound files, each differently: by its name without suffix, or by as much more of its path as it takes.

    Parameters
    ----------
    paths
        The files; one that is named twice counts once.

    Returns
    -------
    dict of str to pathlib.Path
        Whole paths by a name that can be that of a file.
    """
    files = list(dict.fromkeys(Path(path).absolute() for path in paths))
    stems = Counter(path.stem.casefold() for path in files)  # some file systems do not tell case
    named: dict[str, Path] = {}
    for path in files:
        longer = [f"{path.parent.name} - {path.stem}", f"{path.parent.name} - {path.name}"]
        names = chain([path.stem] if stems[path.stem.casefold()] == 1 else longer, longer)
        names = chain(names, (f"{longer[-1]} ({number})" for number in count(2)))
        taken = {name.casefold() for name in named}
        named[next(name for name in names if name.casefold() not in taken)] = path
    return named
