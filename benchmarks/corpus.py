"""What the generated corpus costs: ``python benchmarks/corpus.py [--clips 40]``.

Prints the processor time of one core per clip, spectrogram included, split into its stages: median, mean and slowest
over clips of all styles.
"""

import argparse
import time

import numpy as np

from mer_utils.corpora import load_corpus
from mer_utils.generated.clip import render_recording
from mer_utils.generated.composer import compose
from mer_utils.generated.intent import Dice
from mer_utils.generated.renderer import render_parts
from mer_utils.spectrogram import compute_spectrogram

_STAGES = ("compose", "play", "record", "spectrogram", "sum")


def main() -> None:
    """Time the stages of some clips, each after a clip that warms up its instruments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=40, help="clips to time; default %(default)s")
    n_clips = parser.parse_args().clips
    corpus = load_corpus("generated", n_tracks=max(n_clips, 40))
    times = []
    for row, track in enumerate(corpus.tracks.index[:n_clips]):
        intent, album, dice = corpus.intent(track), corpus.album(track), Dice(row)
        render_parts(compose(intent, album, dice).parts)  # the level of each instrument is measured once a process
        marks = [time.process_time()]
        score = compose(intent, album, dice)
        marks.append(time.process_time())
        stems = render_parts(score.parts, tuning=album.tuning)
        marks.append(time.process_time())
        mix = render_recording(stems, intent, album, dice)
        marks.append(time.process_time())
        compute_spectrogram(mix / np.abs(mix).max())
        marks.append(time.process_time())
        times.append([*np.diff(marks), marks[-1] - marks[0]])
    table = 1000 * np.array(times)
    print(f"{'ms of one core':14} {'median':>7} {'mean':>7} {'slowest':>8}")
    for name, column in zip(_STAGES, table.T, strict=True):
        print(f"{name:14} {np.median(column):7.1f} {column.mean():7.1f} {column.max():8.1f}")


if __name__ == "__main__":
    main()
