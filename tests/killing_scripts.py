"""Kill a run of the script pipeline again and again, continue it each time, and hold it against an uninterrupted one.

Everything is real, as in `tests.killing`: the server is a process, the run is the command, the kill is SIGKILL.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.bench.scripts.mending import clean_script
from assay.bench.scripts.prompts import load_prompts
from assay.bench.scripts.questions import script_question, tests_question
from assay.records import Model, Reply
from tests.killing import assay, counts, server, wait_for

ANYBODY = Model(name="anybody", provider="openai", model="anybody")
KINDS = ("good", "good", "good", "broken", "missing", "raises", "wrong tests", "idle tests")


@dataclass
class Figures:
    """What became of a run that was killed."""

    samples: int
    kills: int = 0
    requests: int = 0
    """By the server's own count, for the killed run alone."""
    needed: int = 0
    """What an uninterrupted run asked."""
    asked_at_kill: list[int] = field(default_factory=list)
    stages_at_kill: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    uninterrupted: dict[str, Any] = field(default_factory=dict)
    uninterrupted_s: float = 0


def write_prompts(folder: Path, number: int) -> None:
    """Prompts in two batches."""
    folder.mkdir(parents=True)
    texts = [f"Write `f(x)`, which adds {n} to a number. Kind: {KINDS[n % len(KINDS)]}.\n" for n in range(number)]
    for batch, part in (("first", texts[: number // 2]), ("second", texts[number // 2 :])):
        (folder / f"{batch}.md").write_text("=====\n".join(part))


def answers_of(folder: Path) -> dict[str, str]:
    """What the server says to each question that the pipeline asks about these prompts."""
    answers = {}
    for prompt in (prompt for batch in load_prompts(folder) for prompt in batch.prompts):
        number = int(prompt.text.split("adds ")[1].split()[0])
        kind = prompt.text.rpartition("Kind: ")[2].rstrip(".\n")
        reply = _script(kind, number)
        answers[script_question(prompt, ANYBODY)[-1].content] = reply
        source = clean_script(Reply(text=reply), prompt.text).source
        answers[tests_question(prompt, source, ANYBODY, ANYBODY)[-1].content] = _tests(kind, number)
    return answers


def _script(kind: str, number: int) -> str:
    begin = {"broken": "def broken(:\n", "missing": "import no_such_package\n", "raises": "1 / 0\n"}.get(kind, "")
    return f"Here it is.\n```python\n{begin}def f(x):\n    return x + {number}\n```\n"


def _tests(kind: str, number: int) -> str:
    body = {
        "idle tests": "    f(1)\n    assert True\n",
        "wrong tests": f"    assert f(1) == {number}\n",
    }.get(kind, f"    assert f(1) == {number + 1}\n")
    return f"```python\nfrom script import f\n\n\ndef test_adds():\n{body}```\n"


def kill_and_continue(
    folder: Path,
    environment: Mapping[str, str],
    other_environment: Mapping[str, str],
    *,
    prompts: int,
    samples: int,
    kills: int,
    seed: int,
    delay: float,
    concurrency: int = 4,
    say: Callable[[str], None] = lambda _: None,
) -> Figures:
    """`prompts` × 2 models × `samples`: once uninterrupted in one database, once killed `kills` times in another."""
    chance = random.Random(seed)
    figures = Figures(samples=prompts * 2 * samples)
    write_prompts(folder / "prompts", prompts)
    with server(folder, answers_of(folder / "prompts"), delay=delay) as url:
        base = [
            "bench",
            "scripts",
            str(folder / "prompts"),
            "--samples",
            str(samples),
            "--concurrency",
            str(concurrency),
        ]
        base += ["--model", f"{url}/v1#model-a", "--model", f"{url}/v1#model-b", "--testing-model", f"{url}/v1#model-b"]
        began = time.monotonic()
        figures.uninterrupted = _json([*base, "--output", "whole", "--json"], other_environment, folder)
        figures.uninterrupted_s = time.monotonic() - began
        figures.needed = counts(url)["requests"]
        say(f"uninterrupted: {figures.needed} requests, {figures.uninterrupted_s:.0f} s")
        command = [*base, "--output", "killed"]
        process = assay(command, environment, folder)
        # half of the kills while models are asked, half while programs run
        while figures.kills < kills:
            if figures.kills < kills // 2:
                step = max(1, figures.needed // (kills // 2 + 1))
                target = figures.needed + min(figures.needed - 1, (figures.kills + 1) * step)
                wait_for(lambda: counts(url)["requests"] >= target or process.poll() is not None, 300)  # noqa: B023
                time.sleep(chance.uniform(0, 0.5))
            else:
                seen = _written(folder)
                more = chance.randint(1, max(1, figures.samples // (kills + 2)))
                wait_for(lambda: _written(folder) >= seen + more or process.poll() is not None, 300)  # noqa: B023
            asked = counts(url)["requests"] - figures.needed
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.wait(10) != -signal.SIGKILL:
                break  # it ended by itself: there is nothing left to kill
            figures.kills += 1
            figures.asked_at_kill.append(asked)
            say(f"kill {figures.kills}: {asked} requests so far, {_written(folder)} samples run")
            process = assay(command, environment, folder)
        process.wait(900)
        figures.report = _json([*command, "--json"], environment, folder)
        figures.requests = counts(url)["requests"] - figures.needed
    return figures


def _written(folder: Path) -> int:
    """Samples whose files say that they are through the last stage."""
    return sum('"stage": "run"' in path.read_text() for path in (folder / "killed").glob("runs/*/*/*/*/run.json"))


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """What of a report must not depend on kills: all but its name, its place, and times."""
    kept = {name: report[name] for name in ("state", "models", "batches", "samples", "listed", "warnings")}
    for table in ("by_model", "by_batch", "by_prompt"):
        kept[table] = [
            {**score, "spending": [{k: v for k, v in one.items() if "latency" not in k} for one in score["spending"]]}
            for score in report[table]
        ]
    return kept


def _json(arguments: list[str], environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "assay", *arguments]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=1800, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
