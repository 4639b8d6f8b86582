"""Ten kills of a run of the script pipeline, 40 prompts × 2 models × 2 samples: the same report as uninterrupted?

python benchmarks/scripts_kill.py [--prompts 40] [--samples 2] [--kills 10] [--seed 1]
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.killing_scripts import comparable, kill_and_continue


def main() -> int:
    parser = argparse.ArgumentParser()
    for name, default in (("prompts", 40), ("samples", 2), ("kills", 10), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    concurrency = 4
    with tempfile.TemporaryDirectory(prefix="assay-scripts-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        homes = [{**os.environ, "ASSAY_HOME": str(folder / home)} for home in ("killed-home", "whole-home")]
        figures = kill_and_continue(
            folder,
            homes[0],
            homes[1],
            **vars(options),
            delay=0.2,
            concurrency=concurrency,
            say=lambda t: print(t, flush=True),
        )
    same = comparable(figures.report) == comparable(figures.uninterrupted)
    again = figures.requests - figures.needed
    # two models, one of them the testing model too, each asked so many questions at once
    allowed = figures.kills * concurrency * 2
    rows = [
        ("samples of the run", figures.samples),
        ("kills of a living run", figures.kills),
        ("requests of the uninterrupted run", figures.needed),
        ("requests of the killed run", figures.requests),
        ("asked again (were under way)", again),
        ("at most under way at the kills", allowed),
        ("uninterrupted, s", round(figures.uninterrupted_s)),
        ("state", figures.report["state"]),
        ("the same report", same),
    ]
    for label, value in rows:
        print(f"{label:<36} {value}")
    if not same:
        ours, whole = comparable(figures.report), comparable(figures.uninterrupted)
        for part, value in ours.items():
            if value != whole[part]:
                print(f"differs: {part}\n  killed: {value}\n  whole:  {whole[part]}"[:4000])
    good = same and 0 <= again <= allowed and figures.report["state"] == "done" and figures.kills == options.kills
    print("holds" if good else "DOES NOT HOLD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
