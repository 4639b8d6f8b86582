"""The front door to help: facts first, a model last, and nothing a model wrote before it has passed the gate.

How one is answered `answering` says. What the gate refuses the learner never sees: the authored help is given at once, and the
model is asked once more in the background, with the reason; what passes then is added, and kept. Whatever fails on the way, and
whatever takes too long, ends in authored help too. A request is kept before it is worked on, and its work is durable: killed and
started again, the answer is there.
"""

import contextlib
import threading
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, get_args

from pydantic import JsonValue

from assay.errors import AssayError
from assay.gym import asking
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.learners import HelpAnswer, Learner
from assay.gym.tutor import agent, permission, policy
from assay.gym.tutor.agent import ToolName
from assay.gym.tutor.answering import Answering, second_of
from assay.gym.tutor.policy import Allowed
from assay.gym.tutor.presence import Presence
from assay.gym.tutor.programs import patience, warm_up
from assay.gym.tutor.spans import span
from assay.gym.tutor.steps import Steps
from assay.pipeline.llm.gateway import Gateway
from assay.pipeline.llm.names import parse_model
from assay.records import Language, Model
from assay.settings import Settings
from assay.store import Store
from assay.tracing import Tracing, Value

_LOST_S = 20
"""So long after its time limit a request without an answer is taken to have lost whoever worked on it."""
_WAITING = 3
"""Requests at one problem that a learner may have under way."""


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
        self._tracing = Tracing.from_settings(settings)
        self._gateway = Gateway(patience=patience(self.within_s), tracing=self._tracing)
        set_model = parse_model(settings.gym_model) if settings.gym_model else None
        self._presence = Presence(self._gateway, model or set_model)
        self._steps = Steps()
        self._answering = Answering(store, library, grader, self._presence, self._steps, self._tracing)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="assay-help")
        self._opening = threading.Lock()
        self._durable: Any = None
        self._wants_durable = durable
        self._closed = False

    # ---- what pages call -------------------------------------------------------------------------------------------

    def allowed(self, learner: Learner, problem: str, language: Language, source: str) -> Allowed:
        """Whether a hint may be had now, at which level, and what is left."""
        return permission.allowed(self.store, self.library, learner, problem, language, source)

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
        if permission.in_exam(self.store, learner) or (tool == "hint" and not allowed.now):
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
        self._steps.begin(identifier, "look")
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
        return self._steps.words(identifier)

    def rate(self, learner: Learner, identifier: str, thumbs: int | None) -> bool:
        """Keep whether an answer helped; False: there is no such answer of this learner's."""
        value = None if not thumbs else 1 if thumbs > 0 else -1
        with span(self._tracing, "gym thumbs", "FEEDBACK", help=identifier, thumbs=value or 0):
            return asking.rate_help(self.store, learner.id, identifier, value)  # type: ignore[arg-type]

    @property
    def why_no_model(self) -> str:
        """Why no model helps here just now; empty: one does, as far as is known."""
        return self._presence.why_not

    def start(self) -> None:
        """Make ready in the background, and take up what was asked before this process began. Nothing has to wait for it."""
        self._pool.submit(self._ready)

    def _ready(self) -> None:
        try:
            self._open()
            for owed in asking.waiting_help(self.store):
                self._begin(owed.learner, owed.id)
            if self._presence.voice() is not None:  # without a model its 60 MB are never needed
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
        with span(self._tracing, "gym help", "AGENT", **attributes) as step:
            try:
                done, reasons = self._answering.answer(asked, began + self.within_s)
            except Exception as error:
                if self._closed:
                    raise
                done, reasons = self._answering.by_hand(asked, f"{type(error).__name__}: {error}"), []
                if not isinstance(error, AssayError):
                    traceback.print_exc()
            done = done.model_copy(update={"state": "done", "wait_s": round(time.monotonic() - began, 3)})
            asking.add_help(self.store, done)
            if step is not None:
                step.note(tool=done.tool, level=done.level, source=done.source or "", wait_s=done.wait_s or 0)
                step.tag(product="gym", problem=asked.problem, tool=done.tool, source=done.source or "")
                step.words(asked.question or asked.source_code, done.text)
        self._steps.end(identifier)
        return reasons

    def second(self, learner: str, identifier: str, reasons: list[str]) -> None:
        """Ask the model once more, with the reasons; what passes the gate now is kept, and added to the answer."""
        asked = asking.help_answer(self.store, learner, identifier)
        if asked is None or asking.help_answer(self.store, learner, second_of(identifier)) is not None:
            return
        record = self._answering.again(asked, reasons, self.within_s)
        self._steps.end(identifier)
        if record is not None:
            with contextlib.suppress(AssayError):  # the learner is gone meanwhile
                asking.add_help(self.store, record)
