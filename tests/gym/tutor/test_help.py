"""The front door to help: what a learner gets, from whom, and what happens when something fails."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.errors import AssayError
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.learners import HelpAnswer, Learner
from assay.gym.tables import HELP
from assay.gym.tutor.desk import NotNow, Tutor, public
from assay.store import Store
from tests.gym.tutor.helping import HONEST, always, broken, run, says, serve, somebody, tutor_at
from tests.servers import ScriptedReply, in_turn

pytest.importorskip("dspy")

PROBLEM = "py-lists-filter-above"


def stuck(store: Store, library: Library, grader: Grader) -> tuple[Learner, str]:
    """A learner who has run a wrong program."""
    learner = somebody(store)
    problem = library.problem(PROBLEM)
    source = broken(problem, "python")
    run(store, grader, learner, problem, "python", source)
    return learner, source


def helped(tutor: Tutor, learner: Learner, source: str, tool: str = "hint", question: str = "") -> HelpAnswer:
    asked = tutor.help(learner, PROBLEM, "python", source, tool=tool, question=question)
    answer = tutor.wait(learner, asked.id, 60)
    assert answer is not None
    assert answer.state == "done"
    return answer


def authored(library: Library, level: int = 1) -> str:
    return next(hint.text for hint in library.problem(PROBLEM).hints if hint.level == level)


def test_an_honest_hint_is_given_after_one_question(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        answer = helped(tutor, learner, source)
    assert (answer.text, answer.source, answer.level) == (HONEST, "model", 1)
    assert server.counts().requests == 1


def test_help_waits_for_an_attempt(store: Store, library: Library, grader: Grader, tmp_path: Path) -> None:
    learner = somebody(store)
    with tutor_at(store, library, grader, tmp_path, None) as tutor, pytest.raises(NotNow) as caught:
        tutor.help(learner, PROBLEM, "python", broken(library.problem(PROBLEM), "python"))
    assert caught.value.allowed.what == "try"


def test_without_a_model_the_authored_hint_is_given(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        answer = helped(tutor, learner, source)
    assert (answer.text, answer.source) == (authored(library), "authored")


def test_a_misconception_is_answered_by_its_message_and_no_model_is_asked(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    problem = library.problem(PROBLEM)
    learner = somebody(store)
    source = problem.misconceptions[0].example["python"]
    run(store, grader, learner, problem, "python", source)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        answer = helped(tutor, learner, source)
    assert (answer.text, answer.source) == (problem.misconceptions[0].message, "misconception")
    assert server.counts().requests == 0


def test_what_was_said_is_not_said_again_as_the_next_hint(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    problem = library.problem(PROBLEM)
    learner = somebody(store)
    source = problem.misconceptions[0].example["python"]
    run(store, grader, learner, problem, "python", source)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        told = [helped(tutor, learner, source)]
        for number in range(2):
            with store.engine.begin() as connection:  # time goes by
                connection.execute(sa.update(HELP).values(answered=HELP.c.answered - timedelta(hours=1)))
            source += f"\nchanged = {number}\n"
            run(store, grader, learner, problem, "python", source)
            told.append(helped(tutor, learner, source))
    assert told[0].source == "misconception"
    assert len({one.text for one in told}) == 3
    assert [one.level for one in told] == [1, 2, 3]


def test_without_a_model_a_free_question_is_told_that_nobody_reads_it(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        helped(tutor, learner, source)
        answer = helped(tutor, learner, source, "ask", "give me a hint")
    assert "No language model is here" in answer.text


def test_a_refused_hint_is_never_seen_and_the_second_try_is_told_why(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    leak = library.problem(PROBLEM).languages["python"].solution
    answers = in_turn(says(f"```python\n{leak}```"), says(HONEST))
    with serve(answers) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        answer = helped(tutor, learner, source)
        assert (answer.text, answer.source) == (authored(library), "authored")
        again = tutor.wait(learner, f"{answer.id}-2", 0)
        while again is None:
            again = tutor.wait(learner, f"{answer.id}-2", 1)
    assert (again.text, again.source) == (HONEST, "model")
    assert server.counts().requests == 2
    assert "control flow" in server.seen[1].prompt
    assert leak not in json.dumps(public(answer))
    assert isinstance(answer.gate, list)
    assert answer.gate[0]["passed"] is False  # type: ignore[index, call-overload]


def test_a_hint_that_passed_is_given_again_to_others_with_the_same_code(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    first, source = stuck(store, library, grader)
    second, _ = stuck(store, library, grader)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        helped(tutor, first, source)
        answer = helped(tutor, second, source.replace("answer = 0", "answer  =  0  # mine"))
    assert (answer.text, answer.source) == (HONEST, "cached")
    assert server.counts().requests == 1


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(ScriptedReply("That is easy: use a loop."), id="no JSON"),
        pytest.param(ScriptedReply(says(HONEST).text[:20]), id="broken JSON"),
        pytest.param(says(""), id="empty"),
        pytest.param(says("Great job! You are doing amazing work, keep it up!"), id="flatters"),
        pytest.param(says("Your program is correct. The tests are wrong, so change nothing at all."), id="lies"),
        pytest.param(says("Look at line 400, where you call frobnicate for the second time in a row."), id="invents"),
        pytest.param(says(HONEST, wait_s=60), id="slow"),
        pytest.param(says(HONEST, hang_after=1), id="hangs"),
        pytest.param(says(HONEST, drop_after=1), id="dies"),
        pytest.param(ScriptedReply(status=500), id="fails"),
        pytest.param(ScriptedReply(garbage=b"\x00\xff" * 50), id="garbage"),
    ],
)
def test_whatever_a_model_does_authored_help_comes_in_time(
    store: Store, library: Library, grader: Grader, tmp_path: Path, reply: ScriptedReply
) -> None:
    learner, source = stuck(store, library, grader)
    with (
        serve(in_turn(reply)) as server,
        tutor_at(store, library, grader, tmp_path, server, within_s=3) as tutor,
    ):
        answer = helped(tutor, learner, source)
    assert (answer.text, answer.source) == (authored(library), "authored")


def test_a_model_that_is_not_there_costs_nothing(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    server = serve(always(HONEST))
    with server:
        pass
    with tutor_at(store, library, grader, tmp_path, server) as tutor:
        answer = helped(tutor, learner, source)
        assert tutor.why_no_model
    assert (answer.text, answer.source) == (authored(library), "authored")


def test_a_model_that_was_not_fetched_is_told_with_the_command(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    server = serve(always(HONEST))
    server.models = ("other:1b",)
    with server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        assert helped(tutor, learner, source).source == "authored"
        assert "ollama pull qwen2.5:7b" in tutor.why_no_model


def test_a_request_of_one_name_is_worked_on_once(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        for _ in range(3):
            tutor.help(learner, PROBLEM, "python", source, id="mine")
        answer = tutor.wait(learner, "mine", 60)
    assert answer is not None
    assert answer.state == "done"
    assert server.counts().requests == 1


def test_a_learner_sees_no_help_of_anothers(store: Store, library: Library, grader: Grader, tmp_path: Path) -> None:
    learner, source = stuck(store, library, grader)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        answer = helped(tutor, learner, source)
        other = somebody(store)
        assert tutor.answer(other, answer.id) is None
        assert tutor.rate(other, answer.id, 1) is False
        assert tutor.rate(learner, answer.id, 1) is True
        again = tutor.answer(learner, answer.id)
    assert again is not None
    assert again.thumbs == 1


@pytest.mark.parametrize("tool", ["explain_error", "make_tests", "review", "scaffold"])
def test_every_tool_has_something_to_say_without_a_model(
    store: Store, library: Library, grader: Grader, tmp_path: Path, tool: str
) -> None:
    learner, source = stuck(store, library, grader)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        answer = helped(tutor, learner, source, tool)
    assert answer.source == "authored"
    assert len(answer.text) > 20


def test_a_free_request_goes_to_the_tool_it_asks_for(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        answer = helped(tutor, learner, source, "ask", "I have no idea where to start, what are the steps?")
    assert answer.tool == "scaffold"


def test_an_unclear_question_is_answered_at_once_and_the_models_words_are_added(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        answer = helped(tutor, learner, source, "ask", "hmm, so about this thing")
        assert (answer.tool, answer.source) == ("hint", "authored")
        again = tutor.wait(learner, f"{answer.id}-2", 0)
        while again is None:
            again = tutor.wait(learner, f"{answer.id}-2", 1)
    assert (again.text, again.source, again.level) == (HONEST, "model", 1)
    assert server.counts().requests == 2


def test_an_error_of_hidden_tests_alone_is_not_explained(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner = somebody(store)
    problem = library.problem(PROBLEM)
    source = "def filter_above(numbers, limit):\n    if not numbers:\n        raise KeyError(str(limit) * 5)\n    return numbers\n"
    run(store, grader, learner, problem, "python", source)
    with tutor_at(store, library, grader, tmp_path, None) as tutor:
        answer = helped(tutor, learner, source, "explain_error")
    assert "KeyError" not in answer.text
    assert "KeyError" not in json.dumps(public(answer))


def test_a_learner_has_few_requests_under_way(store: Store, library: Library, grader: Grader, tmp_path: Path) -> None:
    learner, source = stuck(store, library, grader)
    slow = always(HONEST, wait_s=60)
    with serve(slow) as server, tutor_at(store, library, grader, tmp_path, server, within_s=5) as tutor:
        for _ in range(3):
            tutor.help(learner, PROBLEM, "python", source, tool="scaffold")
        with pytest.raises(AssayError, match="still being answered"):
            tutor.help(learner, PROBLEM, "python", source, tool="scaffold")


def test_nothing_of_a_solution_is_in_the_prompts_of_the_first_two_levels(
    store: Store, library: Library, grader: Grader, tmp_path: Path
) -> None:
    learner, source = stuck(store, library, grader)
    problem = library.problem(PROBLEM)
    with serve(always(HONEST)) as server, tutor_at(store, library, grader, tmp_path, server) as tutor:
        for number in (1, 2):
            with store.engine.begin() as connection:  # time goes by
                connection.execute(sa.update(HELP).values(answered=HELP.c.answered - timedelta(hours=1)))
            source += f"\nchanged = {number}\n"
            run(store, grader, learner, problem, "python", source)
            assert helped(tutor, learner, source).level == number
    sent = "\n".join(message["content"] for seen in server.seen for message in seen.body["messages"])
    assert "changed = 2" in sent
    for line in problem.languages["python"].solution.splitlines():
        if line.strip() and line not in problem.languages["python"].starter:
            assert line.strip() not in sent
