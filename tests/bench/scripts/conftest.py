"""What the pipeline's tests share: a sandbox with pytest in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assay.bench.scripts.packages import folder_with_pytest
from assay.pipeline.sandbox import Sandbox
from assay.pipeline.sandbox.choose import open_sandbox
from assay.settings import Settings


@pytest.fixture(scope="session")
def scripts_home() -> Iterator[Path]:
    """A data folder whose copy of pytest the tests of one process share."""
    home = Path(tempfile.mkdtemp(prefix="assay-scripts-home-", dir="/tmp"))
    os.chmod(home, 0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def box(scripts_home: Path) -> Iterator[Sandbox]:
    """A real sandbox in which pytest can be imported."""
    settings = replace(Settings.from_environment(), home=scripts_home)
    with open_sandbox(replace(settings, sandbox_packages=folder_with_pytest(settings))) as sandbox:
        yield sandbox
