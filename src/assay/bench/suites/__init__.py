"""The suites that bench brings. What a suite is, and the table of all, stands one floor down: others give suites too."""

from assay.suites import SUITES, Loader, Suite, load_suite, same_task

__all__ = ["SUITES", "Loader", "Suite", "load_suite", "same_task"]
