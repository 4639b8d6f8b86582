"""Every step of a help request is a span, the model's call among them, as a collector receives them."""

from pathlib import Path

import pytest

from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.store import Store
from tests.gym.tutor.helping import HONEST, broken, run, says, serve, somebody, tutor_at
from tests.test_tracing import Collector, attributes

pytest.importorskip("dspy")

PROBLEM = "py-lists-filter-above"


def test_a_request_is_one_trace_of_its_steps(store: Store, library: Library, grader: Grader, tmp_path: Path) -> None:
    problem = library.problem(PROBLEM)
    learner = somebody(store)
    source = broken(problem, "python")
    run(store, grader, learner, problem, "python", source)
    collector = Collector()
    try:
        with (
            serve(lambda prompt, nth: says(HONEST)) as server,
            tutor_at(store, library, grader, tmp_path, server, endpoint=collector.url) as tutor,
        ):
            asked = tutor.help(learner, PROBLEM, "python", source)
            answer = tutor.wait(learner, asked.id, 60)
            assert answer is not None
            assert tutor.rate(learner, asked.id, -1)
    finally:
        collector.close()
    assert answer.source == "model"
    spans = {span.name: span for span in collector.spans()}
    root = spans["gym help"]
    steps = ("run", "compare", "misconceptions", "cache", "hint", "gate")
    for name in steps:
        assert spans[name].parent_span_id == root.span_id, name
    call = spans["chat qwen2.5:7b"]
    assert call.parent_span_id == spans["hint"].span_id
    assert {spans[name].trace_id for name in steps} == {root.trace_id, call.trace_id} == {root.trace_id}
    assert attributes(spans["gate"])["assay.passed"] is True
    assert attributes(root)["mlflow.traceTag.assay.problem"] == PROBLEM
    assert attributes(root)["assay.source"] == "model"
    assert attributes(spans["gym thumbs"])["assay.thumbs"] == -1
    # neither the learner's words nor the model's go along unless the settings say so
    assert HONEST not in str(collector.bodies)
    assert source not in str(collector.bodies)
