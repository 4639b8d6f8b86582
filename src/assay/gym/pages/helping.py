"""The Help tab: what may be asked now, what was asked, and what came of it. What a model wrote is shown as text."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from assay.gym import asking
from assay.gym.pages.service import Gym, exam
from assay.gym.records.learners import HelpAnswer, Learner, LearnerAttempt
from assay.gym.records.problems import Problem
from assay.gym.tutor import NotNow, agent, make_tests
from assay.gym.tutor.policy import Allowed
from assay.records import Language
from assay.visible import one_line
from assay.web.markdown import markdown

WAIT_S = 20
"""How long a page without script waits for an answer before it is sent."""
_MOST = 12
_LONGEST = 6_000

WORDS = {
    "hint": "Hint",
    "explain_error": "Explain the error",
    "make_tests": "Inputs to try",
    "review": "Review my code",
    "scaffold": "How to begin",
    "ask": "Question",
}
"""What each tool is called: on its button, and over its answer."""
_ORIGINS = {
    "authored": "written by the author of the problem or worked out from your program",
    "misconception": "written by the author of the problem for this very slip",
    "model": "written by a language model, and checked before it was shown",
    "cached": "written by a language model earlier, and checked before it was shown",
}


class Input(NamedTuple):
    """A call to predict, and what comes back."""

    call: str
    expected: str
    why: str


class Answer(NamedTuple):
    """One answer as the page shows it."""

    id: str
    title: str
    question: str
    waiting: bool
    steps: tuple[str, ...]
    text: Markup
    inputs: tuple[Input, ...]
    origin: str
    thumbs: int | None


class Help(NamedTuple):
    """The tab."""

    allowed: Allowed
    tools: tuple[tuple[str, str, bool], ...]
    """Name, words, and whether it may be asked for now."""
    answers: tuple[Answer, ...]
    """Newest first."""
    refused: str
    no_model: str
    exam: bool

    @property
    def waiting(self) -> bool:
        return any(one.waiting for one in self.answers)


def read(
    gym: Gym,
    problem: Problem,
    language: Language,
    learner: Learner | None,
    source: str,
    attempts: Sequence[LearnerAttempt],
    refused: str = "",
) -> Help:
    """What there is for this learner and this code."""
    tutor = gym.tutor
    asked = [] if learner is None else asking.help_answers(gym.shell.store, learner.id, problem.id)
    here = [one for one in asked if one.language == language][-_MOST:]
    if learner is not None:
        here = [tutor.answer(learner, one.id) or one if one.state == "asked" else one for one in here]
    allowed = tutor.allowed(learner or Learner(id=""), problem.id, language, source)
    last = attempts[0] if attempts else None
    state = agent.State(
        has_error=last is not None and last.graded.verdict in ("exception", "syntax"),
        public_pass=last is not None and last.graded.verdict == "pass",
        attempted=last is not None,
        can_make_tests=make_tests.fits(problem),
    )
    in_exam = bool(exam(gym.shell, learner))
    usable = () if in_exam else agent.allowed(state)
    tools = [(name, WORDS[name], name in usable and (name != "hint" or allowed.now)) for name in agent.TOOLS]
    shown = [one for one in tools if one[0] in usable or one[0] in ("hint", "review")]
    return Help(
        allowed=allowed,
        tools=tuple(shown),
        answers=tuple(_answer(gym, one) for one in reversed(here)),
        refused=refused,
        no_model=tutor.why_no_model,
        exam=in_exam,
    )


def ask(
    gym: Gym, problem: Problem, language: Language, learner: Learner, source: str, tool: str, question: str, wait: bool
) -> str:
    """Ask for help; gives why there is none now, or nothing. `wait`: until it is there, or for as long as a page may take."""
    if tool == "ask" and not question.strip():
        return "Write your question first."
    try:
        asked = gym.tutor.help(learner, problem.id, language, source, tool=tool, question=question)
    except NotNow as no:
        return no.allowed.why
    if wait:
        gym.tutor.wait(learner, asked.id, WAIT_S)
    return ""


def rate(gym: Gym, learner: Learner, said: str) -> None:
    """Keep whether an answer helped: `ID:1` or `ID:-1`."""
    identifier, _, thumb = said.rpartition(":")
    if thumb in ("1", "-1"):
        gym.tutor.rate(learner, identifier, int(thumb))


def _answer(gym: Gym, one: HelpAnswer) -> Answer:
    data = one.facts.get("data") if isinstance(one.facts, dict) else None
    made = data.get("tests") if isinstance(data, dict) else None
    inputs = tuple(
        Input(*(one_line(str(each.get(name, "")), 300) for name in Input._fields))
        for each in (made if isinstance(made, list) else [])
        if isinstance(each, dict)
    )
    title = WORDS.get(one.tool, one.tool)
    return Answer(
        id=one.id,
        title=f"{title} {one.level}" if one.tool == "hint" and one.level else title,
        question=one.question,
        waiting=one.state == "asked",
        steps=gym.tutor.steps(one.id),
        text=markdown(one.text[:_LONGEST], top=4),
        inputs=inputs,
        origin=_ORIGINS.get(one.source or "", ""),
        thumbs=one.thumbs,
    )
