"""What the environment says, read once at the front door and handed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import AssayError

GYM_MODEL = "ollama/qwen2.5:7b"
"""Small enough for a laptop without a graphics card, and good enough to say one next step."""


@dataclass(frozen=True)
class Settings:
    """Everything Assay takes from the environment. Keys of model providers are read by their providers, never kept here."""

    home: Path
    """Where Assay keeps its data: ASSAY_HOME, else the platform's data folder."""
    database_url: str | None = field(default=None, repr=False)
    """ASSAY_DATABASE_URL: a PostgreSQL server of your own. None: the embedded one, under `home`."""
    sandbox: str | None = None
    """ASSAY_SANDBOX: which sandbox back end to use. None: the best that works here."""
    sandbox_python: str | None = None
    """ASSAY_SANDBOX_PYTHON: the interpreter that runs Python programs in the sandbox. None: our own."""
    sandbox_packages: Path | None = None
    """ASSAY_SANDBOX_PACKAGES: a folder of extra packages for Python programs. None: the standard library alone."""
    docker_image: str | None = None
    """ASSAY_DOCKER_IMAGE: the image whose Python (and Node) the docker back end uses. None: this machine's own."""
    docker_runtime: str = "runc"
    """ASSAY_DOCKER_RUNTIME: the container runtime of the docker back end: runc or runsc (gVisor)."""
    workers: int = 2
    """ASSAY_WORKERS: programs run at once. Default: the processors we may use."""
    gym_model: str | None = GYM_MODEL
    """ASSAY_GYM_MODEL: the model that helps learners; `none`: no model, authored help alone."""
    gym_help_s: float = 30
    """ASSAY_GYM_HELP_S: how long a learner waits for the model before authored help takes its place."""
    otlp_endpoint: str | None = None
    """OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: where spans go. None: nowhere."""
    trace_content: bool = False
    """OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: whether spans hold the words of prompts and replies."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings. Raises AssayError where one cannot be understood."""
        env = os.environ if environment is None else environment
        return cls(
            home=_home(env),
            database_url=env.get("ASSAY_DATABASE_URL") or None,
            sandbox=env.get("ASSAY_SANDBOX") or None,
            sandbox_python=env.get("ASSAY_SANDBOX_PYTHON") or None,
            sandbox_packages=Path(env["ASSAY_SANDBOX_PACKAGES"]) if env.get("ASSAY_SANDBOX_PACKAGES") else None,
            docker_image=env.get("ASSAY_DOCKER_IMAGE") or None,
            docker_runtime=env.get("ASSAY_DOCKER_RUNTIME") or "runc",
            workers=_workers(env.get("ASSAY_WORKERS")),
            gym_model=_gym_model(env.get("ASSAY_GYM_MODEL")),
            gym_help_s=_gym_help_s(env.get("ASSAY_GYM_HELP_S")),
            otlp_endpoint=env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            or env.get("OTEL_EXPORTER_OTLP_ENDPOINT")
            or None,
            trace_content=env.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "").lower() in ("true", "1"),
        )


def _home(env: Mapping[str, str]) -> Path:
    if named := env.get("ASSAY_HOME"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("assay", appauthor=False)


def _workers(text: str | None) -> int:
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if text.isdecimal() and 1 <= int(text) <= 1024:
        return int(text)
    raise AssayError(f"ASSAY_WORKERS is {text!r}.", "Give a whole number from 1 to 1024, or unset it.")


def _gym_model(text: str | None) -> str | None:
    if text is None or not text.strip():
        return GYM_MODEL
    return None if text.strip().lower() in ("none", "off") else text.strip()


def _gym_help_s(text: str | None) -> float:
    if not text:
        return 30
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if 1 <= seconds <= 600:
        return seconds
    raise AssayError(f"ASSAY_GYM_HELP_S is {text!r}.", "Give a number of seconds from 1 to 600, or unset it.")
