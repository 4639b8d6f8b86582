"""What it costs to start: whole commands over the embedded database, started and stopped with each, as people type them.

One folder of data with one small recorded run, then every command in turn, round after round: CPU of the whole tree
(the database's server among it) and wall time. `--beside FOLDER` adds another checkout's `src`, for before and after:
it shares the interpreter, its packages and the data, and takes its turn beside ours. Needs no model.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import ROOT, Tree, machine, median, said, say, table

RECORDED = ROOT / "src/assay/bench/recordings/sample-weak.jsonl"
COMMANDS = {
    "--help": ["--help"],
    "bench list": ["bench", "list"],
    "bench show": ["bench", "show"],
    "bench suites": ["bench", "suites"],
    "bench report": ["bench", "report", "last"],
    "bench export": ["bench", "export", "last", "--format", "csv"],
    "bench run, 2 samples": ["bench", "run", "functions", "--model", f"recorded/{RECORDED}", "--limit", "2"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="another checkout, in the same rounds")
    parser.add_argument("--only", action="append", choices=sorted(COMMANDS), help="this command; repeat for more")
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    checkouts = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    commands = {name: words for name, words in COMMANDS.items() if not options.only or name in options.only}
    print(machine())
    with tempfile.TemporaryDirectory(prefix="assay-start-", dir="/tmp") as home:
        os.chmod(home, 0o711)
        measure(Path(home), checkouts, commands, 1 if options.quick else options.rounds)


def measure(home: Path, checkouts: dict[str, Path], commands: dict[str, list[str]], rounds: int) -> None:
    for checkout in checkouts.values():  # compiles what it imports, too
        once(home, checkout, COMMANDS["bench run, 2 samples"])
    spent: dict[tuple[str, str], list[tuple[float, float]]] = {}
    counted = True
    for number in range(rounds):
        for name, words in commands.items():
            for where, checkout in checkouts.items():
                say(f"round {number + 1} of {rounds}: {name}, {where}")
                cpu, wall, counted = once(home, checkout, words)
                spent.setdefault((name, where), []).append((cpu, wall))
    said()
    head = ["command", *(f"{where}: CPU ms, from–to, wall ms" for where in checkouts)]
    rows = [[name, *(_cell(spent[name, where]) for where in checkouts)] for name in commands]
    table(head, rows)
    if not counted:
        print("No control group could be made: processes that nobody waited for are missing from the CPU times.")


def _cell(rounds: list[tuple[float, float]]) -> str:
    cpu, wall = [one * 1000 for one, _ in rounds], [one * 1000 for _, one in rounds]
    return f"{median(cpu):,.0f}  {min(cpu):,.0f}–{max(cpu):,.0f}  {median(wall):,.0f}"


def once(home: Path, checkout: Path, words: list[str]) -> tuple[float, float, bool]:
    """CPU seconds and wall seconds of one command, and whether the kernel counted every process."""
    tree = Tree(f"start-{os.getpid()}")
    try:
        cpu, began = tree.cpu_s(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "assay", *words],
            cwd=home,
            env={**os.environ, "ASSAY_HOME": str(home), "PYTHONPATH": str(checkout / "src")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=tree.enter,
        )
        wall, spent = time.perf_counter() - began, tree.cpu_s() - cpu
    finally:
        tree.remove()
    if done.returncode:
        sys.exit(f"assay {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
    return spent, wall, tree.counted


if __name__ == "__main__":
    main()
