"""Say in one sentence whether this machine can run the companion.

Runs as a script before anything is installed, under Python 3.6 or later, so its syntax stays plain; it exits
with 1 and the sentence where the companion cannot run.

Public names: ``describe_problem``.
"""

import platform
import sys


def describe_problem(version: tuple = sys.version_info, system: str = "", machine: str = "", libc: str = "") -> str:
    """Name what keeps the companion from running here.

    Parameters
    ----------
    version
        Python's version, (major, minor, ...).
    system, machine, libc
        As `platform.system`, `platform.machine` and the first of `platform.libc_ver` give them; "" asks them.

    Returns
    -------
    str
        One sentence that says what is wrong and what to do, "" if all is well.
    """
    system = system or platform.system()
    machine = machine or platform.machine()
    libc = libc or platform.libc_ver()[0]
    if (system, machine) not in (("Linux", "x86_64"), ("Darwin", "arm64")):
        return f"the companion runs on Linux x86-64 and on Apple silicon, not on {system} {machine}"
    if system == "Linux" and libc != "glibc":
        return "the companion's libraries need a Linux with glibc, as Debian, Ubuntu and Fedora have"
    if not (3, 11) <= tuple(version[:2]) <= (3, 12):
        return (
            f"the companion needs Python 3.11 or 3.12, and this is Python {version[0]}.{version[1]}: "
            "install one of them and name it, as in make run PYTHON=python3.12"
        )
    return ""


if __name__ == "__main__":
    sys.exit(describe_problem() or None)
