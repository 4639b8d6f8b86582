"""What a task's reference answers, for cases that bring no expected value. Pure: somebody else runs the reference.

A reference that raises, ends early or answers with something that cannot be compared is an error, told with the case:
EvalPlus, whose data sets these are, cannot go on there either, and in its releases it does not happen.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NoReturn

from assay.bench.suites.evalplus import ATOL, RTOL
from assay.errors import ContentError
from assay.pipeline.checks.answers import holds_handle
from assay.pipeline.sandbox.guest.values import Undecodable, decode
from assay.records import MAIN, Calls, Case, Check, Compare, Encoded, Program, Run, Task

_YES, _NO = Encoded("true"), Encoded("false")
_CLOSE = Compare(mode="approx", abs=ATOL, rel=RTOL)


def needs_oracle(task: Task) -> bool:
    """Whether some case of the task waits for the reference's answer."""
    return any(isinstance(check, Calls) and _waiting(check) for check in task.checks)


def oracle_program(task: Task) -> Program:
    """The program whose answers are right: the reference."""
    if task.reference is None:
        raise ContentError(
            task.place or task.id, f"task {task.id} has cases without an expected value and no reference."
        )
    main = MAIN[task.language]
    return Program(language=task.language, files={main: task.reference.encode()}, main=main)


def with_answers(task: Task, runs: Sequence[Run]) -> Task:
    """The task with each expected value that was missing: what the reference answered in `runs`.

    Raises ContentError where the reference did not answer a case.
    """
    by_check = {run.check: run for run in runs}
    checks = tuple(_answered(task, number, check, by_check.get(number)) for number, check in enumerate(task.checks))
    return task.model_copy(update={"checks": checks})


def _waiting(check: Calls) -> bool:
    return any(case.expect is None and case.raises is None for case in check.cases)


def _answered(task: Task, number: int, check: Check, run: Run | None) -> Check:
    if not isinstance(check, Calls) or not _waiting(check):
        return check
    if run is None:
        raise ContentError(task.place or task.id, f"the reference of task {task.id} was not run for check {number}.")
    return check.model_copy(update={"cases": tuple(_cases(task, check, run))})


def _cases(task: Task, check: Calls, run: Run) -> Iterator[Case]:
    close = False
    texts: dict[Encoded, Encoded] = {}  # thousands of cases share a few answers
    for case, line in zip_longest(check.cases, run.transcript[: len(check.cases)]):
        if case.expect is not None or case.raises is not None:
            yield case
            continue
        if line is None:
            _fail(task, case, f"gave no answer (its run: {run.status}{', ' if run.detail else ''}{run.detail})")
        text, answer = _answer(task, case, line)
        rule = case.compare or check.compare
        if rule.mode == "truthy":  # what the reference answers with may be an object that cannot cross, a match say
            yield replace(case, expect=_NO if answer is None else _YES)
            continue
        if holds_handle(answer):
            _fail(task, case, f"answered with {answer!r}, which cannot be compared")
        close = close or _is_floats(answer)
        own = _CLOSE if rule.mode == "python" and close and _has_number(answer) else case.compare
        yield replace(case, expect=texts.setdefault(text, text), compare=own)


def _answer(task: Task, case: Case, line: str) -> tuple[Encoded, Any]:
    try:
        frame = json.loads(line)
        if frame[0] != "v":
            _fail(task, case, f"raised {': '.join(str(part)[:200] for part in frame[1:3])}")
        text = Encoded(json.dumps(frame[1], separators=(",", ":")))
        return text, decode(text)
    except (ValueError, LookupError, TypeError, RecursionError, Undecodable) as error:
        _fail(task, case, f"sent something that is no answer: {error}")


def _fail(task: Task, case: Case, why: str) -> NoReturn:
    raise ContentError(
        task.place or task.id,
        f"the reference of task {task.id} {why} for case {case.id}.",
        "Without its answer the case cannot be judged. A reference stopped by a limit is helped by larger ones.",
    )


def _is_floats(answer: Any) -> bool:
    """EvalPlus's condition for comparing numerically: a float, or a flat list or tuple of nothing but floats."""
    if isinstance(answer, list | tuple):
        return bool(answer) and all(isinstance(item, float) for item in answer)
    return isinstance(answer, float)


def _has_number(answer: Any) -> bool:
    if isinstance(answer, list | tuple | set | frozenset):
        return any(_has_number(item) for item in answer)
    return isinstance(answer, int | float) and not isinstance(answer, bool)
