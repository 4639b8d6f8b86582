"""Where keys are found, and where they are refused."""

import os
from pathlib import Path

import pytest

from assay.errors import AssayError, ContentError
from assay.pipeline.llm.keys import Keys


def key_file(folder: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path = folder / "keys"
    path.write_text(text)
    path.chmod(mode)
    return {"ASSAY_KEYS": str(path)}


def test_a_key_comes_from_the_environment() -> None:
    assert Keys({"A_KEY": " k1\n"}).find("A_KEY") == "k1"


def test_a_key_that_is_nowhere_is_none() -> None:
    assert Keys({"A_KEY": ""}).find("A_KEY") is None


def test_a_key_file_is_read_line_by_line(tmp_path: Path) -> None:
    keys = Keys(key_file(tmp_path, "# mine\n\nA_KEY=k1\nexport B_KEY = 'k=2'\nC_KEY=\"k3\"\n"))
    assert [keys.find(name) for name in ("A_KEY", "B_KEY", "C_KEY", "D_KEY")] == ["k1", "k=2", "k3", None]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    assert Keys({"A_KEY": "own", **key_file(tmp_path, "A_KEY=k1\n")}).find("A_KEY") == "own"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_file_that_others_can_read_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    environment = key_file(tmp_path, "A_KEY=secret\n", mode)
    with pytest.raises(AssayError, match=f"mode {mode:04o}") as caught:
        Keys(environment).find("A_KEY")
    assert caught.value.help == f"Run: chmod 600 {environment['ASSAY_KEYS']}"


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="nothing cannot be read"):
        Keys({"ASSAY_KEYS": str(tmp_path / "nothing")}).find("A_KEY")


def test_a_pipe_is_no_key_file_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(AssayError, match="no regular file"):
        Keys({"ASSAY_KEYS": str(tmp_path / "pipe")}).find("A_KEY")


def test_a_line_that_is_no_pair_is_named_by_its_place_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"keys:2:1: This line is not KEY=VALUE") as caught:
        Keys(key_file(tmp_path, "A_KEY=k1\nsk-secret-thing\n")).find("A_KEY")
    assert "sk-secret" not in str(caught.value) + caught.value.help


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "tab\tkey"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(AssayError, match="A_KEY has characters that no key has") as caught:
        Keys({"A_KEY": key}).find("A_KEY")
    assert key not in str(caught.value)


def test_keys_do_not_show_in_their_repr() -> None:
    keys = Keys({"A_KEY": "sk-secret"})
    keys.find("A_KEY")
    assert "sk-secret" not in repr(keys)
