"""``mer fetch``: its options, and what it says: what would be fetched, on what terms, and what is there in the end.

Public names: ``add_fetch``, ``run_fetch``.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .files import check_target, shorten_path
from .parserparts import add_command
from .paths import OWN

if TYPE_CHECKING:
    from .datasets import DataSet, Item
    from .downloads import Remote

_NAMES = ("soundtracks", "midlevel")  # datasets.DATASETS
# Unpacking needs an archive's size again, and a little more.
_ROOM, _SPARE = 2, 50 * 10**6


def add_fetch(commands: argparse._SubParsersAction) -> None:
    """Add ``mer fetch`` to the commands."""
    examples = (
        "  mer fetch soundtracks\n  mer fetch midlevel --only ratings\n  mer fetch midlevel --yes --root /music/sets\n"
        "What was stopped goes on with the same command, and what is there is compared with its hashes, without a\n"
        "network. MER_OSF=http://mirror:8000/v2 asks another server that answers as OSF's API does."
    )
    parser = add_command(commands, "fetch", "fetch a data set of the papers from osf.io into data/", examples)
    parser.add_argument("dataset", choices=_NAMES, help="film music with rated emotions, or clips with rated features")
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=OWN, help="folder of all data sets; default $MER_DATA, else data"
    )
    parser.add_argument("--only", choices=("ratings",), help="leave out the sounds")
    parser.add_argument("--yes", action="store_true", help="agree to size and terms beforehand")
    parser.set_defaults(command="fetch")


def run_fetch(options: argparse.Namespace) -> int:
    """Fetch what is missing of a data set, as the command line asks."""
    from .datasets import DATASETS
    from .fetching import describe_state, is_here

    dataset, root = DATASETS[options.dataset], options.root / options.dataset
    items = [item for item in dataset.items if not (options.only and item.sound)]
    missing = [item for item in items if not is_here(item, root)]
    if any(item.needed for item in missing):
        print(f"{dataset.title}\nfrom {dataset.page}", flush=True)
        _fetch(dataset, missing, root, agreed=options.yes)
        print(f"\n{shorten_path(root)} has now", flush=True)
    else:
        print(f"{shorten_path(root)} has already")
    here = [describe_state(item, root) for item in items if is_here(item, root, thorough=False)]
    print(*(f"  {line}" for line in here), _describe_next(options.root), sep="\n")
    return 0


def _fetch(dataset: "DataSet", items: "Sequence[Item]", root: Path, *, agreed: bool) -> None:
    from filelock import FileLock, Timeout

    from .datasets import select_remotes
    from .downloads import explaining_disk
    from .fetching import save_item
    from .osf import load_licence, load_listing
    from .webaccess import FetchError

    check_target(root / "any")
    remotes = select_remotes(dataset, items, load_listing(dataset.node))
    licence = load_licence(dataset.node) or f"see {dataset.page}"
    print(_describe_offer(dataset, remotes, licence), flush=True)
    total = sum(remote.size or 0 for files in remotes.values() for remote in files)
    _check_room(total, root)
    if not agreed:
        _ask(total, root)
    with explaining_disk(root):
        root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / ".fetch.lock", timeout=0):
            for item, files in remotes.items():
                save_item(item, files, root)
    except Timeout:
        raise FetchError(f"another mer fetch is at work on {root}: wait until it has finished") from None


def _describe_offer(dataset: "DataSet", remotes: "dict[Item, list[Remote]]", licence: str) -> str:
    from .downloads import describe_size

    lines = []
    for item, files in remotes.items():
        sizes = [remote.size for remote in files]
        size = describe_size(None if None in sizes else sum(sizes))
        name = files[0].name if len(files) == 1 else f"{item.name}: {files[0].name} to {files[-1].name}, {len(files)}"
        lines.append(f"  {size:>7}  {name}")
    return "\n".join([*lines, f"licence: {licence}; {dataset.terms}", f"please cite: {dataset.citation}"])


def _check_room(total: int, root: Path) -> None:
    from .downloads import describe_size
    from .webaccess import FetchError

    above = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    free, needed = shutil.disk_usage(above).free, _ROOM * total + _SPARE
    print(f"disk: {describe_size(needed)} needed to fetch and unpack, {describe_size(free)} free", flush=True)
    if free < needed:
        raise FetchError(
            f"{shorten_path(root)} needs {describe_size(needed)} and its disk has {describe_size(free)} left: "
            "free some space, or choose another disk by --root"
        )


def _ask(total: int, root: Path) -> None:
    from .downloads import describe_size
    from .webaccess import FetchError

    question = f"Fetch {describe_size(total)} into {shorten_path(root)}?"
    if not sys.stdin.isatty():
        raise FetchError("there is nobody to agree to that: nothing was fetched, say --yes to agree beforehand")
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise FetchError("nothing was fetched, for you did not agree")


def _describe_next(root: Path) -> str:
    """Say what to type next: what the film music needs, or a run on it."""
    from .datasets import DATASETS
    from .fetching import is_here

    given = "" if root == OWN else f" --root {shorten_path(root)}"
    for name, only in (("midlevel", " --only ratings"), ("soundtracks", "")):
        needed = [item for item in DATASETS[name].items if item.needed and not (only and item.sound)]
        if not all(is_here(item, root / name, thorough=False) for item in needed):
            return f"next: mer fetch {name}{only}{given}"
    return f"next: {f'MER_DATA={root.resolve()} ' if given else ''}mer run --corpus soundtracks"
