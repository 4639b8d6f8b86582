"""What the reference answers: it is the oracle of generated tests, and of those that help makes."""

from collections.abc import Sequence

from assay.gym.grading.reveal import is_builtin
from assay.gym.records.problems import Problem, Test
from assay.gym.tasks import Sheet, program_for, sheet
from assay.pipeline.checks.answers import holds_handle
from assay.pipeline.checks.answers import read as read_answer
from assay.pipeline.checks.perform import Workbench, run_checks
from assay.records import Language, Run


def answered(bench: Workbench, problem: Problem, language: Language, tests: Sequence[Test]) -> tuple[Test, ...]:
    """Tests with what the reference answers to them; those to which it gives no plain value are left out."""
    whole = sheet(problem, language, tests)
    made = program_for(whole, problem.languages[language].solution)
    runs = run_checks(bench, whole.task, made)
    return read_answers(whole, runs)


def read_answers(whole: Sheet, runs: Sequence[Run]) -> tuple[Test, ...]:
    """The tests with the values, or exceptions, that the Runs of a reference gave. Pure."""
    lines = [line for run in runs for line in run.transcript]
    found = []
    for test, line in zip(whole.tests, lines, strict=False):
        answer = read_answer(line)
        if answer.raised and is_builtin(answer.raised) and answer.raised not in ("MemoryError", "RecursionError"):
            found.append(test.model_copy(update={"raises": {whole.language: answer.raised}}))
        elif not answer.unreadable and not answer.raised and not holds_handle(answer.value):
            found.append(test.model_copy(update={"expect": answer.value}))
    return tuple(found)
