"""Twenty kills of a run of 200 samples, resumed each time: what the model's server was asked, by its own count.

python benchmarks/kill_and_resume.py [--kills 20] [--seed 1]
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.killing import kill_and_resume


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-kill-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        environment = {**os.environ, "ASSAY_HOME": str(folder / "home")}
        figures = kill_and_resume(
            folder,
            environment,
            tasks=20,
            samples=10,
            kills=options.kills,
            seed=options.seed,
            concurrency=4,
            delay=1.2,
            say=lambda text: print(text, flush=True),
        )
    allowed = figures.kills * figures.concurrency
    rows = [
        ("kills of a living run", figures.kills),
        ("samples of the run", figures.samples),
        ("requests, by the server's count", figures.requests),
        ("asked again", figures.asked_again),
        ("under way at the kills, at most", allowed),
        ("samples in the export", len(figures.rows)),
        ("distinct ones", len(set(figures.rows))),
        ("passed", figures.document["passed"]),
        ("state", figures.document["state"]),
    ]
    for label, value in rows:
        print(f"{label:<34} {value}")
    whole = len(figures.rows) == len(set(figures.rows)) == figures.samples == figures.document["passed"]
    good = whole and 0 <= figures.asked_again <= allowed and figures.document["state"] == "done"
    print("holds" if good else "DOES NOT HOLD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
