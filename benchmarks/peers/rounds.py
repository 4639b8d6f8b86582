"""How a contender is told to work: a line on stdin, an answer on the stdout it was started with.

Standard library alone: it runs in the environments of others. What they print goes to /dev/null.
"""

import json
import os
import sys


def serve(work):
    """Say that start-up is over, then answer each command with the dict that `work(command)` returns."""
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get("BENCH_VERBOSE"):
        os.dup2(nowhere, 2)
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        try:
            answer = work(line.strip())
        except BaseException as error:
            answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    answers.close()


def skip(why):
    print("skip " + why.replace("\n", " "), flush=True)
    os._exit(0)
