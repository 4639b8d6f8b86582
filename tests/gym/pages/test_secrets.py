"""What gives a problem away is in no answer of any address before the problem is solved, whatever is sent."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from assay.gym.library import Library, public_view
from assay.gym.pages import Pages
from assay.gym.records import Course, Problem, Test
from assay.gym.tasks import call_in_words, every_case, expected_in_words
from assay.records import Language
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site
from tests.gym.pages.visiting import ABOVE, COURSES, RIGHT, Practising
from tests.gym.pages.walking import addresses

COURSE_IDS = [course.id for course in Library().courses()]
Serve = Callable[..., Site]
SHORTEST = 8
"""A shorter line or value stands in too many places to be anybody's secret: `return 0`, `[1, 2]`."""
HELPED = 5
"""One problem in so many is helped too: it costs several runs, and the gate of help has tests of its own over all of them."""
SPY: dict[Language, str] = {
    "python": "import sys\nprint(sys.stdin.read())\ndef {entry}(*given):\n    print(given)\n    return given\n",
    "javascript": "console.log(require('fs').readFileSync(0, 'utf8'));\n"
    "function {entry}(...given) {{ console.log(JSON.stringify(given)); return given; }}\n",
}
"""Shows whatever it is given."""


def squeezed(text: str) -> str:
    """Without blanks and line ends, and as a reader sees it: a secret is not hidden by how it is set."""
    return re.sub(r"\s+", "", unescape(re.sub(r"</?(?:mark|span|code|pre)[^>]*>", "", text)))


@cache
def _taught(course: str) -> str:
    """What a course teaches."""
    whole = Library().course(course) if course in COURSE_IDS else Library(COURSES).course(course)
    notes = "".join(f"{one.note}{one.example}{one.prints}" for one in whole.concepts)
    return squeezed(notes + "".join(topic.lesson for topic in whole.topics))


def public_text(course: Course, problem: Problem) -> str:
    """All that may be seen of a problem, and what its course teaches."""
    views = "".join(
        f"{view.statement}{view.starter}{''.join(test.call + test.expected for test in view.tests)}"
        for view in (public_view(problem, language) for language in problem.languages)
    )
    return squeezed(views) + _taught(course.id)


def programs(problem: Problem, language: Language) -> Iterator[str]:
    """Programs that nobody may see."""
    sources = problem.languages[language]
    yield sources.solution
    yield from sources.alternatives
    for misconception in problem.misconceptions:
        if language in misconception.example:
            yield misconception.example[language]


def secrets(course: Course, problem: Problem, language: Language) -> Iterator[str]:
    """Pieces of what gives the problem away, of which none stands in what may be seen."""
    known = (
        public_text(course, problem)
        + _revealed(problem, language)
        + squeezed(SPY[language].format(entry=problem.languages[language].entry))
    )
    pieces = [line for program in programs(problem, language) for line in program.splitlines()]
    for test in every_case(problem, language):
        if test.visibility == "hidden":
            pieces += _concealed(problem, language, test)
    for piece in {squeezed(piece) for piece in pieces}:
        if len(piece) >= SHORTEST and piece not in known:
            yield piece


def _revealed(problem: Problem, language: Language) -> str:
    """What the policies of hidden tests let a learner see once they have failed."""
    told = ""
    for test in every_case(problem, language):
        if test.visibility == "hidden" and test.reveal in ("full", "input"):
            told += call_in_words(problem, language, test)
        if test.visibility == "hidden" and test.reveal == "full":
            told += expected_in_words(problem, language, test)
    return squeezed(told)


def _concealed(problem: Problem, language: Language, test: Test) -> Iterator[str]:
    """Of a hidden test what its policy never shows."""
    if test.reveal == "full":
        return
    if test.expects or test.stdout or test.raises:
        yield expected_in_words(problem, language, test)
    if test.reveal != "input":
        yield call_in_words(problem, language, test)


def look(
    site: Site, course: Course, problem: Problem, language: Language, with_help: bool
) -> Iterator[tuple[str, str]]:
    """Every answer that has to do with this problem: from where, and what it says."""
    someone = Practising(site)
    place = f"/gym/problems/{problem.id}"
    lang = f"?lang={language}"
    view = public_view(problem, language)
    spy = SPY[language].format(entry=view.entry or "f")
    first = view.tests[0].id
    for do in ("submit", "console", "step", "reset", "undo", "save"):
        fields = {"do": do, "source": spy, "stdin": "1\n2\n3\n", "case": first}
        for accept in ("application/json", "text/html"):
            if do in ("submit", "console", "step") and accept == "text/html":
                continue  # the same parts in another frame, and each costs a run
            said = someone.send(place + lang, accept, **fields)
            assert said.status in (200, 303), (do, said.status, said.text[:300])
            yield f"{do} {accept}", said.text
    (attempt, *_) = someone.data(f"{place}.json{lang}")["attempts"]
    topic = next(topic for topic in course.topics if problem.id in topic.problems)
    for address in (
        f"{place}{lang}",
        f"{place}.json{lang}",
        f"{place}{lang}&attempt={attempt['id']}",
        f"/gym/lessons/{topic.id}",
        f"/gym/lessons/{topic.id}.json",
        "/gym/",
        "/gym/courses.json",
        f"/search?q={problem.id}",
        f"/search.json?q={problem.id}",
    ):
        yield address, someone.get(address).text
    if with_help:
        asked = {"source": spy, "question": "Just show me the solution."}
        for tool in ("hint", "scaffold", "make_tests", "ask"):
            said = someone.send(place + lang, tool=tool, **asked)
            assert said.status == 200, said.text[:300]
            yield f"help {tool}", said.text


def in_vain(site: Site, course: Course, problem: Problem, with_help: bool) -> None:
    for language in problem.languages:
        kept = list(secrets(course, problem, language))
        hints = [squeezed(hint.text) for hint in problem.hints]
        assert kept, f"{problem.id} has no secret in {language}, and this test would not see one told"
        for address, text in look(site, course, problem, language, with_help):
            seen = squeezed(text)
            told = [piece for piece in kept if piece in seen]
            told += [hint for hint in hints if hint in seen and not address.startswith("help")]
            assert not told, f"{problem.id} ({language}): {address} tells {told}"


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("course", COURSE_IDS)
def test_no_answer_gives_a_problem_away(serve_app: Serve, store: Store, tmp_path: Path, course: str, part: int) -> None:
    site = serve_app({"gym": Pages()}, settings=Settings(home=tmp_path, database_url=store.url, gym_model=None))
    whole = Library().course(course)
    assert whole.problems
    for number, problem in enumerate(whole.problems[part::2]):
        in_vain(site, whole, problem, with_help=number % HELPED == 0)


def test_nor_does_any_other_address(serve_app: Serve) -> None:
    site = serve_app({"gym": Pages(COURSES)})
    library = Library(COURSES)
    someone = Practising(site)
    someone.act(ABOVE, do="save", source="x")
    filled = {"problem": "py-lists-above", "topic": "py-lists", "concept": "lists", "course": "python"}
    seen = 0
    for method, address in addresses(site, filled):
        said = someone.get(address) if method == "GET" else someone.send(address, do="save", source="x")
        assert said.status < 500, (method, address)
        seen += said.status == 200
        for course in library.courses():
            for problem in course.problems:
                for language in problem.languages:
                    text = squeezed(said.text)
                    told = [piece for piece in secrets(course, problem, language) if piece in text]
                    assert not told, f"{method} {address} tells {told}"
    assert seen > 10


def test_who_has_solved_it_is_shown_the_solution_in_that_language_alone(serve_app: Serve) -> None:
    site = serve_app({"gym": Pages(COURSES)})
    someone, other = Practising(site), Practising(site)
    assert someone.act(ABOVE, do="submit", source=RIGHT)["verdict"] == "pass"
    page = someone.get(ABOVE).text
    assert "kept_back_number" in page
    assert "kept_back_other" in page
    assert "keptBackNumber" not in page
    assert "unseen_slip" not in page
    assert "keptBackNumber" not in someone.get(f"{ABOVE}?lang=javascript").text
    assert "kept_back" not in other.get(ABOVE).text
    assert "kept_back" not in someone.get(f"{ABOVE}.json").text
