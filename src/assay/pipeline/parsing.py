"""Parse Python that others wrote, from any thread."""

import ast
import threading
import warnings

_TRIES = 5
_ALONE = threading.Lock()


def parse(source: str) -> ast.Module | None:
    """Its tree; None where it does not parse here.

    One thread at a time: CPython 3.11 counts how deeply it is nested in one place for all threads, and says SystemError
    ("recursion depth mismatch") where another one parsed meanwhile; filters of warnings are shared in the same way. A
    part that does not come through here may still disturb, hence another try.
    """
    for _ in range(_TRIES):
        try:
            with _ALONE, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(source)
        except SystemError:
            continue
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return None
