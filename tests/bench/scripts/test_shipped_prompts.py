"""Our own prompts hold what they say: for each there is a script that does what it asks for, proven in the sandbox."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import assay.bench
from assay.bench.scripts.prompts import load_prompts
from assay.bench.scripts.records import Prompt
from assay.errors import SandboxUnavailable
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Limits, Run, Spec
from assay.settings import Settings

FOLDER = Path(assay.bench.__file__).parent / "prompts"
BATCHES = load_prompts(FOLDER)
PROMPTS = [prompt for batch in BATCHES for prompt in batch.prompts]
each_prompt = pytest.mark.parametrize("prompt", PROMPTS, ids=[prompt.id for prompt in PROMPTS])
LIMITS = Limits(wall_s=5, cpu_s=5, memory_mb=128)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    try:
        opened = open_sandbox(Settings(home=tmp_path_factory.mktemp("home")))
    except SandboxUnavailable as error:
        pytest.skip(f"needs a sandbox: {error}")
    yield opened
    opened.close()


def reference(prompt: Prompt) -> str:
    return (FOLDER / "reference" / f"{prompt.id}.py").read_text(encoding="utf-8")


def examples(prompt: Prompt) -> list[tuple[str, str]]:
    """What the prompt says of single calls: "`f(1)` gives `2`"."""
    return re.findall(r"`([^`]+)`\s+gives\s+`([^`]+)`", prompt.text)


def said_output(prompt: Prompt) -> str:
    (block,) = re.findall(r"^```output\n(.*?)^```$", prompt.text + "\n", re.MULTILINE | re.DOTALL)
    return str(block)


def ran(sandbox: Sandbox, main: str, source: str) -> Run:
    files = {"main.py": main.encode(), "script.py": source.encode()}
    return sandbox.run(Spec(files=files, main="main.py", limits=LIMITS))


def test_there_are_forty_prompts_or_more_in_four_batches_each_with_a_reference() -> None:
    assert [batch.name for batch in BATCHES] == ["one-liners", "functions", "files", "time-and-chance"]
    assert len(PROMPTS) >= 44
    assert all(len(batch.prompts) >= 10 and batch.title for batch in BATCHES)
    assert len(WITH_EXAMPLES) >= 25
    assert {prompt.id for prompt in PROMPTS} == {path.stem for path in (FOLDER / "reference").iterdir()}


@each_prompt
def test_a_prompt_asks_for_one_script_names_its_functions_and_says_what_it_prints(prompt: Prompt) -> None:
    assert prompt.text.startswith(f"# {prompt.title}\n")
    assert "Write one Python script" in prompt.text
    assert "Importing the script" in prompt.text
    assert said_output(prompt)
    tree = ast.parse(reference(prompt))
    public = [
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) if node.name[0] != "_"
    ]
    assert public
    for name in public:
        assert f"`{name}(" in prompt.text, f"the prompt does not say what {name} is"


@each_prompt
def test_a_prompt_gives_no_solution_away(prompt: Prompt) -> None:
    code = [ast.unparse(node) for node in ast.parse(reference(prompt)).body if isinstance(node, ast.FunctionDef)]
    lines = {line.strip() for line in "\n".join(code).splitlines() if len(line.strip()) > 30}
    assert not {line for line in lines if line in prompt.text}


@pytest.mark.parametrize("prompt", BATCHES[0].prompts, ids=[prompt.id for prompt in BATCHES[0].prompts])
def test_a_one_liner_is_one(prompt: Prompt) -> None:
    (function,) = [node for node in ast.parse(reference(prompt)).body if isinstance(node, ast.FunctionDef)]
    (statement,) = function.body
    assert isinstance(statement, ast.Return)
    assert len(examples(prompt)) >= 3


@each_prompt
def test_a_reference_prints_what_the_prompt_says_twice_over_and_only_when_it_is_run(
    prompt: Prompt, sandbox: Sandbox
) -> None:
    run = sandbox.run(Spec(files={"main.py": reference(prompt).encode()}, limits=LIMITS))
    assert (run.status, run.stdout.decode(), run.stderr) == ("ok", said_output(prompt), b""), run.stderr.decode()
    twice = "import runpy\nfor _ in range(2):\n    try:\n        runpy.run_path('script.py', run_name='__main__')\n"
    again = ran(sandbox, twice + "    except SystemExit as end:\n        assert not end.code\n", reference(prompt))
    assert (again.status, again.stdout.decode()) == ("ok", 2 * said_output(prompt)), again.stderr.decode()
    imported = ran(sandbox, "import script\n", reference(prompt))
    assert (imported.status, imported.stdout) == ("ok", b""), imported.stderr.decode()


WITH_EXAMPLES = [prompt for prompt in PROMPTS if examples(prompt)]


@pytest.mark.parametrize("prompt", WITH_EXAMPLES, ids=[prompt.id for prompt in WITH_EXAMPLES])
def test_a_reference_gives_what_the_prompt_says(prompt: Prompt, sandbox: Sandbox) -> None:
    lines = [f"assert ({call}) == ({value}), {call!r}" for call, value in examples(prompt)]
    run = ran(sandbox, "\n".join(["import random", "from script import *", *lines]), reference(prompt))
    assert run.status == "ok", run.stderr.decode()


@each_prompt
def test_a_reference_needs_nothing_but_the_standard_library(prompt: Prompt) -> None:
    import sys

    for node in ast.walk(ast.parse(reference(prompt))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
