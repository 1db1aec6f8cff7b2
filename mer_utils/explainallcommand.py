"""``mer explain --all``: its options, and what it does: many sounds explained, one file each and one table.

Public names: ``add_many``, ``asks_for_many``, ``run_many``, ``get_sound``.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .profiles import CORPORA, PROFILES
from .typedvalues import check_address, check_positive

if TYPE_CHECKING:
    from .explainjobs import ExplainJob

_FORMATS = (".wav", ".flac", ".ogg", ".mp3")  # audio.FORMATS, which would cost the import of numpy
_CUT = "felzenszwalb"
_OF_MANY, _OF_CORPUS = ("jobs", "scheduler"), ("split", "corpus", "profile")
# What asks something about one sound.
_OF_ONE = ("feature", "emotion", "at", "json")

#: Lines for the examples of ``mer explain``.
EXAMPLES = (
    "many at once (what is there is not computed again, nor after Ctrl-C):\n"
    "  mer explain *.mp3 --out why\n"
    "  mer explain --all Music/ballads --out why\n"
    "  mer explain --all --corpus generated --split test --out why\n"
    "  mer explain --all --scheduler tcp://10.0.0.1:8786 --out why"
)


def add_many(parser: argparse.ArgumentParser) -> None:
    """Add the sounds to explain, and the options for many of them, to the parser of ``mer explain``."""
    what = "a wav, flac, ogg or mp3 file; several, or with --all a folder of them, give a table and a file for each"
    parser.add_argument("sounds", metavar="SOUND", nargs="*", type=Path, help=what)
    many = parser.add_argument_group(
        "many sounds", "the ten seconds in the middle of each; DIR gets TRACK.safetensors for each, and explained.csv"
    )
    many.add_argument("--all", action="store_true", help="explain every clip of a corpus, or of the folders named")
    many.add_argument("--split", metavar="NAME", help="which clips of the corpus, or all; default test")
    sizes = "size of the generated corpus, and number of samples; default quick"
    many.add_argument("--profile", choices=PROFILES, help=sizes)
    many.add_argument("--corpus", choices=("auto", *CORPORA), help="where the clips come from; default auto")
    where = many.add_mutually_exclusive_group()
    where.add_argument("--jobs", metavar="N", type=check_positive, help="sounds at a time; default one for each core")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", type=check_address, help="explain on a running Dask cluster instead"
    )


def asks_for_many(options: argparse.Namespace) -> bool:
    """Tell whether more than one sound is to be explained."""
    return options.all or len(options.sounds) > 1


def get_sound(options: argparse.Namespace) -> Path:
    """Give the only sound that is to be explained.

    Raises
    ------
    ValueError
        If there is none, or an option is for many.
    """
    if not options.sounds:
        raise ValueError("name a sound file to explain, or say --all to explain every clip of a corpus")
    for name in (*_OF_CORPUS, *_OF_MANY):
        if getattr(options, name) is not None:
            raise ValueError(f"--{name} is for many sounds: say --all too")
    if options.sounds[0].is_dir():
        raise ValueError(f"{options.sounds[0]} is a folder: say --all to explain every sound in it")
    return options.sounds[0]


def run_many(options: argparse.Namespace) -> int:
    """Explain many sounds as the command line asks.

    Raises
    ------
    ValueError, OSError
        If nothing can be explained, or written.
    """
    from .answerfolders import check_folder
    from .explainmany import TABLE, explain_many
    from .explaintable import describe_verdicts

    _check_options(options)
    check_folder(options.out)
    job, sounds = _select_files(options) if options.sounds else _select_clips(options)
    choices = {"workers": options.scheduler or options.jobs, "progress": sys.stderr.isatty()}
    table, faults, reused = explain_many(job, sounds, options.out, **choices)
    if len(table):
        print(describe_verdicts(table))
        n_there = f", {len(reused)} of them already there" if reused else ""
        print(f"{table['track'].nunique()} tracks explained{n_there}: files and {TABLE} are in {options.out}")
    for track, fault in faults.items():
        print(f"mer: not explained: {fault if track in fault else f'{track}: {fault}'}", file=sys.stderr)
    return 2 if faults else 0


def _check_options(options: argparse.Namespace) -> None:
    for name in _OF_ONE:
        if getattr(options, name) is not None and getattr(options, name) is not False:  # --at 0 is something, too
            raise ValueError(f"--{name} asks about one sound: leave it out, all seven features are in the table")
    if not options.out:
        raise ValueError("many explanations are written to a folder: say --out DIR too")
    for name in _OF_CORPUS if options.sounds else ():
        if getattr(options, name) is not None:
            raise ValueError(f"--{name} is about clips of a corpus: leave out {name} or the sounds")


def _select_files(options: argparse.Namespace) -> "tuple[ExplainJob, dict[str, Path]]":
    """Collect the files that are named, and those in the folders that are named."""
    from .explainjobs import build_job
    from .explainmany import build_sounds

    paths: list[Path] = []
    for place in options.sounds:
        if place.is_dir() and not options.all:
            raise ValueError(f"{place} is a folder: say --all to explain every sound in it")
        found = sorted(path for path in place.iterdir() if _is_sound(path)) if place.is_dir() else [place]
        if not found:
            raise ValueError(f"{place} holds no {', '.join(_FORMATS)} file (folders in it are not searched)")
        paths += found
    settings = _build_settings(options, {"n_samples": options.samples, "segmentation": options.segments})
    return build_job(options.net, settings=settings), build_sounds(paths)


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in _FORMATS and not path.name.startswith(".") and path.is_file()


def _select_clips(options: argparse.Namespace) -> "tuple[ExplainJob, dict[str, str]]":
    """Collect the clips of a split, and make sure that their spectrograms are there before workers ask for them."""
    from .explainjobs import build_job
    from .profiles import get_profile, load_profile_corpus

    profile = get_profile(options.profile or "quick")
    corpus = load_profile_corpus(profile, options.corpus or "auto")
    tracks = list(corpus.tracks.index) if options.split == "all" else corpus.select(options.split or "test")
    size = options.samples or (None if _is_paper(options) else profile.n_samples)
    small = profile.name == "smoke" and not options.paper and options.segments == _CUT
    cut = "grid" if small else options.segments  # 300 samples would be too few
    settings = _build_settings(options, {"n_samples": size, "segmentation": cut})
    job = build_job(options.net, settings=settings, profile=profile, corpus=corpus)
    if not options.scheduler:
        corpus.spectrograms(tracks)
    return job, {track: track for track in tracks}


def _is_paper(options: argparse.Namespace) -> bool:
    return options.paper or options.profile == "paper"


def _build_settings(options: argparse.Namespace, sampling: dict) -> object:
    from .soundwhy import Settings

    return Settings(**sampling, seed=options.seed, paper=_is_paper(options), hide=options.hide.replace("-", "_"))
