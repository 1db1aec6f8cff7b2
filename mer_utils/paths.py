"""Where things lie: one constant per folder of the companion's repository.

The package is installed in editable mode, so the repository root is the parent of this package.
``MER_CACHE`` in the environment moves the cache (spectrograms, checkpoints of unfinished runs) elsewhere, ``MER_DATA``
the reader's own data sets; a relative path counts from the folder in which the program starts.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
PUBLISHED = DATA / "published"
CHECKPOINTS = DATA / "checkpoints"
SWEEPS = DATA / "sweeps"
REFERENCES = DATA / "references"
TRUST = DATA / "trust"
CACHE = Path(os.environ.get("MER_CACHE") or DATA / "cache").resolve()
OWN = Path(os.environ.get("MER_DATA") or DATA).resolve()
FIGURES = ROOT / "figures"
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
