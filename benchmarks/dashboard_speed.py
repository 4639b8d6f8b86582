"""What bench's pages cost on a large evaluation: `python benchmarks/dashboard_speed.py [--models 100] [--tasks 1000]`.

Makes an evaluation of models × tasks in a database of its own, with replies, findings and programs of a usual size, and
keeps its scores as the end of a run does. Then starts the web app as a process of its own and fetches each page: the
first time (cold: the server has just started), and again. Prints milliseconds of wall time and of the server's own CPU
a page, and the server's memory before and after many more views.
"""

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from assay.bench import evaluations
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores import pairing, standings
from assay.records import Finding, Isolation, Model, Reply, Report, Status, Task
from assay.settings import Settings
from assay.store import open_store

ISOLATION = Isolation(backend="zygote", level=3, memory="cgroup")
WRONG: tuple[Status, ...] = ("wrong", "wrong", "exception", "timeout", "no_code", "truncated")
_TICKS = os.sysconf("SC_CLK_TCK")


def samples(evaluation: Evaluation, tasks: int) -> Iterator[list[Sample]]:
    """A list a model: each model somewhat better than the next, on tasks that differ in how hard they are."""
    rng = random.Random(1)
    hardness = [rng.random() for _ in range(tasks)]
    for place, model in enumerate(evaluation.models):
        skill = 1 - place / (1.2 * len(evaluation.models))
        made = []
        for number in range(tasks):
            status: Status = "pass" if rng.random() < skill * (1.2 - hardness[number]) else rng.choice(WRONG)
            made.append(one(evaluation.id, f"big/{number}", model.name, status, rng))
        yield made


def one(evaluation: str, task: str, model: str, status: Status, rng: random.Random) -> Sample:
    """One sample, some 3 KB of it."""
    program = "def solve(values):\n" + "".join(
        f"    total_{line} = sum(values[:{rng.randint(1, 99)}])\n" for line in range(12)
    )
    findings = tuple(
        Finding(
            check="calls", case=f"case-{case}", outcome="passed" if status == "pass" else "failed", integrity="outside",
            call=f"solve([{case}, 2, 3])", expected=str([case, case + 1]), got=str([case, case]), public=case < 3,
        )
        for case in range(6)
    )  # fmt: skip
    report = Report(
        task=task, suite="big", status=status, findings=findings, integrity="outside", isolation=ISOLATION,
        cpu_s=rng.random() / 10, wall_s=rng.random() / 5, memory_peak=20 << 20, message="" if status == "pass" else "no",
    )  # fmt: skip
    reply = Reply(
        text=f"Here is the program:\n\n```python\n{program}```\nIt sums the values.", model=model,
        prompt_tokens=rng.randint(100, 900), completion_tokens=rng.randint(80, 600), cost=rng.random() / 500,
        latency_s=rng.uniform(0.4, 20), first_token_s=rng.uniform(0.1, 1),
    )  # fmt: skip
    raw = report.model_copy(update={"status": "exception", "findings": ()}) if rng.random() < 0.1 else None
    attempt = Attempt(reply=reply, report=report, raw=raw, changes=("block 1 of 1 taken",), program=program)
    return Sample(evaluation=evaluation, suite="big", task=task, model=model, index=0, attempts=(attempt,))


def fill(home: Path, models: int, tasks: int) -> str:
    """Make the evaluation and keep its scores; its id."""
    evaluation = Evaluation(
        id=evaluations.new_id(), created=datetime.now(UTC), source="run", state="done", suites=("big",),
        models=tuple(Model(name=f"maker/model-{n}:7b", provider="openai", model="m") for n in range(models)),
    )  # fmt: skip
    with open_store(Settings(home=home)) as store:
        planned = [Task(id=f"big/{n}", suite="big", prompt="Write solve." * 40, checks=()) for n in range(tasks)]
        evaluations.create(store, evaluation, planned, [])
        begun = time.perf_counter()
        for made in samples(evaluation, tasks):
            evaluations.save_samples(store, made)
        saved = time.perf_counter()
        standings.standings(store, evaluation)
        scored = time.perf_counter()
        pairing.groups(store, evaluation)
        print(
            f"{models * tasks:,} samples saved in {saved - begun:.0f} s; once, when the run ends: scores in "
            f"{scored - saved:.1f} s, {models * (models - 1) // 2:,} comparisons in {time.perf_counter() - scored:.1f} s"
        )
    return evaluation.id


def serve(home: Path) -> None:
    """Be the web app; the port goes to stdout."""
    import uvicorn

    from assay.server import products_here
    from assay.web.app import make_app

    settings = Settings(home=home)
    with open_store(settings) as store:
        app = make_app(settings, store, products_here())
        listening = socket.create_server(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


class Server:
    """The web app as a process of its own."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(home)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def fetch(self, page: str) -> tuple[float, float, int]:
        """Wall milliseconds, the server's CPU milliseconds, bytes."""
        cpu, begun = self.cpu_s(), time.perf_counter()
        with self._opener.open(f"http://127.0.0.1:{self.port}{page}", timeout=600) as answer:
            size = len(answer.read())
        return 1000 * (time.perf_counter() - begun), 1000 * (self.cpu_s() - cpu), size

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--views", type=int, default=1000, help="views of which memory is looked at")
    parser.add_argument("--quick", action="store_true", help="a small one: does it work?")
    parser.add_argument("--serve", metavar="HOME", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(Path(given.serve))
        return
    if given.quick:
        given.models, given.tasks, given.views = 5, 20, 20
    with tempfile.TemporaryDirectory(prefix="assay-dashboard-", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        home = Path(folder)
        run = fill(home, given.models, given.tasks)
        at = f"/bench/runs/{run}"
        pages = {
            "leaderboard": at,
            "the same as JSON": f"{at}.json",
            "sorted by cost": f"{at}?sort=cost",
            "tasks by model": f"{at}/tasks",
            "tasks that flip": f"{at}/tasks?show=flips",
            "model against model": f"{at}/compare",
            "cost and speed": f"{at}/cost",
            "format tax": f"{at}/format",
            "list of runs": "/bench/",
        }
        server = Server(home)
        try:
            print(f"{'page':22} {'cold ms':>8} {'its CPU':>8} {'again ms':>9} {'its CPU':>8} {'KB':>6}")
            for name, page in pages.items():
                cold, first, size = server.fetch(page)
                rounds = [server.fetch(page) for _ in range(5)]
                again = sorted(wall for wall, _, _ in rounds)[2]
                cpu = sum(used for _, used, _ in rounds) / len(rounds)
                print(f"{name:22} {cold:8.0f} {first:8.0f} {again:9.0f} {cpu:8.0f} {size / 1000:6.0f}", flush=True)
            before = server.memory_mb()
            addresses = list(pages.values())
            for number in range(given.views):
                server.fetch(addresses[number % len(addresses)])
                if number == given.views // 2:
                    middle = server.memory_mb()
            print(
                f"memory of the server: {before:.0f} MB, after {given.views // 2} views more {middle:.0f} MB, "
                f"after {given.views} {server.memory_mb():.0f} MB"
            )
        finally:
            server.stop()


if __name__ == "__main__":
    main()
