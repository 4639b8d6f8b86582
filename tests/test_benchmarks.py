"""The benchmarks start and give their tables. What they measure is nobody's assertion here."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("*.py") if "ArgumentParser" in path.read_text())


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_says_what_it_measures(script: str) -> None:
    shown = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), "--help"], capture_output=True, text=True, timeout=60
    )
    assert shown.returncode == 0, shown.stderr
    assert "usage:" in shown.stdout


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
