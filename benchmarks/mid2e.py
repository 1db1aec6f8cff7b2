"""How far Mid2E gets on real ratings: ``python benchmarks/mid2e.py [--root data] [--deals 20]``.

Needs the rating files that ``data/README.md`` names, the track list of Soundtracks among them. Prints Pearson's r of
regressions on nine tenths of the clips for the last tenth, pooled, mean over deals of folds, beside the printed row.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from mer_utils.annotations import load_albums, load_annotations
from mer_utils.folds import build_folds
from mer_utils.paths import DATA
from mer_utils.ratings import EMOTIONS, load_published
from mer_utils.regression import predict_out_of_fold
from mer_utils.scores import compute_correlations


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=DATA, help="folder of soundtracks/ and midlevel/")
    parser.add_argument("--deals", type=int, default=20, help="deals of the folds")
    options = parser.parse_args()
    midlevel, emotion = load_annotations(options.root)
    printed = load_published("emotion_correlations").loc["ismir2019 mid2e", list(EMOTIONS)].astype(float)
    rows = {"as printed": printed}
    for kind, groups in {"clips in folds": emotion.index, "whole albums in folds": load_albums(options.root)}.items():
        folds = [build_folds(groups, seed=seed) for seed in range(options.deals)]
        r = [compute_correlations(predict_out_of_fold(midlevel, emotion, deal), emotion) for deal in folds]
        rows[kind] = pd.Series(np.mean(r, axis=0), EMOTIONS)
        means = np.mean(r, axis=1)
        print(
            f"{kind}: average {means.min():.3f} to {means.max():.3f} over {options.deals} deals, "
            f"at most {np.abs(r - printed.to_numpy()).max():.3f} from a printed cell"
        )
    table = pd.DataFrame(rows).T
    print(table.assign(average=table.mean(axis=1)).round(3).to_string())


if __name__ == "__main__":
    main()
