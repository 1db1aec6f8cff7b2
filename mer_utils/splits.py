"""Splits of the papers' data sets that are not folds of albums.

Public names: ``SplitError``, ``build_smc2025_split``, ``build_artist_split``.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_SMC2025_SIZES = {"train": 288, "valid": 36, "test": 36}
_SMC2025_SEED = 42


class SplitError(ValueError):
    """Tracks that cannot be split in this way."""


def build_smc2025_split() -> dict[str, list[str]]:
    """Deal the clips of Soundtracks set 1 as the code of Hoedt, Flexer & Widmer (SMC 2025) does.

    All test clips are from albums that have clips in the other parts, too.

    Returns
    -------
    dict
        Clips "001" to "360" for ``"train"`` (288), ``"valid"`` (36) and ``"test"`` (36), in the order of that code's
        loaders.
    """
    import torch

    sizes = list(_SMC2025_SIZES.values())
    generator = torch.Generator().manual_seed(_SMC2025_SEED)
    parts = torch.utils.data.random_split(range(1, sum(sizes) + 1), sizes, generator=generator)
    return {name: [f"{number:03d}" for number in part] for name, part in zip(_SMC2025_SIZES, parts, strict=True)}


def build_artist_split(groups: "pd.Series", *, share: float = 0.08, seed: int = 0) -> "pd.Series":
    """Draw test clips from artists with one clip only, so that training meets none of them.

    The way of Chowdhury's code for the Mid-level data set, except that validation clips are drawn in the same way.

    Parameters
    ----------
    groups
        Artist of each track, or what else should not be divided, by track id.
    share
        Part of all tracks that is for testing, and again for validation, 0-0.5. Where too few artists have one clip,
        both get half of these.
    seed
        Another one draws other clips. The order of the tracks does not matter.

    Returns
    -------
    pandas.Series
        "train", "valid" or "test" by track id.

    Raises
    ------
    SplitError
        If the share is out of range, or fewer than two artists have one clip.
    """
    import pandas as pd

    singles = np.sort(groups.index[~groups.duplicated(keep=False)].to_numpy(str))
    if not 0 < share < 0.5 or len(singles) < 2:
        raise SplitError(f"need a share in 0-0.5 and 2 artists with one clip, not {share} and {len(singles)}")
    drawn = np.random.default_rng(seed).permutation(singles)
    n_test = max(min(int(share * len(groups)), len(singles) // 2), 1)
    split = pd.Series("train", groups.index, name="split")
    split[drawn[:n_test]], split[drawn[n_test : 2 * n_test]] = "test", "valid"
    return split
