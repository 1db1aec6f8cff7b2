"""What a project on the Open Science Framework (https://osf.io) offers, asked of its API (https://developer.osf.io).

``MER_OSF`` in the environment names another server that answers as OSF's API does, such as a mirror in your house:
``MER_OSF=http://mirror:8000/v2``.

Public names: ``OSF``, ``load_listing``, ``load_licence``.
"""

import os

from .downloads import Remote
from .webaccess import FetchError, insist, open_url

OSF = "https://api.osf.io/v2"
# pages of a listing or folders within folders, beyond which something leads in circles
_MOST_PAGES = 500


def load_listing(node: str) -> list[Remote]:
    """List all files of a project, those in folders included.

    Parameters
    ----------
    node
        Five letters and digits by which OSF knows the project, such as "p6vkg".

    Returns
    -------
    list of Remote
        In the order of OSF, with size and hashes where OSF gives them.

    Raises
    ------
    FetchError
        If OSF cannot be reached, has no such project, or answers something else.
    """
    waiting, seen, found = [f"{_locate_api()}/nodes/{node}/files/osfstorage/?page[size]=100"], set(), []
    while waiting:
        url = waiting.pop(0)
        if url in seen or len(seen) >= _MOST_PAGES:
            continue
        seen.add(url)
        page = _load_json(url, what=f"list of the files of https://osf.io/{node}")
        try:
            for entry in page["data"]:
                if entry["attributes"]["kind"] == "folder":
                    waiting.append(entry["relationships"]["files"]["links"]["related"]["href"])
                else:
                    found.append(_read_entry(entry))
            waiting += [page["links"]["next"]] if page.get("links", {}).get("next") else []
        except (KeyError, TypeError, AttributeError) as error:
            raise FetchError(f"OSF lists the files of https://osf.io/{node} in a way not known here") from error
    return found


def load_licence(node: str) -> str:
    """Ask under which licence a project is; "" if OSF does not say, which is no reason to stop."""
    try:
        page = _load_json(f"{_locate_api()}/nodes/{node}/?embed=license", what=f"licence of https://osf.io/{node}")
        return " ".join(str(page["data"]["embeds"]["license"]["data"]["attributes"]["name"]).split())
    except (FetchError, KeyError, TypeError):
        return ""


def _locate_api() -> str:
    return (os.environ.get("MER_OSF") or OSF).rstrip("/")


def _load_json(url: str, *, what: str) -> dict:
    def attempt() -> dict:
        with open_url(url, what=what) as answer:
            try:
                return answer.json()
            except ValueError as error:
                raise FetchError(f"what came from {url} is no {what}: try later") from error

    return insist(attempt)


def _read_entry(entry: dict) -> Remote:
    attributes = entry["attributes"]
    hashes = (attributes.get("extra") or {}).get("hashes") or {}
    return Remote(
        name=attributes["name"],
        url=entry["links"]["download"],
        size=attributes.get("size"),
        sha256=hashes.get("sha256") or "",
        md5=hashes.get("md5") or "",
        guid=attributes.get("guid") or "",
    )
