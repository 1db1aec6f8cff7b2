"""What many explanations cost: ``python benchmarks/explain_many.py [--tracks 20] [--samples 500] [--rounds 3]``.

Prints seconds for some clips of the generated corpus by one and by two workers, alternating: processes of this
machine, started anew each time, and a Dask cluster of as many workers that runs already. Each worker computes on one
thread, and loads net and corpus once. The rendered corpus is taken from the cache, or made first.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from mer_utils.explainjobs import ExplainJob, build_job
from mer_utils.explainmany import explain_many
from mer_utils.profiles import get_profile, load_profile_corpus
from mer_utils.soundwhy import Settings

_COUNTS = (1, 2)


def measure(job: ExplainJob, tracks: list[str], workers: int | str) -> float:
    """Explain anew, and give seconds."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        explain_many(job, {track: track for track in tracks}, Path(folder), workers=workers, progress=False)
        return time.perf_counter() - start


def measure_cluster(job: ExplainJob, tracks: list[str], n_workers: int) -> float:
    """Explain anew on a cluster that is running already."""
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 60}
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=n_workers, local_directory=folder, **options) as cluster,
    ):
        return measure(job, tracks, cluster.scheduler_address)


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("tracks", 20), ("samples", 500), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    profile = get_profile("quick")
    corpus = load_profile_corpus(profile)
    tracks = corpus.select("test")[: options.tracks]
    corpus.spectrograms(tracks)
    job = build_job("joint", settings=Settings(n_samples=options.samples), profile=profile, corpus=corpus)
    for name, timed in (("processes", measure), ("Dask workers", measure_cluster)):
        seconds = {n: [] for n in _COUNTS}
        for turn in range(options.rounds):
            for n in _COUNTS if turn % 2 else reversed(_COUNTS):
                seconds[n].append(timed(job, tracks, n))
        one, two = (statistics.median(seconds[n]) for n in _COUNTS)
        ratios = ", ".join(f"{a / b:.2f}" for a, b in zip(*seconds.values(), strict=True))
        about = f"{len(tracks)} tracks by {options.samples} samples"
        print(
            f"{about}, {name}: 1 takes {one:.1f} s, 2 take {two:.1f} s: {one / two:.2f} times ({ratios})", flush=True
        )


if __name__ == "__main__":
    main()
