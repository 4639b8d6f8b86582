"""What a model is asked: the task, and after a failure what it may see of it. Pure."""

import re

from assay.bench.records import Attempt
from assay.pipeline.llm import PROVIDERS
from assay.pipeline.parsing import parse
from assay.records import Finding, Message, Model, Options, Report, Request, Task

_NAMES = {"python": "Python", "javascript": "JavaScript"}
_SHOWN = 3  # failing checks told at once: more is noise to whoever mends the first of them
_LINE = 600  # characters of one value or message; a model's own endless output must not fill its context


def question(task: Task, model: Model) -> tuple[Message, ...]:
    """The first messages of an attempt."""
    system = (Message(role="system", content=model.system),) if model.system else ()
    return (*system, Message(role="user", content=_asked(task)))


def _asked(task: Task) -> str:
    """The prompt as it stands; source text to go on from is put into words that a chat model understands."""
    if not is_source(task):
        return task.prompt
    fence = "```" if "```" not in task.prompt else "````"
    return (
        f"Complete this {_NAMES[task.language]} function. Reply with the whole program, its imports and helper "
        f"functions included, in one fenced code block.\n\n{fence}{task.language}\n{task.prompt.rstrip()}\n{fence}"
    )


def is_source(task: Task) -> bool:
    """Whether the prompt is the beginning of a program rather than words about one."""
    if task.entry is None:
        return False
    defines = re.search(rf"^(?:async )?(?:def|function|class) +{re.escape(task.entry)}\b", task.prompt, re.MULTILINE)
    if not defines:
        return False
    return task.language != "python" or any(_parses(task.prompt + end) for end in ("", "    pass\n", "\n    pass\n"))


def _parses(source: str) -> bool:
    return parse(source) is not None


# ---- repair --------------------------------------------------------------------------------------------------------


def complaint(report: Report) -> str | None:
    """What a model may be told of its failure; None: nothing that it may see failed.

    Only what stands in the task for everybody to see, and what the program itself did before any hidden check.
    """
    if report.status in ("pass", "error"):
        return None
    shown = [finding for finding in report.findings if finding.outcome == "failed" and finding.public]
    if report.status == "no_code" or (not shown and report.message and _did_not_load(report)):
        return f"Your reply gives no program that loads.\n\n{_short(report.message)}"
    if not shown:
        return None
    told = "\n\n".join(_told(finding) for finding in shown[:_SHOWN])
    return f"Your program does not do what was asked for.\n\n{told}"


def _did_not_load(report: Report) -> bool:
    """Whether the program failed before any check could be made of it: its own words are then all there is."""
    return report.status == "exception" and "it could not be loaded" in report.message


def _told(finding: Finding) -> str:
    lines = [
        f"{label}: {_short(text)}"
        for label, text in (("call", finding.call), ("expected", finding.expected), ("got", finding.got))
        if text
    ]
    return "\n".join([*lines, *([_short(finding.message)] if finding.message else [])])


def _short(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[:_LINE]} …"


def follow_up(messages: tuple[Message, ...], attempt: Attempt, said: str) -> tuple[Message, ...]:
    """The conversation so far, the model's reply, and what is wrong with it."""
    again = f"{said}\n\nReply with the whole corrected program in one fenced code block."
    return (*messages, Message(role="assistant", content=attempt.reply.text), Message(role="user", content=again))


# ---- requests ------------------------------------------------------------------------------------------------------


def determinants(request: Request) -> Request:
    """The request without what cannot change its reply: what people call the model, its price, how fast we may ask."""
    model = request.model
    plain = Model(
        name=model.model,
        provider=model.provider,
        model=model.model,
        url=model.url,
        system=model.system,
        options=model.options,
    )
    return request.model_copy(update={"model": plain})


def reply_key(request: Request, scope: str) -> str:
    """The name its reply is kept under. `scope`: the evaluation that alone may use it; "": any may.

    A model asked under two names, with the same options, is two rows of a report: they share no sample.
    """
    from assay.store import kept  # the database's library: whoever only names suites and models needs none

    return kept.key_of("reply", scope, request.model.name, determinants(request))


def same_everywhere(model: Model) -> bool:
    """Whether a model's name says which model it is, so that another evaluation may use its kept replies.

    A hosted one's does. Behind an address of one's own, or in a recording, something else may stand tomorrow.
    """
    return model.url is None and PROVIDERS.get(model.provider).needs_key


def estimated_tokens(task: Task, model: Model) -> int:
    """About how many tokens the question has: four characters each, as English and code mostly come out."""
    return sum(len(message.content) for message in question(task, model)) // 4 + 8


def with_options(model: Model, options: Options) -> Model:
    """The model asked with these options where they are given, its own otherwise."""
    given = options.model_dump(exclude_defaults=True)
    return model.model_copy(update={"options": model.options.model_copy(update=given)}) if given else model
