"""Scores as JSON, and the order of their tasks."""

import json

from assay.bench.scores.records import natural
from assay.bench.scores.scoring import score
from tests.bench.scores.made import evaluation, sample, tasks


def test_task_10_comes_after_task_9() -> None:
    assert sorted(["t/10", "t/9", "t/1b", "t/1a", "u", "10", "9"], key=natural) == [
        "9",
        "10",
        "t/1a",
        "t/1b",
        "t/9",
        "t/10",
        "u",
    ]


def test_json_of_a_single_score_has_its_numbers_at_the_top() -> None:
    given_ = [sample("m", "t/2", 0, "pass"), sample("m", "t/10", 0, "wrong")]
    said = json.loads(json.dumps(score(evaluation("m"), given_, tasks("t/2", "t/10")).as_json(), allow_nan=False))
    assert (said["suite"], said["tasks"], said["samples"], said["passed"]) == ("s", 2, 2, 1)
    assert said["pass@1"] == said["pass@k"]["1"] == 0.5
    low, high = said["intervals"]["pass@1"]
    assert 0 < low < 0.5 < high < 1
    assert said["statuses"]["pass"] == 1
    assert list(said["statuses"]) == ["pass", "wrong", "exception", "timeout", "oom", "no_code", "truncated", "error"]
    assert list(said["correct_by_task"].items()) == [("t/2", 1), ("t/10", 0)]
    assert said["isolation"] == {"bwrap, level 2, memory by polling": 2}


def test_json_of_several_scores_lists_them() -> None:
    said = score(evaluation("x", "y"), [sample("x", "a", 0, "pass"), sample("y", "a", 0, "pass")]).as_json()
    assert "suite" not in said
    assert [one["model"] for one in said["results"]] == ["x", "y"]
