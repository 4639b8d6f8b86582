"""The help tools and the rules they pass.

Whoever shows help needs only the front door, made once for an app:

    tutor = Tutor(settings, store, library, grader)          # assay.gym.tutor.desk
    tutor.allowed(learner, problem, language, source)        # what may be had now, the budget and the wait, in words
    asked = tutor.help(learner, problem, language, source, tool="hint")      # kept at once, answered in the background
    answer = tutor.answer(learner, asked.id)                 # state asked / done / failed; `wait` blocks for a while
    tutor.steps(asked.id)                                    # what is being done, to show instead of half a text
    public(answer)                                           # what of an answer a browser may have

`tool` is one of `hint`, `explain_error`, `make_tests`, `review`, `scaffold`, or `ask` with a `question` in free words.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.gym.tutor.desk import NotNow, Tutor, public

__all__ = ["NotNow", "Tutor", "public"]


def __getattr__(name: str) -> Any:
    """The front door, imported when it is first used: the rules beside it need none of what it needs."""
    if name in __all__:
        from assay.gym.tutor import desk

        return getattr(desk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
