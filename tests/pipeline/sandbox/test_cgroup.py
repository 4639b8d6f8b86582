"""Control groups: what killed processes left of theirs is cleared away."""

import os
import subprocess
import sys

import pytest

from assay.pipeline.sandbox import cgroup

AS_KILLED = """
import os, signal, sys
from assay.pipeline.sandbox import cgroup
group = cgroup.make_group("left")
print(group._memory)
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
CLEARING = """
from assay.pipeline.sandbox import cgroup
group = cgroup.make_group("new")
group.remove()
"""


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout.strip()


def test_the_groups_of_a_killed_process_are_cleared_by_the_next_one_when_they_are_old() -> None:
    mine = cgroup.make_group("mine")
    if mine is None:
        pytest.skip(f"no control groups here: {cgroup.why_not()}")
    try:
        left = run(AS_KILLED)
        run(CLEARING)
        assert os.path.isdir(left)  # it might be somebody's who is about to use it
        for folder in (left, mine._memory):
            os.utime(folder, (0, 0))
        run(CLEARING)
        assert not os.path.isdir(left)
        assert mine._memory.is_dir()
    finally:
        mine.remove()
