"""One request worked through: facts first, a model last, and nothing a model wrote before it has passed the gate.

The program is run and looked at; a known misconception ends it with its authored message; the nearest program that passes says
where this one differs; a hint that was kept for the same code is given again; else the model is asked once, and the gate decides.
"""

import time
from collections.abc import Callable, Sequence

from pydantic import JsonValue

from assay.gym import asking, attempting
from assay.gym.grading import Grader
from assay.gym.library import Library
from assay.gym.records.learners import HelpAnswer, HelpSource, Learner
from assay.gym.records.results import FullReport
from assay.gym.tutor import agent, cache, explain_error, hint, make_tests, permission, policy, review, scaffold
from assay.gym.tutor.agent import Chosen, State, ToolName
from assay.gym.tutor.gate import Gate
from assay.gym.tutor.looking import looked_at, worked_example
from assay.gym.tutor.presence import Presence
from assay.gym.tutor.programs import NotAnswered, Voice
from assay.gym.tutor.runner import Runner
from assay.gym.tutor.situation import Offer, Situation
from assay.gym.tutor.spans import span
from assay.gym.tutor.steps import Steps
from assay.store import Store
from assay.tracing import Tracing

_OTHER_LEVEL = 2
"""What the gate lets the other tools say: no more than the second hint."""
_NOT_YET_ASKED = ""
"""A reason for a second try where there was no first: the one question went into choosing the tool."""
_NOBODY = "No language model is here to answer in its own words."
_BEFORE = 5
"""Attempts looked at, newest first, for the program before this one."""


class Answering:
    """Works requests through. Safe to use from several threads."""

    def __init__(
        self, store: Store, library: Library, grader: Grader, presence: Presence, steps: Steps, tracing: Tracing | None
    ) -> None:
        self._store = store
        self._library = library
        self._grader = grader
        self._presence = presence
        self._steps = steps
        self._tracing = tracing
        self._runner = Runner(grader)
        self._gate = Gate(self._runner.passes)

    def answer(self, asked: HelpAnswer, end: float) -> tuple[HelpAnswer, list[str]]:
        """The answer, until this moment; and why the model's words were refused, where it is to be asked once more."""
        report = self._report(asked)
        at = self._situation(asked, report)
        tool: ToolName = "hint"
        chosen: Chosen | None = None
        calls = 0
        facts: dict[str, JsonValue] = {"facts": list(at.facts), "edits": [edit.words for edit in at.edits]}
        if asked.tool == "ask":
            with span(self._tracing, "choose", "TOOL"):
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
            if calls and self._presence.voice() is not None:
                reasons = [_NOT_YET_ASKED]
        update = {"text": offer.text, "source": source, "model": offer.model, "facts": facts}
        return asked.model_copy(update={**update, "gate": _record(tries) if tries else None}), reasons

    def again(self, asked: HelpAnswer, reasons: list[str], within_s: float) -> HelpAnswer | None:
        """What the model says when it is asked once more, with the reasons, where it passes the gate."""
        voice = self._presence.voice()
        if voice is None or asked.tool not in _ASKED_AGAIN:
            return None
        began = time.monotonic()
        with span(self._tracing, "gym help, again", "AGENT", help=asked.id, problem=asked.problem):
            at = self._situation(asked, self._report(asked))
            try:
                offer = _ASKED_AGAIN[asked.tool](at, voice, within_s, tuple(filter(None, reasons)))
            except NotAnswered:
                return None
            if self._broken(at, offer):
                return None
            self._keep(asked, at, offer)
        return asked.model_copy(
            update={
                "id": second_of(asked.id),
                "text": offer.text,
                "source": "model",
                "model": offer.model,
                "gate": _record([*_tries(asked.gate), (offer.text, [])]),
                "state": "done",
                "wait_s": round(time.monotonic() - began, 3),
                "thumbs": None,
            }
        )

    def _offer(
        self, identifier: str, tool: ToolName, at: Situation, end: float, *, may_ask: bool
    ) -> tuple[Offer, HelpSource, list[tuple[str, list[dict[str, JsonValue]]]]]:
        """What a tool says: the model's words where they pass the gate, else its own."""
        voice = self._presence.voice() if may_ask else None
        tries: list[tuple[str, list[dict[str, JsonValue]]]] = []
        left = end - time.monotonic()
        if voice is not None and left > 1:
            self._steps.begin(identifier, "ask")
            try:
                with span(self._tracing, tool, "TOOL", level=at.level):
                    offer = self._asked(tool, at, voice, left)
                self._steps.begin(identifier, "check")
                broken = self._broken(at, offer)
                tries.append((offer.text, broken))
                if not broken:
                    return offer, "model", tries
            except NotAnswered as error:
                tries.append(("", [{"rule": "answer", "where": "", "why": error.why[:300]}]))
                if time.monotonic() >= end or "down" in error.why or "cannot be reached" in error.why:
                    self._presence.doubt()
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
        with span(self._tracing, "gate", "EVALUATOR") as step:
            broken = [one for text in offer.to_check for one in self._gate.check(at, text)]
            if step is not None:
                step.note(passed=not broken, rules=[str(one["rule"]) for one in broken])
            return broken

    def by_hand(self, asked: HelpAnswer, why: str) -> HelpAnswer:
        """Authored help where not even the program could be run."""
        problem = self._library.problem(asked.problem)
        ordered = sorted(problem.hints, key=lambda one: one.level)
        fitting = [one for one in ordered if one.level <= max(asked.level, 1)] or ordered
        gate = _record([("", [{"rule": "error", "where": "", "why": why[:300]}])])
        return asked.model_copy(update={"text": fitting[-1].text, "source": "authored", "gate": gate})

    # ---- facts -----------------------------------------------------------------------------------------------------

    def _report(self, asked: HelpAnswer) -> FullReport:
        self._steps.begin(asked.id, "look")
        problem = self._library.problem(asked.problem)
        with span(self._tracing, "run", "TOOL") as step:
            report = self._grader.check(problem, asked.language, asked.source_code)
            if step is not None:
                passed = sum(case.outcome == "passed" for case in report.cases)
                step.note(verdict=report.verdict, passed=passed, tests=len(report.cases))
            return report

    def _situation(self, asked: HelpAnswer, report: FullReport) -> Situation:
        problem = self._library.problem(asked.problem)
        course, _ = self._library.place(asked.problem)
        earlier = [
            one.text
            for one in asking.help_answers(self._store, asked.learner, asked.problem)
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
        self._steps.begin(asked.id, "compare")
        with span(self._tracing, "compare", "RETRIEVER") as step:
            made = looked_at(at, self._before(asked))
            if step is not None:
                step.note(edits=[edit.words for edit in made.edits])
        return made

    def _before(self, asked: HelpAnswer) -> FullReport | None:
        """The report of the program that was run before this one, if there was another."""
        code = asked.code_hash or policy.code_key(asked.source_code, asked.language)
        for one in attempting.attempts(self._store, asked.learner, asked.problem, asked.language)[:_BEFORE]:
            if one.graded.purpose != "console" and policy.code_key(one.source, asked.language) != code:
                return self._grader.check(self._library.problem(asked.problem), asked.language, one.source)
        return None

    def _misconception(self, at: Situation) -> tuple[str, str] | None:
        """The id and message of the first misconception that the program shows."""
        with span(self._tracing, "misconceptions", "RETRIEVER") as step:
            found = at.misconception
            if step is not None:
                step.note(found=found.id if found else "")
            return (found.id, found.message) if found else None

    # ---- free requests ---------------------------------------------------------------------------------------------

    def _choose(self, asked: HelpAnswer, at: Situation, end: float) -> Chosen:
        state = State(
            has_error=at.has_error,
            public_pass=at.public_pass,
            attempted=bool(attempting.attempts(self._store, asked.learner, asked.problem, asked.language)),
            can_make_tests=make_tests.fits(at.problem),
        )
        left = end - time.monotonic()
        return agent.choose(asked.question, state, self._presence.voice(), max(1.0, min(left / 2, 10)))

    def _at_free_level(self, asked: HelpAnswer, at: Situation, tool: ToolName) -> tuple[Situation, str]:
        """The level of a free request; a hint asked for in free words counts as one. And why there is none now."""
        if tool != "hint":
            return at.at_level(_OTHER_LEVEL), ""
        learner = Learner(id=asked.learner)
        allowed = permission.allowed(
            self._store, self._library, learner, asked.problem, asked.language, asked.source_code
        )
        if allowed.now:
            return at.at_level(allowed.level), ""
        given = [text for text in at.earlier if text]
        last = f"\n\nThe last hint was: {given[-1]}" if given else ""
        nobody = "" if self._presence.voice() is not None else f"{_NOBODY} "
        return at, f"{nobody}{allowed.why}{last}"

    # ---- the cache -------------------------------------------------------------------------------------------------

    def _key(self, asked: HelpAnswer, at: Situation) -> str:
        version = self._library.problem_version(asked.problem)
        return cache.key_of(f"{asked.problem} {version}", asked.language, asked.source_code, at.level)

    def _kept(self, asked: HelpAnswer, at: Situation) -> cache.KeptHint | None:
        with span(self._tracing, "cache", "RETRIEVER") as step:
            found = cache.find(self._store, self._key(asked, at))
            if found is not None and (found.text in at.earlier or self._gate.check(at, found.text)):
                found = None
            if step is not None:
                step.note(found=found is not None)
            return found

    def _keep(self, asked: HelpAnswer, at: Situation, offer: Offer) -> None:
        if asked.tool == "hint" and not asked.question:
            key = self._key(asked, at)
            made = cache.KeptHint(key=key, problem=asked.problem, level=at.level, text=offer.text, model=offer.model)
            cache.keep(self._store, made, asked.learner)


def second_of(identifier: str) -> str:
    """What the second try's answer to a request is called."""
    return f"{identifier}-2"


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
