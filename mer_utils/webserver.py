"""A notebook as a web page of its own: Voilà for one notebook, on loopback, that asks no other machine for anything.

Only who has the address with its token gets an answer, and only pages of this very server may talk to it: requests
under another host name, which a page elsewhere can point to loopback, are refused, and so are web sockets of other
origins. No file but the page's own scripts can be asked for. The address reaches the browser in a file that only the
reader may read: arguments of programs are seen by all users of a machine.

Public names: ``run_server``, ``ServerError``.
"""

import asyncio
import html
import logging
import os
import secrets
import signal
import subprocess
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from .library import MOST_UPLOADED

if TYPE_CHECKING:
    from traitlets.config import Config

HOST = "127.0.0.1"
#: Where a free port is looked for first: Voilà's own.
PORT = 8866
TEMPLATES = Path(__file__).parent / "webpage"
# All files that are picked at once come as one message, beyond this size the connection is cut: what is a little too
# much is still refused in a sentence.
_MESSAGE = 2 * MOST_UPLOADED
# JupyterLab's extensions of the reader may want anything: the page gets widgets and no more.
_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8"]
# Seconds after which a kernel that no page is connected to any more is ended: a sleeping laptop comes back sooner.
_IDLE = 600
# Tenths of a second that a kernel may take to be known, or else it ends by itself without its parent.
_PATIENCE = 100
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGHUP", "SIGTERM") if hasattr(signal, name)]
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port} data: blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>To the explorer</title><meta http-equiv="refresh" content="0;url={address}"></head>
<body><p><a href="{address}">Open the explorer</a></p></body>
</html>
"""


class ServerError(OSError):
    """A page that cannot be served."""


def run_server(notebook: Path, *, port: int | None = None, browser: bool = True, tell: Callable[[str], None]) -> None:
    """Serve a notebook until somebody presses Ctrl-C or ends the process, then end all of its kernels.

    Every visit runs the notebook anew, in a kernel that works in the notebook's folder.

    Parameters
    ----------
    notebook
        The notebook, in a folder that may be written to.
    port
        The port to take; by default the first that is free from `PORT` on.
    browser
        Whether to open the page in the reader's browser.
    tell
        Called with what to tell the reader: the page's address, token included, as soon as it answers, and that the
        end, which takes a second or two, has begun.

    Raises
    ------
    ServerError
        If the port is taken or forbidden.
    """
    logging.getLogger("tornado").setLevel(logging.ERROR)
    announce = partial(_announce, folder=notebook.parent if browser else None, tell=tell)
    server = _build_server(_build_config(notebook, port), announce=announce, tell=tell)
    with _keeping_signals():
        server.initialize([])
        server.template_paths.insert(0, str(TEMPLATES))
        try:
            server.start()
        finally:
            server.clear_instance()


def _build_config(notebook: Path, port: int | None) -> "Config":
    from traitlets.config import Config

    config = Config()
    config.Voila.update(
        ip=HOST, port=port or PORT, port_retries=0 if port else 50, token=secrets.token_urlsafe(16),
        notebook_path=str(notebook), connection_dir_root=str(notebook.parent), config_file_paths=[],
        tornado_settings=_build_settings(), log_level=logging.ERROR,
    )  # fmt: skip
    config.VoilaConfiguration.update(
        template="lab", theme="light", allow_template_override="NO", allow_theme_override="NO", show_tracebacks=False,
        file_allowlist=[], extension_allowlist=_EXTENSIONS, multi_kernel_manager_class=_build_kernels(),
        page_config_hook=_drop_formulas, prelaunch_hook=_give_cookie,
    )  # fmt: skip
    config.VoilaExecutor.cell_error_instruction = "The window in which you started mer explore says more."
    # A kernel that died has lost what the page shows: the page says so, which a new kernel would keep from it.
    config.KernelRestarter.restart_limit = 0
    config.MappingKernelManager.update(cull_idle_timeout=_IDLE, cull_interval=60)
    config.ZMQChannelsWebsocketConnection.limit_rate = False
    return config


def _build_settings() -> dict[str, Any]:
    headers = {"Referrer-Policy": "no-referrer"}  # and _POLICY, as soon as the port is known
    names = {"allow_remote_access": False, "local_hostnames": ["localhost"]}
    return {"headers": headers, "websocket_max_message_size": _MESSAGE, "ws_ping_interval": 0, **names}


def _drop_formulas(page_config: dict[str, Any], **about: Any) -> dict[str, Any]:
    """Leave out what would draw formulas with a library from elsewhere."""
    disabled = [*page_config.get("disabledExtensions", []), "@jupyterlab/mathjax2-extension:plugin"]
    return page_config | {"disabledExtensions": disabled}


def _give_cookie(handler: Any, **about: Any) -> None:
    """Set the cookie without which the page could not end its kernel when it is closed."""
    handler.xsrf_token  # noqa: B018


def _build_server(config: "Config", *, announce: Callable[[str], None], tell: Callable[[str], None]) -> Any:
    from jupyter_server.base.handlers import Template404
    from voila.app import Voila

    class Server(Voila):
        """Voilà whose pages are all ours, and which tells what it comes to instead of exiting."""

        def init_settings(self) -> dict[str, Any]:
            settings = super().init_settings()
            return settings | {"jinja2_env": settings["voila_jinja2_env"], "default_handler_class": Template404}

        def init_handlers(self) -> list[tuple]:
            self.app.listen = partial(self.app.listen, max_buffer_size=_MESSAGE)  # one message may be one piece
            kept = [handler for handler in super().init_handlers() if "/voila/files/" not in handler[0]]
            return [*kept[:-1], ("/()", *kept[-1][1:])]  # the last answers to any address, and comes to the one page

        def random_ports(self, port: int, n: int) -> Iterator[int]:
            yield from super().random_ports(port, n)
            raise ServerError(f"port {self.port} of {HOST} is taken or forbidden: name another with --port, or none")

        def launch_browser(self) -> None:
            self.app.settings["headers"]["Content-Security-Policy"] = _POLICY.format(port=self.port)
            _end_on_signals(self, partial(tell, "stopping"))
            announce(f"{self.connection_url}?token={self.token}")

        def stop(self) -> None:
            """Do nothing: whatever stopped the loop has ended the kernels before, as long as it could."""

    return Server.instance(config=config)  # the one to whose log Voilà's parts write


async def _end_kernels(manager: Any) -> None:
    """End all kernels, those too that are only just starting, which the manager does not know before they run."""
    from tornado.web import HTTPError

    for _ in range(_PATIENCE):
        with suppress(HTTPError):
            return await manager.shutdown_all()
        await asyncio.sleep(0.1)


def _announce(address: str, *, folder: Path | None, tell: Callable[[str], None]) -> None:
    """Tell the reader the address and, given a folder for what leads there, open it in a browser."""
    tell(f"The explorer is at {address}\nPress Ctrl-C in this window to stop it.")
    if folder and not _open_browser(address, folder):
        tell("No browser could be opened from here: open that address in one on this machine.")


def _open_browser(address: str, folder: Path) -> bool:
    """Open the page without waiting for the browser; none that shows text only, in the very terminal."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(found) is webbrowser.GenericBrowser and not os.environ.get("BROWSER"):
        return False
    redirect = folder / "open.html"
    redirect.touch(mode=0o600, exist_ok=False)
    redirect.write_text(_REDIRECT.format(address=html.escape(address)), encoding="utf-8")
    Thread(target=found.open, args=(redirect.resolve().as_uri(),), daemon=True).start()
    return True


def _build_kernels() -> type:
    from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

    class Kernels(AsyncMappingKernelManager):
        """Kernels that say nothing to the terminal.

        They warn of something at every start, and complain when they are ended while they start. Errors of cells come
        to the terminal another way.
        """

        async def start_kernel(self, **choices: Any) -> str:
            return await super().start_kernel(stderr=subprocess.DEVNULL, **choices)

    return Kernels


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Give back in the end what signals did before."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_on_signals(server: Any, stopping: Callable[[], None]) -> None:
    """Let Ctrl-C, or closing the terminal, end the kernels and then the server, however often it is hit."""
    from tornado.ioloop import IOLoop

    loop, hits = IOLoop.current(), []

    async def end() -> None:
        await _end_kernels(server.kernel_manager)
        loop.stop()

    def heed(number: int, frame: Any) -> None:
        if not hits:
            loop.add_callback_from_signal(end)
            hits.append(number)
            server.log.setLevel(logging.CRITICAL)  # what is cut short is no error
            stopping()

    for number in _SIGNALS:
        signal.signal(number, heed)
