"""What running one program costs in each sandbox, beside the bare interpreter.

    python benchmarks/sandbox_speed.py [--rounds 7] [--runs 40] [--quick] [--only node] [--scaling] [--docker-image IMAGE]

Two programs (one line, and one like HumanEval's: a function with its test), in Python and in JavaScript, run one after
the other by each back end, in rounds that take turns. CPU is that of the whole tree, what starts the programs included:
for the bare interpreter a loop of posix_spawn, for the sandboxes Assay itself. What Docker's daemon does on a client's
behalf lies outside its tree, so of Docker only wall time is shown. Last (alone with --scaling), two workers against one,
beside two bare loops and two bare interpreters against one.
"""

import argparse
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from measured import Contender, Round, Skipped, Twice, gains, interleaved, machine, median, percentile, said, say, table

RUNNER = Path(__file__).parent / "peers" / "running.py"
LOOPS = RUNNER.with_name("loops.py")
PROGRAMS = ("one line", "like HumanEval")
_LONG_MS = 60  # about: the third of running.py's programs, on the machines our figures are from


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=40, help="programs in a round")
    parser.add_argument("--docker-image", default="python:3.11-slim", help="an image that is already there")
    parser.add_argument("--quick", action="store_true", help="one round of three runs")
    parser.add_argument("--only", default="", help="those whose name contains this")
    parser.add_argument("--scaling", action="store_true", help="only two workers against one")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.runs = 1, 3
    print(machine())
    docker = _docker(options.docker_image)
    with ExitStack() as stack:
        racers = [
            stack.enter_context(Contender(name, [sys.executable, str(RUNNER), *arguments]))
            for name, arguments in _contenders(docker, options.docker_image).items()
            if options.only in name
            if not options.scaling or name in ("zygote, python", "bare python -I -S")
        ]
        for number, program in enumerate(() if options.scaling else PROGRAMS):
            _race(program, f"run {number} {options.runs} 1", racers, options.rounds)
        known = {racer.name: racer for racer in racers if not racer.failed}
        if {"zygote, python", "bare python -I -S"} <= known.keys():
            _scaling(known, options)
    if docker and not options.scaling:
        print(f"\nleft out: docker: {docker}")
    return 0


def _contenders(no_docker: str, image: str) -> dict[str, list[str]]:
    found = {
        "bare python -I -S": ["bare", "python"],
        "zygote, python": ["zygote", "python"],
        "bwrap, python": ["bwrap", "python"],
        "landlock, python": ["landlock", "python"],
        "bare node": ["bare", "javascript"],
        "zygote, node": ["zygote", "javascript"],
        "bwrap, node": ["bwrap", "javascript"],
    }
    if not no_docker:
        found["docker run, python"] = ["docker", "python", image]
    return found


def _docker(image: str) -> str:
    """Why `docker run` cannot be measured; empty: it can."""
    if shutil.which("docker") is None:
        return "there is no docker here"
    try:
        subprocess.run(["docker", "image", "inspect", image], check=True, capture_output=True, text=True, timeout=20)
    except subprocess.CalledProcessError as error:
        return f"no engine answers, or it has no image {image}: {error.stderr.strip().splitlines()[-1:]}"
    except subprocess.TimeoutExpired:
        return "the engine does not answer"
    return ""


def _race(program: str, command: str, racers: list[Contender], rounds: int) -> None:
    for racer in racers:
        if not racer.failed:
            say(f"warming up {racer.name}")
            try:
                racer.ask(command.replace(command.split()[2], "3", 1))
            except Skipped as why:
                racer.failed = str(why)
    results = interleaved(racers, dict.fromkeys((racer.name for racer in racers), command), rounds)
    memory = {}
    for racer in racers:
        if not racer.failed:
            say(f"memory of {racer.name}")
            memory[racer.name] = racer.memory(command)
    said()
    runs = int(command.split()[2])
    print(f"\nA program of {program}, {rounds} rounds of {runs} runs")
    base: dict[str, float] = {}
    rows = []
    for racer in racers:
        if racer.failed:
            continue
        cpu = _cpu_ms(results[racer.name], runs)
        language = racer.argv[3]
        base.setdefault(language, cpu)
        walls = [wall * 1000 for one in results[racer.name] for wall in one.answer["walls"]]
        outside = racer.name.startswith("docker")
        rows.append([
            racer.name, "–" if outside else f"{cpu:.2f}", "–" if outside else f"{cpu / base[language]:.2f}",
            f"{median(walls):.2f}", f"{percentile(walls, 0.95):.2f}", f"{memory[racer.name] / 1e6:.0f}",
            str(results[racer.name][-1].answer["sandbox"]),
        ])  # fmt: skip
    table(["", "CPU ms/run", "bare = 1", "wall median ms", "p95 ms", "MB", "sandbox"], rows)
    for racer in racers:
        if racer.failed:
            print(f"left out: {racer.name}: {racer.failed}")
    if not all(racer.counted for racer in racers):
        print("CPU is too low here: no control group can be made, so children that nobody waits for are not counted.")


def _cpu_ms(rounds: list[Round], runs: int) -> float:
    return median([one.cpu_s for one in rounds]) * 1000 / runs


def _scaling(racers: dict[str, Contender], options: argparse.Namespace) -> None:
    """Two workers against one, beside what two processes that have nothing to do with each other gain, in turn.

    Two processors that share a core, or a machine that others use, give less than twice one, and less still where a process
    starts and ends than where it computes: what those lose is not the sandbox's. And one worker keeps more than one processor
    busy where programs are short, as one's end overlaps with the next one's start: two cannot give twice as much.
    """
    with Contender("bare loops", [sys.executable, str(LOOPS)]) as loops:
        turns, short, long = 5 * options.runs, options.runs * 3, max(2, options.runs // 2)
        bare, ours = racers["bare python -I -S"], racers["zygote, python"]

        def runs(racer: Contender, program: int, count: int) -> Twice:
            return Twice(racer, f"run {program} {count} 1", f"run {program} {2 * count} 2", count)

        rows = {
            "two processes that compute": Twice(loops, f"loop {turns} 1", f"loop {turns} 2"),
            "bare python -I -S, one line": runs(bare, 0, options.runs),
            "zygote, one line": runs(ours, 0, short),
            "zygote, like HumanEval": runs(ours, 1, short),
            f"zygote, computing for {_LONG_MS} ms": runs(ours, 2, long),
        }
        gains(rows, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
