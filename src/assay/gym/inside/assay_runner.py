"""Inside the sandbox, beside a learner's program: runs it, and tells where it went wrong, where it is slow, what it does.

Everything said here is said in one process with the program, which may forge it: it helps a learner to see, and no verdict
rests on it. Notes are lines of JSON on stderr that begin with MARK; on stdout MARK numbers the calls, so that what each
printed can be told apart. Standard library only.
"""

import builtins
import contextlib
import itertools
import json
import os
import reprlib
import signal
import sys
from typing import Any

MARK = "\x1e"
MAIN = "main.py"
INPUT = "your input"
MAX_TEXT = 2000
MAX_STEPS = 600
MAX_VALUE = 120
MAX_NAMES = 30
TRACE = "trace.jsonl"

_stdout, _stderr = sys.stdout, sys.stderr


def begin(space: "dict[str, Any]", how: "dict[str, Any]") -> None:
    """Run main.py in `space`. `how`: mode (program, calls, values, console, trace), entry, wall_s, cpu_s, input, call."""
    for name in [name for name in space if not name.startswith("__")]:
        del space[name]
    mode = how["mode"]
    sys.argv[:] = [MAIN]
    space["__file__"] = MAIN
    sys.excepthook = _say
    _stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _set_clock(how)
    if mode == "values" and "candidate" in sys.modules:
        space["__name__"] = "__main__"
        sys.modules["__main__"] = sys.modules["candidate"]
    code = _compiled()
    if mode == "trace":
        _Tracer().run(code, space, how)
        return
    try:
        exec(code, space)  # noqa: S102 - running it is what this is for
    except SystemExit as leaving:
        if mode == "calls":
            _note_error(leaving)
        if mode != "values":
            raise
    except BaseException as error:
        _note_error(error)
        raise
    if mode == "console":
        _console(space, how["input"])
    elif mode == "calls":
        _wait_for_calls(space, how["entry"])
    elif mode == "values":
        space["assay_value"] = lambda name: _looked_up(space, name)


def _compiled() -> Any:
    with open(MAIN, "rb") as file:
        source = file.read()
    try:
        return compile(source, MAIN, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        _note(
            "syntax",
            type=type(error).__name__,
            text=str(getattr(error, "msg", error))[:MAX_TEXT],
            line=getattr(error, "lineno", None) or 1,
            column=getattr(error, "offset", None),
        )
        raise


def _wait_for_calls(space: "dict[str, Any]", entry: str) -> None:
    numbers = itertools.count()

    def assay_call(*arguments: object) -> object:
        number = next(numbers)
        _stdout.flush()
        _stdout.write(f"{MARK}{number}{MARK}")
        try:
            if entry not in space:
                _note("missing", name=entry)
                raise NameError(f"name '{entry}' is not defined")
            return space[entry](*arguments)
        except BaseException as error:
            _note_error(error, number)
            raise

    space["assay_call"] = assay_call


def _looked_up(space: "dict[str, Any]", name: str) -> object:
    if name not in space:
        _note("missing", name=name)
        raise NameError(f"name '{name}' is not defined")
    return space[name]


def _console(space: "dict[str, Any]", text: str) -> None:
    """Statements of the learner's own, after the program; what an expression gives is shown."""
    import ast

    try:
        tree = ast.parse(text, INPUT)
        for node in tree.body:
            if isinstance(node, ast.Expr):
                value = eval(compile(ast.Expression(node.value), INPUT, "eval"), space)  # noqa: S307
                if value is not None:
                    print(repr(value))
            else:
                exec(compile(ast.Module([node], []), INPUT, "exec"), space)  # noqa: S102
    except SystemExit:
        raise
    except BaseException as error:
        _note_error(error)
        raise


# ---- telling ---------------------------------------------------------------------------------------------------------


def _note(kind: str, **what: object) -> None:
    try:
        _stderr.flush()
        os.write(2, (MARK + json.dumps({"note": kind, **what}) + "\n").encode("ascii", "replace"))
    except (OSError, ValueError):
        pass  # the program closed it


def _note_error(error: BaseException, number: "int | None" = None) -> None:
    try:
        text = str(error)[:MAX_TEXT]
    except BaseException:
        text = ""
    lines, typed = _lines_of(error), _lines_of(error, INPUT)
    if isinstance(error, SyntaxError) and error.filename == INPUT and error.lineno:
        typed = [error.lineno]
    line, last = (lines[-1] if lines else None), (typed[-1] if typed else None)
    _note("error", case=number, type=type(error).__name__, text=text, line=line, where=lines, typed=last)


def _lines_of(error: BaseException, name: str = MAIN) -> "list[int]":
    """The lines of main.py that lead to it, the last eight of them."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines[-8:]


def _say(kind: Any, error: BaseException, trace: Any) -> None:
    """The traceback as Python prints it, without our own frames."""
    import traceback

    while trace is not None and trace.tb_frame.f_code.co_filename not in (MAIN, INPUT):
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)


def _set_clock(how: "dict[str, Any]") -> None:
    """Shortly before the time is up, tell which line is at work. (Who ends the program is not here.)"""

    def tell(_number: int, frame: Any) -> None:
        while frame is not None and frame.f_code.co_filename != MAIN:
            frame = frame.f_back
        _note("slow", line=frame.f_lineno if frame is not None else None)
        with contextlib.suppress(RuntimeError, OSError, ValueError):  # it may be printing just now
            _stdout.flush()

    try:
        signal.signal(signal.SIGVTALRM, tell)
        signal.signal(signal.SIGALRM, tell)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.75 * how["cpu_s"])
        signal.setitimer(signal.ITIMER_REAL, 0.85 * how["wall_s"])
    except (OSError, ValueError):
        pass  # then nobody is told


# ---- step by step ----------------------------------------------------------------------------------------------------


class _Tracer:
    """Writes one line of JSON a step, as it happens, so that what came before a time-out is kept."""

    def __init__(self) -> None:
        self._fd = os.open(TRACE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._steps = 0
        self._printed = 0
        self._busy = False
        self._repr = reprlib.Repr()
        self._repr.maxlist = self._repr.maxtuple = self._repr.maxset = self._repr.maxfrozenset = 20
        self._repr.maxdict = 15
        self._repr.maxstring = self._repr.maxother = 80
        self._repr.maxlevel = 4

    def run(self, code: Any, space: "dict[str, Any]", how: "dict[str, Any]") -> None:
        self._space = space
        write = _stdout.write

        def counted(text: str) -> int:
            self._printed += len(text)
            return write(text)

        _stdout.write = counted  # type: ignore[method-assign]
        sys.settrace(self._enter)
        try:
            exec(code, space)  # noqa: S102
            if how.get("call"):
                space["__name__"] = "candidate"
                value = eval(compile(how["call"], INPUT, "eval"), space)  # noqa: S307
                sys.settrace(None)
                self._write({"event": "result", "value": self._shown(value), "printed": self._printed})
        except SystemExit:
            pass
        except BaseException as error:
            sys.settrace(None)
            _note_error(error)
            raise
        finally:
            sys.settrace(None)

    def _enter(self, frame: Any, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != MAIN:
            return None
        self._step(frame, event, argument)
        return self._step

    def _step(self, frame: Any, event: str, argument: object) -> Any:
        if self._busy or self._steps > MAX_STEPS:
            return None
        self._steps += 1
        self._busy = True
        sys.settrace(None)  # our own repr is no step
        try:
            if self._steps > MAX_STEPS:
                self._write({"event": "cut"})
                return None
            told: dict[str, object] = {
                "event": event,
                "line": frame.f_lineno,
                "function": "" if frame.f_code.co_name == "<module>" else frame.f_code.co_name,
                "depth": self._depth(frame),
                "names": self._names(frame),
                "printed": self._printed,
            }
            if event == "return":
                told["value"] = self._shown(argument)
            elif event == "exception" and isinstance(argument, tuple):
                told["value"] = getattr(argument[0], "__name__", "Exception")
            self._write(told)
        finally:
            self._busy = False
            if self._steps <= MAX_STEPS:
                sys.settrace(self._enter)
        return self._step

    def _depth(self, frame: Any) -> int:
        depth = 0
        while frame is not None and depth < 200:
            depth += frame.f_code.co_filename == MAIN
            frame = frame.f_back
        return depth

    def _names(self, frame: Any) -> "dict[str, str]":
        names = {}
        for name, value in itertools.islice(list(frame.f_locals.items()), 200):
            if name.startswith((".", "__")) or type(value).__name__ in (
                "module",
                "function",
                "type",
                "builtin_function_or_method",
            ):
                continue
            names[str(name)[:40]] = self._shown(value)
            if len(names) == MAX_NAMES:
                break
        return names

    def _shown(self, value: object) -> str:
        try:
            text = self._repr.repr(value) if type(value) in _PLAIN else f"a {type(value).__name__[:60]}"
        except BaseException:
            text = f"a {type(value).__name__[:60]}"
        return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"

    def _write(self, told: "dict[str, object]") -> None:
        try:
            os.write(self._fd, json.dumps(told).encode() + b"\n")
        except OSError:
            self._steps = MAX_STEPS + 1


_PLAIN = {builtins.type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range}
