"""Clips that belong together, and folds of them: small corpora lose none to a test split.

In each fold, clips are predicted by nets that never heard their albums; over all folds, every clip once.

Public names: ``FoldError``, ``build_groups``, ``build_folds``, ``build_fold_split``, ``select_fold``.
"""

import copy
import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus


class FoldError(ValueError):
    """Tracks that cannot be dealt into folds, or a fold that there is not."""


def build_groups(tracks: "pd.DataFrame") -> "pd.Series":
    """Put together the tracks that say less than so many strangers would.

    Parameters
    ----------
    tracks
        `Corpus.tracks`, or some of its rows: column ``album``, and ``vector`` where clips of several albums render the
        same ratings.

    Returns
    -------
    pandas.Series
        Number of each track's group by track id. Tracks of one album are in one group, and so are those with the same
        ratings, and the rest of their albums.

    Raises
    ------
    FoldError
        If a track has no album.
    """
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if tracks["album"].isna().any():
        raise FoldError(f"track {tracks.index[tracks['album'].isna()][0]} is on no album: name one")
    albums = pd.factorize(tracks["album"])[0]
    if "vector" not in tracks:
        return pd.Series(albums, tracks.index, name="group")
    vectors = pd.factorize(tracks["vector"])[0] + len(albums)  # numbered apart from the albums
    size = (2 * len(albums),) * 2
    _, labels = connected_components(coo_array((np.ones(len(albums)), (albums, vectors)), shape=size), directed=False)
    return pd.Series(pd.factorize(labels[albums])[0], tracks.index, name="group")


def build_folds(groups: "pd.Series | pd.Index", *, n_folds: int = 10, seed: int = 0) -> "pd.Series":
    """Deal tracks into folds of nearly equal size, groups whole.

    Groups are shuffled and then dealt, largest first, each to the smallest fold so far. (Scikit-learn's
    ``GroupKFold`` balances the number of groups instead of tracks once it shuffles.)

    Parameters
    ----------
    groups
        Group of each track, such as its album, by track id; an Index of tracks makes each its own group.
    n_folds
        At least 2.
    seed
        Another one deals differently. The order of the tracks does not matter.

    Returns
    -------
    pandas.Series
        (n_tracks,) numbers 0 to n_folds - 1 by track id.

    Raises
    ------
    FoldError
        If a track has no group or is there twice, or there are fewer groups than folds.
    """
    import pandas as pd

    groups = groups.to_series() if isinstance(groups, pd.Index) else groups
    if groups.isna().any() or not groups.index.is_unique:
        raise FoldError("each track needs one group, and must be there once: name an album for every clip")
    _, codes, sizes = np.unique(groups.to_numpy(str), return_inverse=True, return_counts=True)
    if not 2 <= n_folds <= len(sizes):
        raise FoldError(f"{len(sizes)} groups can be dealt into 2 to {len(sizes)} folds, not {n_folds}")
    order = np.random.default_rng(seed).permutation(len(sizes))
    fold_of, load = np.zeros(len(sizes), int), np.zeros(n_folds, int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = load.argmin()
        load[fold_of[group]] += sizes[group]
    return pd.Series(fold_of[codes], groups.index, name="fold")


def build_fold_split(
    tracks: "pd.DataFrame", fold: int, *, n_folds: int = 10, seed: int = 0, apart: bool = True
) -> "pd.Series":
    """Split tracks by one of their folds: see `select_fold`, which gives a corpus split in this way.

    Returns
    -------
    pandas.Series
        "train", "valid" or "test" by track id.

    Raises
    ------
    FoldError
        If there is no such fold, or there are too few groups of albums.
    """
    if n_folds < 3 or not 0 <= fold < n_folds:
        raise FoldError(f"need at least 3 folds and one of 0 to n_folds - 1, not fold {fold} of {n_folds}")
    folds = build_folds(build_groups(tracks) if apart else tracks.index, n_folds=n_folds, seed=seed)
    named = {fold: "test", (fold + 1) % n_folds: "valid"}
    return folds.map(lambda number: named.get(number, "train")).rename("split")


def select_fold(corpus: "Corpus", fold: int, *, n_folds: int = 10, seed: int = 0, apart: bool = True) -> "Corpus":
    """Give a view of a corpus that is split by one fold of its groups of albums.

    Parameters
    ----------
    corpus
        Any corpus; it stays as it is. All its clips take part, those of held-out albums and styles too.
    fold
        0 to n_folds - 1: the test clips. The next fold, or the first after the last, is for validation; the others
        are for training.
    n_folds, seed
        See `build_folds`; at least 3 folds.
    apart
        Keep groups of albums whole. False deals each clip by itself, so that nets meet the albums of test clips.

    Returns
    -------
    Corpus
        The same tracks, ratings and cached spectrograms with another ``tracks["split"]``, and a ``fingerprint`` that
        says so: trainings on different folds are never taken for each other.

    Raises
    ------
    FoldError
        If there is no such fold, there are too few groups of albums (`build_groups`), or an extra signal may depend on
        the split.
    """
    if getattr(corpus, "extra", None) is not None:
        raise FoldError(f"the extra signal of corpus {corpus.name!r} may depend on the split: load it without one")
    view = copy.copy(corpus)
    split = build_fold_split(corpus.tracks, fold, n_folds=n_folds, seed=seed, apart=apart)
    view.tracks = corpus.tracks.assign(split=split)
    # Of the split itself, so that it also tells apart what another version of numpy would shuffle differently.
    digest = hashlib.sha256(view.tracks["split"].to_csv().encode()).hexdigest()[:8]
    view.fingerprint = f"{corpus.fingerprint}-fold{fold}of{n_folds}-{digest}"
    return view
