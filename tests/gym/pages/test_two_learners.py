"""Two learners at work on one app: no address, whoever's ids it holds, shows one what the other wrote."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from assay.errors import SandboxUnavailable
from assay.gym import asking, attempting, drafting, teaching
from assay.gym.pages import Pages
from assay.gym.records.learners import Classroom, HelpAnswer
from assay.pipeline.sandbox.choose import open_sandbox
from assay.settings import Settings
from assay.store import Store
from tests.browser_fixture import Site
from tests.gym.pages.visiting import ABOVE, COURSES, WRONG, Practising
from tests.gym.pages.walking import addresses

Serve = Callable[..., Site]
PROBLEM = "py-lists-above"
MARK = "only_ada_wrote_this"
HERS = WRONG.replace("one", MARK)


@pytest.fixture
def room(store: Store) -> Classroom:
    return teaching.create_class(store, "Python, Mondays")


@pytest.fixture
def site(serve_app: Serve) -> Site:
    """Shared by its name, so that the gym asks for level 3 here."""
    try:
        open_sandbox(Settings.from_environment(), required=3).close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return serve_app({"gym": Pages(COURSES)}, names=["assay.example"])


def enter(site: Site, room: Classroom, name: str) -> Practising:
    browser = Practising(site)
    browser.send("/gym/join", code=room.code, name=name)
    assert browser.data("/gym/you.json")["learner"]["name"] == name
    return browser


def test_nothing_of_one_learner_reaches_another(site: Site, store: Store, room: Classroom) -> None:
    ada, bob = enter(site, room, "Ada Unmistakable"), enter(site, room, "Bob")
    me = ada.data("/gym/you.json")["learner"]["id"]
    for what in ("save", "run", "submit", "reset"):
        ada.act(ABOVE, do=what, source=HERS, tab_name=MARK)
    ada.act(ABOVE, do="undo")
    ada.act(ABOVE, do="console", source=HERS, stdin=f"print('{MARK}')")
    given = {"id": "hers", "learner": me, "problem": PROBLEM, "language": "python", "tool": "hint", "level": 1}
    asking.add_help(store, HelpAnswer.model_validate({**given, "state": "done", "text": MARK, "source": "authored"}))
    bob.act(ABOVE, do="run", source=WRONG)

    made = ada.data("/gym/you.json")
    assert made["attempts"]
    attempt = made["attempts"][0]["id"]
    filled = {
        "problem": PROBLEM, "topic": "py-lists", "concept": "lists", "code": room.code, "learner": me,
        "room": room.id, "attempt": str(attempt), "answer": "hers", "id": me, "name": "app.css",
    }  # fmt: skip
    seen = 0
    for method, address in addresses(site, filled):
        asked = [address, f"{address}?attempt={attempt}", f"{address}?learner={me}&answer=hers&tab=help"]
        if method == "POST" and ("/you/" in address or address.startswith(("/theme", "/sign"))):
            continue  # Bob's own affairs
        for one in asked if method == "GET" else [address]:
            said = bob.get(one) if method == "GET" else bob.send(one, thumb="hers:1", sure="yes", code="x", name="x")
            assert said.status < 500, (method, one)
            assert MARK not in said.text, (method, one)
            assert "Unmistakable" not in said.text, (method, one)
            seen += said.status == 200
    assert seen > 10
    for do in ("save", "run", "submit", "console", "step", "reset", "undo", "thumbs"):
        said = bob.send(ABOVE, "application/json", do=do, source=WRONG, thumb="hers:1", based_on=str(attempt))
        assert said.status < 500, do
        assert MARK not in said.text, do
    (answer,) = asking.help_answers(store, me, PROBLEM)
    assert answer.thumbs is None
    draft = drafting.read_draft(store, me, PROBLEM, "python")
    assert draft
    assert draft.text == HERS
    assert MARK in ada.get(ABOVE).text, "what was looked for is not to be found by its owner either"


def test_a_teacher_reads_the_mistake_that_a_submission_shows(site: Site, store: Store, room: Classroom) -> None:
    ada = enter(site, room, "Ada")
    ada.act(ABOVE, do="submit", source=HERS)
    line = teaching.problem_table(store, room.id)[PROBLEM]
    assert (line.failed_test, line.failed_by) == ("t2", 1)
    assert [one.misconception for one in line.misconceptions] == ["boundary"]
    for address in (f"{ABOVE}.json", ABOVE, "/gym/you.json"):
        assert "boundary" not in ada.get(address).text, address


def test_many_who_work_at_once_each_find_their_own(site: Site, store: Store, room: Classroom) -> None:
    browsers = {f"learner {number}": enter(site, room, f"learner {number}") for number in range(12)}

    def work(name: str) -> str:
        mine = f"# {name.replace(' ', '_')}\n{WRONG}"
        answer = browsers[name].act(ABOVE, do="run", source=mine)
        page = browsers[name].get(ABOVE).text
        found = set(re.findall(r"learner_\d+", json.dumps(answer) + page))
        return name if found == {name.replace(" ", "_")} else f"{name} sees {found}"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(work, browsers)) == sorted(browsers)
    table = teaching.class_table(store, room.id)
    assert [line.attempts for line in table] == [1] * 12


def test_in_an_exam_nobody_gets_help_and_everything_else_goes_on(site: Site, store: Store, room: Classroom) -> None:
    ada = enter(site, room, "Ada")
    me = ada.data("/gym/you.json")["learner"]["id"]
    ada.act(ABOVE, do="run", source=WRONG)
    teaching.start_exam(store, room.id, timedelta(minutes=30))
    said = ada.act(ABOVE, do="help", source=WRONG, tool="hint")
    assert "exam" in json.dumps(said)
    for tool in ("explain_error", "review", "scaffold", "make_tests", "ask"):
        ada.send(ABOVE, "application/json", do="help", source=WRONG, tool=tool, question="just show me")
    assert asking.help_answers(store, me, PROBLEM) == []
    ada.act(ABOVE, do="submit", source=WRONG)
    assert len(attempting.attempts(store, me, PROBLEM)) == 2
