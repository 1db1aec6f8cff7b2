"""What can be typed after ``mer``: its commands, their options, and what is said about a typing error.

Public names: ``build_parser``.
"""

import argparse
import re
from pathlib import Path

from . import __version__
from .explainallcommand import EXAMPLES, add_many
from .fetchcommand import add_fetch
from .guessing import GuessingParser
from .parserparts import add_command, add_net, add_profile
from .ratings import EMOTIONS, MIDLEVEL
from .releasecommand import add_release
from .traincommand import add_train
from .typedvalues import (
    build_feature,
    build_name,
    check_decibels,
    check_moment,
    check_port,
    check_positive,
    check_samples,
    check_seed,
)

# what masks.build_hidden knows, with hyphens
_HIDES = ("training-mean", "silence", "segment-mean")
# segments.METHODS without the one that needs more than a sound file
_SEGMENTATIONS = ("felzenszwalb", "slic", "grid", "time", "bands", "hpss", "nmf")
_SIGNS = ("positive", "negative", "both")
_LEVELS = ("original", "peak")  # rescoring.LEVELS


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of ``mer``; what it gives names its command in ``command``, None where there is none."""
    parser = GuessingParser(
        prog="mer",
        description="Hear mid-level features and emotions in music, and see why: a companion to two papers.",
        epilog="mer COMMAND --help tells more, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"mer {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=GuessingParser)
    _add_run(commands)
    _add_refresh(commands)
    _add_predict(commands)
    _add_compare(commands)
    _add_explain(commands)
    _add_edit(commands)
    _add_explore(commands)
    _add_benchmark(commands)
    add_train(commands)
    add_release(commands)
    add_fetch(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction) -> None:
    examples = "  mer run\n  mer run --profile smoke --only 02\n  mer run --profile paper --seed 1 --out here"
    parser = add_command(commands, "run", "execute the notebooks, in order, into build/", examples)
    add_profile(parser)
    parser.add_argument(
        "--only", metavar="NN", nargs="+", help="numbers or names of the notebooks to run; default all"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder to write to; default build/PROFILE")
    parser.set_defaults(command="run")


def _add_refresh(commands: argparse._SubParsersAction) -> None:
    examples = "  mer run && mer refresh\n  mer refresh 02"
    summary = "copy a finished quick run into notebooks/ and figures/"
    parser = add_command(commands, "refresh", summary, examples)
    parser.add_argument("only", metavar="NN", nargs="*", help="numbers or names of the notebooks to copy; default all")
    parser.set_defaults(command="refresh")


def _add_predict(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer predict song.mp3\n  mer predict --json *.flac > heard.json\n  mer predict --net my.safetensors song.wav"
    )
    summary = "hear the seven mid-level features and the eight emotions of sound files"
    parser = add_command(commands, "predict", summary, examples)
    parser.add_argument("sounds", metavar="SOUND", nargs="+", type=Path, help="a wav, flac, ogg or mp3 file")
    parser.add_argument(
        "--json", action="store_true", help="print a list of records, windows included, as rating / 10"
    )
    add_net(parser)
    parser.set_defaults(command="predict")


def _add_compare(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer compare cash.mp3 nin.mp3\n"
        "  mer compare cash.mp3 nin.mp3 --emotion anger --out hurt\n"
        "  mer compare --json original.flac cover1.flac cover2.flac > heard.json"
    )
    summary = "say what makes one song sound angrier, sadder or more tender than another"
    parser = add_command(commands, "compare", summary, examples)
    what = "two or more wav, flac, ogg or mp3 files: each is held against the first, A"
    parser.add_argument("sounds", metavar="SONG", nargs="+", type=Path, help=what)
    parser.add_argument(
        "--emotion", metavar="NAME", type=str.lower, choices=EMOTIONS,
        help=f"the one to explain: {', '.join(EMOTIONS)}; default that in which the two differ most, "
        "in standard deviations over many clips",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a record of everything, as rating / 10")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for figures and that record; overwrites what is there"
    )
    add_net(parser)
    parser.set_defaults(command="compare")


def _add_explain(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer explain song.mp3\n"
        "  mer explain song.mp3 --feature articulation --at 42 --out why\n"
        f"  mer explain song.mp3 --emotion anger --samples auto\n{EXAMPLES}"
    )
    summary = "say which parts of ten seconds of sound make the net hear a feature"
    parser = add_command(commands, "explain", summary, examples)
    add_many(parser)
    parser.add_argument(
        "--feature", metavar="NAME", type=build_feature, choices=MIDLEVEL,
        help=f"the one to explain: {', '.join(MIDLEVEL)}; default the one that moves --emotion most, or else the one "
        "that is most unusual",
    )  # fmt: skip
    parser.add_argument(
        "--emotion", metavar="NAME", type=build_name, choices=EMOTIONS,
        help=f"trace this one back to a feature, and that to the sound: {', '.join(EMOTIONS)}",
    )  # fmt: skip
    _add_window(parser)
    parser.add_argument(
        "--samples", metavar="N", type=check_samples,
        help="how often the net is asked; auto doubles it until two halves agree, which takes minutes; default 3000, "
        "with --paper 50000",
    )  # fmt: skip
    parser.add_argument(
        "--hide", choices=_HIDES, default=_HIDES[0], type=lambda text: text.replace("_", "-"),
        help=f"what takes the place of a hidden segment: {', '.join(_HIDES)}; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--paper", action="store_true", help="sample, fit and select as in 2019, for minutes")
    parser.add_argument("--json", action="store_true", help="print a record of everything, as rating / 10")
    kept = (
        "folder for pictures, sounds, that record and the explanation; one that is there is not computed again; "
        "overwrites those of an earlier answer, and nothing of mer edit"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help=kept)
    add_net(parser)
    parser.set_defaults(command="explain")


def _add_window(parser: argparse.ArgumentParser) -> None:
    """Add what says which ten seconds are explained, and how they are cut and sampled."""
    where = "where they begin, in seconds or as minutes:seconds; default in the middle"
    parser.add_argument("--at", metavar="TIME", type=check_moment, help=where)
    parser.add_argument(
        "--segments", metavar="METHOD", choices=_SEGMENTATIONS, default=_SEGMENTATIONS[0],
        help=f"how the sound is cut: {', '.join(_SEGMENTATIONS)}; default %(default)s",
    )  # fmt: skip
    parser.add_argument("--seed", type=check_seed, default=0, help="seed of the samples; default %(default)s")


def _add_edit(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer edit song.mp3 --feature articulation --db +6 --out edit\n"
        "  mer edit song.mp3 --feature dissonance --db -12 --at 1:23 --whole --out edit\n"
        "  mer edit song.mp3 --feature melodiousness --sign both"
    )
    summary = "lift or lower the parts of a sound that make a feature high, and hear it again"
    parser = add_command(commands, "edit", summary, examples)
    parser._negative_number_matcher = re.compile(r"[-−](\d|\.\d|inf|nan)", re.IGNORECASE)  # else -6dB is an option
    parser.add_argument("sound", metavar="SOUND", type=Path, help="a wav, flac, ogg or mp3 file")
    parser.add_argument(
        "--feature", metavar="NAME", type=build_feature, choices=MIDLEVEL, required=True,
        help=f"the one to change: {', '.join(MIDLEVEL)}",
    )  # fmt: skip
    how = "by how much, in decibels: +6 lifts, -6 lowers; default +6"
    parser.add_argument("--db", metavar="N", type=check_decibels, default=6.0, help=how)
    parser.add_argument(
        "--sign", choices=_SIGNS, default=_SIGNS[0],
        help="edit what raises the feature, what lowers it, or both, the latter the other way; default %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--level", choices=_LEVELS, default=_LEVELS[0],
        help="hear the edited sound at the gain of the original, or with its peak at 1; default %(default)s",
    )  # fmt: skip
    samples = "how often the net is asked for the explanation; auto doubles it until two halves agree; default 3000"
    parser.add_argument("--samples", metavar="N", type=check_samples, help=samples)
    _add_window(parser)
    parser.add_argument("--json", action="store_true", help="print a record of everything, as rating / 10")
    kept = (
        "folder for both sounds, a picture, that record and the explanation, which serves further edits; overwrites "
        "those of an earlier edit, and nothing of mer explain"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help=kept)
    parser.add_argument("--whole", action="store_true", help="write the whole song with the edit in it, too")
    add_net(parser)
    parser.set_defaults(command="edit")


def _add_explore(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer explore\n"
        "  mer explore song.mp3\n"
        "  mer explore Music/ballads\n"
        "  mer explore *.flac --port 9000 --no-browser"
    )
    summary = "see and hear in the browser why music sounds as it does; Ctrl-C ends it"
    parser = add_command(commands, "explore", summary, examples)
    what = "a folder with music, or wav, flac, ogg or mp3 files; without any, generated clips, and you can upload"
    parser.add_argument("songs", metavar="SONG", nargs="*", type=Path, help=what)
    port = "of this machine, which nobody else reaches; default the first that is free from 8866 on"
    parser.add_argument("--port", metavar="N", type=check_port, help=port)
    parser.add_argument("--no-browser", action="store_true", help="open no browser: only print the address")
    add_profile(parser)
    add_net(parser)
    parser.set_defaults(command="explore")


def _add_benchmark(commands: argparse._SubParsersAction) -> None:
    examples = "  mer benchmark\n  mer benchmark occlusion mine:explain --clips 4\n  mer benchmark --store stability"
    summary = "score explainers where it is known which part of the sound matters"
    parser = add_command(commands, "benchmark", summary, examples)
    parser.add_argument(
        "explainers",
        metavar="EXPLAINER",
        nargs="*",
        help="lime, occlusion, energy, or module:function: a function of (predict, spec, segments) that returns "
        "weights (n_segments, n_outputs); default the three",
    )
    parser.add_argument(
        "--clips",
        metavar="N",
        type=check_positive,
        default=1,
        help="clips for each predictor and cause; default %(default)s",
    )
    parser.add_argument(
        "--store",
        metavar="TABLE",
        nargs="*",
        help="compute tables of data/trust instead, which takes an hour for all",
    )
    parser.set_defaults(command="benchmark")
