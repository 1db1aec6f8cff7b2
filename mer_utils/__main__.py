"""The ``mer`` command: run the notebooks, refresh the committed ones, hear a sound file, train a network.

Everything heavy is imported by the sub-command that needs it, so that ``mer --help`` comes at once.

Public names: ``main``.
"""

import argparse
import difflib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .profiles import CORPORA, PROFILES

if TYPE_CHECKING:
    from .predictor import Predictor

# networks.SCHEMES, which would cost the import of torch
_SCHEMES = ("a2e", "a2mid", "a2mid2e", "joint", "a2b2e", "multitask")


class _Parser(argparse.ArgumentParser):
    """An argument parser that guesses what a mistyped word was meant to be."""

    def error(self, message: str) -> None:
        choices = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        unknown = re.search(r"unrecognized arguments: (-\S+)", message)
        if choices:
            close = difflib.get_close_matches(choices[1], re.findall(r"[\w-]+", choices[2]), n=1)
        else:
            close = difflib.get_close_matches(unknown[1], self._known_options(), n=1) if unknown else []
        hint = f"; did you mean {close[0]}?" if close else f" (see {self.prog} --help)"
        print(f"{self.prog}: error: {message}{hint}", file=sys.stderr)
        raise SystemExit(2)

    def _known_options(self) -> list[str]:
        parsers = [self, *(sub for action in self._actions for sub in _subparsers(action))]
        return sorted({option for parser in parsers for option in parser._option_string_actions})


def _subparsers(action: argparse.Action) -> list[argparse.ArgumentParser]:
    return list(action.choices.values()) if isinstance(action, argparse._SubParsersAction) else []


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command.

    Parameters
    ----------
    argv
        The words after ``mer``; those of the command line by default.

    Returns
    -------
    int
        0 if all is well, 1 if a notebook failed, 2 for bad input, 130 if somebody stopped it.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that knows no block character gets a question mark
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = _build_parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
        return 2
    return _guard(options.command, options)


def _guard(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Turn what a reader can mend into one line without a traceback."""
    try:
        return command(options)
    except KeyboardInterrupt as error:
        _complain(str(error) or "stopped")
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, OSError) as error:
        _complain(str(error))
        return 2


def _complain(message: str) -> None:
    print(f"mer: {' '.join(message.split())}", file=sys.stderr)


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mer",
        description="Hear mid-level features and emotions in music, and see why: a companion to two papers.",
        epilog="mer COMMAND --help tells more, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"mer {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    _add_run(commands)
    _add_refresh(commands)
    _add_predict(commands)
    _add_train(commands)
    return parser


def _add_command(commands: argparse._SubParsersAction, name: str, summary: str, examples: str) -> _Parser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_profile(parser: argparse.ArgumentParser) -> None:
    sizes = ", ".join(f"{profile.name} ({profile.n_clips} clips)" for profile in PROFILES.values())
    parser.add_argument(
        "--profile", choices=PROFILES, default="quick", help=f"size of the run: {sizes}; default %(default)s"
    )
    parser.add_argument(
        "--corpus",
        choices=("auto", *CORPORA),
        default="auto",
        help="where the music comes from (others are to come); default %(default)s",
    )
    parser.add_argument("--seed", type=_seed, default=0, help="seed of everything random; default %(default)s")


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def _add_run(commands: argparse._SubParsersAction) -> None:
    examples = "  mer run\n  mer run --profile smoke --only 02\n  mer run --profile paper --seed 1 --out here"
    parser = _add_command(commands, "run", "execute the notebooks, in order, into build/", examples)
    _add_profile(parser)
    parser.add_argument(
        "--only", metavar="NN", nargs="+", help="numbers or names of the notebooks to run; default all"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="folder to write to; default build/PROFILE")
    parser.set_defaults(command=_run)


def _add_refresh(commands: argparse._SubParsersAction) -> None:
    examples = "  mer run && mer refresh\n  mer refresh 02"
    summary = "copy a finished quick run into notebooks/ and figures/"
    parser = _add_command(commands, "refresh", summary, examples)
    parser.add_argument("only", metavar="NN", nargs="*", help="numbers or names of the notebooks to copy; default all")
    parser.set_defaults(command=_refresh)


def _add_predict(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer predict song.mp3\n  mer predict --json *.flac > heard.json\n  mer predict --net my.safetensors song.wav"
    )
    summary = "hear the seven mid-level features and the eight emotions of sound files"
    parser = _add_command(commands, "predict", summary, examples)
    parser.add_argument("sounds", metavar="SOUND", nargs="+", type=Path, help="a wav, flac, ogg or mp3 file")
    parser.add_argument(
        "--json", action="store_true", help="print a list of records, windows included, as rating / 10"
    )
    parser.add_argument(
        "--net", default="joint", help="a network file, or a name in data/checkpoints; default %(default)s"
    )
    parser.set_defaults(command=_predict)


def _add_train(commands: argparse._SubParsersAction) -> None:
    examples = (
        "  mer train\n  mer train --scheme a2e --seed 3 --out a2e.safetensors\n"
        "the released network:\n"
        "  mer train --scheme joint --clips 4000 --epochs 30 --augment --out data/checkpoints/joint.safetensors"
    )
    summary = "train a network, going on where an earlier call was stopped"
    parser = _add_command(commands, "train", summary, examples)
    parser.add_argument("--scheme", choices=_SCHEMES, default="joint", help="how it is told; default %(default)s")
    _add_profile(parser)
    for name, meaning in (("clips", "clips of the generated corpus"), ("width", "channels of the first layer")):
        parser.add_argument(f"--{name}", metavar="N", type=_positive, help=f"{meaning}; default from the profile")
    parser.add_argument("--epochs", metavar="N", type=_positive, help="most epochs; default from the profile")
    parser.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="change level, equalisation and noise of training clips, for real recordings; default from the profile",
    )
    parser.add_argument("--fresh", action="store_true", help="start anew, whatever an earlier call left")
    parser.add_argument(
        "--out", metavar="FILE", help="file to write, or a name in data/checkpoints; default build/PROFILE/nets/..."
    )
    parser.set_defaults(command=_train)


def _run(options: argparse.Namespace) -> int:
    from .companion import run_notebooks

    choices = {"only": options.only, "out": options.out, "corpus": options.corpus, "seed": options.seed}
    runs = run_notebooks(options.profile, **choices)
    for run in runs:
        print(f"{run.name:28} {run.status:6} {run.seconds:6.0f} s", *run.errors, sep="\n    " if run.errors else "")
    failed = [run.name for run in runs if run.errors]
    where = _shorten(runs[0].path.parent)
    if failed:
        _complain(f"{len(failed)} of {len(runs)} notebooks failed: {', '.join(failed)}; see {where}")
        return 1
    # the run's folder, not a notebook: only what lies below it is served, and players point to ../figures
    opened = _shorten(runs[0].path.parents[1])
    print(f"The executed notebooks are in {where}; open them with: {_find_jupyter()} lab {opened}")
    return 0


def _find_jupyter() -> str:
    """Name the jupyter of this environment as somebody outside of it has to call it."""
    ours = Path(sys.executable).parent / "jupyter"
    return "jupyter" if shutil.which("jupyter") == str(ours) else _shorten(ours)


def _shorten(path: Path) -> str:
    """Give a path relative to the current folder where it lies below it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _refresh(options: argparse.Namespace) -> int:
    from .refresh import refresh_notebooks

    changed = refresh_notebooks(options.only)
    print(*(f"changed {_shorten(path)}" for path in changed) if changed else ["nothing changed"], sep="\n")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from .predictor import Predictor

    predictor = Predictor.load(options.net)
    heard = [_hear(path, predictor, options) for path in options.sounds]
    if options.json:
        print(json.dumps([record for record in heard if record], indent=1, ensure_ascii=False))
    return 0 if all(heard) else 2


def _hear(path: Path, predictor: "Predictor", options: argparse.Namespace) -> dict | None:
    """Print the tables of one file and give its record; name a bad file on stderr and give None."""
    from .report import build_record, describe_track_prediction, predict_file

    try:
        prediction = predict_file(path, predictor)
    except (ValueError, OSError) as error:
        _complain(str(error))
        return None
    if not options.json:
        print(describe_track_prediction(path, prediction, net=options.net), end="\n\n")
    return build_record(path, prediction, net=options.net)


def _train(options: argparse.Namespace) -> int:
    from .networks import save_network
    from .profiles import fit_profile_network, get_profile, load_profile_corpus, locate_checkpoint
    from .report import compute_split_scores, describe_split_scores

    target = _find_target(options)
    sizes = {"n_clips": options.clips, "width": options.width, "max_epochs": options.epochs}
    profile = get_profile(options.profile, **sizes, augment=options.augment)
    corpus = load_profile_corpus(profile, options.corpus)
    choices = {"profile": profile, "seed": options.seed}
    if options.fresh:
        locate_checkpoint(corpus, options.scheme, **choices).unlink(missing_ok=True)
    trained = fit_profile_network(corpus, options.scheme, **choices)
    held_out = compute_split_scores(trained, corpus)
    path = save_network(target, replace(trained, scores=trained.scores | held_out))
    scores = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in trained.scores.items())
    print(f"{_shorten(path)}: {scores}", *filter(None, [describe_split_scores(held_out)]), sep="\n")
    return 0


def _find_target(options: argparse.Namespace) -> Path:
    """Name the file of a network to train, after finding out that it can be written."""
    from .files import check_target
    from .networks import locate_network
    from .results import build_folder

    default = build_folder(options.profile) / "nets" / f"{options.scheme}-{options.seed}.safetensors"
    given = options.out or default
    # A folder is refused before its name is completed to that of a file.
    target = Path(given) if Path(given).is_dir() else locate_network(given)
    check_target(target)
    return target


if __name__ == "__main__":
    sys.exit(main())
