"""The front door to help: facts first, a model last, and nothing a model wrote before it has passed the gate.

For one request, in this order: the program is run and looked at; a known misconception ends it with its authored message;
the nearest program that passes says where this one differs; a hint that was kept for the same code is given again; else the
model is asked once, and the gate decides. What the gate refuses the learner never sees: the authored help is given at once,
and the model is asked once more in the background, with the reason; what passes then is added, and kept. Whatever fails on
the way, and whatever takes too long, ends in authored help too. A request is kept before it is worked on, and its work is
durable: killed and started again, the answer is there.
"""

import contextlib
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, get_args

from pydantic import JsonValue

from assay.errors import AssayError
from assay.gym import asking, attempting, rooms
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records import FullReport, HelpAnswer, HelpSource, Learner
from assay.gym.tutor import agent, cache, explain_error, hint, make_tests, policy, review, scaffold
from assay.gym.tutor.agent import Chosen, State, ToolName
from assay.gym.tutor.gate import Gate
from assay.gym.tutor.looking import looked_at, worked_example
from assay.gym.tutor.policy import Allowed
from assay.gym.tutor.programs import NotAnswered, Voice, patience, warm_up
from assay.gym.tutor.runner import Runner
from assay.gym.tutor.situation import Offer, Situation
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.names import parse_model
from assay.records import Language, Model
from assay.settings import Settings
from assay.store import Store
from assay.tracing import Step, Tracing, Value

_AGAIN_S = 30
"""How long a model that was not there is not asked for again."""
_OTHER_LEVEL = 2
"""What the gate lets the other tools say: no more than the second hint."""
_LOST_S = 20
"""So long after its time limit a request without an answer is taken to have lost whoever worked on it."""
_WAITING = 3
"""Requests at one problem that a learner may have under way."""
_NOT_YET_ASKED = ""
"""A reason for a second try where there was no first: the one question went into choosing the tool."""
_NOBODY = "No language model is here to answer in its own words."
_BEFORE = 5
"""Attempts looked at, newest first, for the program before this one."""
_PLAN = {
    "look": "Running your program",
    "compare": "Comparing it with programs that pass",
    "ask": "Asking the model",
    "check": "Checking what it says",
}


class NotNow(AssayError):
    """Help may not be had now; `allowed` says why, and when."""

    def __init__(self, allowed: Allowed) -> None:
        super().__init__(allowed.why)
        self.allowed = allowed


def public(answer: HelpAnswer) -> dict[str, JsonValue]:
    """What of an answer a browser may have: never what the gate refused, nor what the facts hold."""
    data = answer.facts.get("data") if isinstance(answer.facts, dict) else None
    return {
        "id": answer.id,
        "tool": answer.tool,
        "level": answer.level,
        "state": answer.state,
        "text": answer.text,
        "source": answer.source,
        "model": answer.model,
        "question": answer.question,
        "data": data,
        "thumbs": answer.thumbs,
    }


class Tutor:
    """Helps learners. One an app; safe to use from several threads; close it, or use it as a context."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        library: Library,
        grader: Grader,
        *,
        model: Model | None = None,
        durable: bool = True,
    ) -> None:
        """`model`: another one than the settings name. `durable`: whether the work is taken up again after a kill."""
        self.settings = settings
        self.store = store
        self.library = library
        self.grader = grader
        self.within_s = settings.gym_help_s
        self._model = model or (parse_model(settings.gym_model) if settings.gym_model else None)
        self._runner = Runner(grader)
        self._gate = Gate(self._runner.passes)
        self._tracing = Tracing.from_settings(settings)
        self._gateway = Gateway(patience=patience(self.within_s), tracing=self._tracing)
        self._voice = Voice(self._gateway, self._model) if self._model else None
        self._lock = threading.Lock()
        self._rest_until = 0.0
        self._looked = 0.0
        self._why_not = "no model is set" if self._model is None else ""
        self._steps: dict[str, list[str]] = {}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="assay-help")
        self._opening = threading.Lock()
        self._durable: Any = None
        self._wants_durable = durable
        self._closed = False

    # ---- what pages call -------------------------------------------------------------------------------------------

    def allowed(self, learner: Learner, problem: str, language: Language, source: str) -> Allowed:
        """Whether a hint may be had now, at which level, and what is left."""
        found = self.library.problem(problem)
        tried = [
            policy.Tried(
                at=one.created,
                code=policy.code_key(one.source, language),
                passed=one.graded.purpose == "submit" and one.graded.verdict == "pass",
            )
            for one in attempting.attempts(self.store, learner.id, problem, language)
            if one.graded.purpose != "console"
        ]
        given = [
            policy.Given(at=one.answered or one.created or datetime.now(UTC), level=one.level, code=one.code_hash)
            for one in asking.help_answers(self.store, learner.id, problem)
            if one.tool == "hint" and one.level and one.language == language and one.state != "failed"
        ]
        starter = found.languages[language].starter
        state = policy.state(language, starter, source, tried, given, exam=self._in_exam(learner))
        return policy.allowed(state, datetime.now(UTC))

    def _in_exam(self, learner: Learner) -> bool:
        until = rooms.exam_until(self.store, learner)
        return until is not None and until > datetime.now(UTC)

    def help(
        self,
        learner: Learner,
        problem: str,
        language: Language,
        source: str,
        *,
        tool: str = "hint",
        question: str = "",
        id: str | None = None,  # noqa: A002
    ) -> HelpAnswer:
        """Ask. The request is kept at once and worked on in the background. Raises NotNow, UnknownName, Gone.

        `id`: a name for the request that whoever asks made up: asking again under it begins nothing new.
        """
        identifier = id or uuid.uuid4().hex
        if (there := asking.help_answer(self.store, learner.id, identifier)) is not None:
            return there
        if tool not in (*get_args(ToolName), "ask"):
            raise AssayError(f"There is no help called {tool[:40]!r}.", f"There are {', '.join(agent.TOOLS)} and ask.")
        found = self.library.problem(problem)
        if language not in found.languages:
            raise AssayError(f"The problem {problem} cannot be solved in {language}.")
        allowed = self.allowed(learner, problem, language, source)
        if self._in_exam(learner) or (tool == "hint" and not allowed.now):
            raise NotNow(allowed)
        waiting = [one for one in asking.help_answers(self.store, learner.id, problem) if one.state == "asked"]
        if len(waiting) >= _WAITING:
            raise AssayError("Your last questions are still being answered.", "Wait for them, then ask again.")
        asked = HelpAnswer(
            id=identifier,
            learner=learner.id,
            problem=problem,
            language=language,
            tool=tool,
            level=allowed.level if tool == "hint" else 0,
            code_hash=policy.code_key(source, language),
            source_code=source[:64_000],
            question=" ".join(question.split())[:500],
        )
        kept = asking.add_help(self.store, asked)
        self._say(identifier, "look")
        self._begin(learner.id, identifier)
        return kept

    def answer(self, learner: Learner, identifier: str) -> HelpAnswer | None:
        """How a request stands. One that lost whoever worked on it is begun again."""
        found = asking.help_answer(self.store, learner.id, identifier)
        if found is not None and found.state == "asked" and found.created is not None:
            age = (datetime.now(UTC) - found.created).total_seconds()
            if age > self.within_s + _LOST_S and identifier not in self._steps:
                self._begin(learner.id, identifier)
        return found

    def wait(self, learner: Learner, identifier: str, timeout_s: float) -> HelpAnswer | None:
        """As `answer`, but once it is there, or the time is up."""
        end = time.monotonic() + timeout_s
        while True:
            found = self.answer(learner, identifier)
            if found is None or found.state != "asked" or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def steps(self, identifier: str) -> tuple[str, ...]:
        """What was done so far, and is being done, in words."""
        with self._lock:
            return tuple(_PLAN[step] for step in self._steps.get(identifier, ()))

    def rate(self, learner: Learner, identifier: str, thumbs: int | None) -> bool:
        """Keep whether an answer helped; False: there is no such answer of this learner's."""
        value = None if not thumbs else 1 if thumbs > 0 else -1
        with self._span("gym thumbs", "FEEDBACK", help=identifier, thumbs=value or 0):
            return asking.rate_help(self.store, learner.id, identifier, value)  # type: ignore[arg-type]

    def start(self) -> None:
        """Make ready in the background, and take up what was asked before this process began. Nothing has to wait for it."""
        self._pool.submit(self._ready)

    def _ready(self) -> None:
        try:
            self._open()
            for owed in asking.waiting_help(self.store):
                self._begin(owed.learner, owed.id)
            if self.voice() is not None:  # without a model its 60 MB are never needed
                warm_up()
        except Exception:
            if not self._closed:
                traceback.print_exc()

    def close(self) -> None:
        """Stop. What is under way goes on with whoever starts next. Safe to call again."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._gateway.close()
        with self._opening:
            durable, self._durable = self._durable, None
        if durable is not None:
            durable.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._tracing is not None:
            self._tracing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- the model -------------------------------------------------------------------------------------------------

    @property
    def why_no_model(self) -> str:
        """Why no model helps here just now; empty: one does, as far as is known."""
        return self._why_not

    def voice(self) -> Voice | None:
        """The model, where it is there. One that was not is asked for again after a while."""
        voice = self._voice
        if voice is None or time.monotonic() < self._rest_until:
            return None
        if voice.model.provider == "ollama" and time.monotonic() - self._looked > _AGAIN_S:
            try:
                there = self._gateway.models(voice.model)
            except AssayError as error:
                self._rest(str(error))
                return None
            if voice.model.model not in there:
                self._rest(f"ollama pull {voice.model.model} would fetch it")
                return None
            self._looked = time.monotonic()
        return voice

    def _rest(self, why: str) -> None:
        self._why_not = why
        self._rest_until = time.monotonic() + _AGAIN_S
        self._looked = 0.0

    # ---- the work --------------------------------------------------------------------------------------------------

    def _open(self) -> Any:
        """The engine's side of this desk, started once; None where the work is not to be durable, or we are closing."""
        with self._opening:
            if self._closed or not self._wants_durable:
                return None
            if self._durable is None:
                from assay.gym import workflow

                self._durable = workflow.open_desk(self)
            return self._durable

    def _begin(self, learner: str, identifier: str) -> None:
        try:
            durable = self._open()
            if durable is not None:
                durable.begin(learner, identifier)
                return
        except AssayError:  # the engine cannot be had: the request is kept, and the next start takes up what is lost
            traceback.print_exc()
        if not self._closed:
            self._pool.submit(self.work, learner, identifier)

    def work(self, learner: str, identifier: str) -> None:
        """Answer a request, both tries."""
        reasons = self.first(learner, identifier)
        if reasons:
            self.second(learner, identifier, reasons)

    def first(self, learner: str, identifier: str) -> list[str]:
        """Answer a request. Gives why the model's words were refused, where it is to be asked once more; else nothing.

        Does nothing where there is an answer, so that it can be done again.
        """
        asked = asking.help_answer(self.store, learner, identifier)
        if asked is None or asked.state != "asked":
            return []
        began = time.monotonic()
        attributes: dict[str, Value] = {"help": identifier, "problem": asked.problem, "language": asked.language}
        with self._span("gym help", "AGENT", **attributes) as step:
            try:
                done, reasons = self._answer(asked, began + self.within_s)
            except Exception as error:
                if self._closed:
                    raise
                done, reasons = self._by_hand(asked, f"{type(error).__name__}: {error}"), []
                if not isinstance(error, AssayError):
                    traceback.print_exc()
            done = done.model_copy(update={"state": "done", "wait_s": round(time.monotonic() - began, 3)})
            asking.add_help(self.store, done)
            if step is not None:
                step.note(tool=done.tool, level=done.level, source=done.source or "", wait_s=done.wait_s or 0)
                step.tag(product="gym", problem=asked.problem, tool=done.tool, source=done.source or "")
                step.words(asked.question or asked.source_code, done.text)
        with self._lock:
            self._steps.pop(identifier, None)
        return reasons

    def second(self, learner: str, identifier: str, reasons: list[str]) -> None:
        """Ask the model once more, with the reasons; what passes the gate now is kept, and added to the answer."""
        asked = asking.help_answer(self.store, learner, identifier)
        more = f"{identifier}-2"
        if asked is None or asking.help_answer(self.store, learner, more) is not None:
            return
        voice = self.voice()
        if voice is None or asked.tool not in _ASKED_AGAIN:
            return
        began = time.monotonic()
        with self._span("gym help, again", "AGENT", help=identifier, problem=asked.problem):
            at = self._situation(asked, self._report(asked))
            try:
                offer = _ASKED_AGAIN[asked.tool](at, voice, self.within_s, tuple(filter(None, reasons)))
            except NotAnswered:
                return
            broken = self._broken(at, offer)
            if broken:
                return
            self._keep(asked, at, offer)
            record = asked.model_copy(
                update={
                    "id": more,
                    "text": offer.text,
                    "source": "model",
                    "model": offer.model,
                    "gate": _record([*_tries(asked.gate), (offer.text, [])]),
                    "state": "done",
                    "wait_s": round(time.monotonic() - began, 3),
                    "thumbs": None,
                }
            )
            with contextlib.suppress(AssayError):  # the learner is gone meanwhile
                asking.add_help(self.store, record)

    def _answer(self, asked: HelpAnswer, end: float) -> tuple[HelpAnswer, list[str]]:
        report = self._report(asked)
        at = self._situation(asked, report)
        tool: ToolName = "hint"
        chosen: Chosen | None = None
        calls = 0
        facts: dict[str, JsonValue] = {"facts": list(at.facts), "edits": [edit.words for edit in at.edits]}
        if asked.tool == "ask":
            with self._span("choose", "TOOL"):
                chosen = self._choose(asked, at, end)
            tool, calls = chosen.tool, int(chosen.asked)
            facts["chosen"] = {"tool": tool, "by": chosen.by}
            at, refusal = self._at_free_level(asked, at, tool)
            if refusal:
                return asked.model_copy(update={"text": refusal, "source": "authored", "facts": facts}), []
        else:
            tool = next(one for one in agent.TOOLS if one == asked.tool)
        known = self._misconception(at) if tool == "hint" else None
        if known is not None and known[1] in at.earlier:
            known = None  # it was said: something else now
        if tool == "hint" and known is None:
            at = hint.unsaid(at)
        asked = asked.model_copy(update={"tool": tool, "level": at.level if tool == "hint" else asked.level})
        if known is not None:
            facts["misconception"] = known[0]
            return asked.model_copy(update={"text": known[1], "source": "misconception", "facts": facts}), []
        if tool == "hint" and at.level >= policy.EXAMPLE:
            return asked.model_copy(update={"text": worked_example(at), "source": "authored", "facts": facts}), []
        if tool == "hint" and not asked.question and (again := self._kept(asked, at)) is not None:
            update = {"text": again.text, "source": "cached", "model": again.model, "facts": facts}
            return asked.model_copy(update={**update, "gate": _record([(again.text, [])])}), []
        offer, source, tries = self._offer(asked.id, tool, at, end, may_ask=not calls)
        if offer.data is not None:
            facts["data"] = offer.data
        if source == "model" and tool == "hint" and not asked.question:
            self._keep(asked, at, offer)
        reasons: list[str] = []
        if source == "authored" and time.monotonic() < end:
            reasons = [str(one["why"]) for _, broken in tries for one in broken]
            if calls and self.voice() is not None:
                reasons = [_NOT_YET_ASKED]
        update = {"text": offer.text, "source": source, "model": offer.model, "facts": facts}
        return asked.model_copy(update={**update, "gate": _record(tries) if tries else None}), reasons

    def _offer(
        self, identifier: str, tool: ToolName, at: Situation, end: float, *, may_ask: bool
    ) -> tuple[Offer, HelpSource, list[tuple[str, list[dict[str, JsonValue]]]]]:
        """What a tool says: the model's words where they pass the gate, else its own."""
        voice = self.voice() if may_ask else None
        tries: list[tuple[str, list[dict[str, JsonValue]]]] = []
        left = end - time.monotonic()
        if voice is not None and left > 1:
            self._say(identifier, "ask")
            try:
                with self._span(tool, "TOOL", level=at.level):
                    offer = self._asked(tool, at, voice, left)
                self._say(identifier, "check")
                broken = self._broken(at, offer)
                tries.append((offer.text, broken))
                if not broken:
                    return offer, "model", tries
            except NotAnswered as error:
                tries.append(("", [{"rule": "answer", "where": "", "why": error.why[:300]}]))
                if time.monotonic() >= end or "down" in error.why or "cannot be reached" in error.why:
                    self._looked = 0.0
        return self._plain(tool, at), "authored", tries

    def _asked(self, tool: ToolName, at: Situation, voice: Voice, within_s: float) -> Offer:
        match tool:
            case "hint":
                return hint.ask(at, voice, within_s)
            case "explain_error":
                return explain_error.ask(at, voice, within_s)
            case "scaffold":
                return scaffold.ask(at, voice, within_s)
            case "make_tests":
                return make_tests.ask(at, voice, within_s, self._runner)
            case "review":
                return review.ask(at, voice, within_s, self._facts(at))

    def _plain(self, tool: ToolName, at: Situation) -> Offer:
        match tool:
            case "hint":
                return hint.plain(at)
            case "explain_error":
                return explain_error.plain(at)
            case "scaffold":
                return scaffold.plain(at)
            case "make_tests":
                return make_tests.plain(at, self._runner)
            case "review":
                return review.plain(at, self._facts(at))

    def _facts(self, at: Situation) -> tuple[review.Fact, ...]:
        return review.facts(at, lambda: self._runner.growth(at)) if at.public_pass else ()

    def _broken(self, at: Situation, offer: Offer) -> list[dict[str, JsonValue]]:
        """What the gate has against an offer's model-made parts."""
        with self._span("gate", "EVALUATOR") as step:
            broken = [one for text in offer.to_check for one in self._gate.check(at, text)]
            if step is not None:
                step.note(passed=not broken, rules=[str(one["rule"]) for one in broken])
            return broken

    def _by_hand(self, asked: HelpAnswer, why: str) -> HelpAnswer:
        """Authored help where not even the program could be run."""
        problem = self.library.problem(asked.problem)
        ordered = sorted(problem.hints, key=lambda one: one.level)
        fitting = [one for one in ordered if one.level <= max(asked.level, 1)] or ordered
        gate = _record([("", [{"rule": "error", "where": "", "why": why[:300]}])])
        return asked.model_copy(update={"text": fitting[-1].text, "source": "authored", "gate": gate})

    # ---- facts -----------------------------------------------------------------------------------------------------

    def _report(self, asked: HelpAnswer) -> FullReport:
        self._say(asked.id, "look")
        problem = self.library.problem(asked.problem)
        with self._span("run", "TOOL") as step:
            report = self.grader.check(problem, asked.language, asked.source_code)
            if step is not None:
                passed = sum(case.outcome == "passed" for case in report.cases)
                step.note(verdict=report.verdict, passed=passed, tests=len(report.cases))
            return report

    def _situation(self, asked: HelpAnswer, report: FullReport) -> Situation:
        problem = self.library.problem(asked.problem)
        course, _ = self.library.place(asked.problem)
        earlier = [
            one.text
            for one in asking.help_answers(self.store, asked.learner, asked.problem)
            if one.state == "done" and one.tool == "hint" and one.id != asked.id
        ]
        at = Situation(
            problem=problem,
            language=asked.language,
            source=asked.source_code,
            report=report,
            course=course,
            level=asked.level or _OTHER_LEVEL,
            question=asked.question,
            earlier=tuple(earlier),
        )
        self._say(asked.id, "compare")
        with self._span("compare", "RETRIEVER") as step:
            made = looked_at(at, self._before(asked))
            if step is not None:
                step.note(edits=[edit.words for edit in made.edits])
        return made

    def _before(self, asked: HelpAnswer) -> FullReport | None:
        """The report of the program that was run before this one, if there was another."""
        code = asked.code_hash or policy.code_key(asked.source_code, asked.language)
        for one in attempting.attempts(self.store, asked.learner, asked.problem, asked.language)[:_BEFORE]:
            if one.graded.purpose != "console" and policy.code_key(one.source, asked.language) != code:
                return self.grader.check(self.library.problem(asked.problem), asked.language, one.source)
        return None

    def _misconception(self, at: Situation) -> tuple[str, str] | None:
        """The id and message of the first misconception that the program shows."""
        with self._span("misconceptions", "RETRIEVER") as step:
            found = at.misconception
            if step is not None:
                step.note(found=found.id if found else "")
            return (found.id, found.message) if found else None

    # ---- free requests ---------------------------------------------------------------------------------------------

    def _choose(self, asked: HelpAnswer, at: Situation, end: float) -> Chosen:
        state = State(
            has_error=at.has_error,
            public_pass=at.public_pass,
            attempted=bool(attempting.attempts(self.store, asked.learner, asked.problem, asked.language)),
            can_make_tests=make_tests.fits(at.problem),
        )
        left = end - time.monotonic()
        return agent.choose(asked.question, state, self.voice(), max(1.0, min(left / 2, 10)))

    def _at_free_level(self, asked: HelpAnswer, at: Situation, tool: ToolName) -> tuple[Situation, str]:
        """The level of a free request; a hint asked for in free words counts as one. And why there is none now."""
        if tool != "hint":
            return at.at_level(_OTHER_LEVEL), ""
        learner = Learner(id=asked.learner)
        allowed = self.allowed(learner, asked.problem, asked.language, asked.source_code)
        if allowed.now:
            return at.at_level(allowed.level), ""
        given = [text for text in at.earlier if text]
        last = f"\n\nThe last hint was: {given[-1]}" if given else ""
        nobody = "" if self.voice() is not None else f"{_NOBODY} "
        return at, f"{nobody}{allowed.why}{last}"

    # ---- the cache -------------------------------------------------------------------------------------------------

    def _key(self, asked: HelpAnswer, at: Situation) -> str:
        version = self.library.problem_version(asked.problem)
        return cache.key_of(f"{asked.problem} {version}", asked.language, asked.source_code, at.level)

    def _kept(self, asked: HelpAnswer, at: Situation) -> cache.KeptHint | None:
        with self._span("cache", "RETRIEVER") as step:
            found = cache.find(self.store, self._key(asked, at))
            if found is not None and (found.text in at.earlier or self._gate.check(at, found.text)):
                found = None
            if step is not None:
                step.note(found=found is not None)
            return found

    def _keep(self, asked: HelpAnswer, at: Situation, offer: Offer) -> None:
        if asked.tool == "hint" and not asked.question:
            key = self._key(asked, at)
            made = cache.KeptHint(key=key, problem=asked.problem, level=at.level, text=offer.text, model=offer.model)
            cache.keep(self.store, made, "[]", asked.learner)

    # ---- spans and steps -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _span(self, name: str, kind: str, **attributes: Value) -> Iterator[Step | None]:
        if self._tracing is None:
            yield None
            return
        with self._tracing.step(name, kind, **attributes) as step:
            yield step

    def _say(self, identifier: str, step: str) -> None:
        with self._lock:
            steps = self._steps.setdefault(identifier, [])
            if step not in steps:
                steps.append(step)
            while len(self._steps) > 1000:
                self._steps.pop(next(iter(self._steps)))


_ASKED_AGAIN: dict[str, Callable[[Situation, Voice, float, tuple[str, ...]], Offer]] = {
    "hint": hint.ask,
    "explain_error": explain_error.ask,
    "scaffold": scaffold.ask,
}


def _record(tries: Sequence[tuple[str, list[dict[str, JsonValue]]]]) -> JsonValue:
    """Tries as the teacher may see them."""
    return [{"text": text, "broken": list[JsonValue](broken), "passed": not broken} for text, broken in tries]


def _tries(gate: JsonValue) -> list[tuple[str, list[dict[str, JsonValue]]]]:
    if not isinstance(gate, list):
        return []
    found = []
    for one in gate:
        if isinstance(one, dict) and isinstance(one.get("broken"), list):
            broken = [item for item in one["broken"] if isinstance(item, dict)]  # type: ignore[union-attr]
            found.append((str(one.get("text", "")), broken))
    return found
