"""Which sandbox is used where little works."""

import subprocess
import sys
from pathlib import Path

ELSEWHERE = """
import os, platform, resource, select, signal, socket, subprocess, sys, tempfile
from pathlib import Path
from assay.errors import SandboxUnavailable
from assay.records import Run  # what others' packages ask of the system comes first
from assay.settings import Settings
sys.platform = "darwin"
for module, name in (
    (os, "sched_getaffinity"), (os, "memfd_create"), (os, "MFD_CLOEXEC"), (os, "MFD_ALLOW_SEALING"), (os, "pidfd_open"),
    (os, "pipe2"), (os, "O_PATH"), (resource, "RLIMIT_MSGQUEUE"), (resource, "prlimit"), (signal, "pidfd_send_signal"),
):
    if hasattr(module, name):  # by the interpreter
        delattr(module, name)
from assay.pipeline.sandbox.choose import open_sandbox, survey
settings = Settings(home=Path(sys.argv[1]))
for backend in (None, "zygote", "local"):
    try:
        open_sandbox(settings, backend=backend, allow_unsafe=True)
    except SandboxUnavailable as error:
        print(error, error.help)
for row in survey(settings):
    print(row.backend, row.level, row.summary)
"""


def test_on_another_system_docker_is_named_and_every_back_end_can_be_asked_about(tmp_path: Path) -> None:
    """The system is played: Python's name for it, and without what Python has on Linux alone."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path)],
        capture_output=True, text=True, env={"PATH": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/none"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, zygote, local, *rows = done.stdout.splitlines()
    assert first.startswith("No sandbox of level 1 or better works here. The zygote sandbox needs Linux. Use docker:")
    assert zygote.startswith("The zygote sandbox needs Linux.")
    assert local.startswith("The local sandbox needs Linux.")
    assert "WSL2" in local
    assert "docker None The docker command is not installed." in rows
    assert "landlock None The landlock sandbox needs Linux." in rows
    assert len(rows) == 5
