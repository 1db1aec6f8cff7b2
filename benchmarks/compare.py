"""What ``mer compare`` costs: seconds and memory for two songs of three minutes: ``python benchmarks/compare.py``.

Each measurement is a process of its own, as for a reader. A bare start of Python with the same imports stands beside
it: machines differ, and the ratio of the two less.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mer_utils.audio import save_audio
from mer_utils.generated.covers import render_covers

SR, MINUTES, TIMES = 22050, 3, 3
IMPORTS = "import mer_utils.songs, mer_utils.predictor, mer_utils.reference, mer_utils.reliability, librosa"


def measure(*words: str) -> float:
    """Measure the shortest of some runs of a command, seconds of the clock."""
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Render two long songs, compare them, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for cover in render_covers():
            y = np.tile(cover.clip.mix * cover.clip.gain, MINUTES * 4)
            paths.append(str(save_audio(Path(folder) / f"{cover.title}.flac", y, SR)))
        bare = measure("-c", IMPORTS)
        text = measure("-m", "mer_utils", "compare", *paths)
        figures = measure("-m", "mer_utils", "compare", *paths, "--out", f"{folder}/out")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    print(f"two songs of {MINUTES} min, released net (width 16), shortest of {TIMES}")
    for name, seconds in (("imports alone", bare), ("mer compare", text), ("mer compare --out", figures)):
        print(f"  {name:20} {seconds:6.1f} s   {seconds / bare:5.1f} times the imports")
    print(f"  largest process      {peak:6.0f} MiB")


if __name__ == "__main__":
    main()
