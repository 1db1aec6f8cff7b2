"""What a sweep costs: ``python benchmarks/sweep.py [--epochs 2]``.

Prints seconds per net of the sweep in ``data/sweeps/schemes``, one net at a time on all cores and one net for each
core, alternating, and their ratio. Each net is trained for a few epochs only; starting the workers is not counted. The
rendered corpus is taken from the cache, or made first.
"""

import argparse
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from mer_utils.networks import SCHEMES
from mer_utils.profiles import build_training_config
from mer_utils.sweeps import SweepConfig, load_sweep
from mer_utils.training import fit_network
from mer_utils.workers import count_cores


def train(config: SweepConfig, scheme: str, n_threads: int, epochs: int) -> float:
    """Train one net without keeping anything, and give seconds per epoch."""
    changes = {**config.changes, "n_threads": n_threads, "max_epochs": epochs}
    recipe = build_training_config(config.profile, **changes)
    corpus = config.load_corpus()
    corpus.spectrograms(corpus.select("train"))
    start = time.perf_counter()
    fit_network(corpus, scheme, config=recipe, width=config.profile.width, progress=False)
    return (time.perf_counter() - start) / epochs


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    config, cores, schemes = load_sweep("schemes").config, count_cores(), [s for s in SCHEMES if s != "a2mid"]
    seconds = {"one net on all cores": [], "one net for each core": []}
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for turn in range(options.rounds + 1):
            alone = pool.submit(train, config, schemes[turn], cores, options.epochs).result()
            jobs = [pool.submit(train, config, schemes[turn], 1, options.epochs) for _ in range(cores)]
            together = statistics.mean(job.result() for job in jobs)
            if turn:  # the first is for warming up
                seconds["one net on all cores"].append(alone)
                seconds["one net for each core"].append(together / cores)
    epochs = config.profile.max_epochs
    for name, values in seconds.items():
        print(f"{name:24} {epochs * statistics.median(values):6.1f} s of this machine for a net of {epochs} epochs")
    ratios = [one / many for one, many in zip(*seconds.values(), strict=True)]
    print(f"ratio of the two: {statistics.median(ratios):.2f}; a net on its one core takes {cores} times the second")


if __name__ == "__main__":
    main()
