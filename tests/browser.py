"""A real browser for tests: finding it, opening pages in it, and hearing every complaint.

A page may talk to this machine alone. What asks for another one is told that there is no such host, and reported.
"""

import os
import shutil
from urllib.parse import urlsplit

from mer_utils.paths import BUILD

SCREENSHOTS = BUILD / "screenshots"
PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-gpu",
    "--mute-audio",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, " + ", ".join(f"EXCLUDE {host}" for host in LOOPBACK),
)
MISSING = "NO BROWSER: install Chromium (apt-get install chromium) or name one in MER_BROWSER to run the browser tests"

#: Press play on every sound, one after the other; give for each its seconds and whether time went on, or its error.
PLAY = """async () => {
  const heard = [];
  for (const player of document.querySelectorAll("audio")) {
    player.muted = true;
    const start = player.currentTime, until = performance.now() + 3000;
    try {
      await player.play();
      while (player.currentTime <= start && performance.now() < until) await new Promise(go => setTimeout(go, 5));
      heard.push([player.duration, player.currentTime > start]);
    } catch (error) { heard.push(String(error)); }
    player.pause();
  }
  return heard;
}"""

#: Lowest contrast of any visible text with what lies behind it (WCAG 2.2), with that text.
CONTRAST = """() => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = rgb => rgb.slice(0, 3).map(x => x / 255)
    .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [.2126, .7152, .0722][i], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length == 3 || colour[3] == 1) return colour;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = [21, ""];
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const pair = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))].sort((a, b) => a - b);
    const contrast = (pair[1] + .05) / (pair[0] + .05);
    if (contrast < lowest[0]) lowest = [contrast, text];
  }
  return lowest;
}"""

#: Visible elements that hold more than they show at this width, by tag, class and first words.
CUT = """() => [...document.querySelectorAll("body *")]
  .filter(element => element.checkVisibility() && getComputedStyle(element).overflowX != "visible"
    && element.scrollWidth > element.clientWidth + 1)
  .map(element => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 40)}`)"""


def find_browser():
    """Path of a Chromium, None if there is none."""
    named = os.environ.get("MER_BROWSER")
    return next(filter(None, map(shutil.which, [named] if named else PROGRAMS)), None)


def is_local(url):
    """Whether an address leads to no other machine."""
    place = urlsplit(url)
    return place.scheme in ("file", "data", "blob", "about") or place.hostname in LOOPBACK


class Watch:
    """Everything that goes wrong in a browser's window, and all that it asks of other machines, one line each."""

    def __init__(self, context):
        self.complaints = []
        context.on("console", lambda said: self._add(said.type == "error", f"console: {said.text}"))
        context.on("weberror", lambda said: self._add(True, f"error: {said.error}"))
        context.on("request", lambda request: self._add(not is_local(request.url), f"outside: {request.url}"))
        context.on("requestfailed", self._hear_failure)
        context.on("response", lambda said: self._add(said.status >= 400, f"{said.status}: {said.url}"))
        context.on("page", lambda page: page.on("websocket", self._hear_socket))

    def _add(self, wrong, said):
        if wrong:
            self.complaints.append(said[:300])

    def _hear_socket(self, socket):
        self._add(not is_local(socket.url), f"outside: {socket.url}")

    def _hear_failure(self, request):
        # what a page no longer waits for when it is left, or a player once it has enough, counts as aborted
        self._add(request.failure != "net::ERR_ABORTED", f"{request.failure}: {request.url}")


def save_screenshot(page, name, **options):
    """Keep what a window shows as ``build/screenshots/NAME.png``."""
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


def keep_failed(page, request):
    """Keep what a window shows if the test that asks for it has failed."""
    if request.node.failed:
        save_screenshot(page, f"failed_{request.node.name}")
