"""What explanations cost, against stock lime: ``python benchmarks/explain_engine.py``.

Stock lime need not run to the end: its seconds per sample are measured on few samples, and how stable N samples of it
are is read from ``data/trust/convergence.csv`` (released net, one clip, half of the segments on), where
samples are drawn and fitted as lime does: the tests hold them against lime itself. The net of width 64 is untrained,
for what its weights are costs no time.
"""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mer_utils.explain import explain_spectrogram
from mer_utils.networks import build_network
from mer_utils.predictor import Predictor
from mer_utils.profiles import PROFILES
from mer_utils.ratings import MIDLEVEL
from mer_utils.receptive import compute_fields
from mer_utils.segments import compute_segments
from mer_utils.trusttables import build_bench, load_table
from mer_utils.trustviews import compute_saving

N_SEGMENTS, N_STOCK, N_OURS, N_HOLDOUT = 350, 64, 512, 300
FRAMES, BANDS = 313, 149


class Instant:
    """A predictor that takes no time, with the places of a real one."""

    training_mean, fingerprint, names = 0.5, "", MIDLEVEL

    def __init__(self) -> None:
        self._fields = compute_fields(build_network("a2mid", width=1), FRAMES)
        rng = np.random.default_rng(0)
        noise = rng.random((64, len(self._fields), len(MIDLEVEL)), np.float32)
        self._places = noise - noise.mean(axis=1, keepdims=True) + 0.5

    def __call__(self, specs: np.ndarray) -> np.ndarray:
        """Say the same of every spectrogram."""
        return np.full((len(specs), len(MIDLEVEL)), 0.5, np.float32)

    def places(self, specs: np.ndarray) -> np.ndarray:
        """Say some noise at every place."""
        return self._places[: len(specs)]

    def fields(self, n_frames: int) -> np.ndarray:
        """Give the fields of the papers' network."""
        return self._fields


def build_grid() -> tuple[np.ndarray, np.ndarray]:
    """Build a spectrogram of noise and a grid of 350 segments."""
    spec = np.random.default_rng(0).random((FRAMES, BANDS), np.float32)
    return spec, compute_segments(spec, method="grid", n_times=25, n_bands=14)


def measure(
    function: Callable[[], object], *, rounds: int = 3, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Measure the shortest of some calls, seconds."""
    seconds = []
    for _ in range(rounds):
        start = clock()
        function()
        seconds.append(clock() - start)
    return min(seconds)


def measure_overhead(fit: str) -> float:
    """Measure processor time per sample without the predictor, milliseconds: more samples against fewer."""
    spec, segments = build_grid()
    few, many = (
        measure(
            lambda n=n: explain_spectrogram(Instant(), spec, segments, n_samples=n, fit=fit), clock=time.process_time
        )
        for n in (2048, 10240)
    )
    return 1000 * (many - few) / 8192


def measure_memory(n: int) -> float:
    """Measure the peak of a process that explains with ``n`` samples, MiB."""
    explain = f"e.explain_spectrogram(e.Instant(), *e.build_grid(), n_samples={n})"
    code = f"import explain_engine as e; {explain}; print(e.peak())"
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, check=True)
    return float(done.stdout)


def peak() -> float:
    """Give the largest memory that this process has had, MiB; Linux tells what it had of its own, not its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure_stock(
    spec: np.ndarray, segments: np.ndarray, network: torch.nn.Module, mean: float
) -> tuple[float, float]:
    """Measure stock lime: seconds per sample with the plain module, and seconds of the fits of 5 000 samples."""
    import contextlib
    import io

    from lime.lime_base import LimeBase
    from lime.lime_image import LimeImageExplainer
    from skimage.color import gray2rgb

    @torch.inference_mode()
    def classify(images: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(np.ascontiguousarray(images[..., 0], np.float32))[:, None]
        return network(x - mean).midlevel.numpy()

    def explain() -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            LimeImageExplainer(random_state=0).data_labels(
                gray2rgb(spec), gray2rgb(np.full_like(spec, mean)), segments, classify, N_STOCK
            )

    rng = np.random.default_rng(0)
    masks, outputs = rng.random((5000, segments.max() + 1)) < 0.5, rng.random((5000, len(MIDLEVEL)))
    base = LimeBase(lambda d: np.exp(-(d**2) / 0.125), random_state=0)

    def fit() -> None:
        for label in range(len(MIDLEVEL)):
            distances = 1 - np.sqrt(masks.mean(axis=1))
            base.explain_instance_with_data(masks.astype(float), outputs, distances, label, 100_000)

    return measure(explain, rounds=2) / N_STOCK, measure(fit, rounds=1)


def main() -> None:
    """Print the figures one after the other."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for fit in ("least squares", "places"):
        print(f"overhead per sample, {fit:14} {N_SEGMENTS} segments, one core {measure_overhead(fit):6.3f} ms")
    small, large = measure_memory(5_000), measure_memory(50_000)
    print(f"memory of 5 000 and 50 000 samples {small:.0f} and {large:.0f} MiB: growth {large - small:.0f} MiB")

    bench = build_bench(progress=False)
    spec = bench.spec(bench.select(1)[0])
    segments = compute_segments(spec)
    network = build_network("a2mid").eval()
    stock, fits = measure_stock(spec, segments, network, bench.predict.training_mean)
    predict = Predictor(network, (bench.predict.training_mean, 1.0)).outputs("midlevel")
    n = max(N_OURS, 2 * segments.max() + 4)
    ours = measure(lambda: explain_spectrogram(predict, spec, segments, n_samples=n, n_holdout=2), rounds=2) / n
    print(f"width 64: stock lime {1000 * stock:.1f} ms a sample, here {1000 * ours:.1f} ms: {stock / ours:.1f} times")
    runs = load_table("convergence", bench).groupby(["fit", "n"]).mean(numeric_only=True)
    curve = runs.loc["papers", "top_jaccard"]
    runs.loc[("papers", 5000), "top_jaccard"] = np.interp(np.log(5000), np.log(curve.index), curve)  # not tried itself
    for count, needed in compute_saving(runs).dropna().sort_index().items():
        theirs, here = count * stock + fits * count / 5000, (needed + N_HOLDOUT) * ours
        print(
            f"  as stable as {count:6d} of its samples ({theirs:6.0f} s): {needed:6.0f} here ({here:6.0f} s),"
            f" {theirs / here:5.1f} times faster"
        )
    if torch.cuda.is_available():
        seconds = measure(lambda: explain_spectrogram(predict, spec, segments, n_samples=50_000), rounds=1)
        print(f"width 64: 50 000 samples on {torch.cuda.get_device_name()}, float32: {seconds:.1f} s")
    else:
        print("width 64: 50 000 samples on a GPU: there is none here")
    quick = PROFILES["quick"].n_samples
    seconds = measure(lambda: bench.explain(spec), rounds=2)
    print(f"seven features in `quick` ({quick} samples, width {bench.trained.width}) {seconds:.1f} s")
    stable = load_table("stability", bench).groupby("output")["top_jaccard"].mean()
    print(f"top-30 Jaccard of seeds at {quick} samples:")
    print("\n".join(f"  {name:22}{value:6.3f}" for name, value in stable.items()))


if __name__ == "__main__":
    main()
