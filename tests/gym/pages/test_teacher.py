"""What a teacher sees and does, by real HTTP and in a real browser; and that nobody else does."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from assay.gym import asking, attempting, drafting, exporting, learners, rooms, teaching
from assay.gym.pages import Pages
from assay.gym.pages.teacher.assignments import AssignmentTable
from assay.gym.pages.teacher.class_table import ClassTable
from assay.gym.pages.teacher.classes import Classes
from assay.gym.pages.teacher.help_sample import HelpSample
from assay.gym.pages.teacher.problem_table import ProblemTable
from assay.gym.pages.writing import EXAMPLE
from assay.gym.records.learners import Classroom, HelpAnswer, Learner
from assay.gym.records.results import CaseResult, Graded
from assay.records import Record
from assay.store import Store
from tests.browser_fixture import Site, axe, four_forms, served
from tests.gym.pages.walking import addresses
from tests.store_fixture import emptied
from tests.web.test_guard import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve = Callable[..., Site]
PROBLEM = "py-lists-filter-above"
OTHER = "py-values-market-bill"
HOSTILE = "<script>alert(1)</script>"


class World(NamedTuple):
    """A class in which something has happened."""

    room: Classroom
    ada: Learner
    bob: Learner
    eve: Learner
    """She only joined."""


def graded(purpose: str, verdict: str, problem: str = PROBLEM) -> Graded:
    outcome = "passed" if verdict == "pass" else "failed"
    cases = (
        CaseResult(number=1, id="t1", visibility="public", outcome="passed"),
        CaseResult(number=3, visibility="hidden", outcome=outcome),
    )
    return Graded(problem=problem, language="python", purpose=purpose, verdict=verdict, cases=cases)


def asked(learner: Learner, name: str, **fields: object) -> HelpAnswer:
    made = {"id": name, "learner": learner.id, "problem": PROBLEM, "language": "python", "tool": "hint", "level": 1}
    return HelpAnswer.model_validate({**made, **fields})


@pytest.fixture
def world(store: Store) -> World:
    room = teaching.create_class(store, "Python, Mondays")
    people = []
    for name in ("Ada", "=Bob", "Eve"):
        learner, _ = learners.create(store)
        people.append(learners.join(store, learner, room.code, name).learner)
    ada, bob, eve = people
    attempting.add_attempt(store, ada.id, graded("run", "wrong"), "x = 1", misconception="boundary")
    attempting.add_attempt(store, ada.id, graded("submit", "pass"), "x = 2")
    for _ in range(6):
        attempting.add_attempt(store, bob.id, graded("submit", "wrong"), HOSTILE, misconception="boundary")
    attempting.add_attempt(store, bob.id, graded("run", "wrong", "gone-problem"), "y")
    drafting.save_draft(store, bob.id, OTHER, "python", "bob's draft", None)
    gate = [{"text": "Use `>`.", "rules": ["solution"]}, {"text": "Read it again.", "rules": []}]
    asking.add_help(
        store,
        asked(ada, "h1", state="done", text=HOSTILE, source="model", model="ollama/x", gate=gate, facts={"line": 2}),
    )
    asking.add_help(store, asked(bob, "h2", state="done", text="Look at strictly.", source="authored", thumbs=-1))
    return World(room, ada, bob, eve)


@pytest.fixture(scope="module")
def opened(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One app for all: it remembers nothing but what stands in its database."""
    with served(test_server, tmp_path_factory.mktemp("teacher"), lambda _: None, {"gym": Pages()}) as site:
        yield site


@pytest.fixture
def store(opened: Site) -> Store:
    return emptied(opened.shell.store)


@pytest.fixture
def site(opened: Site, store: Store) -> Site:
    return opened


@pytest.fixture
def teacher(site: Site) -> Browser:
    return Browser(site)


def path(world: World) -> str:
    return f"/gym/teacher/classes/{world.room.id}"


def read(browser: Browser, address: str) -> object:
    said = browser.get(address, Accept="application/json")
    assert said.status == 200, said.text[:500]
    return json.loads(said.text)


def rows(browser: Browser, address: str) -> list[dict[str, str]]:
    said = browser.get(address)
    assert said.status == 200
    return list(csv.DictReader(io.StringIO(said.text, newline="")))


# ---- classes and tables --------------------------------------------------------------------------------------------


def test_a_class_is_made_and_found(teacher: Browser, store: Store) -> None:
    assert "See who is how far" in teacher.get("/gym/teacher").text
    said = teacher.post(
        "/gym/teacher/classes", {"_token": teacher.token("/gym/teacher"), "name": "Maths", "zone": "Asia/Kolkata"}
    )
    assert said.status == 303
    (line,) = teaching.classes(store)
    assert (line.room.name, line.room.zone, line.learners) == ("Maths", "Asia/Kolkata", 0)
    page = teacher.get(said.headers["location"]).text
    assert line.room.shown_code in page
    assert f"/gym/join/{line.room.code}" in page
    for address in (
        "/gym/teacher",
        f"/gym/teacher/classes/{line.room.id}",
        f"/gym/teacher/classes/{line.room.id}/settings",
    ):
        note = teacher.get(address).text
        assert "whoever sits here is the teacher, without a password" in note, (
            "nobody else can come here, and it is said"
        )
        assert ">Assay</a>" in note, "the bar above it is the one of every page"
    assert "Nobody has joined yet" in page


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u202eb"])
def test_a_class_without_a_proper_name_is_not_made(teacher: Browser, store: Store, name: str) -> None:
    said = teacher.post("/gym/teacher/classes", {"_token": teacher.token("/gym/teacher"), "name": name})
    assert said.status == 400
    assert "✗" in said.text
    assert teaching.classes(store) == []


def test_the_class_table_shows_state_attempts_and_help(teacher: Browser, world: World) -> None:
    page = teacher.get(path(world)).text
    assert re.search(r"✓ 2</span>.*solved", page)
    assert "✗ 6" in page
    assert "gone-problem" in page
    assert "1 help" in page
    found = read(teacher, f"{path(world)}.json")
    assert isinstance(found, dict)
    by_name = {line["learner"]["name"]: line for line in found["learners"]}
    assert [by_name[name]["passed"] for name in ("Ada", "=Bob", "Eve")] == [1, 0, 0]
    assert by_name["Ada"]["standings"][PROBLEM]["help"] == 1
    assert by_name["Eve"]["standings"] == {}
    table = rows(teacher, f"{path(world)}.csv")
    assert {(row["learner"], row["problem"], row["state"]) for row in table} >= {
        ("Ada", PROBLEM, "passed"),
        ("'=Bob", PROBLEM, "tried"),
        ("Eve", "", ""),
    }


@pytest.mark.parametrize("sort", ["name", "passed", "attempts", "help", "seen"])
def test_the_class_table_can_be_sorted(teacher: Browser, world: World, sort: str) -> None:
    page = teacher.get(f"{path(world)}?sort={sort}&topic=py-lists").text
    assert page.count("aria-sort") == 1
    order = re.findall(r'/learners/\w+">(Ada|=Bob|Eve)<', page)
    assert (
        order
        == {
            "name": ["=Bob", "Ada", "Eve"],
            "passed": ["Ada", "=Bob", "Eve"],
            "attempts": ["=Bob", "Ada", "Eve"],
            "help": ["=Bob", "Ada", "Eve"],
            "seen": order,
        }[sort]
    )


def test_the_problem_table_says_where_most_fail_and_which_mistakes_were_met(teacher: Browser, world: World) -> None:
    found = read(teacher, f"{path(world)}/problems.json")
    assert isinstance(found, dict)
    line = next(one for one in found["problems"] if one["problem"] == PROBLEM)
    assert (line["tried"], line["passed"], line["attempts"], line["help"]) == (2, 1, 8, 2)
    assert (line["failed_test"], line["failed_by"]) == ("#3", 2)
    assert line["misconceptions"] == [{"misconception": "boundary", "learners": 2}]
    page = teacher.get(f"{path(world)}/problems").text
    assert "(hidden)" in page
    assert "boundary: 2 learners" in page
    assert rows(teacher, f"{path(world)}/problems.csv")[0]["problem"]


def test_sampled_help_shows_its_gate_record_as_text(teacher: Browser, world: World) -> None:
    page = teacher.get(f"{path(world)}/help").text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "1 refused" in page
    assert "asked for 2 times" in page
    one = read(teacher, f"{path(world)}/help.json?source=model")
    assert isinstance(one, dict)
    assert [answer["answer"]["id"] for answer in one["sample"]] == ["h1"]
    one = read(teacher, f"{path(world)}/help.json?thumbs=down&problem={PROBLEM}")
    assert isinstance(one, dict)
    assert [answer["answer"]["id"] for answer in one["sample"]] == ["h2"]
    assert "No answer is like that" in teacher.get(f"{path(world)}/help?problem=x").text


def test_a_draw_is_the_same_when_asked_again(teacher: Browser, store: Store, world: World) -> None:
    for number in range(30):
        asking.add_help(store, asked(world.eve, f"e{number}", state="done", text="t", source="cached"))

    def drawn(draw: str) -> list[str]:
        found = read(teacher, f"{path(world)}/help.json?draw={draw}")
        assert isinstance(found, dict)
        return [one["answer"]["id"] for one in found["sample"]]

    assert drawn("a") == drawn("a")
    assert len(drawn("a")) == 20
    assert len({tuple(drawn(word)) for word in "abcdef"}) > 1


@pytest.mark.parametrize(
    ("tail", "record"),
    [
        ("", ClassTable),
        ("/problems", ProblemTable),
        ("/help", HelpSample),
        ("/assignments", AssignmentTable),
        ("/learners/{learner}", exporting.Export),
    ],
)
def test_what_other_programs_read_is_as_the_schema_says(
    teacher: Browser, world: World, tail: str, record: type[Record]
) -> None:
    assign(teacher, world, due="2030-06-01T18:00", zone="UTC")
    said = teacher.get(f"{path(world)}{tail.format(learner=world.bob.id)}.json", Accept="application/json")
    assert said.status == 200
    assert world.room.name in record.model_validate_json(said.text).model_dump_json()
    Classes.model_validate_json(teacher.get("/gym/teacher.json", Accept="application/json").text)


def test_learners_without_a_class_have_a_table_too(teacher: Browser, store: Store) -> None:
    learner, _ = learners.create(store)
    attempting.add_attempt(store, learner.id, graded("run", "wrong"), "x")
    assert "1 learner without a class" in teacher.get("/gym/teacher").text
    for tail in ("", "/problems", "/help", f"/learners/{learner.id}"):
        assert teacher.get(f"/gym/teacher/classes/none{tail}").status == 200, tail
    for tail in ("/assignments", "/settings", "/assignments.json"):
        assert teacher.get(f"/gym/teacher/classes/none{tail}").status == 404, tail


# ---- assignments and exams -------------------------------------------------------------------------------------------


def assign(browser: Browser, world: World, **fields: str) -> int:
    token = browser.token(f"{path(world)}/assignments")
    given = {"_token": token, "title": "Week 1", "problem": PROBLEM, "due": "", "zone": "UTC", **fields}
    return browser.post(f"{path(world)}/assignments", given).status


def test_an_assignment_is_due_in_the_zone_of_whoever_sets_it(teacher: Browser, store: Store, world: World) -> None:
    assert assign(teacher, world, due="2030-06-01T18:00", zone="Asia/Kolkata") == 303
    (made,) = rooms.assigned(store, world.ada)
    assert made.due == datetime(2030, 6, 1, 12, 30, tzinfo=UTC)
    assert "Due 2030-06-01 18:00 (Asia/Kolkata, UTC+05:30)" in teacher.get(f"{path(world)}/assignments").text


def test_who_solved_an_assignment_in_time_is_seen(teacher: Browser, store: Store, world: World) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert assign(teacher, world, title="Over", due=past) == 303
    assert assign(teacher, world, title="Open") == 303
    found = read(teacher, f"{path(world)}/assignments.json")
    assert isinstance(found, dict)
    states = {
        line["assignment"]["title"]: {one["learner"]["name"]: one["state"] for one in line["learners"]}
        for line in found["assignments"]
    }
    assert states == {
        "Over": {"Ada": "late", "=Bob": "missed", "Eve": "missed"},
        "Open": {"Ada": "done", "=Bob": "open", "Eve": "open"},
    }
    assert {row["state"] for row in rows(teacher, f"{path(world)}/assignments.csv")} >= {"late", "open"}
    identity = found["assignments"][0]["assignment"]["id"]
    token = teacher.token(f"{path(world)}/assignments")
    assert teacher.post(f"{path(world)}/assignments/{identity}/delete", {"_token": token}).status == 303
    assert len(rooms.assigned(store, world.ada)) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": ""}, "has no name"),
        ({"problem": "no-such"}, "No problem is called"),
        ({"due": "tomorrow"}, "is no date"),
        ({"due": "2030-01-01T10:00", "zone": "Mars/Phobos"}, "is no time zone"),
        ({"due": "2030-01-01T10:00", "zone": "../../etc/passwd"}, "is no time zone"),
        ({"due": "0001-01-01T00:00", "zone": "+14:00"}, "is no date"),
    ],
)
def test_an_assignment_that_cannot_be_is_said_and_the_form_kept(
    teacher: Browser, store: Store, world: World, fields: Mapping[str, str], words: str
) -> None:
    token = teacher.token(f"{path(world)}/assignments")
    given = {"_token": token, "title": "Week 1", "problem": PROBLEM, "due": "", "zone": "UTC", **fields}
    said = teacher.post(f"{path(world)}/assignments", given)
    assert said.status == 400
    assert words in said.text
    assert rooms.assigned(store, world.ada) == ()


def test_an_exam_switches_help_off_and_ends_by_itself(teacher: Browser, store: Store, world: World) -> None:
    token = teacher.token(f"{path(world)}/settings")
    assert rooms.exam_until(store, world.ada) is None
    assert teacher.post(f"{path(world)}/exam", {"_token": token, "minutes": "45"}).status == 303
    until = rooms.exam_until(store, world.ada)
    assert until
    assert timedelta(minutes=44) < until - datetime.now(UTC) <= timedelta(minutes=45)
    assert "no help" in teacher.get(path(world)).text
    assert teacher.post(f"{path(world)}/exam", {"_token": token, "minutes": "100000"}).status == 422
    assert teacher.post(f"{path(world)}/exam", {"_token": token, "minutes": "0"}).status == 303
    assert rooms.exam_until(store, world.ada) is None


# ---- settings, one learner ---------------------------------------------------------------------------------------------


def test_a_class_is_renamed_closed_and_given_another_code(teacher: Browser, store: Store, world: World) -> None:
    token = teacher.token(f"{path(world)}/settings")
    teacher.post(f"{path(world)}/settings", {"_token": token, "name": "Tuesdays", "zone": "+05:30"})
    teacher.post(f"{path(world)}/joining", {"_token": token, "open": "no"})
    teacher.post(f"{path(world)}/code", {"_token": token})
    room = teaching.find_class(store, world.room.id)
    assert (room.name, room.zone, room.open) == ("Tuesdays", "+05:30", False)
    assert room.code != world.room.code
    with pytest.raises(rooms.WrongCode):
        rooms.classroom_by_code(store, world.room.code)


def test_a_teacher_gives_a_new_word(teacher: Browser, store: Store, world: World) -> None:
    address = f"{path(world)}/learners/{world.ada.id}"
    said = teacher.post(f"{address}/word", {"_token": teacher.token(address)})
    found = re.search(r"<strong>([a-z]+-[a-z]+-\d{3})</strong>", said.text)
    assert found
    assert said.headers["cache-control"] == "no-store"
    assert learners.recover(store, world.room.code, "Ada", found[1])[0].id == world.ada.id


def test_one_learners_programs_are_shown_as_text(teacher: Browser, world: World) -> None:
    address = f"{path(world)}/learners/{world.bob.id}"
    assert PROBLEM in teacher.get(address).text
    page = teacher.get(f"{address}?problem={PROBLEM}").text
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 6
    assert "Look at strictly." in page


def test_a_learners_data_is_exported_whole_and_deleted_whole(teacher: Browser, store: Store, world: World) -> None:
    address = f"{path(world)}/learners/{world.bob.id}"
    made = read(teacher, f"{address}.json")
    assert isinstance(made, dict)
    assert made["class_name"] == world.room.name
    assert [one["text"] for one in made["drafts"]] == ["bob's draft"]
    assert len(made["attempts"]) == 7
    assert len(made["help"]) == 1
    token = teacher.token(address)
    assert teacher.post(f"{address}/delete", {"_token": token}).status == 400
    assert teacher.post(f"{address}/delete", {"_token": token, "sure": "yes"}).status == 303
    assert teacher.get(address).status == 404
    assert attempting.attempts(store, world.bob.id, PROBLEM) == []
    assert len(teaching.class_table(store, world.room.id)) == 2


def test_who_is_taken_out_keeps_what_was_written(teacher: Browser, store: Store, world: World) -> None:
    address = f"{path(world)}/learners/{world.bob.id}"
    assert teacher.post(f"{address}/remove", {"_token": teacher.token(address)}).status == 303
    assert learners.by_id(store, world.bob.id).class_id is None
    assert drafting.read_draft(store, world.bob.id, OTHER, "python")


@pytest.mark.parametrize(("too", "left"), [("keep", 3), ("delete", 0)])
def test_a_class_is_deleted_with_or_without_its_learners(
    teacher: Browser, store: Store, world: World, too: str, left: int
) -> None:
    token = teacher.token(f"{path(world)}/settings")
    assert teacher.post(f"{path(world)}/delete", {"_token": token, "learners": too}).status == 400
    assert teacher.post(f"{path(world)}/delete", {"_token": token, "learners": too, "sure": "yes"}).status == 303
    assert teacher.get(path(world)).status == 404
    assert teaching.how_many(store, None) == left


def test_what_is_not_there_is_said(teacher: Browser, world: World) -> None:
    for tail in ("", ".json", ".csv", "/problems", "/help", "/assignments", "/settings", "/learners/x"):
        assert teacher.get(f"/gym/teacher/classes/nobody{tail}").status == 404, tail
    assert teacher.get(f"{path(world)}/learners/nobody").status == 404
    assert teacher.get(f"/gym/teacher/classes/none/learners/{world.ada.id}").status == 404
    assert teacher.get(f"{path(world)}?sort=x").status == 422


# ---- who gets here -----------------------------------------------------------------------------------------------------


def test_no_learner_gets_to_a_teachers_page(serve_app: Serve, store: Store, world: World) -> None:
    outside = serve_app({"gym": Pages()}, names=["assay.example"])
    browser = Browser(outside)
    fields = {"_token": browser.token("/gym/join"), "code": world.room.code, "name": "Mallory"}
    assert browser.post("/gym/join", fields).status == 200
    token = browser.token("/gym/you")
    filled = {"room": world.room.id, "learner": world.ada.id, "assignment": "x"}
    theirs = [one for one in addresses(outside, filled) if one[1].startswith("/gym/teacher")]
    assert len(theirs) > 25
    for method, address in theirs:
        said = browser.get(address) if method == "GET" else browser.post(address, {"_token": token, "sure": "yes"})
        assert said.status in (303, 401), address
        if said.status == 303:
            assert said.headers["location"].startswith("/sign-in"), address
        assert "Ada" not in said.text
    assert teaching.find_class(store, world.room.id)
    assert len(teaching.class_table(store, world.room.id)) == 4


# ---- writing a problem -------------------------------------------------------------------------------------------------


def write(browser: Browser, text: str, **fields: str) -> str:
    token = browser.token("/gym/teacher/write")
    said = browser.post("/gym/teacher/write", {"_token": token, "text": text, **fields}, HX_Request="true")
    assert said.status == 200
    assert "<html" not in said.text
    return said.text


def test_the_example_passes_the_gate_with_faults_put_in(teacher: Browser) -> None:
    said = write(teacher, EXAMPLE, mutants="yes")
    assert "✓ it passes the gate" in said, said
    assert re.search(r"(\d+) of \1 faults", said), said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("difficulty: easy", "difficulty: simple"), "problem.yaml:4:"),
        (("title: The longest word", "titel: The longest word"), "titel"),
        (("schema: assay", "schema: [assay"), "problem.yaml:"),
        (("> len(best)", "< len(best)"), "reference"),
        ((">= len(best)", "> len(best)"), "boundary"),
        (("title: The longest word", f"title: '{HOSTILE}'\nx{HOSTILE}: 1"), "&lt;script&gt;"),
    ],
    ids=["a wrong word", "an unknown key", "no YAML", "a solution that fails", "a mistake that is none", "hostile"],
)
def test_what_does_not_hold_is_said_with_its_place(teacher: Browser, change: tuple[str, str], words: str) -> None:
    assert change[0] in EXAMPLE
    said = write(teacher, EXAMPLE.replace(*change))
    assert "not hold" in said
    assert HOSTILE not in said
    if words not in ("reference", "boundary"):
        assert words in said


def test_a_problem_is_saved_as_a_file(teacher: Browser) -> None:
    token = teacher.token("/gym/teacher/write")
    fields = {"_token": token, "text": EXAMPLE.replace("\n", "\r\n"), "what": "download"}
    said = teacher.post("/gym/teacher/write", fields)
    assert said.headers["content-disposition"] == 'attachment; filename="py-lists-longest-word.yaml"'
    assert said.body.decode() == EXAMPLE


def test_one_of_the_courses_problems_is_a_beginning(teacher: Browser) -> None:
    assert f"id: {PROBLEM}" in teacher.get(f"/gym/teacher/write?problem={PROBLEM}").text
    assert teacher.get("/gym/teacher/write?problem=nothing").status == 404


# ---- how it looks ------------------------------------------------------------------------------------------------------


def test_every_page_is_fit_for_everybody(
    site: Site, world: World, page: "Page", tmp_path: Path, teacher: Browser
) -> None:
    assign(teacher, world, due="2030-06-01T18:00", zone="UTC")
    empty = teacher.post("/gym/teacher/classes", {"_token": teacher.token("/gym/teacher"), "name": "Nobody's"})
    nobody = empty.headers["location"]
    pages = [
        "/gym/teacher",
        path(world),
        nobody,
        f"{path(world)}/problems",
        f"{nobody}/problems",
        f"{path(world)}/help",
        f"{nobody}/help",
        f"{path(world)}/assignments",
        f"{nobody}/assignments",
        f"{path(world)}/settings",
        f"{path(world)}/learners/{world.bob.id}",
        f"{path(world)}/learners/{world.eve.id}",
        f"{path(world)}/learners/{world.bob.id}?problem={PROBLEM}",
        "/gym/teacher/write",
    ]
    teaching.start_exam(site.shell.store, world.room.id, timedelta(hours=1))
    for number, address in enumerate(pages):
        page.goto(site.url + address)
        for details in page.locator("details:not(.menu)").all():
            details.evaluate("one => { one.open = true }")
        axe(page)
        four_forms(page, site.url + address, tmp_path, f"{number}")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}{path(world)}/problems")
    assert page.locator("td[data-name='Fails first'] span:visible").count(), "a phone shows the test that most fail"
    page.goto(f"{site.url}{path(world)}")
    assert re.search(
        r"exam until [\d-]+ [\d:]+ \(UTC\), [\d-]+ [\d:]+ on your clock", page.locator(".lead").first.inner_text()
    )
    page.emulate_media(color_scheme="dark")
    page.goto(site.url + path(world))
    axe(page)


def test_a_problem_is_checked_while_it_is_written(site: Site, page: "Page") -> None:
    page.goto(f"{site.url}/gym/teacher/write")
    page.get_by_label("problem.yaml").fill(EXAMPLE.replace("difficulty: easy", "difficulty: simple"))
    page.get_by_text("1 thing does not hold").wait_for()
    page.get_by_label("problem.yaml").fill(EXAMPLE)
    page.get_by_text("it passes the gate").wait_for()
    axe(page)


def test_a_teacher_needs_no_script(site: Site, scriptless: "Page", world: World) -> None:
    scriptless.goto(f"{site.url}{path(world)}/assignments")
    scriptless.get_by_label("Title").fill("Week 2")
    scriptless.get_by_label("Due").fill("2030-01-01T10:00")
    scriptless.locator("summary", has_text="Lists").first.click()
    scriptless.locator(f"input[value={PROBLEM}]").check()
    scriptless.get_by_role("button", name="Assign").click()
    scriptless.get_by_role("heading", name="Week 2").wait_for()
    scriptless.goto(f"{site.url}/gym/teacher/write")
    scriptless.get_by_role("button", name="Check now").click()
    scriptless.get_by_text("it passes the gate").wait_for()
