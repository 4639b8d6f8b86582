"""Every command block of README and docs is run as a reader would type it, and prints what the page shows.

The convention stands in tests/docs_blocks.py. A page has a folder, a data folder and a database of its own, and servers that
speak Ollama's and OpenAI's protocols and answer from the demo's recordings. How many blocks are run, and why others are not,
is printed with `pytest tests/test_docs_commands.py -rP`.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.bench.demo import RECORDINGS
from assay.store import Store
from tests.docs_blocks import REASONS, Broken, Shown, blocks, matches, run, save, steps, stray_commands
from tests.servers import ScriptedReply
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "sample_models_config" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
STRONG, WEAK = ("qwen2.5-coder:7b", "qwen2.5-coder-7b-instruct"), ("llama3.2:3b", "llama-3.2-3b-instruct")
_LINKED = (
    "sample_models_config",
    "requirements",
    "pyproject.toml",
    "hatch_build.py",
    "Makefile",
    "src",
    "docs",
    "benchmarks",
)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _replies(recording: str) -> dict[str, str]:
    lines = (RECORDINGS / f"sample-{recording}.jsonl").read_text("utf-8").splitlines()
    return {line["prompt"]: line["reply"]["text"] for line in map(json.loads, lines)}


class _Model:
    """Answers as a strong or a weak model, by the name that is asked for."""

    def __init__(self) -> None:
        self.server: OllamaServer | OpenAIServer | None = None
        self._known = {"strong": _replies("strong"), "weak": _replies("weak")}

    def __call__(self, prompt: str, nth: int) -> ScriptedReply:
        assert self.server
        asked = self.server.seen[-1].body["model"]
        which = "strong" if asked in STRONG else "weak"
        return ScriptedReply(self._known[which].get(prompt) or _script_or_tests(prompt, which))


_DOUBLE = "def double(number):\n    return 2 * number\n\n\nif __name__ == '__main__':\n    print(double(2))\n"
_SQUARES = "def squares(count):\n    return [n * n for n in range(1, count + 1)]\n"


def _script_or_tests(prompt: str, which: str) -> str:
    """What a model answers to the prompts of docs/coming-from-script-pipeline.md."""
    if "pytest" in prompt:
        name, call = ("double", "double(4) == 8") if "def double" in prompt else ("squares", "squares(3) == [1, 4, 9]")
        return f"```python\nfrom script import {name}\n\n\ndef test_it():\n    assert {call}\n```"
    if "double(number)" in prompt:
        return f"```python\n{_DOUBLE}```"
    if "squares(count)" in prompt:
        return f"```python\n{_SQUARES if which == 'strong' else _SQUARES.replace(']', '')}```"
    return "I do not know."


@pytest.fixture
def shell(store: Store, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A reader's folder, which looks like a checkout that is set up, and environment."""
    folder = tmp_path / "page"
    folder.mkdir()
    if not (Path(sys.prefix) / ".complete").exists():
        pytest.skip("needs an environment that `make setup` made")
    (folder / ".venv").symlink_to(sys.prefix)
    for name in _LINKED:
        (folder / name).symlink_to(ROOT / name)
    local, other = _Model(), _Model()
    with (
        OllamaServer(local, models=(STRONG[0], WEAK[0])) as ollama,
        OpenAIServer(other, models=(STRONG[1], WEAK[1])) as lmstudio,
    ):
        local.server, other.server = ollama, lmstudio
        yield (
            folder,
            {
                "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
                "HOME": str(tmp_path / "person"),
                "LANG": "C.UTF-8",
                "PYTHONUNBUFFERED": "1",
                "ASSAY_HOME": str(tmp_path / "home"),
                "ASSAY_DATABASE_URL": store.url,
                "ASSAY_OLLAMA_URL": ollama.url,
                "ASSAY_LMSTUDIO_URL": lmstudio.url,
                "ASSAY_WORKERS": "2",
            },
        )


_WITH_BLOCKS = [page for page in PAGES if "```console" in page.read_text("utf-8")]


@pytest.mark.parametrize("page", _WITH_BLOCKS, ids=_name)
def test_every_command_block_of_a_page_does_what_the_page_shows(page: Path, shell: tuple[Path, dict[str, str]]) -> None:
    folder, environment = shell
    not_run: Counter[str] = Counter()
    seen = 0
    for step in steps(page.relative_to(ROOT), page.read_text("utf-8")):
        if isinstance(step, Shown):
            save(step, folder)
            continue
        seen += 1
        if (reason := run(step, folder, environment)) is not None:
            not_run[reason] += 1
    print(f"{_name(page)}: {seen - not_run.total()} of {seen} blocks run", *not_run.items(), sep="; ")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_no_command_stands_in_a_block_that_is_not_run(page: Path) -> None:
    assert not stray_commands(page.read_text("utf-8"))


def test_most_blocks_are_run_and_every_reason_is_used() -> None:
    found = [block for page in PAGES for block in blocks(page.relative_to(ROOT), page.read_text("utf-8"))]
    left_out = [block for block in found if block.reason is not None]
    print(
        f"{len(found)} blocks, {len(left_out)} of them not run:", *Counter(b.reason for b in left_out).items(), sep="\n"
    )
    assert len(left_out) < len(found) / 2
    assert {block.reason for block in left_out if not block.elsewhere} == set(REASONS)


def test_what_is_said_to_be_run_in_another_page_is_run_there() -> None:
    found = [block for page in PAGES for block in blocks(page.relative_to(ROOT), page.read_text("utf-8"))]
    run_in: dict[str, set[str]] = {}
    for block in found:
        if block.reason is None:
            run_in.setdefault(str(block.page), set()).update(command.text for command in block.commands)
    others = [block for block in found if block.elsewhere]
    assert others
    for block in others:
        there = set().union(*(run_in.get(page, set()) for page in block.elsewhere))
        assert {command.text for command in block.commands} <= there, block.place


# ---- the convention itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        (("a 1",), "a   1\n", True),
        (("a 1",), "a 2\n", False),
        (("a",), "a\nb\n", False),
        (("a", "…"), "a\nb\nc\n", True),
        (("…", "c"), "a\nb\nc\n", True),
        (("a … d",), "a b c d\n", True),
        (("a … d",), "a b c\nd\n", False),
        (("run 20260101-000000-abcd took 3 s",), "run 20261121-143601-4d56 took 0.25 s\n", True),
        (("at http://127.0.0.1:8321/",), "at http://127.0.0.1:40001/\n", True),
        (("─────",), "──\n", True),
    ],
)
def test_output_matches_what_is_shown(shown: tuple[str, ...], printed: str, expected: bool) -> None:
    assert matches(shown, printed) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```console\n$ echo a\nb\n```", "`echo a` prints"),
        ("```console\n$ false\n```", "ended with 1, not 0"),
        ("```console exit=2\n$ true\n```", "ended with 0, not 2"),
        ("```console serves\n$ echo none\n```", "printed no address"),
    ],
)
def test_a_block_that_does_something_else_is_told(tmp_path: Path, text: str, said: str) -> None:
    (block,) = blocks(Path("page.md"), text)
    with pytest.raises(Broken, match=said):
        run(block, tmp_path, {"PATH": os.environ["PATH"]})


@pytest.mark.parametrize(
    "text",
    [
        "```console\necho a\n```",
        "```console\n```",
        "```console no-run\n$ echo\n```",
        '```console no-run reason="too lazy"\n$ echo\n```',
        "```console quick\n$ echo\n```",
        "```console\n$ echo\na\n> b\n```",
    ],
)
def test_a_block_that_does_not_keep_to_the_convention_is_refused(text: str) -> None:
    with pytest.raises(Broken):
        blocks(Path("page.md"), text)


@pytest.mark.parametrize("text", ["    assay doctor\n", "```\n$ ls\n```\n", "```sh\nassay up\n```\n"])
def test_a_command_outside_a_console_block_is_found(text: str) -> None:
    assert len(stray_commands(text)) == 1


def test_what_a_command_exports_is_there_for_the_next_block(tmp_path: Path) -> None:
    one, two = blocks(Path("page.md"), "```console\n$ export A=1\n```\n\n```console\n$ echo $A\n1\n```\n")
    environment = {"PATH": os.environ["PATH"]}
    assert run(one, tmp_path, environment) is None
    assert run(two, tmp_path, environment) is None
