"""Find a part by its name: our own table first, then what others registered as entry points."""

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar, cast

from assay.errors import UnknownName

Part = TypeVar("Part")


class Plugins(Generic[Part]):
    """One kind of part: names to dotted paths (`package.module:Name`), imported when asked for.

    Others add theirs under the entry-point group `assay.<kind>s`. A name of ours wins over theirs.
    """

    def __init__(self, kind: str, /, **paths: str) -> None:
        self.kind = kind
        self.group = f"assay.{kind.replace(' ', '_')}s"
        self._paths = paths

    def names(self) -> list[str]:
        """Every name that `get` would answer to, ours and theirs, sorted."""
        return sorted({*self._paths, *(point.name for point in entry_points(group=self.group))})

    def get(self, name: str) -> Part:
        """The part called `name`. Raises UnknownName with the nearest names."""
        if path := self._paths.get(name):
            module, _, attribute = path.partition(":")
            return cast(Part, getattr(import_module(module), attribute))
        for point in entry_points(group=self.group, name=name):
            return cast(Part, point.load())
        raise UnknownName(self.kind, name, self.names())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())
