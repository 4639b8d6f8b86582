"""Which sandbox is used: the named one, else the strongest that works here."""

import sys
from dataclasses import dataclass

from assay.errors import AssayError, SandboxUnavailable
from assay.pipeline.sandbox import SANDBOXES, Sandbox
from assay.settings import Settings

PREFERRED = ("zygote", "bwrap", "landlock")
"""In this order. `docker` and `local` are only ever used by name."""
_ON_LINUX = (*PREFERRED, "local")
"""Those that another system has no system calls for, nor has Python there their names."""


def open_sandbox(
    settings: Settings, required: int = 1, backend: str | None = None, allow_unsafe: bool = False
) -> Sandbox:
    """A sandbox of at least the `required` level, tried by a canary. Raises SandboxUnavailable with the exact fix."""
    named = backend or settings.sandbox
    if named is not None:
        return _tried(named, settings, required, allow_unsafe)
    reasons = []
    for name in PREFERRED:
        try:
            return _tried(name, settings, required, allow_unsafe)
        except SandboxUnavailable as error:
            reasons.append((name, error))
    first = reasons[0][1]
    raise SandboxUnavailable(f"No sandbox of level {required} or better works here. {first}", first.help)


def check_named(name: str, allow_unsafe: bool) -> None:
    """Raise what speaks against a back end before it is tried: no such name or system, or it isolates nothing."""
    if name in _ON_LINUX and sys.platform != "linux":
        raise SandboxUnavailable(
            f"The {name} sandbox needs Linux.",
            "Use docker: ASSAY_SANDBOX=docker, with ASSAY_DOCKER_IMAGE=python:3.12-slim. On Windows run Assay in WSL2.",
        )
    SANDBOXES.get(name)
    if name == "local" and not allow_unsafe:
        raise AssayError(
            "The local sandbox does not isolate: what runs in it can read and change your files.",
            "If you trust every program that will run: --allow-unsafe",
        )


def _tried(name: str, settings: Settings, required: int, allow_unsafe: bool) -> Sandbox:
    check_named(name, allow_unsafe)
    sandbox: Sandbox = SANDBOXES.get(name)(settings)
    try:
        isolation = sandbox.capabilities()
        if isolation.level < required and not (name == "local" and allow_unsafe):
            raise SandboxUnavailable(
                f"The {name} sandbox gives level {isolation.level} here; level {required} is required.",
                " ".join(isolation.notes),
            )
    except BaseException:
        sandbox.close()
        raise
    return sandbox


@dataclass(frozen=True)
class Surveyed:
    """One back end on this machine. level None: it does not work here, and `notes` says why and what to do."""

    backend: str
    level: int | None
    memory: str
    summary: str
    notes: tuple[str, ...] = ()


_LEVELS = {
    4: "a virtual machine or gVisor",
    3: "namespaces, system-call filter, control group",
    2: "namespaces, system-call filter; memory is polled",
    1: "Landlock, system-call filter, rlimits",
    0: "rlimits only: isolates nothing",
}


def survey(settings: Settings) -> list[Surveyed]:
    """Every back end, tried by its canary."""
    rows = []
    for name in SANDBOXES.names():
        try:
            with _tried(name, settings, 0, allow_unsafe=True) as sandbox:
                isolation = sandbox.capabilities()
                rows.append(
                    Surveyed(name, isolation.level, isolation.memory, _LEVELS[isolation.level], isolation.notes)
                )
        except (AssayError, ImportError) as error:
            notes = (error.help,) if isinstance(error, AssayError) and error.help else ()
            rows.append(Surveyed(name, None, "", str(error), notes))
    order = [*PREFERRED, *SANDBOXES.names()]
    return sorted(
        rows, key=lambda row: (-1 if row.level is None else row.level, -order.index(row.backend)), reverse=True
    )
