"""Starting a run, and watching it."""

from fastapi import APIRouter

from assay.web.shell import Shell


def router(shell: Shell) -> APIRouter:  # noqa: ARG001
    """The routes that start runs and follow them."""
    return APIRouter()
