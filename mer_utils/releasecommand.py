"""``mer release``: its options, and what it does: trained nets as small files, each with a model card.

Public names: ``add_release``, ``run_release``.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from . import profiles
from .files import shorten_path
from .parserparts import add_command, add_profile
from .results import build_folder
from .typedvalues import check_positive

if TYPE_CHECKING:
    from .networks import TrainedNetwork


def add_release(commands: argparse._SubParsersAction) -> None:
    """Add ``mer release`` to the commands."""
    examples = (
        "  mer release\n"
        "  mer release --profile paper --out nets\n"
        "  mer release my.safetensors --clips 4000 --out nets\n"
        "the nets of this repository:\n"
        "  mer release a2e a2mid a2mid2e joint a2b2e multitask --clips 4000 --out data/checkpoints"
    )
    summary = "write trained nets as small files, with a model card each: data, recipe, scores, limits"
    parser = add_command(commands, "release", summary, examples)
    what = "network files, or names in data/checkpoints; default those that the run has trained"
    parser.add_argument("nets", metavar="NET", nargs="*", help=what)
    add_profile(parser, corpora=profiles.CORPORA)
    clips = "clips of the generated corpus that the nets were trained on; default from the profile"
    parser.add_argument("--clips", metavar="N", type=check_positive, help=clips)
    kept = "folder to write to, NAME.safetensors and NAME.md; default build/PROFILE/release"
    parser.add_argument("--out", metavar="DIR", type=Path, help=kept)
    parser.set_defaults(command="release")


def run_release(options: argparse.Namespace) -> int:
    """Judge and write nets as the command line asks.

    Raises
    ------
    ReleaseError, NetworkError, CheckpointError
        If there are none, a training was stopped, one is damaged, or was trained on another corpus.
    OSError
        If nothing can be written.
    """
    from .releases import find_run_networks, save_release

    nets = _load_named(options.nets)
    profile = profiles.get_profile(options.profile, n_clips=options.clips)
    corpus = profiles.load_profile_corpus(profile, options.corpus)
    folder = build_folder(profile.name)
    if not nets:
        nets = find_run_networks(corpus, folder / "nets", profile=profile, seed=options.seed)
    for path in save_release(options.out or folder / "release", nets, corpus):
        size, card = path.stat().st_size / 1e6, path.with_suffix(".md")
        print(f"{shorten_path(path)}, {size:.1f} MB; its card: {shorten_path(card)}")
    return 0


def _load_named(names: list[str]) -> "dict[str, TrainedNetwork]":
    """Load the nets that somebody named, by the names of their files; all before any is judged."""
    from .networks import load_network, locate_network
    from .releases import ReleaseError

    nets = {}
    for name in names:
        stem = locate_network(name).stem
        if stem in nets:
            raise ReleaseError(f"two nets are called {stem}: rename a file, or release them into two folders")
        nets[stem] = load_network(name)
    return nets
