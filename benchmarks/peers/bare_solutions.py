"""Nobody's grader: solutions called on a data set's inputs in one bare loop. What is dearer than this, a grader adds.

bare_solutions.py SAMPLES PROBLEMS LEFT_OUT, the last a JSON object: task to the numbers of added inputs to pass over.
"""

import gzip
import json
import os
import sys

from rounds import serve

with open(sys.argv[1]) as file:
    solutions = {row["task_id"]: row["solution"] for row in map(json.loads, file)}
left_out = json.loads(sys.argv[3])
work = []
with gzip.open(sys.argv[2], "rt") as file:
    for row in map(json.loads, file):
        passed_over = set(left_out.get(row["task_id"], ()))
        added = [inputs for number, inputs in enumerate(row["plus_input"]) if number not in passed_over]
        if row["task_id"] in solutions:
            work.append((solutions[row["task_id"]], row["entry_point"], row["base_input"] + added))


def call_all(_command):
    child = os.fork()  # a solution may change what it is given: the next round has it as it was
    if child == 0:
        try:
            for source, entry, inputs in work:
                space = {}
                exec(source, space)
                for arguments in inputs:
                    space[entry](*arguments)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("a solution raised")
    return {"pass_at_1": None}


serve(call_all)
