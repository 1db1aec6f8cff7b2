"""The ``mer`` command: run the notebooks, refresh the committed ones; hear, explain, edit, explore songs; train nets.

Everything heavy is imported by the sub-command that needs it, so that ``mer --help`` comes at once.

Public names: ``main``.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import build_parser
from .explainallcommand import asks_for_many, get_sound, run_many
from .fetchcommand import run_fetch
from .files import check_target, save_text, shorten_path
from .releasecommand import run_release
from .traincommand import run_train

if TYPE_CHECKING:
    from .predictor import Predictor
    from .songpairs import Comparison
    from .soundedit import SoundEdit
    from .soundwhy import Settings, SoundWhy


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
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help()
        return 2
    return _guard(_COMMANDS[options.command], options)


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


def _run(options: argparse.Namespace) -> int:
    from .companion import run_notebooks, select_notebooks
    from .pages import INDEX
    from .preparation import prepare_run

    choices = {"only": options.only, "out": options.out, "corpus": options.corpus, "seed": options.seed}
    prepare_run(options.profile, options.corpus, notebooks=select_notebooks(options.only), tell=_complain)
    runs = run_notebooks(options.profile, **choices)
    for run in runs:
        print(f"{run.name:28} {run.status:6} {run.seconds:6.0f} s", *run.errors, sep="\n    " if run.errors else "")
    # the run's folder, not a notebook: only what lies below it is served, and players point to ../figures
    where, opened = shorten_path(runs[0].path.parent), shorten_path(runs[0].path.parents[1])
    print(f"The executed notebooks are in {where}; open them with: {_find_jupyter()} lab {opened}")
    print(f"To read, see and hear all of it, open this page in any browser: {Path(opened, 'site', INDEX)}")
    failed = [run.name for run in runs if run.errors]
    if failed:
        _complain(f"{len(failed)} of {len(runs)} notebooks failed: {', '.join(failed)}; see {where}")
        return 1
    return 0


def _find_jupyter() -> str:
    """Name the jupyter of this environment as somebody outside of it has to call it."""
    ours = Path(sys.executable).parent / "jupyter"
    return "jupyter" if shutil.which("jupyter") == str(ours) else shorten_path(ours)


def _refresh(options: argparse.Namespace) -> int:
    from .refresh import refresh_notebooks

    changed = refresh_notebooks(options.only)
    print(*(f"changed {shorten_path(path)}" for path in changed) if changed else ["nothing changed"], sep="\n")
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


def _compare(options: argparse.Namespace) -> int:
    from .layers import build_layer
    from .networks import load_network
    from .predictor import Predictor
    from .reference import load_reference
    from .reliability import compute_network_doubts
    from .songpairs import build_comparison
    from .songs import SongError, predict_song_files

    if len(options.sounds) < 2:
        raise SongError("name two songs or more to compare; mer predict hears a single one")
    if options.out:
        check_target(options.out / "compare.json")
    trained = load_network(options.net)
    layer = build_layer(trained.network)
    songs, complaints = predict_song_files(options.sounds, predictor=Predictor.from_trained(trained))
    for complaint in complaints:
        _complain(complaint)
    if len(songs) < 2:
        raise SongError(f"nothing to compare: {len(songs)} of {len(options.sounds)} files could be heard")
    reference = load_reference(trained)
    about = {"layer": layer, "reference": reference, "emotion": options.emotion}
    about["doubts"] = compute_network_doubts(trained)
    _tell([build_comparison(songs, number, **about) for number in range(1, len(songs))], options)
    return 2 if complaints else 0


def _tell(comparisons: "list[Comparison]", options: argparse.Namespace) -> None:
    """Print comparisons, and write them where that is asked for."""
    from .songreport import build_comparison_record, describe_comparison, save_comparison
    from .style import use_style

    record = build_comparison_record(comparisons, net=options.net)
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    if options.out:
        use_style()
        for comparison in comparisons:
            save_comparison(options.out, comparison)
        save_text(options.out / "compare.json", text)
    if options.json:
        print(text, flush=True)
    else:
        shown = (describe_comparison(comparison, net=options.net) for comparison in comparisons)
        print(f"\n\n{'-' * 80}\n\n".join(shown), flush=True)
    if options.out:
        print(f"figures and compare.json are in {options.out}", file=sys.stderr if options.json else sys.stdout)


def _explain(options: argparse.Namespace) -> int:
    if asks_for_many(options):
        return run_many(options)
    options.sound = get_sound(options)
    from .answerfolders import EXPLANATION
    from .networks import load_network
    from .soundwhy import Question, explain_sound
    from .whyfiles import save_why
    from .whyrecord import build_why_record
    from .whyreport import describe_why
    from .whysounds import render_why_sounds

    chosen = {"paper": options.paper, "hide": options.hide.replace("-", "_")}
    question, settings = Question(options.feature, options.emotion, options.at), _build_settings(options, **chosen)
    kept = _find_kept(options, EXPLANATION)
    why = explain_sound(options.sound, load_network(options.net), question=question, settings=settings, kept=kept)
    why = render_why_sounds(why, options.out) if options.out else why
    return _answer(why, options, kept, save=save_why, record=build_why_record, describe=describe_why)


def _edit(options: argparse.Namespace) -> int:
    from .answerfolders import EDITED
    from .editfiles import build_edit_record, name_sounds, save_edit
    from .editreport import describe_sound_edit
    from .networks import load_network
    from .soundedit import Edit, edit_sound

    if options.whole and not options.out:
        raise ValueError("--whole writes a file: say --out DIR too")
    edit = Edit(options.feature, options.db, options.sign, options.level, options.at)
    settings, kept = _build_settings(options, hide="silence"), _find_kept(options, EDITED)
    edited = edit_sound(options.sound, load_network(options.net), edit=edit, settings=settings, kept=kept)
    edited = name_sounds(edited, options.out, whole=options.whole) if options.out else edited
    return _answer(edited, options, kept, save=save_edit, record=build_edit_record, describe=describe_sound_edit)


def _explore(options: argparse.Namespace) -> int:
    from .webapp import run_explorer

    chosen = {name.upper(): getattr(options, name) for name in ("profile", "corpus", "seed", "net")}
    say = {"browser": not options.no_browser, "tell": lambda line: print(line, flush=True)}
    run_explorer(options.songs, chosen, port=options.port, **say)
    return 0


def _build_settings(options: argparse.Namespace, **chosen: object) -> "Settings":
    from .soundwhy import Settings

    sampling = {"n_samples": options.samples, "segmentation": options.segments, "seed": options.seed}
    return Settings(**sampling, progress=sys.stderr.isatty(), **chosen)


def _find_kept(options: argparse.Namespace, name: str) -> Path | None:
    """Name the file that may hold the explanation, after finding out that it can be written."""
    from .answerfolders import check_folder

    if not options.out:
        return None
    check_folder(options.out, sound=options.sound)
    return options.out / name


def _answer(answer: "SoundWhy | SoundEdit", options: argparse.Namespace, kept: Path | None, **how: Callable) -> int:
    """Print an explanation or an edit, and write it where that is asked for."""
    from .answerfolders import describe_replaced

    if answer.reused:
        print(f"{options.out} holds this explanation: it is not computed anew", file=sys.stderr)
    if kept:
        if line := describe_replaced(options.out, answer.explanation, reused=answer.reused, name=kept.name):
            _complain(line)
        how["save"](options.out, answer, net=options.net)
    if options.json:
        record = how["record"](answer, net=options.net)
        print(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        print(how["describe"](answer, net=options.net), flush=True)
    if options.out:
        place = f"pictures, sounds, numbers and the explanation are in {options.out}"
        print(place, file=sys.stderr if options.json else None)
    if not answer.explanation.complete:
        _complain(f"stopped after {answer.explanation.n_samples} samples: what is told holds for these")
        return 130
    return 0


def _benchmark(options: argparse.Namespace) -> int:
    from .benchmark import compute_benchmark
    from .causes import build_cases
    from .explainers import COLUMNS, EXPLAINERS, build_checked, describe_benchmark, load_explainer
    from .trusttables import TABLES, build_bench, check_table, save_table

    wanted = [] if options.store is None else options.store or list(TABLES)
    for name in wanted:
        check_table(name)
    explainers = {name: build_checked(name, load_explainer(name)) for name in options.explainers or EXPLAINERS}
    bench = build_bench()
    for name in wanted:
        print(f"{name}: {len(save_table(name, bench))} rows", flush=True)
    if wanted:
        return 0
    specs = [bench.spec(track) for track in bench.select(options.clips)]
    cases = build_cases(bench.corpus, bench.corpus.select("test"), n=options.clips)
    print(COLUMNS, flush=True)
    for name, explainer in explainers.items():
        print(f"\n{name}", describe_benchmark(compute_benchmark(explainer, bench.predict, specs, cases)), sep="\n")
    return 0


_COMMANDS = {
    "run": _run,
    "refresh": _refresh,
    "predict": _predict,
    "compare": _compare,
    "explain": _explain,
    "edit": _edit,
    "explore": _explore,
    "benchmark": _benchmark,
    "train": run_train,
    "release": run_release,
    "fetch": run_fetch,
}

if __name__ == "__main__":
    sys.exit(main())
