"""The style, the script and the pictures that pages need: under names that hold their hash, so that they never go stale."""

import hashlib
import json
from pathlib import Path

_SOURCES = Path(__file__).parent / "assets"
_BUILT = Path(__file__).parent / "static"


class Assets:
    """What there is to serve under `/assets/`, by the name a template asks for."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        self._files = files
        self._by_address = dict(files.values())

    @classmethod
    def find(cls) -> "Assets":
        """The bundle where it was built; without one the style alone, so that every page still works."""
        manifest = _BUILT / "manifest.json"
        if manifest.is_file():
            names: dict[str, str] = json.loads(manifest.read_text())
            return cls({name: (hashed, (_BUILT / hashed).read_bytes()) for name, hashed in names.items()})
        style = (_SOURCES / "app.css").read_bytes()
        return cls({"app.css": (f"app.{hashlib.sha256(style).hexdigest()[:10]}.css", style)})

    def address(self, name: str) -> str | None:
        """Where a template finds it; None: it was not built."""
        found = self._files.get(name)
        return f"/assets/{found[0]}" if found else None

    def read(self, hashed: str) -> bytes | None:
        return self._by_address.get(hashed)
