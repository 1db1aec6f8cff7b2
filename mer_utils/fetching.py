"""What of a data set is there already, and bringing the rest: each item appears only when it is whole and checked.

Public names: ``describe_state``, ``is_here``, ``save_item``.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .archives import ArchiveError, save_unpacked
from .checksums import find_changed, save_checksums
from .datasets import Item
from .downloads import Remote, explaining_disk, is_same, save_part
from .fetchchecks import ContentError
from .webaccess import FetchError


def is_here(item: Item, root: Path, *, thorough: bool = True) -> bool:
    """Tell whether an item is there.

    Parameters
    ----------
    item
        What it is.
    root
        Folder of the data set.
    thorough
        Whether to compare files with their hashes, which reads all of them. Where no hashes are noted, what an item
        holds is looked at in any case.
    """
    changed = find_changed(root, item.name, compare=thorough)
    if changed is not None:
        return not changed
    try:
        return item.check(root) >= item.complete
    except ContentError:
        return False


def describe_state(item: Item, root: Path) -> str:
    """Say in one line what is there of an item that is there."""
    known = "as fetched" if find_changed(root, item.name, compare=False) is not None else "as you put it there"
    return f"{item.name}: {item.check(root)} {item.counted}, {known}"


def save_item(item: Item, remotes: list[Remote], root: Path) -> None:
    """Fetch the files that make up an item, check and unpack them, and note their hashes.

    Parameters
    ----------
    item
        What it is.
    remotes
        Its files.
    root
        Folder of the data set.

    Raises
    ------
    FetchError
        If that does not work; the same call then goes on from what has arrived. A file that is not what it should be
        is set aside as ``NAME.refused``.
    """
    with explaining_disk(root / item.name):
        root.mkdir(parents=True, exist_ok=True)
    # one of several files need not hold all of it
    check = item.check if len(remotes) == 1 else _accept
    files = [path for remote in remotes for path in _save_remote(item, remote, root, check)]
    try:
        item.check(root)
    except ContentError as error:
        raise FetchError(f"{item.name} in {root} {error}, though all that OSF has was fetched") from error
    with explaining_disk(root / item.name):
        save_checksums(root, item.name, files)


def _accept(place: Path) -> int:
    return 0


def _save_remote(item: Item, remote: Remote, root: Path, check: Callable[[Path], int]) -> list[Path]:
    """Fetch one file, and give what it came to."""
    packed = remote.name.lower().endswith(".zip")
    loose = item.name == "audio" and not packed
    name = remote.name if item.name == "audio" else item.name
    target = root / item.name / name if loose else root / name
    if loose and is_same(remote, target):
        return [target]
    part = target.with_name(f"{name}.part")
    with explaining_disk(target):
        target.parent.mkdir(exist_ok=True)
    save_part(remote, part)
    try:
        if packed:
            return _unpack(part, target, check)
        _check_alone(part, name, check)
    except (ArchiveError, ValueError) as error:
        refused = target.with_name(f"{name}.refused")
        part.replace(refused)
        raise FetchError(f"{name} {str(error).removeprefix(name + ' ')}; it was set aside as {refused}") from error
    with explaining_disk(target):
        if target.exists():
            target.replace(target.with_name(f"{name}.old"))
        part.replace(target)
    return [target]


def _check_alone(part: Path, name: str, check: Callable[[Path], int]) -> None:
    """Look at a file under its name while there is none of that name in its folder yet."""
    with TemporaryDirectory() as folder:
        with explaining_disk(Path(folder, name)):
            shutil.copy(part, Path(folder, name))
        check(Path(folder))


def _unpack(part: Path, target: Path, check: Callable[[Path], int]) -> list[Path]:
    """Unpack an archive into a folder of its name; it is needed no more."""
    try:
        files = save_unpacked(part, target.with_suffix(""), check=check)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped while unpacking {target.name}: the same command goes on") from None
    part.unlink()
    return files
