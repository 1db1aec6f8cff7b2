"""One answer from the web at a time: with time limits, plain words for failures, and new tries where they help.

Proxies and certificates are taken from the usual environment variables (``HTTPS_PROXY``, ``REQUESTS_CA_BUNDLE``).

Public names: ``FetchError``, ``PassingError``, ``PAUSES``, ``open_url``, ``insist``.
"""

import email.utils
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep, time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

_T = TypeVar("_T")

#: How long to wait before the second, third and fourth try, seconds.
PAUSES = (1.0, 2.0, 5.0)
# seconds until a connection stands, and between two pieces of an answer
_TIMEOUT = (10, 30)
# A server that asks for more patience than that, seconds, is asked again by the reader.
_LONGEST_PAUSE = 120


class FetchError(OSError):
    """Something that could not be fetched, checked or stored; the message is one line with the cause and the cure."""


class PassingError(FetchError):
    """A fault that may be gone a moment later, in ``after`` seconds if the server says so."""

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@contextmanager
def open_url(url: str, *, what: str, headers: dict[str, str] | None = None) -> "Iterator[requests.Response]":
    """Ask for something once; what goes wrong until the end of the block, too, is told as a `FetchError`.

    Parameters
    ----------
    url
        Its address.
    what
        What messages call it.
    headers
        Sent along.

    Yields
    ------
    requests.Response
        The answer with its content unread: status 200, 206 (a part) or 416 (no such part).

    Raises
    ------
    PassingError
        If the server cannot be reached, breaks off, or has a fault of its own.
    FetchError
        If it has not got it, does not give it away, or sends a web page in its place.
    """
    import requests

    host = urlsplit(url).netloc
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            _check_status(answer, what)
            if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
                cure = "open it in a browser, for this network may want you to log in, then run the same command"
                raise FetchError(f"{urlsplit(answer.url).netloc} sent a web page instead of {what}: {cure}")
            yield answer
    except requests.exceptions.SSLError as error:
        raise FetchError(f"the certificate of {host} is not accepted: {error}") from error
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout) as error:
        raise PassingError(f"{host} does not answer: run the same command later") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise PassingError(f"{host} broke off within {what}: run the same command, it goes on from there") from error
    except requests.exceptions.ConnectionError as error:
        raise PassingError(f"{host} cannot be reached: look at your network, then run the same command") from error
    except requests.exceptions.RequestException as error:
        raise FetchError(f"{what} cannot be fetched from {url}: {error}") from error


def _check_status(answer: "requests.Response", what: str) -> None:
    status, host = answer.status_code, urlsplit(answer.url).netloc
    if status in (404, 410):
        raise FetchError(f"{host} has no {what} at that address any more ({status}): it was moved, renamed or deleted")
    if status in (408, 429) or status >= 500:
        after = _read_pause(answer.headers.get("Retry-After", ""))
        message = f"{host} has a fault or too much to do ({status})"
        if after > _LONGEST_PAUSE:
            raise FetchError(f"{message}: run the same command in {after / 60:.0f} minutes")
        raise PassingError(f"{message}: run the same command later", after=after)
    if status not in (200, 206, 416):
        raise FetchError(f"{host} does not give {what} away ({status} {answer.reason})")


def _read_pause(text: str) -> float:
    """Read a Retry-After header, which has seconds or a date; 0 for anything else."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def insist(attempt: Callable[[], _T], *, measure: Callable[[], int] = int) -> _T:
    """Try again after faults that may pass.

    Parameters
    ----------
    attempt
        What to do; it may be called four times.
    measure
        Tells what there is already; after an attempt that got on, the tries are counted anew.

    Returns
    -------
    object
        What ``attempt`` gives.

    Raises
    ------
    FetchError
        What ``attempt`` raises in the end.
    """
    tries = 0
    while True:
        before = measure()
        try:
            return attempt()
        except PassingError as fault:
            tries = 1 if measure() > before else tries + 1
            if tries > len(PAUSES):
                raise
            sleep(max(PAUSES[tries - 1], fault.after))
