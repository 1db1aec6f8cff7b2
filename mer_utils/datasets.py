"""The two data sets of the papers as they lie on the Open Science Framework: what to fetch, and on what terms.

Projects, identifiers and names are from public lists and other people's loaders, and not all were seen on OSF itself:
whatever of it is wrong is to be mended here, and `mer fetch` shows what it found before it fetches.

Public names: ``Item``, ``DataSet``, ``DATASETS``, ``select_remotes``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import fetchchecks
from .downloads import Remote
from .webaccess import FetchError


@dataclass(frozen=True)
class Item:
    """A part of a data set that is there or not.

    Parameters
    ----------
    name
        Of the file; for sounds whose file names are not known, what they are.
    check
        Raises a `ContentError` unless a folder holds what it should, and counts it.
    counted
        What is counted.
    guid
        By which OSF knows the file, should it be renamed.
    sound
        Whether it can be left out by who wants ratings only.
    needed
        Whether nothing works without it.
    complete
        Whoever has fewer gets it anew; what then comes is taken as it is.
    """

    name: str
    check: Callable[[Path], int]
    counted: str
    guid: str = ""
    sound: bool = False
    needed: bool = True
    complete: int = 0


@dataclass(frozen=True)
class DataSet:
    """A data set: its name, which its folder bears too, OSF's name for it, its items, and its terms."""

    name: str
    node: str
    items: tuple[Item, ...]
    title: str
    terms: str
    citation: str

    @property
    def page(self) -> str:
        """Where people read about it."""
        return f"https://osf.io/{self.node}"


DATASETS = {
    "soundtracks": DataSet(
        "soundtracks",
        "p6vkg",
        (
            Item("mean_ratings_set1.csv", fetchchecks.check_emotions, "rated clips", guid="g2h8w"),
            Item("set1_tracklist.csv", fetchchecks.check_albums, "clips with their albums", complete=360),
            Item("readme.md", fetchchecks.check_readme, "bytes", guid="4wzc9", needed=False),
            Item("Set1.zip", fetchchecks.check_film_clips, "sounds", sound=True),
        ),
        title="Soundtracks, set 1: 360 excerpts of film music with ratings of eight emotions",
        terms="the recordings are commercial film scores: use them for your research and do not pass them on",
        citation="Eerola, T. & Vuoskoski, J. K. (2011). A comparison of the discrete and dimensional models of "
        "emotion in music. Psychology of Music 39(1), 18-49. https://doi.org/10.1177/0305735610362821",
    ),
    "midlevel": DataSet(
        "midlevel",
        "5aupt",
        (
            Item("metadata_annotations.zip", fetchchecks.check_features, "rated clips", guid="4v3xh"),
            Item("audio", fetchchecks.check_midlevel_clips, "sounds", sound=True),
        ),
        title="Mid-level Perceptual Features: 5000 excerpts with ratings of seven features",
        terms="excerpts come from several collections with licences of their own: use them for your research and do "
        "not pass them on",
        citation="Aljanaki, A. & Soleymani, M. (2018). A data-driven approach to mid-level perceptual musical feature "
        "modeling. Proc. ISMIR, 615-621. https://arxiv.org/abs/1806.04903",
    ),
}


def select_remotes(dataset: DataSet, items: Sequence[Item], listing: Sequence[Remote]) -> dict[Item, list[Remote]]:
    """Choose which files make up some items.

    A file is known by its name or else by its identifier. Where the names are not known, archives with "audio" in
    their name are taken, or else all mp3 files whose names are numbers.

    Parameters
    ----------
    dataset, items
        The data set, and what is wanted of it.
    listing
        What OSF has.

    Returns
    -------
    dict
        From item to its files; an item that is not there and not needed is left out.

    Raises
    ------
    FetchError
        If an item is not there.
    """
    chosen = {item: _choose(item, listing) for item in items}
    for item, remotes in chosen.items():
        if item.needed and not remotes:
            names = ", ".join(remote.name for remote in listing)[:200] or "nothing"
            raise FetchError(f"{dataset.page} has no {item.name} any more, but {names}: look there what became of it")
    return {item: remotes for item, remotes in chosen.items() if remotes}


def _choose(item: Item, listing: Sequence[Remote]) -> list[Remote]:
    if item.name == "audio":
        archives = [remote for remote in listing if re.fullmatch(r"[\w .()-]*audio[\w .()-]*\.zip", remote.name, re.I)]
        return archives or [remote for remote in listing if re.fullmatch(r"\d{1,4}\.mp3", remote.name, re.I)]
    named = [remote for remote in listing if remote.name.lower() == item.name.lower()]
    return (named or [remote for remote in listing if item.guid and remote.guid == item.guid])[:1]
