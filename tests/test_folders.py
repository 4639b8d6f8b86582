"""Folders made aside and moved into place."""

import os
from pathlib import Path

import pytest

from assay.folders import made_whole


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_folder_is_there_when_it_is_whole_and_everybody_may_read_it(tmp_path: Path) -> None:
    with made_whole(tmp_path / "made") as fresh:
        (fresh / "inner").mkdir(mode=0o700)
        (fresh / "inner" / "text").write_text("a")
        (fresh / "inner" / "text").chmod(0o600)
        (fresh / "program").write_text("b")
        (fresh / "program").chmod(0o700)
        assert [path.name for path in tmp_path.iterdir()] == [fresh.name]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    made = tmp_path / "made"
    assert [mode(made), mode(made / "inner"), mode(made / "inner" / "text"), mode(made / "program")] == [
        *(0o755, 0o755, 0o644, 0o755)
    ]


def test_what_has_another_name_or_lies_elsewhere_keeps_its_rights(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("a")
    own.chmod(0o600)
    with made_whole(tmp_path / "made") as fresh:
        os.link(own, fresh / "linked")
        (fresh / "pointing").symlink_to(own)
        (fresh / "to nothing").symlink_to("nowhere")
    assert mode(own) == 0o600
    assert os.readlink(tmp_path / "made" / "to nothing") == "nowhere"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def half_made() -> None:
        with made_whole(tmp_path / "made") as fresh:
            (fresh / "a").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_made()
    assert list(tmp_path.iterdir()) == []


def test_where_another_process_was_quicker_its_folder_stays(tmp_path: Path) -> None:
    with made_whole(tmp_path / "made") as fresh:
        (fresh / "ours").write_text("a")
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "theirs").write_text("b")
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "theirs"]


def test_a_file_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("a file")
    with pytest.raises(NotADirectoryError), made_whole(tmp_path / "made"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
