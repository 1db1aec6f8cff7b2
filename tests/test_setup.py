"""One set of versions everywhere: pyproject, lock, conda file, and what is installed."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mer_utils import platforms
from mer_utils.paths import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES = PYPROJECT["project"]["dependencies"] + PYPROJECT["project"]["optional-dependencies"]["dev"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
HEAVY = {"torch", "pandas", "numpy", "librosa", "matplotlib", "scipy", "papermill", "IPython"}


def locked(text):
    """Pinned requirements of a lock, without their hashes."""
    return [line.rstrip(" \\") for line in text.splitlines() if line[:1].isalnum()]


def pins(lines):
    requirements = [Requirement(line) for line in lines]
    here = [r for r in requirements if r.marker is None or r.marker.evaluate(default_environment())]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in here}


def installed(name):
    try:
        return version(name).partition("+")[0]  # torch's local suffix names the build, not the version
    except PackageNotFoundError:
        return None


def conda_pip_lines():
    return next(part["pip"] for part in CONDA["dependencies"] if isinstance(part, dict))


def unmet(dependencies, versions):
    requirements = [Requirement(text) for text in dependencies]
    found = {r: versions.get(canonicalize_name(r.name)) for r in requirements}
    return [str(r) for r, version in found.items() if version is None or not r.specifier.contains(version)]


def test_lock_names_no_place_to_load_from():
    assert not re.search(r"://|^-|\.com|\.org", re.sub(r"^ +--hash=.*", "", LOCK, flags=re.M), flags=re.M)


def test_every_locked_package_has_hashes():
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(blocks) > 100
    assert [b.split()[0] for b in blocks if "==" not in b or "--hash=sha256:" not in b] == []


def test_lock_leaves_out_what_differs_between_machines():
    assert not re.search(r"^(torch|pyaudio|triton|nvidia-|cuda-)", LOCK, flags=re.M)


def test_conda_file_repeats_the_lock():
    torch = next(text for text in DEPENDENCIES if text.startswith("torch=="))
    assert conda_pip_lines() == [torch, *locked(LOCK), "-e ."]


def test_conda_file_asks_for_the_same_pythons():
    wanted = next(part for part in CONDA["dependencies"] if str(part).startswith("python "))
    assert wanted == f"python {PYPROJECT['project']['requires-python']}"


def test_lock_meets_pyproject():
    assert unmet(DEPENDENCIES, pins(conda_pip_lines()[:-1])) == []


def test_a_dependency_that_the_lock_misses_is_seen():
    versions = pins(conda_pip_lines()[:-1])
    assert unmet(["numpy>=99", "unheard-of"], versions) == ["numpy>=99", "unheard-of"]


def test_lock_is_installed():
    wrong = {name: installed(name) for name, pin in pins(conda_pip_lines()[:-1]).items() if installed(name) != pin}
    assert wrong == {}, "run make test, which installs the lock"


def test_no_other_version_would_pass_as_installed():
    assert installed("numpy") != pins(["numpy==2.0.0"])["numpy"]
    assert installed("unheard-of") is None


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, mer_utils; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not HEAVY & set(loaded.split())


@pytest.mark.parametrize("here", [((3, 11), "Linux", "x86_64", "glibc"), ((3, 12), "Darwin", "arm64", "")])
def test_platforms_that_run_the_companion(here):
    assert platforms.describe_problem(*here) == ""


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (((3, 10), "Linux", "x86_64", "glibc"), "3.10"),
        (((3, 13), "Darwin", "arm64", ""), "PYTHON=python3.12"),
        (((3, 12), "Darwin", "x86_64", ""), "Darwin x86_64"),
        (((3, 12), "Windows", "AMD64", ""), "Windows"),
        (((3, 12), "Linux", "aarch64", "glibc"), "aarch64"),
        (((3, 12), "Linux", "x86_64", "musl"), "glibc"),
    ],
)
def test_other_platforms_are_told_so_in_one_sentence(here, said):
    problem = platforms.describe_problem(*here)
    assert said in problem
    assert "\n" not in problem


def test_make_lists_its_targets():
    text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"run", "test", "lint", "lock", "refresh"} <= {line.split()[1] for line in text.splitlines()}
