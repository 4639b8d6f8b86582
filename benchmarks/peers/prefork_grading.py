"""The floor: a warm interpreter forks for each sample and runs it with its test. No isolation, a verdict by exit code.

prefork_grading.py SAMPLES PROBLEMS WORKERS
"""

import gzip
import json
import os
import sys
import typing  # noqa: F401 - what programs import most, imported once

from rounds import serve

with open(sys.argv[1]) as file:
    completions = {row["task_id"]: row["completion"] for row in map(json.loads, file)}
with gzip.open(sys.argv[2], "rt") as file:
    programs = [
        f"{row['prompt']}{completions[row['task_id']]}\n{row['test']}\ncheck({row['entry_point']})"
        for row in map(json.loads, file)
        if row["task_id"] in completions
    ]
workers = int(sys.argv[3])


def grade(_command):
    waiting, running, passed = list(programs), 0, 0
    while waiting or running:
        if waiting and running < workers:
            program = waiting.pop()
            running += 1
            if os.fork() == 0:
                try:
                    exec(program, {})
                except BaseException:
                    os._exit(1)
                os._exit(0)
        else:
            passed += os.wait()[1] == 0
            running -= 1
    return {"pass_at_1": passed / len(programs)}


serve(grade)
