"""One task, one attempt, and the calls that were made."""

from fastapi import APIRouter

from assay.web.shell import Shell


def router(shell: Shell) -> APIRouter:  # noqa: ARG001
    """The routes of tasks, attempts and calls."""
    return APIRouter()
