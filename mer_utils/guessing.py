"""An argument parser that guesses what a mistyped word was meant to be.

Public names: ``GuessingParser``.
"""

import argparse
import difflib
import re
from typing import NoReturn


class GuessingParser(argparse.ArgumentParser):
    """A parser whose errors are one line that ends in a guess, or in where to read on."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2 after that line."""
        choices = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        unknown = re.search(r"unrecognized arguments: (-\S+)", message)
        if choices:
            close = difflib.get_close_matches(choices[1], re.split("'?, '?", choices[2].strip("'")), n=1)
        else:
            close = difflib.get_close_matches(unknown[1], self._known_options(), n=1) if unknown else []
        hint = f"; did you mean {close[0]}?" if close else f" (see {self.prog} --help)"
        self.exit(2, f"{self.prog}: error: {message}{hint}\n")

    def _known_options(self) -> list[str]:
        parsers = [self, *(sub for action in self._actions for sub in _subparsers(action))]
        return sorted({option for parser in parsers for option in parser._option_string_actions})


def _subparsers(action: argparse.Action) -> list[argparse.ArgumentParser]:
    return list(action.choices.values()) if isinstance(action, argparse._SubParsersAction) else []
