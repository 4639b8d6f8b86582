"""The front door: quick to open, and clear about what is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assay import cli
from assay.errors import AssayError

ASSAY = (sys.executable, "-m", "assay")
HEAVY = (
    "alembic",
    "dbos",
    "httptools",
    "numpy",
    "pydantic",
    "rich",
    "scipy",
    "sqlalchemy",
    "vl_convert",
    "opentelemetry",
)


@pytest.mark.parametrize("arguments", [("--help",), ("bench", "--help"), ("nonsense",)])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "assay", *arguments]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stderr
    imported = {name.partition(".")[0] for name in re.findall(r"\| +([\w.]+)$", said, re.MULTILINE)}
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


def test_help_names_every_command_with_a_line() -> None:
    said = subprocess.run([*ASSAY, "--help"], check=True, capture_output=True, text=True).stdout
    for name, (_, line) in cli.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line[:30])}", said, re.MULTILINE), name


def test_every_command_that_is_named_can_be_loaded() -> None:
    for name in cli.COMMANDS:
        assert cli.run([name, "--help"]) == 0


def test_the_version_is_the_one_that_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert re.fullmatch(r"assay \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_a_misspelt_command_offers_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bnech"]) == 2
    assert "There is no command 'bnech'. Did you mean bench?" in capsys.readouterr().err


def test_a_wrong_option_ends_with_2_and_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "list", "--limt", "3"]) == 2
    assert "--limit" in capsys.readouterr().err


def test_what_the_user_can_mend_is_said_in_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_WORKERS", "many")
    assert cli.run(["bench", "list"]) == AssayError.exit_code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == ("Error: ASSAY_WORKERS is 'many'.\nGive a whole number from 1 to 1024, or unset it.\n")


def test_a_database_that_is_not_there_is_said_and_ends_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    assert cli.run(["bench", "list"]) == 4
    said = capsys.readouterr().err
    assert "cannot be reached" in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_a_reader_that_has_seen_enough_hears_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [*ASSAY, "--help"], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False, cwd=Path(__file__).parent
        )
    assert done.stderr == ""


def test_a_full_disk_behind_the_output_is_said_in_two_lines() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*ASSAY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=Path(__file__).parent
        )
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "Error: The disk is full."
    assert "Traceback" not in done.stderr


def test_a_mistake_of_ours_shows_its_traceback_and_waits_for_no_thread() -> None:
    source = """
import threading, click
from assay import cli

@cli.assay.command("break")
def broken():
    threading.Thread(target=threading.Event().wait).start()
    raise LookupError("ours")

cli.LazyGroup.get_command = click.Group.get_command
cli.LazyGroup.list_commands = click.Group.list_commands
cli.main(["break"])
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("LookupError: ours\n")


def test_ctrl_c_is_heard_though_a_library_that_tidied_up_raised_its_own_error() -> None:
    source = """
from assay import cli
from assay.errors import StoreError

@cli.assay.command("break")
def broken():
    try:
        try:
            raise KeyboardInterrupt
        finally:
            raise LookupError("cannot tidy up now")
    except LookupError as error:
        raise StoreError("The database cannot be used.") from error

cli.LazyGroup.get_command = click.Group.get_command
cli.LazyGroup.list_commands = click.Group.list_commands
cli.main(["break"])
"""
    done = subprocess.run(
        [sys.executable, "-c", f"import click\n{source}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "Stopped.\n")
