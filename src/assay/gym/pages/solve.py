"""One problem: read it, write code, run, submit, look at what came of it, and, once it is solved, at the model solution.

The page is one form. Sent as it is, the answer is a page; sent by the editor's script (which asks for JSON), the answer is
the parts of the page that changed. Nothing of a problem gets here but its public view, until the learner has solved it.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException as StarletteError

from assay.errors import AssayError, UnknownName
from assay.gym import attempting, drafting, headlines, practice
from assay.gym.grading.reveal import seen
from assay.gym.library import public_view
from assay.gym.noticing import noticed
from assay.gym.pages import helping, shown
from assay.gym.pages.service import Gym, exam
from assay.gym.pages.steps import Steps, steps_of
from assay.gym.records.learners import Draft, Learner, LearnerAttempt, Standing
from assay.gym.records.problems import Problem
from assay.gym.records.results import Graded
from assay.gym.records.shown import PublicProblem
from assay.records import Language, Record
from assay.web.guard import error_page
from assay.web.markdown import markdown
from assay.web.shell import Shell

NAMES: dict[str, str] = {"python": "Python", "javascript": "JavaScript"}
_LARGEST = 64 << 10
_HISTORY = 50

Tab = Literal["tests", "console", "step", "help"]
Doing = Literal["run", "submit", "console", "step", "help", "save", "reset", "undo"]


class Link(NamedTuple):
    """A title and where it leads."""

    title: str
    href: str


class After(NamedTuple):
    """What whoever has solved a problem may read."""

    own: str
    solution: str
    alternatives: tuple[str, ...]
    discussion: Markup
    next: Link | None


class ProblemPage(Record):
    """A problem as this page shows it, for other programs."""

    problem: PublicProblem
    course: str
    topic: str
    standing: Standing | None
    draft: Draft | None
    attempts: tuple[LearnerAttempt, ...]


class Sent(NamedTuple):
    """What the form holds."""

    what: str
    source: str
    based_on: int | None
    tab_name: str
    stdin: str
    case: str
    question: str
    tool: str
    thumb: str


class _Work(NamedTuple):
    """A problem in one language, as it stands for whoever asks."""

    problem: Problem
    language: Language
    learner: Learner | None


class _FormRoute(APIRoute):
    """Says in our words what the framework refuses before the form is read: a field of more than a megabyte."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await answer(request)
            except StarletteError as error:
                if error.status_code != 400 or "exceeded maximum size" not in error.detail:
                    raise
                raise AssayError(
                    f"What you sent is longer than a megabyte, and a program may have {drafting.LARGEST_TEXT:,} characters.",
                    "Go back with your browser: what you wrote should stand there still. Make it shorter, then press Run.",
                ) from None

        return handled


def address_of(problem: str, language: str | None = None) -> str:
    """The page of a problem."""
    return f"/gym/problems/{problem}" + (f"?lang={language}" if language else "")


def router(shell: Shell, gym: Gym) -> APIRouter:
    """The routes of problems."""
    routes = APIRouter(route_class=_FormRoute)

    def find(problem_id: str, lang: str, learner: Learner | None) -> _Work:
        problem = gym.library.problem(problem_id)
        course, _ = gym.library.place(problem_id)
        if not lang:
            standing = attempting.progress(shell.store, learner.id).of(problem_id) if learner else None
            lang = standing.language if standing and standing.language in problem.languages else course.language
            if lang not in problem.languages:
                lang = next(iter(problem.languages))
        if lang not in problem.languages:
            raise UnknownName("language of this problem", lang, problem.languages)
        return _Work(problem, lang, learner)

    @routes.get("/problems/{problem}.json", response_model=ProblemPage)
    def data(request: Request, problem: str, lang: Annotated[str, Query(max_length=20)] = "") -> Response:
        """A problem without what gives it away, and how far whoever asks is with it."""
        work = find(problem, lang, gym.who.find(request))
        course, topic = gym.library.place(work.problem.id)
        mine = _Mine.read(shell, work)
        made = ProblemPage(
            problem=public_view(work.problem, work.language),
            course=course.id,
            topic=topic.id,
            standing=mine.standing,
            draft=mine.draft,
            attempts=tuple(mine.attempts[:_HISTORY]),
        )
        return shell.json(made)

    @routes.get("/problems/{problem}", include_in_schema=False)
    def page(
        request: Request,
        problem: str,
        lang: Annotated[str, Query(max_length=20)] = "",
        attempt: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        tab: Tab = "tests",
    ) -> Response:
        if problem not in gym.library.shelf().problems:
            return gym.not_there(request, "problem", problem)
        work = find(problem, lang, gym.who.find(request))
        mine = _Mine.read(shell, work)
        chosen = None
        if attempt is not None:
            chosen = next((one for one in mine.attempts if one.id == attempt), None)
            if chosen is None:
                raise HTTPException(404, "This attempt is not kept any more, or it was made in another browser.")
        result = chosen.graded if chosen else None
        if result is None:
            result = mine.ran
        is_latest = chosen is not None and mine.draft is not None and chosen.source == mine.draft.text
        return _page(
            shell,
            gym,
            request,
            work,
            mine,
            source=chosen.source if chosen else None,
            shown_attempt=None if is_latest else chosen,
            result=shown.result(result, headlines.tests_of(work.problem)) if result else None,
            line=_line(result),
            tab=tab,
        )

    @routes.get("/problems/{problem}/help", include_in_schema=False)
    def help_now(request: Request, problem: str, lang: Annotated[str, Query(max_length=20)] = "") -> Response:
        """The Help tab as it stands now, for the page's script."""
        work = find(problem, lang, gym.who.find(request))
        mine = _Mine.read(shell, work)
        text = mine.draft.text if mine.draft else work.problem.languages[work.language].starter
        made = helping.read(gym, work.problem, work.language, work.learner, text, mine.attempts)
        done = (
            "" if made.waiting or not made.answers else f"{made.answers[0].title}: {made.answers[0].text.striptags()}"
        )
        part = _fragment(shell, request, work, "gym/_help.html", help=made)
        return shell.json({"parts": {"help": part}, "waiting": made.waiting, "said": done})

    @routes.post("/problems/{problem}", include_in_schema=False)
    def work_on(
        request: Request,
        problem: str,
        lang: Annotated[str, Query(max_length=20)] = "",
        do: Annotated[Doing | None, Form()] = None,
        source: Annotated[str, Form()] = "",
        based_on: Annotated[str, Form(max_length=20)] = "",
        tab_name: Annotated[str, Form(max_length=80)] = "",
        stdin: Annotated[str, Form(max_length=_LARGEST)] = "",
        case: Annotated[str, Form(max_length=80)] = "",
        question: Annotated[str, Form(max_length=2_000)] = "",
        tool: Annotated[str, Form(max_length=40)] = "",
        thumb: Annotated[str, Form(max_length=220)] = "",
    ) -> Response:
        learner, token = gym.who.find_or_make(request)
        work = find(problem, lang, learner)
        sent = Sent(
            what=do or ("help" if tool or thumb else "run"),
            source=_plain(source),
            based_on=int(based_on) if based_on.isascii() and based_on.isdigit() else None,
            tab_name=tab_name,
            stdin=_plain(stdin),
            case=case,
            question=_plain(question),
            tool=tool or "hint",
            thumb=thumb,
        )
        asks_json = "application/json" in request.headers.get("accept", "")
        if token is None:
            return _answer(shell, gym, request, work, learner, sent, asks_json)
        try:
            response = _answer(shell, gym, request, work, learner, sent, asks_json)
        except AssayError as error:  # what was written is kept: who wrote it must find it again
            response = shell.refuse(request, error_page(error))
        gym.who.remember(request, response, token)
        return response

    return routes


# ---- doing what was asked --------------------------------------------------------------------------------------------


def _answer(
    shell: Shell, gym: Gym, request: Request, work: _Work, learner: Learner, sent: Sent, asks_json: bool
) -> Response:
    problem, language = work.problem, work.language
    here = (learner.id, problem.id, language)
    store = shell.store
    if sent.what == "reset":
        drafting.save_draft(store, *here, sent.source, sent.based_on, tab=sent.tab_name)
        draft = drafting.reset_draft(store, *here, problem.languages[language].starter, tab=sent.tab_name)
    elif sent.what == "undo":
        last = drafting.undo_reset(store, *here, tab=sent.tab_name) or drafting.read_draft(store, *here)
        if last is None:
            raise AssayError("There is nothing to undo.", "Nothing was changed here yet.")
        draft = last
    else:
        draft = drafting.save_draft(store, *here, sent.source, sent.based_on, tab=sent.tab_name)
    if sent.what in ("save", "reset", "undo"):
        if asks_json:
            return shell.json(_kept(draft, learner))
        return RedirectResponse(address_of(problem.id, language), 303)
    if sent.what in ("run", "submit"):
        return _graded(shell, gym, request, work, learner, sent, draft, asks_json)
    context: dict[str, Any] = {}
    said = ""
    line = None
    if sent.what == "console":
        graded = gym.grader.console(problem, language, sent.source, sent.stdin, learner.id)
        context["console"] = shown.result(graded)
        said, line = headlines.headline(graded), _line(graded)
    elif sent.what == "step":
        context["trace"], said = _steps(gym, work, sent, learner), ""
        said = context["trace"].headline
    else:
        said = _help(gym, work, learner, sent, wait=not asks_json)
        mine = _Mine.read(shell, work)
        context["help"] = helping.read(gym, problem, language, learner, sent.source, mine.attempts, said)
    tab: Tab = "console" if sent.what == "console" else "step" if sent.what == "step" else "help"
    if not asks_json:
        mine = _Mine.read(shell, work)
        if mine.ran is not None:
            context["result"] = shown.result(mine.ran, headlines.tests_of(problem))
        return _page(shell, gym, request, work, mine, stdin=sent.stdin, case=sent.case, tab=tab, line=line, **context)
    part = _fragment(shell, request, work, f"gym/_{tab}.html", **context)
    return shell.json({**_kept(draft, learner), "said": said, "line": line, "tab": tab, "parts": {tab: part}})


def _help(gym: Gym, work: _Work, learner: Learner, sent: Sent, *, wait: bool) -> str:
    """Ask, or say whether an answer helped; gives why there is no help now, or nothing."""
    if sent.thumb:
        helping.rate(gym, learner, sent.thumb)
        return ""
    return helping.ask(gym, work.problem, work.language, learner, sent.source, sent.tool, sent.question, wait)


def _graded(
    shell: Shell, gym: Gym, request: Request, work: _Work, learner: Learner, sent: Sent, draft: Draft, asks_json: bool
) -> Response:
    if sent.what == "submit":
        report = gym.grader.submitted(work.problem, work.language, sent.source, learner.id)
        graded = seen(report, "submit")
        failed, met = noticed(work.problem, sent.source, report)
    else:
        graded = gym.grader.run(work.problem, work.language, sent.source, learner.id)
        failed, met = "", ""
    attempt = attempting.add_attempt(
        shell.store, learner.id, graded, sent.source, failed_test=failed, misconception=met
    )
    if not asks_json:
        where = address_of(work.problem.id, work.language)
        return RedirectResponse(f"{where}&attempt={attempt.id}#panel-tests", 303)
    attempts = attempting.attempts(shell.store, learner.id, work.problem.id, work.language)
    result = shown.result(graded, headlines.tests_of(work.problem))
    parts = {
        "tests": _fragment(shell, request, work, "gym/_tests.html", result=result),
        "history": _fragment(shell, request, work, "gym/_history.html", attempts=attempts[:_HISTORY]),
    }
    if result.solved:
        mine = _Mine.read(shell, work)
        parts["after"] = _fragment(shell, request, work, "gym/_after.html", after=_after(gym, work, mine))
    said = f"{result.headline} {_first(result)}".strip()
    return shell.json(
        {**_kept(draft, learner), "said": said, "line": _line(graded), "verdict": graded.verdict, "parts": parts}
    )


def _first(result: shown.ResultShown) -> str:
    """What is read out after the headline."""
    opened = next((one for one in result.cases if one.opened), None)
    if opened is None:
        return shown.plain(result.graded.message) if result.message else ""
    return f"First to look at: {opened.title}. {shown.plain(opened.case.message)}"


def _kept(draft: Draft, learner: Learner) -> dict[str, Any]:
    """What the script must know of the code that is kept."""
    made: dict[str, Any] = {"learner": learner.id, "revision": draft.version}
    if draft.kept_aside:
        made["conflict"] = draft.text
    return made


def _steps(gym: Gym, work: _Work, sent: Sent, learner: Learner) -> Steps:
    if work.language != "python":
        return Steps("Steps can be shown for Python so far.", Markup(""), ())
    public = [test for test in work.problem.tests if test.visibility == "public"]
    test = next((one for one in public if one.id == sent.case), public[0] if public else None)
    trace = gym.trace(work.problem, sent.source, test, learner.id)
    return steps_of(trace, sent.source)


def _plain(text: str) -> str:
    """As the editor has it: forms send line ends as CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line(graded: Graded | None) -> int | None:
    """The line to mark: of the first failure, or of the error that stopped everything."""
    if graded is None or graded.verdict == "pass":
        return None
    failed = next((case.line for case in graded.cases if case.outcome in ("failed", "error")), None)
    return failed or graded.line


# ---- what is kept of whoever asks --------------------------------------------------------------------------------------


class _Mine(NamedTuple):
    """A learner's own at one problem."""

    draft: Draft | None
    attempts: list[LearnerAttempt]
    standing: Standing | None
    can_undo: bool

    @classmethod
    def read(cls, shell: Shell, work: _Work) -> "_Mine":
        if work.learner is None:
            return cls(None, [], None, False)
        here = (work.learner.id, work.problem.id, work.language)
        attempts = attempting.attempts(shell.store, *here)
        past = drafting.past_drafts(shell.store, *here)
        progress = attempting.progress(shell.store, work.learner.id)
        return cls(
            draft=drafting.read_draft(shell.store, *here),
            attempts=attempts,
            standing=progress.of(work.problem.id),
            can_undo=bool(past) and past[0].reason == "reset",
        )

    @property
    def ran(self) -> Graded | None:
        """What the last run came to, where what stands in the editor is what was run."""
        last = self.attempts[0] if self.attempts else None
        return last.graded if last and self.draft and last.source == self.draft.text else None

    @property
    def solved(self) -> LearnerAttempt | None:
        """The last submission in this language that passed."""
        return next(
            (one for one in self.attempts if one.graded.purpose == "submit" and one.graded.verdict == "pass"), None
        )


def _after(gym: Gym, work: _Work, mine: _Mine) -> After | None:
    """The model solution, and only for whoever has solved the problem in this language."""
    solved = mine.solved
    if solved is None:
        return None
    sources = work.problem.languages[work.language]
    return After(
        own=solved.source,
        solution=sources.solution,
        alternatives=sources.alternatives,
        discussion=markdown(work.problem.after.discussion, top=3),
        next=_next(gym, work),
    )


def _next(gym: Gym, work: _Work) -> Link | None:
    """What the author names, else what stands behind it in its course."""
    course, _ = gym.library.place(work.problem.id)
    titles = {problem.id: problem.title for problem in course.problems}
    order = [problem.id for _, problem in practice.in_order(course)]
    named = work.problem.after.next
    behind = order[order.index(work.problem.id) + 1 :]
    identifier = named if named in titles else next(iter(behind), None)
    return None if identifier is None else Link(titles[identifier], address_of(identifier, work.language))


# ---- the page ----------------------------------------------------------------------------------------------------------


def _context(work: _Work) -> dict[str, Any]:
    return {
        "problem": public_view(work.problem, work.language),
        "most": drafting.LARGEST_TEXT,
        "address": address_of(work.problem.id),
        "form_at": address_of(work.problem.id, work.language),
        "verdict_of": headlines.verdict,
        "of_how_many": headlines.of_how_many,
        "submitted": headlines.tests_of(work.problem),
        "names": NAMES,
        "can_step": work.language == "python",
        "result": None,
        "console": None,
        "trace": None,
        "after": None,
        "attempts": [],
        "help": None,
    }


def _fragment(shell: Shell, request: Request, work: _Work, template: str, **context: Any) -> str:
    return str(shell.fragment(request, template, **{**_context(work), **context}))


def _page(shell: Shell, gym: Gym, request: Request, work: _Work, mine: _Mine, **context: Any) -> Response:
    problem = work.problem
    course, topic = gym.library.place(problem.id)
    starter = problem.languages[work.language].starter
    source = context.pop("source", None)
    if source is None:
        source = mine.draft.text if mine.draft else starter
    public = public_view(problem, work.language)
    given: Mapping[str, Any] = {
        **_context(work),
        "course": course,
        "topic": topic,
        "statement": markdown(problem.statement, top=2),
        "concepts": [one for name in problem.concepts if (one := gym.library.concept(course, name)) is not None],
        "missing": _missing(shell, gym, work),
        "exam": exam(shell, work.learner),
        "standing": mine.standing,
        "learner_id": work.learner.id if work.learner else "",
        "revision": mine.draft.version if mine.draft else "",
        "source": escape(source),  # as it is: what is edited must come back as it was
        "starter": escape(starter),
        "can_undo": mine.can_undo,
        "attempts": mine.attempts[:_HISTORY],
        "after": _after(gym, work, mine),
        "help": helping.read(gym, problem, work.language, work.learner, source, mine.attempts),
        "console_example": _console_example(public),
        "shown_attempt": None,
        "notice": "",
        "stdin": "",  # the template puts an example there
        "case": "",
        "line": None,
        "tab": "tests",
    }
    return shell.page(request, "gym/solve.html", **{**given, **context})


def _console_example(problem: PublicProblem) -> str:
    """What stands in the console at first: a call to change."""
    return problem.tests[0].call if problem.kind == "call" and problem.tests else ""


def _missing(shell: Shell, gym: Gym, work: _Work) -> list[Link]:
    """What is better solved first."""
    step = gym.overview(shell, work.learner).step(work.problem.id)
    if step is None or not step.locked:
        return []
    return [Link(gym.library.problem(identifier).title, address_of(identifier)) for identifier in step.unlocked_by[:3]]
