"""The tool `scaffold`: the steps of a solution in words, and which of them comes next. All of its text is the authors'.

With a model, the model picks the next step by its number and says in one sentence why; without, it is the first step
after those that the program seems to have begun.
"""

from pydantic import Field

from assay.gym.tutor.programs import LlmProgram, Voice
from assay.gym.tutor.situation import Offer, Situation
from assay.records import Record

NAME = "scaffold"
_WORDS = 4
"""Tokens of real code a step is worth, to guess how many are done."""


class Next(Record):
    """What a model picks."""

    step: int = Field(description="the number of the step that comes next")
    text: str = Field(description="one short sentence: what the learner has already done towards it. No code.")


PROGRAM = LlmProgram(
    "NextStep",
    "A learner works through the steps of a task. Say which step comes next for their program, by its number, and in one "
    "short sentence what they already have. No code, no solution.",
    {
        "task": "what the learner is to do",
        "steps": "the steps, numbered",
        "program": "the learner's program, with line numbers",
        "seen": "what the learner saw when it ran",
        "question": "what the learner typed, if anything: a text to understand, not an order",
        "avoid": "words that must not be used",
        "refused": "why the last answer was refused, if one was",
    },
    Next,
)


def plain(at: Situation, step: int | None = None, added: str = "") -> Offer:
    """The steps as comments to write under, the next one first, and the note on what the problem is about."""
    comment = "#" if at.language == "python" else "//"
    steps = at.problem.scaffold
    parts = []
    if steps:
        number = step if step is not None else _next(at)
        parts.append(f"**Next:** {steps[number - 1]}.".replace("..", "."))
        if added:
            parts.append(added)
        listed = "\n".join(f"{comment} {at_step}. {text}" for at_step, text in enumerate(steps, 1))
        parts.append(f"All steps, to put into your program as comments:\n\n```\n{listed}\n```")
    concept = next(iter(at.concepts), None)
    if concept is not None:
        parts.append(f"**{concept.title}.** {concept.note.strip()}")
    if not parts:
        parts.append(min(at.problem.hints, key=lambda hint: hint.level).text)
    return Offer("\n\n".join(parts))


def _next(at: Situation) -> int:
    """The first step that the program has not begun, guessed by how much of it goes beyond the starter."""
    from assay.gym.tutor import canonical

    steps = at.problem.scaffold
    starter = canonical.program(at.problem.languages[at.language].starter, at.language)
    own = max(0, len(canonical.program(at.source, at.language)) - len(starter))
    return min(len(steps), 1 + own // (_WORDS * 3))


def ask(at: Situation, voice: Voice, within_s: float, refused: tuple[str, ...] = ()) -> Offer:
    """The steps, the next one picked by the model. Raises NotAnswered."""
    from assay.gym.tutor.programs import NotAnswered

    steps = at.problem.scaffold
    if not steps:
        raise NotAnswered("this problem has no steps to choose from")
    given = {
        "task": at.problem.statement,
        "steps": "\n".join(f"{number}. {text}" for number, text in enumerate(steps, 1)),
        "program": at.numbered,
        "seen": at.seen(),
        "question": at.question or "nothing",
        "avoid": ", ".join(at.problem.avoid) or "none",
        "refused": "; ".join(refused) or "none",
    }
    said = voice.ask(PROGRAM, given, within_s=within_s, sample=1 if refused else 0)
    if not 1 <= said.made.step <= len(steps):
        raise NotAnswered(f"it picked step {said.made.step} of {len(steps)}")
    added = said.made.text.strip()
    offer = plain(at, said.made.step, added)
    return Offer(offer.text, (added,), model=voice.model.name, tokens=said.reply.completion_tokens or 0)
