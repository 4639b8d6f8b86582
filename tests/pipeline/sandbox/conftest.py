"""Sandboxes of their own for the tests of one back end; where it does not work they skip, and say why."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from assay.errors import AssayError
from assay.pipeline.sandbox.bwrap import Bwrap
from assay.pipeline.sandbox.namespaced import Namespaced
from assay.pipeline.sandbox.zygote import Zygote
from assay.settings import Settings

Kind = TypeVar("Kind", bound=Namespaced)


@contextmanager
def _opened(kind: type[Kind], home: Path) -> Iterator[Kind]:
    try:
        made = kind(Settings(home=home))
        made.capabilities()
    except AssayError as error:
        pytest.skip(f"{kind.name} does not work here: {error}")
    with made as sandbox:
        yield sandbox


def open_descriptors() -> int:
    """How many this process has."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def wait_for_spares(bwrap: Bwrap) -> None:
    """Until no sandbox is being started beside the programs."""
    starting = bwrap._starting
    if starting is not None:
        starting.join(60)
    assert bwrap._starting is None


@pytest.fixture
def zygote(tmp_path: Path) -> Iterator[Zygote]:
    with _opened(Zygote, tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def bwrap(tmp_path: Path) -> Iterator[Bwrap]:
    with _opened(Bwrap, tmp_path) as sandbox:
        yield sandbox
