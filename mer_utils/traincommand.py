"""``mer train``: its options, and what it does: one network, or a sweep of many to compare.

Public names: ``add_train``, ``run_train``.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import profiles
from .files import check_target, shorten_path
from .parserparts import add_command, add_profile
from .results import build_folder
from .typedvalues import SCHEMES, check_address, check_amount, check_positive, check_schemes


def add_train(commands: argparse._SubParsersAction) -> None:
    """Add ``mer train`` to the commands."""
    examples = (
        "  mer train\n  mer train --scheme a2e --seed 3 --out a2e.safetensors\n"
        "a sweep of 20 nets, to compare schemes over seeds (what is there is not trained again, nor after Ctrl-C):\n"
        "  mer train --schemes a2e,joint --seeds 10\n"
        "  mer train --schemes a2e,joint --seeds 10 --scheduler tcp://10.0.0.1:8786\n"
        "the released network:\n"
        "  mer train --scheme joint --clips 4000 --epochs 30 --augment --out data/checkpoints/joint.safetensors"
    )
    summary = "train a network, or many to compare, going on where an earlier call was stopped"
    parser = add_command(commands, "train", summary, examples)
    schemes = parser.add_mutually_exclusive_group()
    schemes.add_argument("--scheme", choices=SCHEMES, default="joint", help="how it is told; default %(default)s")
    schemes.add_argument(
        "--schemes", metavar="A,B,...", type=check_schemes, help="a sweep, see below, over some of the same schemes"
    )
    add_profile(parser, corpora=profiles.CORPORA)
    for name, meaning in (("clips", "clips of the generated corpus"), ("width", "channels of the first layer")):
        parser.add_argument(f"--{name}", metavar="N", type=check_positive, help=f"{meaning}; default from the profile")
    parser.add_argument("--epochs", metavar="N", type=check_positive, help="most epochs; default from the profile")
    parser.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="change level, equalisation and noise of training clips, for real recordings; default from the profile",
    )
    _add_recipe(parser)
    parser.add_argument("--fresh", action="store_true", help="start anew, whatever an earlier call left")
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="file to write, or a name in data/checkpoints or, for a sweep, in data/sweeps; default build/PROFILE/...",
    )
    _add_sweep(parser)
    parser.set_defaults(command="train")


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--crop", metavar="N", type=check_positive, help="frames of a training crop (313 are 10 s)")
    parser.add_argument(
        "--midlevel-weight",
        metavar="X",
        type=check_amount,
        help="weight of the mid-level loss in joint and multitask; 1",
    )
    parser.add_argument(
        "--start-at-ratings",
        action=argparse.BooleanOptionalAction,
        help="start the emotions of joint at the regression of the ratings, not at random; default from the profile",
    )
    parser.add_argument(
        "--last-kernel", type=int, choices=(1, 3), help="kernel of the last convolution: 1 as in the later code, or 3"
    )
    parser.add_argument(
        "--renderings", metavar="N", type=check_positive, help="generated clips for each set of ratings, 1 to 4; 2"
    )
    parser.add_argument("--rater-noise", metavar="X", type=check_amount, help="noise of generated ratings, 0 to 1; 1")
    parser.add_argument(
        "--outside-share",
        metavar="X",
        type=check_amount,
        help="factor on what the features do not tell of emotions; 1",
    )


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    sweep = parser.add_argument_group("sweeps", "one net on one core for each scheme and seed; predictions are kept")
    sweep.add_argument(
        "--seeds", metavar="N", type=check_positive, help="seeds of each scheme, from --seed on; default 10"
    )
    sweep.add_argument(
        "--folds",
        metavar="N",
        type=check_positive,
        help="test every clip once, with N times the nets; default the split",
    )
    sweep.add_argument(
        "--albums-apart",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the clips of an album in one fold, or deal clip by clip; default %(default)s",
    )
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--jobs", metavar="N", type=check_positive, help="nets at a time; default one for each core")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", type=check_address, help="train on a running Dask cluster instead"
    )


def run_train(options: argparse.Namespace) -> int:
    """Train a network, or a sweep of them, as the command line asks."""
    sizes = {"n_clips": options.clips, "width": options.width, "max_epochs": options.epochs}
    profile = profiles.get_profile(options.profile, **sizes, augment=options.augment)
    training = _given(
        crop_frames=options.crop,
        midlevel_weight=options.midlevel_weight,
        start_at_ratings=options.start_at_ratings,
        last_kernel=options.last_kernel,
    )
    music = {name: getattr(options, name) for name in ("renderings", "rater_noise", "outside_share")}
    music = _given(**music)
    if options.schemes:
        return _train_sweep(options, profile, training, music)
    for name in ("seeds", "folds", "jobs", "scheduler"):
        if getattr(options, name) is not None:
            raise ValueError(f"--{name} is for a sweep: say --schemes {options.scheme} too")
    return _train_one(options, profile, training, music)


def _given(**choices: float | None) -> dict[str, float]:
    return {name: value for name, value in choices.items() if value is not None}


def _train_one(
    options: argparse.Namespace, profile: profiles.Profile, training: dict[str, float], music: dict[str, float]
) -> int:
    from .networks import locate_network, save_network
    from .report import compute_split_scores, describe_split_scores

    default = build_folder(profile.name) / "nets" / f"{options.scheme}-{options.seed}.safetensors"
    target = _find_target(options.out or default, locate_network)
    corpus = profiles.load_profile_corpus(profile, options.corpus, **music)
    choices = {"profile": profile, "seed": options.seed, **training}
    if options.fresh:
        profiles.locate_checkpoint(corpus, options.scheme, **choices).unlink(missing_ok=True)
    trained = profiles.fit_profile_network(corpus, options.scheme, **choices)
    held_out = compute_split_scores(trained, corpus)
    path = save_network(target, replace(trained, scores=trained.scores | held_out))
    scores = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in trained.scores.items())
    print(f"{shorten_path(path)}: {scores}", *filter(None, [describe_split_scores(held_out)]), sep="\n")
    return 0


def _train_sweep(
    options: argparse.Namespace, profile: profiles.Profile, training: dict[str, float], music: dict[str, float]
) -> int:
    from .report import describe_sweep
    from .sweepruns import run_sweep
    from .sweeps import SweepConfig, load_matching, locate_sweep, save_sweep

    if options.fresh:
        raise ValueError("--fresh is for one net: a sweep keeps the nets of each configuration apart by itself")
    target = _find_target(options.out or build_folder(profile.name) / "sweep.safetensors", locate_sweep)
    config = SweepConfig(profile, options.corpus, music, training, options.folds or 0, options.albums_apart)
    seeds = range(options.seed, options.seed + (options.seeds or 10))
    known = load_matching(target, config)
    workers = options.scheduler or options.jobs
    sweep = run_sweep(config, options.schemes, seeds, known=known, workers=workers)
    print(f"{shorten_path(save_sweep(target, sweep))}:", flush=True)
    print(describe_sweep(sweep, nets=[(scheme, seed) for scheme in options.schemes for seed in seeds]))
    return 0


def _find_target(given: str | Path, locate: Callable[[str | Path], Path]) -> Path:
    """Name the file to write, after finding out that it can be written."""
    # A folder is refused before its name is completed to that of a file.
    target = Path(given) if Path(given).is_dir() else locate(given)
    check_target(target)
    return target
