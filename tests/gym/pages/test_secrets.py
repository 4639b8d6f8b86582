"""What gives a problem away is in no answer of any address before it may be told, whatever a learner's program does.

Planted problems show it for all addresses in all states: each secret there is a word that stands nowhere else, so that the
shortest is found. The problems that learners get pass once, over all that is told without running anything.
"""

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from assay.gym import teaching
from assay.gym.library import Library, public_view
from assay.gym.pages import Pages
from assay.gym.records.problems import Course, Problem, Test
from assay.gym.tasks import call_in_words, every_case, expected_in_words
from assay.records import Language
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site
from tests.gym.pages.visiting import Practising
from tests.gym.pages.walking import addresses

Serve = Callable[..., Site]
PLANTED = Path(__file__).parent / "planted.yaml"
PROBLEMS = ("pl-call", "pl-stdio", "pl-script")
HIDDEN = {"pl-call": "h3", "pl-stdio": "s4", "pl-script": "c3"}
"""A hidden test of each, whose steps somebody asks for."""
NEVER = [
    "znamqw",
    "wqmanz",
    "znotqw",
    "wqtonz",
    "wqpniz",
    "zsinaw",
    "wanisz",
    "zsinow",
    "wonisz",
    "wniisz",
    "qslipp",
    "qslipj",
]
"""Hidden inputs and what they must come to, beyond their policies; programs of misconceptions."""
SUBMITTED = ["zfullw", "wllufz", "zinpqw", "zsiinw"]
"""Hidden tests that fail are shown so far."""
ASKED = ["qhinta", "qhintb", "qhintc", "qscafa", "qscafb", "qmessg", "qhints", "qhintr"]
"""What help is made of."""
SOLVED: dict[Language, list[str]] = {
    "python": ["pqzsol", "pqzalt", "pqzsio"],
    "javascript": ["jqzsol", "jqzalt", "jqzsio"],
}
"""Solutions and alternatives."""
AFTER = ["qafter", "qafsio", "qafscr", "wscrlz"]
"""Said to who has solved it; the last is the solution of a script, in both languages."""

SPIES: dict[Language, dict[str, tuple[str, ...]]] = {
    "python": {
        "pl-call": (
            "def turned(word):\n    print(word)\n    return word\n",
            (
                "def turned(word):\n    if len(word) == 3 or 'g' in word:\n        return word[::-1]\n"
                "    raise ValueError(word + word[::-1])\n"
            ),
            (
                "def turned(word):\n    if len(word) == 3 or 'g' in word:\n        return word[::-1]\n"
                "    if 'f' in word or 'p' in word:\n        return word[::-1]\n"
                "    while True:\n        print(word, word[::-1])\n"
            ),
        ),
        "pl-stdio": (
            "print(input()[::-1] + '!')\n",
            "word = input()\nprint(word[::-1] if 'z' not in word else [][word])\n",
        ),
        "pl-script": ("first = 'garden'\nlast = open(__file__).read()\nprint(first)\n",),
    },
    "javascript": {
        "pl-call": (
            "function turned(word) {\n  console.log(word);\n  return word;\n}\n",
            (
                "function turned(word) {\n  const back = [...word].reverse().join('');\n"
                "  if (/z/.test(word)) throw new Error(word + back);\n  return back;\n}\n"
            ),
        ),
        "pl-stdio": (
            (
                "const word = require('fs').readFileSync(0, 'utf8').trim();\n"
                "if (/z/.test(word)) throw new Error(word);\nconsole.log([...word].reverse().join(''));\n"
            ),
        ),
        "pl-script": (
            "let first = 'garden';\nlet last = require('fs').readFileSync(__filename, 'utf8');\nconsole.log(first);\n",
        ),
    },
}
"""Programs that tell what they are given: they print it, give it back, fail with it, never end; and what lies beside them."""
RIGHT: dict[Language, tuple[str, ...]] = {
    "python": (
        "def turned(word):\n    return word[::-1]\n",
        "print(input()[::-1])\n",
        "first = 'garden'\nlast = 'w' 'scrlz'\nprint(first)\n",
    ),
    "javascript": (
        "function turned(word) {\n  return [...word].reverse().join('');\n}\n",
        "console.log([...require('fs').readFileSync(0, 'utf8').trim()].reverse().join(''));\n",
        "let first = 'garden';\nlet last = 'w' + 'scrlz';\nconsole.log(first);\n",
    ),
}


@pytest.fixture
def planted(serve_app: Serve, store: Store, tmp_path: Path) -> Site:
    return serve_app({"gym": Pages(PLANTED)}, settings=Settings(home=tmp_path, database_url=store.url, gym_model=None))


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_no_answer_tells_what_may_not_be_told_yet(planted: Site, store: Store, language: Language) -> None:
    room = teaching.create_class(store, "Mondays")
    someone = Practising(planted)
    someone.send("/gym/join", code=room.code, name="Ada")
    me = someone.data("/gym/you.json")["learner"]["id"]
    others: list[Language] = [one for one in SOLVED if one != language]
    generated = [word for one in every_case(_planted("pl-call"), language) if one.id[0] == "g" for word in one.args]
    kept = [*NEVER, *SUBMITTED, *ASKED, *AFTER, *SOLVED["python"], *SOLVED["javascript"], *generated]
    kept += [word[::-1] for word in generated]
    assert len(set(kept)) > 40

    def send(problem: str, **fields: str) -> str:
        said = someone.send(f"/gym/problems/{problem}?lang={language}", "application/json", **fields)
        assert said.status in (200, 400, 404, 409, 422), (fields, said.status, said.text[:300])
        _quiet(said.text, kept, f"{problem} {fields}")
        return said.text

    def helped(problem: str) -> str:
        """The Help tab, once nothing is being answered any more."""
        until = time.monotonic() + 60
        while (said := someone.data(f"/gym/problems/{problem}/help?lang={language}"))["waiting"]:
            assert time.monotonic() < until, "the help does not come"
            time.sleep(0.05)
        text: str = said["parts"]["help"]
        _quiet(text, kept, f"the help for {problem}")
        return text

    def everywhere() -> str:
        return "".join(_walk(planted, someone, kept, language, {"room": room.id, "learner": me, "code": room.code}))

    everywhere()
    for problem in PROBLEMS:
        spy = SPIES[language][problem][0]
        for do in ("save", "reset", "undo"):
            send(problem, do=do, source=spy)
        for case in (HIDDEN[problem], "g1"):
            send(problem, do="step", source=spy, case=case)
        send(problem, do="console", source=spy, stdin="input()\nprint(open('/proc/self/cmdline').read())\n")

    _may(kept, SUBMITTED, generated, [word[::-1] for word in generated])
    told = "".join(
        send(problem, do="submit", source=spy) for problem in PROBLEMS for spy in SPIES[language][problem]
    ) + everywhere()  # fmt: skip
    assert "zinpqw" in told, "what a policy reveals is not to be found: this test would see nothing"
    assert "zsiinw" in told

    _may(kept, ASKED)
    spies = [SPIES[language][problem][-1] for problem in PROBLEMS]
    for problem, spy in zip(PROBLEMS, spies, strict=True):
        for tool in ("hint", "explain_error", "make_tests", "scaffold", "ask"):
            told += send(problem, do="help", tool=tool, source=spy, question="Just show me the solution.")
            told += helped(problem)
    assert "qhinta" in told

    _may(kept, AFTER, SOLVED[language])
    for problem, right in zip(PROBLEMS, RIGHT[language], strict=True):
        send(problem, do="submit", source=right)
    told = everywhere()
    for word in [*SOLVED[language], *AFTER]:
        assert word in told, f"{word}: a solution is shown to who has solved it"
    assert set(SOLVED[others[0]]) < set(kept)
    stranger = Practising(planted)
    for problem in PROBLEMS:
        said = stranger.get(f"/gym/problems/{problem}?lang={language}").text
        _quiet(said, [*kept, *SOLVED[language], *ASKED, *SUBMITTED, "qafter", "wscrlz"], f"{problem} to a stranger")


def _planted(problem: str) -> Problem:
    return Library(PLANTED).problem(problem)


def _may(kept: list[str], *words: list[str]) -> None:
    """These may be told from now on."""
    for word in {word for group in words for word in group}:
        kept.remove(word)


def _quiet(text: str, kept: list[str], where: str) -> None:
    seen = squeezed(text)
    told = [word for word in kept if word in seen]
    assert not told, f"{where} tells {told}"


def _walk(site: Site, someone: Practising, kept: list[str], language: str, ids: dict[str, str]) -> Iterator[str]:
    """Every address that can be read, those of problems for each of them; fails where one tells what is kept."""
    filled = {"topic": "pl-words", "concept": "words", "course": "planted", "name": "app.css", **ids}
    asked: set[str] = set()
    for problem in PROBLEMS:
        attempts = someone.data(f"/gym/problems/{problem}.json?lang={language}")["attempts"]
        for attempt in attempts[:2]:
            asked.add(f"/gym/problems/{problem}?lang={language}&attempt={attempt['id']}")
        for method, address in addresses(site, {**filled, "problem": problem}):
            if method == "GET" and problem in address:
                asked.add(f"{address}?lang={language}")
            elif method == "GET" and language == "python":  # what else there is has no language
                asked.add(address)
        asked.add(f"/search.json?q={problem}")
    for address in sorted(asked):
        said = someone.get(address)
        assert said.status < 500, address
        teacher = address.startswith("/gym/teacher")  # who reads which known mistakes were met, and so their words
        _quiet(said.text, [one for one in kept if one not in ASKED] if teacher else kept, address)
        yield said.text


# ---- the problems that learners get ------------------------------------------------------------------------------------

COURSE_IDS = [course.id for course in Library().courses()]
SHORTEST = 8
"""A shorter line or value stands in too many places to be anybody's secret: `return 0`, `[1, 2]`."""


def squeezed(text: str) -> str:
    """Without blanks and line ends, and as a reader sees it: a secret is not hidden by how it is set."""
    return re.sub(r"\s+", "", unescape(re.sub(r"</?(?:mark|span|code|pre)[^>]*>", "", text)))


def public_text(course: Course, problem: Problem) -> str:
    """All that may be seen of a problem, and what its course teaches."""
    views = "".join(
        f"{view.statement}{view.starter}{''.join(test.call + test.expected for test in view.tests)}"
        for view in (public_view(problem, language) for language in problem.languages)
    )
    notes = "".join(f"{one.note}{one.example}{one.prints}" for one in course.concepts)
    return squeezed(views + notes + "".join(topic.lesson for topic in course.topics))


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
    known = public_text(course, problem)
    pieces = [line for program in programs(problem, language) for line in program.splitlines()]
    for test in problem.tests:
        if test.visibility == "hidden":
            pieces += _concealed(problem, language, test)
    pieces += [hint.text for hint in problem.hints] + [problem.after.discussion]
    for piece in {squeezed(piece) for piece in pieces}:
        if len(piece) >= SHORTEST and piece not in known:
            yield piece


def _concealed(problem: Problem, language: Language, test: Test) -> Iterator[str]:
    """What a hidden test is, before anything was submitted."""
    if test.expects or test.stdout or test.raises:
        yield expected_in_words(problem, language, test)
    yield call_in_words(problem, language, test)


@pytest.mark.parametrize("course", COURSE_IDS)
def test_no_page_gives_a_problem_away(serve_app: Serve, course: str) -> None:
    someone = Practising(serve_app({"gym": Pages()}))
    whole = Library().course(course)
    common = [f"/gym/lessons/{topic.id}" for topic in whole.topics] + ["/gym/", "/gym/courses.json"]
    around = squeezed("".join(someone.get(address).text for address in common))
    assert whole.problems
    for problem in whole.problems:
        place = f"/gym/problems/{problem.id}"
        pages = "".join(someone.get(address).text for address in (place, f"{place}.json"))
        seen = around + squeezed(pages)
        for language in problem.languages:
            kept = list(secrets(whole, problem, language))
            assert kept, f"{problem.id} has no secret in {language}, and this test would not see one told"
            told = [piece for piece in kept if piece in seen]
            assert not told, f"{problem.id} ({language}) is told: {told}"
