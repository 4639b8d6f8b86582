"""Serve an app until it is asked to end: what `assay up` does, and every command that opens pages of its own."""

import contextlib
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from assay.errors import AssayError
from assay.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

_GOODBYE_S = 5
"""How long pages that are under way may take to end when the app is asked to."""


def serve(app: "FastAPI", listening: socket.socket, opened: Callable[[], None]) -> None:
    """Serve until a signal or `app.state.stop()`; `opened` is called once pages are answered.

    Streams that are open are told to end, and the rest gets a few seconds. A second Ctrl-C ends it at once.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            opened()

        def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002
            app.state.shell.stopping.set()
            self.force_exit = self.should_exit and sig == signal.SIGINT
            self.should_exit = True

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own raises the signal again when all is over, and the store would not be closed
            heard = [signal.SIGINT, signal.SIGTERM]
            if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup says: live on when the terminal is gone
                heard.append(signal.SIGHUP)
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {one: signal.signal(one, self.handle_exit) for one in heard}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses hold what people looked for
        server_header=False,
        proxy_headers=False,  # nobody's word for where a request comes from is taken
        ws="none",
        timeout_graceful_shutdown=_GOODBYE_S,
    )
    server = Server(config)

    def stop() -> None:
        app.state.shell.stopping.set()
        server.should_exit = True

    app.state.stop = stop
    server.run(sockets=[listening])


def listen(host: str, port: int, *, move: bool) -> socket.socket:
    """A socket that listens there; where the port is taken and we may `move`, on any free one. Raises AssayError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and move and port:
            return listen(host, 0, move=False)
        todo = (
            "Give another one with --port, or 0 for any."
            if error.errno == errno.EADDRINUSE
            else "Look at --host and --port."
        )
        raise AssayError(f"{host} port {port} cannot be listened on: {os.strerror(error.errno or 0)}.", todo) from None


def address_of(host: str, names: Iterable[str], listening: socket.socket) -> str:
    """What to type into a browser."""
    port = listening.getsockname()[1]
    shown = next(iter(names), None) or (socket.gethostname() if host in ("0.0.0.0", "::") else host)  # noqa: S104
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/"


def say_open(app: "FastAPI", settings: Settings, address: str, listening: socket.socket, port: int) -> None:
    """One clear line with the address, and what else a person must know to get in."""
    from assay.web.sign_in import password_file

    if port and listening.getsockname()[1] != port:
        click.echo(f"Port {port} is taken by another program.")
    click.echo(f"Assay is open at {click.style(address, bold=True)} (Ctrl-C ends it)")
    if app.state.sign_in is not None:
        click.echo(f"Sign in with the password in {password_file(settings.home)}")
        click.echo(
            "The connection itself is not encrypted: put a proxy with TLS before it where others share the network."
        )
    sys.stdout.flush()


def show(address: str, no_browser: bool) -> None:
    """Open the reader's browser, where there is a person at a terminal with a screen."""
    if no_browser or not sys.stdout.isatty() or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
