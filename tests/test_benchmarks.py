"""The benchmarks start and give their tables. What they measure is nobody's assertion here."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("*.py") if "ArgumentParser" in path.read_text())


HELP = """
import contextlib, io, json, runpy, sys
said = {}
for script in sys.argv[1:]:
    sys.argv, shown = [script, "--help"], io.StringIO()
    sys.path[0] = script.rpartition("/")[0]
    with contextlib.redirect_stdout(shown):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            said[script] = [end.code, shown.getvalue()]
print(json.dumps(said))
"""


def test_each_script_says_what_it_measures() -> None:
    """In one process, one after the other: most of a start is to import what all of them import."""
    paths = [str(BENCHMARKS / script) for script in SCRIPTS]
    done = subprocess.run([sys.executable, "-c", HELP, *paths], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == len(SCRIPTS) > 10
    for path, (code, shown) in said.items():
        assert code == 0, path
        assert shown.startswith("usage:"), path


def test_all_refuses_a_script_that_is_not_there_and_names_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "all.py"), "sandbox_sped"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "no such script: sandbox_sped" in done.stderr
    assert "sandbox_speed" in done.stderr


def test_peers_are_pinned_to_one_version_each() -> None:
    files = sorted((BENCHMARKS / "peers").glob("*.txt"))
    assert files
    for file in files:
        for line in file.read_text().splitlines():
            assert line.startswith("#") or "==" in line, f"{file.name}: {line}"
