"""Places where programs nobody trusts run. Each back end says honestly how strong it is."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from assay.plugins import Plugins
from assay.records import Isolation, Run, Spec

if TYPE_CHECKING:
    from http.client import HTTPMessage


class Dialogue(Protocol):
    """A running program with a channel: frames are lines of JSON text, without their newline."""

    unasked: int
    """Frames that came though nothing was asked, counted at the end."""

    def renew(self, wall_s: float) -> None:
        """Give a program that serves one request after another its wall time anew."""

    def send(self, frame: bytes, attach: int | None = None) -> None:
        """Hand it a frame, and with it a descriptor. A program that is gone is no error: the next `receive` says so."""

    def receive(self, beside: "Dialogue | None" = None) -> bytes | None:
        """Its next frame; None when none will come: it ended, broke a limit or sent too long a line.

        `beside`: another program whose output and limits are looked after meanwhile.
        """

    def so_far(self) -> tuple[int, int]:
        """How many bytes of stdout and stderr are kept by now, with all that was printed before the last frame came."""

    def finish(self) -> Run:
        """Tell it that nothing more comes, wait for its end (within its limits), clean up. Safe to call again."""


class Service(Protocol):
    """A web server running in a sandbox, on a loopback of its own."""

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> "tuple[int, HTTPMessage, bytes]":
        """One HTTP request from outside: status, headers, body.

        Raises OSError where the server does not answer, ValueError where what is asked is no HTTP.
        """

    def finish(self) -> Run:
        """Stop it, if it still runs, and say what became of it."""


class Sandbox(Protocol):
    """Runs programs apart from the host and from one another. Safe to use from several threads."""

    def run(self, spec: Spec) -> Run:
        """Run one program to its end. Never raises for what the program does; a failure of ours is `sandbox_error`."""

    def map(self, specs: Iterable[Spec], workers: int) -> Iterator[Run]:
        """Run many, `workers` at once, and give their Runs as they finish (`Run.label` tells which)."""

    links: bool
    """Whether a program may be given an end of a socket pair as its channel, to talk to another program directly."""

    def open(self, spec: Spec, channel: socket.socket | None = None) -> AbstractContextManager[Dialogue]:
        """Start a program of mode `calls` or `tests`; leaving the context kills what is left of it.

        `channel`: what the program gets as its channel, where the sandbox links; the Dialogue then has no frames.
        """

    def serve(self, spec: Spec, port: int) -> AbstractContextManager[Service]:
        """Start a web server that listens on `port` of a private loopback; returns once it accepts connections.

        Raises AssayError with what it printed where it does not come to that.
        """

    def capabilities(self) -> Isolation:
        """What really stands between a program and the host here, found by running a canary."""

    def close(self) -> None:
        """End what waits for programs, and start no more. What runs ends with its own context. Safe to call again."""

    def __enter__(self) -> "Sandbox": ...

    def __exit__(self, *error: object) -> None: ...


SANDBOXES: Plugins[type] = Plugins(
    "sandbox",
    zygote="assay.pipeline.sandbox.zygote:Zygote",
    bwrap="assay.pipeline.sandbox.bwrap:Bwrap",
    landlock="assay.pipeline.sandbox.landlock:Landlock",
    docker="assay.pipeline.sandbox.docker:Docker",
    local="assay.pipeline.sandbox.local:Local",
)
