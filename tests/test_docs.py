"""The documentation names what there is, and what it points to exists."""

import re
from pathlib import Path

import click
import pytest

from assay.bench.cli import bench
from assay.bench.scripts import tables as script_tables
from assay.bench.suites import SUITES
from assay.bench.tables import METADATA as OF_BENCH
from assay.cli import COMMANDS
from assay.gym.cli import gym
from assay.gym.importing import KINDS
from assay.gym.tables import METADATA as OF_GYM
from assay.pipeline.checks import CHECKS
from assay.pipeline.cli import sandbox
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.sandbox import SANDBOXES
from assay.store.tables import METADATA as OF_THE_ROAD
from assay.traces.cli import traces

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES if page.name != "CHANGELOG.md")
"""What explains. A line of the changelog is no documentation."""


def links(page: Path) -> list[str]:
    """Where a page's links lead, those to other hosts aside."""
    found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in links(page):
        assert (page.parent / target).exists(), target


def test_every_page_of_the_documentation_can_be_reached_from_the_readme_by_links() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen:
            seen.add(page)
            waiting += [found for target in links(page) if (found := (page.parent / target).resolve()).suffix == ".md"]
            folders = [found for target in links(page) if (found := (page.parent / target).resolve()).is_dir()]
            waiting += [found for folder in folders for found in folder.glob("*.md")]
    assert len(seen) > 20
    assert {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md") if page not in seen} == set()


def test_every_variable_of_the_environment_is_documented() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    names = set(re.findall(r"\bASSAY_[A-Z_]+\b", source))
    assert len(names) > 10
    assert {name for name in names if not re.search(rf"\b{name}\b", TEXT)} == set()


@pytest.mark.parametrize("group", [bench, gym, sandbox, traces], ids=["bench", "gym", "sandbox", "traces"])
def test_every_command_is_documented(group: click.Group) -> None:
    """By its whole name, or in the table of bench's page."""
    names = group.list_commands(click.Context(group))
    assert names
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "bench.md").read_text("utf-8"), re.MULTILINE)
    table = " ".join(rows) if group is bench else ""
    for name in names:
        assert re.search(rf"assay {group.name} {name}\b|assay {group.name} `?[a-z `|,]*\b{name}\b", TEXT) or re.search(
            rf"`{name}[` ]", table
        ), name


def test_every_command_of_the_front_door_is_documented() -> None:
    for name in COMMANDS:
        assert f"assay {name}" in TEXT, name


def test_every_part_is_documented() -> None:
    for table in (SUITES, PROVIDERS, SANDBOXES, CHECKS):
        for name in table.names():
            assert re.search(rf"`{re.escape(name)}[`/]", TEXT), f"{table.kind} {name}"
    for name in KINDS:
        assert re.search(rf"\| `{name}` \||assay gym import {name} ", TEXT), f"source of problems {name}"


def test_every_table_of_the_database_stands_in_the_page_on_where_data_lie() -> None:
    page = (ROOT / "docs" / "storage.md").read_text("utf-8")
    for metadata in (OF_THE_ROAD, OF_BENCH, script_tables.METADATA, OF_GYM):
        assert metadata.tables
        for name in metadata.tables:
            assert f"`{name}`" in page, name
