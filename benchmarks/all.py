"""Runs every script in benchmarks/, one after the other, and shows what each prints: `python benchmarks/all.py [--quick]`.

For figures that mean something the machine must have nothing else to do; each script says how busy it was. `--quick` runs
the short form of those that have one, to see that they work.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
NOT_SCRIPTS = {"all.py", "measured.py"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the short form, of scripts that have one")
    parser.add_argument("scripts", nargs="*", help="only these, by name")
    options = parser.parse_args()
    scripts = sorted(path for path in HERE.glob("*.py") if path.name not in NOT_SCRIPTS)
    unknown = set(options.scripts) - {path.stem for path in scripts}
    if unknown:
        parser.error(f"no such script: {', '.join(sorted(unknown))}. There are: {', '.join(p.stem for p in scripts)}")
    failed = []
    for script in scripts:
        if options.scripts and script.stem not in options.scripts:
            continue
        quick = options.quick and "--quick" in script.read_text()
        if options.quick and not quick:
            continue
        print(f"\n==== {script.name} ====", flush=True)
        begun = time.perf_counter()
        if subprocess.run([sys.executable, str(script), *(["--quick"] if quick else [])]).returncode:
            failed.append(script.name)
        print(f"---- {script.name}: {time.perf_counter() - begun:.0f} s", flush=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
