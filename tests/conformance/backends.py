"""The back ends that the conformance suite runs over, on this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox import SANDBOXES, Sandbox
from assay.settings import Settings

LONG = "ASSAY_TEST_LONG" in os.environ
PROGRAMS = Path(__file__).parent / "programs"
NAMES = [name for name in ("zygote", "bwrap", "landlock", "docker", "local") if name in SANDBOXES.names()]


@contextmanager
def opened(name: str, home: Path) -> Iterator[Sandbox]:
    """The back end, or a skip that says why it is not to be had."""
    if name == "local" and os.geteuid() != 0:
        pytest.skip("local: programs would share the uid of these tests, and some of them signal whatever they can")
    try:
        sandbox: Sandbox = SANDBOXES.get(name)(Settings(home=home))
        with sandbox:
            sandbox.capabilities()
            yield sandbox
    except AssayError as error:
        if os.environ.get("ASSAY_REQUIRE_SANDBOX") == name:
            raise
        pytest.skip(f"{name}: {error}")
