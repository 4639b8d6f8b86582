"""What we tell people when something cannot be done: what is wrong, and what to do about it."""

import difflib
from collections.abc import Iterable


class AssayError(Exception):
    """Something the user can mend. `str(error)` says what is wrong; `help` says what to do."""

    exit_code = 2

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - the word a reader expects
        super().__init__(message)
        self.help = help

    def say(self) -> None:
        """Tell it on stderr: what is wrong, and what to do."""
        import click

        click.echo(f"{click.style('Error:', fg='red', bold=True)} {self}", err=True)
        if self.help:
            click.echo(self.help, err=True)


class UnknownName(AssayError):
    """A name that nothing here answers to; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        super().__init__(f"No {kind} is called {name!r}.", f"{hint}Known: {', '.join(names) or 'none'}.")


class ContentError(AssayError):
    """A file somebody wrote does not say what it should; names the file, line and column (from 1)."""

    def __init__(self, place: str, message: str, help: str = "") -> None:  # noqa: A002
        super().__init__(f"{place}: {message}", help)
        self.place = place


class SandboxUnavailable(AssayError):
    """No sandbox of the required level can be had on this machine."""


class ProviderError(AssayError):
    """A model server refused, failed or cannot be reached, and retrying did not help."""

    exit_code = 3


class StoreError(AssayError):
    """The database cannot be started, reached or used."""

    exit_code = 4
