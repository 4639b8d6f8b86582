"""The shell of the web app: what every product's pages share. Importing it imports no server.

A product gives its pages as a `Product`, which `assay.server` finds by name and mounts under `/NAME/`. Every page has a
twin with the same data as JSON under the same address and `.json`, every table one as CSV under `.csv`.
"""

from typing import TYPE_CHECKING, Protocol, Self

from pydantic import model_validator

from assay.records import Record

if TYPE_CHECKING:
    from fastapi import APIRouter

    from assay.web.shell import Shell


class Offer(Record):
    """The one next thing a product has for whoever looks at the home page."""

    title: str
    """What it is, as a short command: `Run ten tasks on qwen2.5-coder:7b`."""
    text: str
    """One or two sentences: why this, and what will happen."""
    label: str
    """The words on its button or link."""
    href: str
    fields: dict[str, str] | None = None
    """What its button posts to `href`; None: it is a link."""


class Hit(Record):
    """One thing a search found."""

    kind: str
    """The user's noun: run, model, task, problem, student."""
    title: str
    detail: str = ""
    href: str


class Guests(Record):
    """The pages of a product that people see without the app's password. The product itself says who they are."""

    title: str
    """Who they are, as a question on the page that asks for the password: `Have you a class code?`"""
    label: str
    """The words on the link there."""
    href: str
    """Where it leads."""
    pages: tuple[str, ...] = ()
    """Addresses that are open, exactly these."""
    below: tuple[str, ...] = ()
    """Addresses below which everything is open: each begins and ends with a slash."""
    but: tuple[str, ...] = ()
    """How addresses begin that stay shut all the same."""

    @model_validator(mode="after")
    def _of_one_place(self) -> Self:
        for place in self.below:
            if len(place) < 3 or not (place.startswith("/") and place.endswith("/")):
                raise ValueError(f"{place!r} would open more than one place")
        return self

    def may_see(self, path: str) -> bool:
        """Whether the page at this address is open."""
        if any(path.startswith(start) for start in self.but):
            return False
        return path in self.pages or path.startswith(self.below)


class Product(Protocol):
    """One product's pages. Made once, when the app starts. May have `guests`, who need no password."""

    name: str
    """Its place in addresses and the word in the top bar: bench, classroom, gym. Its templates lie in `templates/` of the
    package `assay.NAME`, or of the one that its attribute `templates` names."""
    title: str
    """What it is for, in a line, for the home page."""

    def router(self, shell: "Shell") -> "APIRouter":
        """Its routes, without the `/NAME` before them. Routes that answer with HTML keep out of the schema."""
        ...

    def offers(self, shell: "Shell") -> list[Offer]:
        """At most two; the first is the one next thing."""
        ...

    def search(self, shell: "Shell", words: str, limit: int) -> list[Hit]:
        """What of its own things the words find, best first."""
        ...

    def close(self) -> None:
        """Give everything back: the app stops."""
        ...
