"""Assay as a library: assay_grading.py SUITE DATA SAMPLES WORKERS. Expected values are had before the start, as EvalPlus's.

A command may name another number of workers, and how often they grade all samples: `WORKERS TIMES`.
"""

import json
import sys
from pathlib import Path

from rounds import serve, skip

from assay.bench.suites import load_suite
from assay.bench.suites.oracle import needs_oracle, oracle_program, with_answers
from assay.errors import AssayError
from assay.pipeline.checks import grade
from assay.pipeline.checks.perform import run_many
from assay.pipeline.sandbox.choose import open_sandbox
from assay.records import Program
from assay.settings import Settings

settings = Settings.from_environment()
suite = load_suite(sys.argv[1], Path(sys.argv[2]), settings=settings)
workers = int(sys.argv[4])
tasks = {task.id: task for task in suite.tasks}
with open(sys.argv[3]) as file:
    solutions = {row["task_id"]: row["solution"] for row in map(json.loads, file)}
tasks = {name: task for name, task in tasks.items() if name in solutions}
programs = {name: Program(files={"main.py": text.encode()}) for name, text in solutions.items() if name in tasks}

try:
    sandbox = open_sandbox(settings, required=1)
except AssayError as error:
    skip(f"{error} {error.help}")
waiting = [(name, task, oracle_program(task)) for name, task in tasks.items() if needs_oracle(task)]
for name, runs in run_many(sandbox, waiting, workers):
    tasks[name] = with_answers(tasks[name], runs)
del suite, waiting  # the tasks without their answers are as large as those with them


def do(command: str) -> dict[str, object]:
    at_once, times = map(int, command.split()) if command else (workers, 1)
    jobs = ((name, tasks[name], programs[name]) for _ in range(times) for name in programs)
    reports = [grade(tasks[name], programs[name], runs) for name, runs in run_many(sandbox, jobs, at_once)]
    isolation = sandbox.capabilities()
    return {
        "pass_at_1": sum(report.passed for report in reports) / len(reports),
        "sandbox": f"{isolation.backend} L{isolation.level}",
        "failed": [f"{report.task}: {report.message}" for report in reports if not report.passed][:5],
    }


serve(do)
