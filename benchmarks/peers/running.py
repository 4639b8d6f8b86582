"""Runs one of a few programs again and again: running.py bare|docker|BACKEND python|javascript [IMAGE]."""

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rounds import serve, skip

SOURCES = {
    "python": (
        'print("ready")\n',
        '''
from typing import List


def has_close_elements(numbers: List[float], threshold: float) -> bool:
    """Whether any two of the numbers are closer to each other than the threshold."""
    ordered = sorted(numbers)
    return any(b - a < threshold for a, b in zip(ordered, ordered[1:]))


def check(candidate):
    assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3) is True
    assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05) is False
    assert candidate([1.0, 2.0, 5.9, 4.0, 5.0], 0.95) is True
    assert candidate([1.0, 2.0, 5.9, 4.0, 5.0], 0.8) is False
    assert candidate([1.0, 2.0, 3.0, 4.0, 5.0, 2.0], 0.1) is True
    assert candidate([1.1, 2.2, 3.1, 4.1, 5.1], 1.0) is True
    assert candidate([1.1, 2.2, 3.1, 4.1, 5.1], 0.5) is False


check(has_close_elements)
print("ready")
''',
        """
number = 1
for step in range(500_000):
    number = (number * 3 + step) % 65_521
print("ready")
""",
    ),
    "javascript": (
        'console.log("ready");\n',
        """
const assert = require("node:assert");

const hasCloseElements = (numbers, threshold) => {
  const ordered = [...numbers].sort((a, b) => a - b);
  return ordered.some((number, place) => place > 0 && number - ordered[place - 1] < threshold);
};

assert.equal(hasCloseElements([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3), true);
assert.equal(hasCloseElements([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.05), false);
assert.equal(hasCloseElements([1.0, 2.0, 5.9, 4.0, 5.0], 0.95), true);
assert.equal(hasCloseElements([1.0, 2.0, 5.9, 4.0, 5.0], 0.8), false);
assert.equal(hasCloseElements([1.1, 2.2, 3.1, 4.1, 5.1], 1.0), true);
console.log("ready");
""",
    ),
}
MAIN = {"python": "main.py", "javascript": "main.js"}

Batch = Callable[[int, int, int], list[float]]
"""(which program, how many runs, how many at once) -> the wall seconds of each."""


def spawning(before: list[str], language: str) -> tuple[str, Batch]:
    """A fresh process a run, started as cheaply as Python can."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}  # as bare as in the sandboxes
    files = []
    for number, source in enumerate(SOURCES[language]):
        files.append(folder / f"{number}-{MAIN[language]}")
        files[-1].write_text(source)

    def spawn(command: list[str]) -> float:
        start = time.perf_counter()
        read, write = os.pipe()
        pid = os.posix_spawnp(command[0], command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
        os.close(write)
        printed = b""
        while part := os.read(read, 1 << 16):
            printed += part
        os.close(read)
        _, status = os.waitpid(pid, 0)
        wall = time.perf_counter() - start
        if status or printed != b"ready\n":
            raise SystemExit(f"{command} gave {status} and {printed!r}")
        return wall

    def batch(program: int, runs: int, workers: int) -> list[float]:
        command = [part.replace("{folder}", str(folder)) for part in before]
        command.append(str(files[program]) if command[0] != "docker" else f"/programs/{files[program].name}")
        if workers == 1:
            return [spawn(command) for _ in range(runs)]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(spawn, [command] * runs))

    return "none", batch


def sandboxed(backend: str, language: str) -> tuple[str, Batch]:
    """Assay's own."""
    from assay.errors import AssayError
    from assay.pipeline.sandbox.choose import open_sandbox
    from assay.records import Spec
    from assay.settings import Settings

    try:
        sandbox = open_sandbox(Settings.from_environment(), required=1, backend=backend)
    except AssayError as error:
        skip(f"{error} {error.help}")
    isolation = sandbox.capabilities()

    def batch(program: int, runs: int, workers: int) -> list[float]:
        main = MAIN[language]
        spec = Spec(language=language, files={main: SOURCES[language][program].encode()}, main=main)
        if workers == 1:
            walls = []
            for _ in range(runs):
                start = time.perf_counter()
                run = sandbox.run(spec)
                walls.append(time.perf_counter() - start)
                if run.status != "ok" or run.stdout != b"ready\n":
                    raise SystemExit(f"{backend} gave {run}")
            return walls
        done = list(sandbox.map([spec] * runs, workers))
        if any(run.stdout != b"ready\n" for run in done):
            raise SystemExit(f"{backend} gave {done[0]}")
        return [run.wall_s for run in done]

    return f"{isolation.backend} L{isolation.level}", batch


def main() -> None:
    kind, language = sys.argv[1:3]
    if kind == "bare":
        interpreter = [sys.executable, "-I", "-S"] if language == "python" else ["node"]
        sandbox, batch = spawning(interpreter, language)
    elif kind == "docker":
        flags = ["--rm", "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only"]
        mount = ["--user=65534", "--volume={folder}:/programs:ro", sys.argv[3]]
        sandbox, batch = spawning(["docker", "run", *flags, *mount, "python", "-I", "-S"], language)
    else:
        sandbox, batch = sandboxed(kind, language)

    def do(command: str) -> dict[str, object]:
        _, program, runs, workers = command.split()
        return {"walls": batch(int(program), int(runs), int(workers)), "sandbox": sandbox}

    serve(do)


main()
