"""The demo is what a stranger sees first: it ends well, with a leaderboard and a report."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assay.store import Store


def test_the_demo_shows_a_leaderboard_of_both_recordings_and_where_the_report_is(store: Store, tmp_path: Path) -> None:
    environment = {**os.environ, "ASSAY_HOME": str(tmp_path / "home"), "ASSAY_DATABASE_URL": store.url}
    done = subprocess.run(
        [sys.executable, "-m", "assay.bench.demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert "no real model's replies" in done.stdout
    rates = {name: float(rate) for name, rate in re.findall(r"^(sample-\w+) +(\d+\.\d)", done.stdout, re.MULTILINE)}
    # as their notes say of the first samples (tests/bench/test_recordings.py): 26 and 15 of 30
    assert rates == {"sample-strong": 86.7, "sample-weak": 50.0}
    (address,) = re.findall(r"file://\S+", done.stdout)
    page = Path(unquote(urlsplit(address).path)).read_text("utf-8")
    assert "sample-strong" in page
