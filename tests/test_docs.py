"""The documentation names what there is, and what it points to exists."""

import re
from pathlib import Path

import click
import pytest

from assay.bench.cli import bench
from assay.bench.suites import SUITES
from assay.gym.cli import gym
from assay.pipeline.checks import CHECKS
from assay.pipeline.cli import sandbox
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.sandbox import SANDBOXES
from assay.traces.cli import traces

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_of_the_documentation_can_be_reached() -> None:
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert page.name in TEXT.replace(page.read_text(), ""), f"nothing leads to docs/{page.name}"


def test_every_variable_of_the_environment_is_documented() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for name in sorted(set(re.findall(r"\bASSAY_[A-Z_]+\b", source))):
        assert name in TEXT, name


@pytest.mark.parametrize("group", [bench, gym, sandbox, traces], ids=["bench", "gym", "sandbox", "traces"])
def test_every_command_is_documented(group: click.Group) -> None:
    for name in group.commands:
        assert re.search(rf"assay {group.name} [^\n]*\b{name}\b|`{name}`", TEXT), name


def test_every_part_is_documented() -> None:
    for table in (SUITES, PROVIDERS, SANDBOXES, CHECKS):
        for name in table.names():
            assert re.search(rf"[`/ ]{re.escape(name)}[`/ :,]", TEXT), f"{table.kind} {name}"
