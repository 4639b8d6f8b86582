"""The style, the script and the pictures that pages need: under names that hold their hash, so that they never go stale."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

_SOURCES = Path(__file__).parent / "assets"
_BUILT = Path(__file__).parent / "static"


class Asset(NamedTuple):
    """A file as it is sent."""

    content: bytes
    packed: bool
    """Whether it is compressed (gzip)."""


class Assets:
    """What there is to serve under `/assets/`, by the name a template asks for."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        self._addresses = {name: f"/assets/{hashed}" for name, (hashed, _) in files.items()}
        self._plain = dict(files.values())
        self._packed: dict[str, bytes] = {}

    @classmethod
    def find(cls) -> "Assets":
        """The bundle where it was built; without one the style alone, so that every page still works."""
        manifest = _BUILT / "manifest.json"
        files: dict[str, tuple[str, bytes]] = {}
        if manifest.is_file():
            names: dict[str, str] = json.loads(manifest.read_text())["files"]
            files = {name: (hashed, (_BUILT / hashed).read_bytes()) for name, hashed in names.items()}
        if "app.css" not in files or (_SOURCES / "app.css").is_file():
            # the style is served as it is written: a bundle that was built before it was changed must not hide that
            style = (_SOURCES / "app.css").read_bytes()
            files["app.css"] = (f"app.{hashlib.sha256(style).hexdigest()[:10]}.css", style)
        return cls(files)

    def address(self, name: str) -> str | None:
        """Where a template finds it; None: it was not built."""
        return self._addresses.get(name)

    def read(self, hashed: str, packed: bool = False) -> Asset | None:
        """A file by its hashed name, compressed where the reader can unpack it. None: there is none of that name."""
        content = self._plain.get(hashed)
        if content is None:
            return None
        if not packed:
            return Asset(content, False)
        # packed when it is first asked for: not every app is asked for every file, and none should open later for it
        small = self._packed.get(hashed) or self._packed.setdefault(hashed, gzip.compress(content, 9, mtime=0))
        return Asset(small, True) if len(small) < len(content) else Asset(content, False)
