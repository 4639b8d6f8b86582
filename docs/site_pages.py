"""A hook of MkDocs: README, CONTRIBUTING and CHANGELOG join the site, and links lead where they do in the repository.

Decisions, and pages that the nav of mkdocs.yml does not name yet, stand at its end.

A link to a file that is no page (a source, the licence) becomes its text. What stands behind a fence's language is for the
tests that run the blocks, and is taken away.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
JOINING = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```\w+) [^\n`]+$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Put what the nav does not name at its end."""
    docs = ROOT / "docs"
    named = set(re.findall(r"[\w./-]+\.md", str(config["nav"])))
    decisions = [f"decisions/{path.name}" for path in sorted((docs / "decisions").glob("*.md"))]
    others = [path.name for path in sorted(docs.glob("*.md")) if path.name not in named]
    config["nav"] += [{title: pages} for title, pages in (("Decisions", decisions), ("More", others)) if pages]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the repository's root."""
    for name in JOINING:
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001
    """Lead links within the site."""
    here = page.file.src_uri
    folder = "" if here in JOINING else posixpath.join("docs", posixpath.dirname(here))

    def led(match: re.Match[str]) -> str:
        text, target = match.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        meant = posixpath.normpath(posixpath.join(folder, path))
        inside = meant.removeprefix("docs/")
        if files.get_file_from_path(inside) is None or (meant == inside and meant not in JOINING):
            return text
        relative = posixpath.relpath(inside, posixpath.dirname(here) or ".")
        return f"[{text}]({relative}{'#' + anchor if anchor else ''})"

    return _FENCE.sub(r"\1", _LINK.sub(led, markdown))
