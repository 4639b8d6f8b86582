"""Kill a run again and again, resume it each time, and count what the model's server was asked: for a test and a benchmark.

Everything is real: the server is a process that speaks OpenAI's protocol, the run is the command, the kill is SIGKILL.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.bench.starting import Starter

ROOT = Path(__file__).parents[1]
_WORDS = ("double", "triple", "square", "half", "negate", "successor", "first", "last", "length", "twice")


@dataclass
class Figures:
    """What became of a run that was killed."""

    samples: int
    concurrency: int
    kills: int = 0
    """Kills that hit a living run."""
    resumes: int = 0
    requests: int = 0
    """By the server's own count."""
    prompts: dict[str, int] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    """What the last `resume --json` printed."""
    rows: list[tuple[str, int]] = field(default_factory=list)
    """Each sample in the export: task and number."""
    asked_at_kill: list[int] = field(default_factory=list)
    """The server's count at each kill."""

    @property
    def asked_again(self) -> int:
        """Requests beyond one a sample."""
        return self.requests - self.samples


def write_tasks(folder: Path, number: int) -> None:
    """A suite of small tasks in a folder."""
    for task in range(number):
        name = f"{_WORDS[task % len(_WORDS)]}-{task}"
        entry = name.replace("-", "_")
        place = folder / name
        (place / "checks").mkdir(parents=True)
        (place / "reference").mkdir()
        (place / "wrong").mkdir()
        (place / "prompt.md").write_text(f"Return {task} more than twice the number.\n")
        source = f"def {entry}(number):\n    return 2 * number + {task}\n"
        (place / "reference" / "solution.py").write_text(source)
        (place / "wrong" / "once.py").write_text(source.replace("2 * ", ""))
        (place / "task.yaml").write_text(
            f"schema: assay/task@1\nid: {name}\ntitle: {name}\nlanguage: python\nentry: {entry}\n"
            f'signature: "{entry}(number: int) -> int"\ndifficulty: easy\ntags: [arithmetic]\nreleased: 2026-11-20\n'
            "checks: [calls.yaml]\nwrong:\n  - {file: once.py, fails: three}\n"
        )
        (place / "checks" / "calls.yaml").write_text(
            "schema: assay/calls@1\ncases:\n"
            f"  - {{id: three, public: true, args: [3], expect: {6 + task}}}\n"
            f"  - {{id: zero, args: [0], expect: {task}}}\n"
        )


def prompts_and_replies(folder: Path) -> dict[str, str]:
    """The prompt of each task as a model is asked it, and a right reply."""
    from assay.bench.suites.folder import load_folder

    return {task.prompt: f"Of course.\n```python\n{task.reference}```\n" for task in load_folder(folder, "functions")}


@contextlib.contextmanager
def server(folder: Path, answers: Mapping[str, str], *, delay: float) -> Iterator[str]:
    """An OpenAI-compatible server as a process of its own; gives its address."""
    lines = [json.dumps({"prompt": prompt, "reply": reply}) for prompt, reply in answers.items()]
    (folder / "answers.jsonl").write_text("\n".join(lines))
    port = folder / "port"
    command = [sys.executable, "-m", "tests.servers.openai", "--port-file", str(port), "--delay", str(delay)]
    process = subprocess.Popen([*command, "--answers", str(folder / "answers.jsonl")], cwd=ROOT)
    try:
        wait_for(port.exists, 20)
        yield f"http://127.0.0.1:{port.read_text().strip()}"
    finally:
        process.terminate()
        process.wait(10)


def counts(url: str) -> dict[str, Any]:
    """What the server has been asked so far."""
    with urllib.request.urlopen(f"{url}/counts", timeout=10) as response:
        found: dict[str, Any] = json.load(response)
        return found


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Until it holds, asked more and more slowly: to ask costs what is waited for its time. Raises TimeoutError."""
    end, pause = time.monotonic() + seconds, 0.01
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.25)


def end_started(starter: "Starter") -> None:
    """End what pages started and is still at work, and wait until it is gone: a test leaves nothing behind."""
    with starter._all_slots() as slots:
        pids = [pid for _, pid in slots if pid]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for thread in threading.enumerate():
        if thread.name == "assay-run":  # waits for the end of a process of ours
            thread.join(60)
    wait_for(lambda: starter.at_work() == [])


def assay(arguments: list[str], environment: Mapping[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    """The command as a process in a group of its own."""
    log = (folder / "log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "assay", *arguments],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )


def kill_and_resume(
    folder: Path,
    environment: Mapping[str, str],
    *,
    tasks: int,
    samples: int,
    kills: int,
    seed: int,
    concurrency: int = 8,
    delay: float = 0.1,
    say: Callable[[str], None] = lambda _: None,
) -> Figures:
    """Run `tasks` × `samples`, kill the command `kills` times at random moments, resume it each time, let it end."""
    chance = random.Random(seed)
    figures = Figures(samples=tasks * samples, concurrency=concurrency)
    write_tasks(folder / "tasks", tasks)
    with server(folder, prompts_and_replies(folder / "tasks"), delay=delay) as url:
        run = ["bench", "run", "functions", "--data", str(folder / "tasks"), "--model", f"{url}/v1#model-a"]
        run += ["--samples", str(samples), "--concurrency", str(concurrency)]
        process = assay(run, environment, folder)
        wait_for(lambda: counts(url)["requests"] or process.poll() is not None, 60)
        while figures.kills < kills:
            if chance.random() < 0.3:
                time.sleep(chance.uniform(0, 2))  # while it starts, or recovers what the last one left
            else:
                target = counts(url)["requests"] + chance.randint(1, figures.samples // (kills + 1))
                wait_for(lambda: counts(url)["requests"] >= target or process.poll() is not None, 120)  # noqa: B023
                time.sleep(chance.uniform(0, 0.5))
            before = counts(url)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.wait(10) != -signal.SIGKILL:
                break  # it ended by itself: there is nothing left to kill
            figures.kills += 1
            figures.asked_at_kill.append(before["requests"])
            say(f"kill {figures.kills}: {before['requests']} requests so far")
            process = assay(["bench", "resume", "last"], environment, folder)
            figures.resumes += 1
        process.wait(300)
        last = _output(["bench", "resume", "last", "--json"], environment, folder)
        figures.document = json.loads(last)
        export = _output(["bench", "export", "last", "--format", "jsonl"], environment, folder)
        figures.rows = [(row["task"], row["sample"]) for row in map(json.loads, export.splitlines())]
        seen = counts(url)
        figures.requests, figures.prompts = seen["requests"], seen["prompts"]
    return figures


def _output(arguments: list[str], environment: Mapping[str, str], folder: Path) -> str:
    command = [sys.executable, "-m", "assay", *arguments]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout
