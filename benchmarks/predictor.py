"""How much faster the predictor is than the plain eager module: ``python benchmarks/predictor.py [--width 64]``.

Both predict the same 16 windows of 10 s in inference mode with the same threads, each at its own best batch size.
Rounds are interleaved, so that whatever else the machine does hits both alike; the ratio is of the medians.
``--clock cpu`` with ``--threads 1`` counts processor time, for machines that are busy.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from mer_utils.networks import build_network
from mer_utils.predictor import Predictor

CLIPS = 16
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def build_contestants(width: int, batch_sizes: list[int]) -> dict[tuple[str, int], Callable[[], object]]:
    """Give one call without arguments per contestant and batch size; each predicts all `CLIPS`."""
    network = build_network("joint", width=width).eval()
    specs = np.random.default_rng(0).uniform(0, 1.5, (CLIPS, 313, 149)).astype(np.float32)
    standardised = torch.from_numpy((specs[:, None] - 0.5) / 0.4)
    calls: dict[tuple[str, int], Callable[[], object]] = {}
    for size in batch_sizes:
        predictor = Predictor(network, (0.5, 0.4), batch_size=size, device="cpu")
        calls["plain", size] = lambda size=size: [network(x) for x in standardised.split(size)]
        calls["predictor", size] = lambda predictor=predictor: predictor.predict(specs)
    return calls


def measure(width: int, batch_sizes: list[int], rounds: int, clock: Callable[[], float]) -> None:
    """Print clips per second of both at each batch size, and the ratio of the best."""
    calls = build_contestants(width, batch_sizes)
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in calls}
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for key, call in calls.items():
                start = clock()
                call()
                if turn:  # the first round warms up
                    seconds[key].append(clock() - start)
    rates = {key: CLIPS / statistics.median(times) for key, times in seconds.items()}
    for (name, size), rate in rates.items():
        print(f"width {width}  {name:10s} batch {size:3d}  {rate:7.1f} clips/s")
    best = {name: max(rate for (who, _), rate in rates.items() if who == name) for name in ("plain", "predictor")}
    print(f"width {width}  predictor / plain, best batch of each: {best['predictor'] / best['plain']:.2f}")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.clock} clock, {options.rounds} rounds")
    measure(options.width, options.batches, options.rounds, CLOCKS[options.clock])


if __name__ == "__main__":
    main()
