"""The shell of the web app: what every product's pages share. Importing it imports no server.

A product gives its pages as a `Product`, which `assay.server` finds by name and mounts under `/NAME/`. Every page has a
twin with the same data as JSON under the same address and `.json`, every table one as CSV under `.csv`.
"""

from typing import TYPE_CHECKING, Protocol

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


class Product(Protocol):
    """One product's pages. Made once, when the app starts."""

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
