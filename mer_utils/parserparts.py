"""What the commands of ``mer`` have in common: how they are introduced, and the options that several take.

Public names: ``add_command``, ``add_profile``, ``add_net``.
"""

import argparse
from collections.abc import Sequence

from .guessing import GuessingParser
from .profiles import COMPLETE, PROFILES
from .typedvalues import check_seed


def add_command(commands: argparse._SubParsersAction, name: str, summary: str, examples: str) -> GuessingParser:
    """Add a command with a line for the list of commands, and examples below its own help."""
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_profile(parser: argparse.ArgumentParser, *, corpora: Sequence[str] = COMPLETE) -> None:
    """Add the options that say how large a run is, on which music and from which seed."""
    sizes = ", ".join(f"{profile.name} ({profile.n_clips} clips)" for profile in PROFILES.values())
    parser.add_argument(
        "--profile", choices=PROFILES, default="quick", help=f"size of the run: {sizes}; default %(default)s"
    )
    parser.add_argument(
        "--corpus",
        choices=("auto", *corpora),
        default="auto",
        help="where the music comes from; auto: in profile paper the film music of mer fetch if it is there, else "
        "generated; default %(default)s",
    )
    parser.add_argument("--seed", type=check_seed, default=0, help="seed of everything random; default %(default)s")


def add_net(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a network."""
    parser.add_argument(
        "--net", default="joint", help="a network file, or a name in data/checkpoints; default %(default)s"
    )
