"""MLflow's environment: its lock, and that it is made once, whole, and for this lock and Python."""

import re
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.traces import environment
from assay.traces.environment import LOCK


def test_the_lock_names_exact_versions_with_hashes_and_no_host() -> None:
    text = LOCK.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    entries = re.split(r"\n(?=[a-zA-Z])", text.strip())
    assert len(entries) == environment.packages()
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.+!]+( ;[^\\\n]*)? \\\n", entry), entry[:80]
        assert "--hash=sha256:" in entry


def test_the_lock_holds_mlflow_3_and_not_litellm() -> None:
    assert re.match(r"3\.\d+", environment.version())
    assert not re.search(r"^litellm\b", LOCK.read_text(), re.MULTILINE)


def test_an_environment_that_was_not_finished_is_not_taken_for_one(tmp_path: Path) -> None:
    place = environment.place_of(tmp_path)
    assert place.parent == tmp_path / "mlflow"
    (place / "bin").mkdir(parents=True)
    assert not environment.is_ready(tmp_path)
    (place / "complete").touch()
    assert environment.is_ready(tmp_path)
    said: list[str] = []
    assert environment.prepare(tmp_path, said.append) == place
    assert said == []


def test_an_installation_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an index that holds nothing: the very command, without a network."""
    (tmp_path / "empty").mkdir()
    for name, value in (
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", str(tmp_path / "empty")),
        ("PIP_CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(name, value)
    with pytest.raises(AssayError, match="could not be installed") as caught:
        environment.prepare(tmp_path, lambda _: None)
    assert "No matching distribution" in str(caught.value)
    assert "index" in caught.value.help
    assert not environment.place_of(tmp_path).exists()
