"""The tools one by one: tests that are valid and telling, reviews without an unfounded claim, steps, errors explained."""

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assay.gym.generated import refused as not_allowed
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.problems import Problem
from assay.gym.records.results import FullReport
from assay.gym.tasks import every_case
from assay.gym.tutor import explain_error, make_tests, repair, review, scaffold, student
from assay.gym.tutor.honest import verbatim
from assay.gym.tutor.looking import looked_at, worked_example
from assay.gym.tutor.programs import NotAnswered, Voice, patience
from assay.gym.tutor.review import Comment, Fact
from assay.gym.tutor.runner import Runner
from assay.gym.tutor.situation import Situation
from assay.pipeline.checks.answers import encoded
from assay.pipeline.llm.gateway import Gateway
from assay.records import Language
from tests.gym.tutor.helping import broken, model_at, pairs, serve
from tests.servers import Answer, ScriptedReply, in_turn

pytest.importorskip("dspy")

LONG = bool(os.environ.get("ASSAY_TEST_LONG"))
PROBLEM = "py-lists-filter-above"


def situation(library: Library, grader: Grader, problem: Problem, language: Language, source: str) -> Situation:
    course, _ = library.place(problem.id)
    return looked_at(Situation(problem, language, source, grader.check(problem, language, source), course))


@pytest.fixture
def wrong(library: Library, grader: Grader) -> Situation:
    problem = library.problem(PROBLEM)
    return situation(library, grader, problem, "python", broken(problem, "python"))


@contextmanager
def voice(answer: Answer) -> Iterator[Voice]:
    with serve(answer) as server, Gateway({}, patience=patience(20)) as gateway:
        yield Voice(gateway, model_at(server))


def saying(**document: object) -> ScriptedReply:
    return ScriptedReply(json.dumps(document))


# ---- make_tests ------------------------------------------------------------------------------------------------------


def proposals(problem: Problem, chance: random.Random) -> list[str]:
    """What a careless model proposes: some valid, most not."""
    junk: list[object] = [
        None,
        "x",
        3,
        [],
        {},
        [[]],
        [1, 2, 3, 4, 5, 6],
        [None] * len(problem.input_schema),
        [[1e400], 1],
    ]
    from assay.gym.generated import inputs

    good: list[object] = list(inputs(problem, chance.randrange(10_000), 6))
    used: list[object] = [list(test.args or ()) for test in problem.tests[:2]]
    texts = [json.dumps(one) for one in [*junk, *good, *used]] + ["not json", "[1, 2", "__import__('os')", "[" * 5000]
    chance.shuffle(texts)
    return texts[:12]


def test_every_test_that_is_kept_is_valid_new_and_told_by_the_reference(library: Library, grader: Grader) -> None:
    chance = random.Random(7)
    runner = Runner(grader)
    shown = [pair for pair in pairs(library) if make_tests.fits(pair[0])]
    kept = 0
    for problem, language in shown if LONG else shown[:: max(1, len(shown) // 6)]:
        at = situation(library, grader, problem, language, broken(problem, language))
        with voice(in_turn(saying(inputs=proposals(problem, chance)))) as asked:
            try:
                offer = make_tests.ask(at, asked, 20, runner)
            except NotAnswered:
                continue
        assert isinstance(offer.data, dict)
        made = [make_tests.MadeTest.model_validate(one) for one in offer.data["tests"]]  # type: ignore[union-attr]
        assert 1 <= len(made) <= make_tests.MOST
        calls = {case.call for case in at.report.cases if case.test.visibility == "public"}
        for one in made:
            assert one.call not in calls
            assert one.expected
            assert one.expected not in offer.text.replace(one.call, "") or len(one.expected) < 6
            kept += 1
    assert kept >= 3
    print(f"\n{kept} tests kept")


def test_only_valid_new_and_telling_inputs_are_kept(wrong: Situation, grader: Grader) -> None:
    used = list(wrong.problem.tests[0].args)
    given: list[object] = [[[1], "x"], [[1]], used, [[50], 2], [[9, 3, 9], 4], [[9, 3, 9], 4], "no list"]
    kept = make_tests.chosen(wrong, given, Runner(grader))
    assert [one.call for one in kept] == ["filter_above([9, 3, 9], 4)"]
    assert kept[0].expected == "[9, 9]"
    assert kept[0].why == "differs"


def test_on_a_right_program_inputs_are_kept_that_catch_known_mistakes(library: Library, grader: Grader) -> None:
    problem = library.problem(PROBLEM)
    at = situation(library, grader, problem, "python", problem.languages["python"].solution)
    kept = make_tests.chosen(at, [[[], 4], [[4, 5], 4]], Runner(grader))
    assert ("filter_above([4, 5], 4)", "catches") in [(one.call, one.why) for one in kept]


def test_without_a_model_random_inputs_are_kept_by_the_same_rule(wrong: Situation, grader: Grader) -> None:
    offer = make_tests.plain(wrong, Runner(grader))
    assert isinstance(offer.data, dict)
    assert offer.data["tests"]
    assert "what should come back" in offer.text.lower()


def test_valid_inputs_of_the_schema_are_told_from_others(library: Library) -> None:
    problem = library.problem(PROBLEM)
    assert not_allowed(problem, [[1, 2], 1]) == ""
    assert not_allowed(problem, [[1, 2], True])
    known = {encoded(list(test.args or ())) for test in every_case(problem, "python")}
    assert encoded(list(problem.tests[0].args)) in known


# ---- review ----------------------------------------------------------------------------------------------------------

LONG_WAY = """def filter_above(numbers, limit):
    list = []
    for q in range(len(numbers)):
        if (numbers[q] > limit) == True:
            list.append(numbers[q])
    unused = 0
    return list
"""
CLAIMS = (
    "This crashes on empty lists.",
    "It is quadratic, so it will be too slow.",
    "You leak memory here.",
    "Your code has a security hole.",
    "The result is wrong for negative numbers.",
    "Line 99 repeats line 3.",
    "`frobnicate` is called twice.",
    "This fails the hidden test with 17.",
    "Global state makes it unsafe in threads.",
    "The recursion never ends.",
    "This is the best program I have ever seen.",
    "Use numpy, it is a hundred times faster.",
    "Replace it with [n for n in numbers if n > limit].",
    "It only works by accident.",
    "The teacher will not accept this.",
)
FOUNDED = ("Think about a name that says what it stands for.", "You could read it again and make it shorter.")


@pytest.fixture
def passing(library: Library, grader: Grader) -> Situation:
    return situation(library, grader, library.problem(PROBLEM), "python", LONG_WAY)


def test_the_facts_of_a_program_are_found(passing: Situation) -> None:
    assert passing.public_pass
    text = " ".join(fact.text for fact in review.facts(passing))
    for what in ("`unused` gets a value", "`list` is also the name", "compared with `True`", "counts with `q`"):
        assert what in text


def test_a_review_makes_no_claim_without_a_fact_in_two_hundred_tries(passing: Situation) -> None:
    known = review.facts(passing)
    by_id = {fact.id: fact for fact in known}
    chance = random.Random(5)
    shown = 0

    def answer(prompt: str, nth: int) -> ScriptedReply:
        comments = []
        for _ in range(chance.randint(0, 6)):
            fact = chance.choice(known)
            named = chance.choice([fact.id, fact.id, "F99", "", "f1", "F1; F2"])
            line = chance.choice([fact.lines[0], fact.lines[0], -1, 0, 99, 3])
            comments.append({"fact": named, "line": line, "text": chance.choice([*CLAIMS, *FOUNDED])})
        return saying(comments=comments)

    with voice(answer) as asked:
        for _ in range(200):
            try:
                offer = review.ask(passing, asked, 20, known)
            except NotAnswered:
                continue
            assert isinstance(offer.data, dict)
            comments = offer.data["comments"]
            assert isinstance(comments, list)
            assert len(comments) <= 3
            for one in comments:
                assert isinstance(one, dict)
                fact = by_id[str(one["fact"])]
                assert one["line"] in fact.lines
                assert one["text"] == fact.text
                assert one["advice"] in ("", *FOUNDED)
                shown += 1
            assert not any(claim in offer.text for claim in CLAIMS)
    assert shown > 50


FACT = Fact(id="F1", kind="style", lines=(3,), text="The name `q` is one letter: it does not say what it stands for.")


@pytest.mark.parametrize("text", [*CLAIMS, "Line 4 is long.", "`z` is short.", "x" * 400, "q = 3", "word " * 40])
def test_a_sentence_that_claims_more_than_its_fact_is_dropped(text: str) -> None:
    assert not review.founded(text, FACT, LONG_WAY)
    assert review.kept([Comment(fact="F1", line=3, text=text)], [FACT], LONG_WAY)[0][2] == ""


@pytest.mark.parametrize(
    "text", ["Name it for what it stands for.", "`q` could say more to the reader.", "In line 3 you could use a word."]
)
def test_a_sentence_of_advice_on_its_fact_is_kept(text: str) -> None:
    assert review.founded(text, FACT, LONG_WAY)


def test_time_that_grows_faster_than_the_input_is_a_fact(library: Library, grader: Grader) -> None:
    slow = """def filter_above(numbers, limit):
    result = []
    for number in numbers:
        if number > limit:
            result = result + [number]
            for _ in range(4):
                for other in result:
                    other += 1
    return result
"""
    runner = Runner(grader)
    problem = library.problem(PROBLEM)
    (said,) = runner.growth(situation(library, grader, problem, "python", slow))
    assert "16000 items instead of 1000, 16 times as many" in said
    quick = situation(library, grader, problem, "python", problem.languages["python"].solution)
    assert runner.growth(quick) == ()


def test_there_is_no_review_before_the_public_tests_pass(wrong: Situation) -> None:
    assert "once the public tests pass" in review.plain(wrong).text
    with voice(in_turn(saying(comments=[]))) as asked, pytest.raises(NotAnswered):
        review.ask(wrong, asked, 20, review.facts(wrong))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("var total = 0;\n", "made with `var`"),
        ("function f(a) {\n  return a == 1;\n}\n", "turns one kind of value"),
        ("let name = 1;\nconsole.log(name);\n", "never gets another value"),
        ("for (const a of x) {\n  for (const b of x) {\n    f(a, b);\n  }\n}\n", "inside another"),
        ("function f(a) {\n  if (a > 1) {\n    return true;\n  }\n  return false;\n}\n", "give back true or false"),
        ("for (const a of x) {\n  if (seen.includes(a)) {\n    f(a);\n  }\n}\n", "`includes`"),
    ],
)  # fmt: skip
def test_facts_of_javascript(source: str, says: str) -> None:
    from assay.gym.tutor.code_facts import found_in

    assert any(says in text for _, _, text in found_in(source, "javascript"))


def test_a_plain_program_has_nothing_to_be_told(library: Library) -> None:
    from assay.gym.tutor.code_facts import found_in

    for name, language in ((PROBLEM, "python"),):
        solution = library.problem(name).languages["python"].solution
        assert found_in(solution, "python" if language == "python" else "javascript", (solution,)) == ()


# ---- explain_error and scaffold --------------------------------------------------------------------------------------


def test_an_error_is_told_in_plain_words_first_and_the_model_adds_to_it(library: Library, grader: Grader) -> None:
    source = "def filter_above(numbers, limit):\n    return [n for n in numbers if n > limits]\n"
    at = situation(library, grader, library.problem(PROBLEM), "python", source)
    plain = explain_error.plain(at).text
    assert "limits" in plain
    assert "2" in plain
    added = "Line 2 uses the name limits. The function only knows numbers and limit."
    with voice(in_turn(saying(text=added))) as asked:
        offer = explain_error.ask(at, asked, 20)
    assert offer.text == f"{plain}\n\n{added}"
    assert offer.to_check == (added,)


def test_steps_are_the_authors_whichever_the_model_picks(wrong: Situation) -> None:
    with voice(in_turn(saying(step=3, text="You have a loop already."))) as asked:
        offer = scaffold.ask(wrong, asked, 20)
    steps = wrong.problem.scaffold
    assert steps[2] in offer.text.split("All steps")[0]
    assert all(step in offer.text for step in steps)
    assert offer.to_check == ("You have a loop already.",)
    with voice(in_turn(saying(step=40, text="x"))) as asked, pytest.raises(NotAnswered):
        scaffold.ask(wrong, asked, 20)


def test_the_last_rung_is_an_example_that_gives_nothing_of_the_problem_away(library: Library) -> None:
    with_example = 0
    for course in library.courses():
        for problem in course.problems:
            starter = problem.languages[course.language].starter
            report = FullReport(problem=problem.id, language=course.language, verdict="wrong")
            at = Situation(problem, course.language, starter, report, course, level=4)
            text = worked_example(at)
            assert verbatim(at, text) is None, problem.id
            with_example += "It prints" in text
    assert with_example >= 0.8 * len(pairs(library))


# ---- repair and student ----------------------------------------------------------------------------------------------


def test_the_nearest_program_says_where_and_not_how() -> None:
    source = "def f(a, b):\n    out = []\n    for one in a:\n        if one >= b:\n            out.append(one)\n    return out\n"
    found = repair.nearest(
        source, [source.replace(">=", ">").replace("one", "item"), "def f(a, b):\n    return 1\n"], "python"
    )
    assert found is not None
    assert [edit.words for edit in found.edits] == ["comparison, line 4"]
    assert found.edits[0].becomes == "if item > b:"


def test_programs_of_another_idea_say_nothing() -> None:
    assert repair.nearest("print('hello')\n", ["def f(a):\n    return sorted(set(a), key=len)[0]\n"], "python") is None


def test_a_simulated_student_tells_a_hint_that_helps_from_one_that_does_not(wrong: Situation, grader: Grader) -> None:
    runner = Runner(grader)
    solution = wrong.problem.languages["python"].solution

    def answer(prompt: str, nth: int) -> ScriptedReply:
        assert wrong.source.strip() in prompt
        return saying(changed=solution if "look at the comparison" in prompt else wrong.source)

    with voice(answer) as asked:
        good = student.trial(wrong, asked, "look at the comparison", lambda source: runner.passes(wrong, source))
        bad = student.trial(wrong, asked, "have a nice day", lambda source: runner.passes(wrong, source))
    assert good.helped
    assert good.gain > 0
    assert not bad.helped
    assert bad.gain == 0
