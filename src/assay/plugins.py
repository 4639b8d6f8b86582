"""Find a part by its name: our own table first, then what others registered as entry points."""

import functools
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
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
        return sorted({*self._paths, *(point.name for point in _registered(self.group, tuple(sys.path)))})

    def get(self, name: str) -> Part:
        """The part called `name`. Raises UnknownName with the nearest names."""
        if path := self._paths.get(name):
            module, _, attribute = path.partition(":")
            return cast(Part, getattr(import_module(module), attribute))
        for point in _registered(self.group, tuple(sys.path)).select(name=name):
            return cast(Part, point.load())
        raise UnknownName(self.kind, name, self.names())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())


@functools.lru_cache(maxsize=32)
def _registered(group: str, places: tuple[str, ...]) -> EntryPoints:  # noqa: ARG001 - another path, other packages
    """What the packages on the path register. To read it takes some 15 ms, and a command asks a dozen times."""
    return entry_points(group=group)
