"""Results of a run: the folder they go to, the numbers file, and the check of a notebook's headline.

A run writes into one build folder, ``build/<profile>`` unless ``MER_BUILD`` in the environment names another (the
runner sets it). Below it lie ``notebooks/`` and, beside them, ``figures/`` with every figure, table and sound a
notebook makes, named ``NN_...`` after the notebook's number, and ``results.json``.

Public names: ``build_folder``, ``figures_folder``, ``save_results``, ``load_results``, ``check_headline``,
``HeadlineError``, ``ResultsError``.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import save_text
from .paths import BUILD, DATA
from .profiles import CORPORA, get_profile

#: Significant digits of a stored number: more than any machine repeats, fewer than would differ between two.
DIGITS = 6
EXPECTED = DATA / "expected.json"


class ResultsError(ValueError):
    """Results that cannot be stored or read."""


class HeadlineError(ValueError):
    """A notebook's headline is not what it should be."""


def build_folder(profile: str) -> Path:
    """Name the folder that a run of this profile writes to.

    Parameters
    ----------
    profile
        One of `profiles.PROFILES`.

    Returns
    -------
    pathlib.Path
        ``build/<profile>``, or what ``MER_BUILD`` says. It may not exist yet.

    Raises
    ------
    ProfileError
        If there is no such profile.
    """
    get_profile(profile)
    return Path(os.environ.get("MER_BUILD") or BUILD / profile)


def figures_folder(profile: str) -> Path:
    """Make and name the folder for a run's figures, tables and sounds.

    In a notebook or page beside it they are reached as ``../figures/NN_name.ogg``, which is right in the repository
    and in every build folder alike.

    Parameters
    ----------
    profile
        One of `profiles.PROFILES`.

    Returns
    -------
    pathlib.Path
        ``build/<profile>/figures``, existing.

    Raises
    ------
    ProfileError
        If there is no such profile.
    """
    folder = build_folder(profile) / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_results(name: str, profile: str, results: Mapping[str, Any]) -> Path:
    """Store the numbers that a notebook prints, beside those of the other notebooks.

    The file is sorted and its numbers rounded, so that the same numbers make the same bytes. Notebooks of one build
    folder must not run at the same time.

    Parameters
    ----------
    name
        The notebook's name, such as ``"02_training"``; what it stored before is replaced.
    profile
        One of `profiles.PROFILES`.
    results
        Numbers, texts, lists and mappings of them; numpy's and pandas' too. What is not finite becomes ``null``.

    Returns
    -------
    pathlib.Path
        The file, ``build/<profile>/figures/results.json``.

    Raises
    ------
    ResultsError
        If something in ``results`` is none of these, or the file holds something else.
    """
    path = figures_folder(profile) / "results.json"
    stored = load_results(path) if path.exists() else {}
    stored[name] = _plain(results, where=name)
    save_text(path, json_text(stored))
    return path


def json_text(value: Any) -> str:
    """Spell a value as JSON in the one way this project stores it: sorted, indented, a newline at the end.

    Parameters
    ----------
    value
        Plain numbers, texts, lists and mappings.

    Returns
    -------
    str
        The text of the file.
    """
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def load_results(path: Path) -> dict[str, Any]:
    """Read a file that `save_results` wrote.

    Parameters
    ----------
    path
        The file, ``results.json``.

    Returns
    -------
    dict
        Each notebook's results by its name.

    Raises
    ------
    ResultsError
        If the file is not JSON or holds no mapping.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ResultsError(f"{path} is not JSON ({error}): delete it and run the notebooks again") from error
    if not isinstance(stored, dict):
        raise ResultsError(f"{path} holds no results by notebook: delete it and run the notebooks again")
    return stored


def _plain(value: Any, *, where: str) -> Any:
    """Turn numpy and pandas into plain numbers and lists, rounded to `DIGITS` significant digits."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, where=f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, where=f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if getattr(getattr(value, "index", None), "nlevels", 1) > 1:  # pandas again, a mapping for each level
        keys = value.index.unique(0)
        return {str(key): _plain(value.loc[key], where=f"{where}[{key!r}]") for key in keys}
    if hasattr(value, "to_dict"):  # a pandas table or column
        return _plain(value.to_dict(), where=where)
    if hasattr(value, "tolist"):  # a numpy array or scalar
        return _plain(value.tolist(), where=where)
    raise ResultsError(f"{where} is a {type(value).__name__}: results are numbers, texts, lists and mappings")


def check_headline(
    name: str,
    values: Mapping[str, float],
    *,
    profile: str,
    corpus: str,
    legal: tuple[float, float] = (-1.0, 1.0),
) -> str:
    """Compare a notebook's headline numbers with what is expected of them; made to stand in an ``assert``.

    What is expected is stored in ``data/expected.json``: ``{profile: {corpus: {name: {key: [value, tolerance]}}}}``.
    A number with no expectation for this profile and corpus has to be finite and in the legal range.

    Parameters
    ----------
    name
        The notebook's name, such as ``"02_training"``.
    values
        Its headline numbers by a short name.
    profile
        One of `profiles.PROFILES`.
    corpus
        `Corpus.name`, one of `profiles.CORPORA` and not ``"auto"``; or what `profiles.name_source` makes of it.
    legal
        Lowest and highest value that any of the numbers can have; by default those of a correlation.

    Returns
    -------
    str
        One sentence that says what was compared; never empty.

    Raises
    ------
    HeadlineError
        If a number is off, or an expected one is missing; the message names all of these.
    """
    get_profile(profile)
    if corpus.partition(",")[0] not in CORPORA:
        raise HeadlineError(f"unknown corpus {corpus!r}; there are: {', '.join(CORPORA)}")
    expected = _load_expected().get(profile, {}).get(corpus, {}).get(name, {})
    wrong = [f"{key} is missing" for key in expected if key not in values]
    wrong += [said for key, value in values.items() if (said := _judge(key, float(value), expected.get(key), legal))]
    if wrong:
        raise HeadlineError(f"{name}, profile {profile}, corpus {corpus}: {'; '.join(wrong)}")
    n_stored = len(expected)
    return f"{name}: {n_stored} as expected, {len(values) - n_stored} in the legal range ({profile}, {corpus})"


def _load_expected() -> dict[str, Any]:
    return load_results(EXPECTED) if EXPECTED.exists() else {}


def _judge(key: str, value: float, expected: list[float] | None, legal: tuple[float, float]) -> str:
    """Say what is wrong with one number, "" if nothing is."""
    if not legal[0] <= value <= legal[1]:  # NaN fails too
        return f"{key} is {value:.4g}, outside {legal[0]:g} to {legal[1]:g}"
    if expected is not None and not abs(value - expected[0]) <= expected[1]:
        return f"{key} is {value:.4g}, expected {expected[0]:g} ± {expected[1]:g}"
    return ""
