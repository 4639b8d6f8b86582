"""What running one program costs in each sandbox, beside the bare interpreter.

    python benchmarks/sandbox_speed.py [--rounds 7] [--runs 40] [--quick] [--docker-image python:3.11-slim]

Two programs (one line, and one like HumanEval's: a function with its test), in Python and in JavaScript, run one after
the other by each back end, in rounds that take turns. CPU is that of the whole tree, what starts the programs included:
for the bare interpreter a loop of posix_spawn, for the sandboxes Assay itself. What Docker's daemon does on a client's
behalf lies outside its tree, so of Docker only wall time is shown. Last, the runs a second of two workers against one.
"""

import argparse
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from measured import Contender, Round, Skipped, interleaved, machine, median, percentile, said, say, table

RUNNER = Path(__file__).parent / "peers" / "running.py"
PROGRAMS = ("one line", "like HumanEval")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=40, help="programs in a round")
    parser.add_argument("--docker-image", default="python:3.11-slim", help="an image that is already there")
    parser.add_argument("--quick", action="store_true", help="one round of three runs")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.runs = 1, 3
    print(machine())
    docker = _docker(options.docker_image)
    with ExitStack() as stack:
        racers = [
            stack.enter_context(Contender(name, [sys.executable, str(RUNNER), *arguments]))
            for name, arguments in _contenders(docker, options.docker_image).items()
        ]
        for number, program in enumerate(PROGRAMS):
            _race(program, f"run {number} {options.runs} 1", racers, options.rounds)
        _scaling([racer for racer in racers if racer.name.startswith("zygote, python")], options)
    if docker:
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


def _scaling(racers: list[Contender], options: argparse.Namespace) -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    for racer in racers:
        if racer.failed:
            continue
        racer.ask(f"run 1 {options.runs} 2")
        for _ in range(options.rounds):
            for workers, kept in rates.items():
                runs = options.runs * 3 * workers
                kept.append(runs / racer.round(f"run 1 {runs} {workers}").wall_s)
        one, two = median(rates[1]), median(rates[2])
        said()
        print(f"\n{racer.name}: one worker {one:.0f} runs/s, two workers {two:.0f} runs/s: {two / one:.2f} times")


if __name__ == "__main__":
    sys.exit(main())
