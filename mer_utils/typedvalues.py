"""What may be typed as the value of an option: each function takes a text, and gives what it means or refuses it.

A refusal is an ``argparse.ArgumentTypeError`` whose message says what was typed and what would do.

Public names: ``SCHEMES``, ``build_name``, ``build_feature``, ``check_positive``, ``check_seed``, ``check_port``,
``check_samples``, ``check_moment``, ``check_decibels``, ``check_amount``, ``check_schemes``, ``check_address``.
"""

import difflib
import math
import re
from argparse import ArgumentTypeError

from .ratings import EMOTIONS

#: networks.SCHEMES, which would cost the import of torch.
SCHEMES = ("a2e", "a2mid", "a2mid2e", "joint", "a2b2e", "multitask")
# An edit beyond that is a slip of the pen, and leaves the original too soft for a file: 40 dB are a factor of 100.
_MOST_DECIBELS = 40


def build_name(text: str) -> str:
    """Give the name of a feature or emotion as the package spells it."""
    return re.sub(r"[\s_-]+", " ", text.strip().lower())


def build_feature(text: str) -> str:
    """Give the name of a feature; an emotion is no feature, but is made of some."""
    name = build_name(text)
    if name in EMOTIONS:
        raise ArgumentTypeError(
            f"{name} is an emotion: mer explain SOUND --emotion {name} tells the feature behind it"
        )
    return name


def check_positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def check_seed(text: str) -> int:
    """Read a whole number of 0 or more."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def check_port(text: str) -> int:
    """Read the number of a port that needs no special rights."""
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is no port: take a whole number from 1024 to 65535")
    return int(text)


def check_samples(text: str) -> int | str:
    """Read a number of samples, or ``auto``."""
    if text == "auto" or (text.isdecimal() and int(text)):
        return text if text == "auto" else int(text)
    raise ArgumentTypeError(f"{text!r} is neither a whole number of 1 or more nor auto")


def check_moment(text: str) -> float:
    """Read a place in a sound, seconds."""
    minutes, colon, seconds = text.rpartition(":")
    if not colon and re.fullmatch(r"\d+\.?\d*|\.\d+", text):
        return float(text)
    if not minutes.isdecimal() or not re.fullmatch(r"[0-5]?\d(\.\d*)?", seconds):
        raise ArgumentTypeError(f"{text!r} is neither seconds, such as 83.5, nor a time such as 1:23.5")
    return 60 * int(minutes) + float(seconds)


def check_decibels(text: str) -> float:
    """Read by how much to lift or to lower, dB, not 0."""
    try:
        value = float(re.sub(r"\s*db$", "", text.strip().replace("−", "-"), flags=re.IGNORECASE))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number of decibels, such as +6 or -6") from None
    if not abs(value) <= _MOST_DECIBELS:
        limits = f"from -{_MOST_DECIBELS} to +{_MOST_DECIBELS} dB"
        raise ArgumentTypeError(f"{text!r} is no edit one could hear: take one {limits}, such as +6 or -6")
    if not value:
        raise ArgumentTypeError("0 dB change nothing: take +6 to lift or -6 to lower")
    return value


def check_amount(text: str) -> float:
    """Read a finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def check_schemes(text: str) -> list[str]:
    """Read schemes with commas between them, each once."""
    chosen = [word.strip() for word in text.split(",") if word.strip()]
    for word in chosen:
        if word not in SCHEMES:
            close = difflib.get_close_matches(word, SCHEMES, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(SCHEMES)}"
            raise ArgumentTypeError(f"unknown scheme {word!r}; {hint}")
    if not chosen:
        raise ArgumentTypeError("name at least one scheme")
    return list(dict.fromkeys(chosen))


def check_address(text: str) -> str:
    """Read the address of a Dask scheduler."""
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", text):
        raise ArgumentTypeError(f"{text!r} is no address of a Dask scheduler, such as tcp://10.0.0.1:8786")
    return text
