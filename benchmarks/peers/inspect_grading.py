"""Inspect's HumanEval with its local sandbox, on answers from a list: inspect_grading.py SAMPLES PROBLEMS WORKERS.

Its own scorer and its own way from a task to a sample; the model is its mock, which answers with the sample.
"""

import gzip
import json
import sys
import tempfile

import inspect_ai
from inspect_ai import Task
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.solver import generate
from inspect_evals.humaneval.humaneval import record_to_sample, verify
from rounds import serve

with open(sys.argv[1]) as file:
    completions = {row["task_id"]: row["completion"] for row in map(json.loads, file)}
with gzip.open(sys.argv[2], "rt") as file:
    dataset = [record_to_sample()(row) for row in map(json.loads, file) if row["task_id"] in completions]
answers = {sample.input: completions[sample.id] for sample in dataset}
workers = int(sys.argv[3])
logs = tempfile.mkdtemp()


def answer(messages, _tools, _choice, _config):
    output = ModelOutput.from_content("mockllm", answers[messages[-1].text])
    output.usage = ModelUsage()  # else it counts tokens itself, for which it fetches a table from the internet
    return output


def grade(_command):
    task = Task(dataset=dataset, solver=generate(), scorer=verify(), sandbox="local", name="humaneval")
    (log,) = inspect_ai.eval(
        task, model=get_model("mockllm/model", custom_outputs=answer), max_subprocesses=workers,
        log_dir=logs, display="none", log_level="error",
    )  # fmt: skip
    if log.status != "success":
        raise SystemExit("inspect: " + str(log.error))
    return {"pass_at_1": log.results.scores[0].metrics["accuracy"].value}


serve(grade)
