"""What models are asked by the pipeline, in words. Pure.

Scripts, tests and what they printed were written by others: they stand in fenced blocks longer than any fence in them.
"""

from assay.bench.scripts.prompts import asked
from assay.bench.scripts.records import Prompt, ScriptAttempt, TestAttempt
from assay.records import Message, Model

INSTRUCTION = (
    "Write one self-contained Python script for this. Put the work into functions, and what runs on its own behind "
    '`if __name__ == "__main__":`, so that importing the script does nothing. Reply with the whole script in one fenced '
    "code block."
)
_MUCH = 3000
"""Characters of what a program printed: enough for a traceback, too few to fill a context."""


def script_question(prompt: Prompt, model: Model) -> tuple[Message, ...]:
    """The first messages to who writes scripts: the prompt, and how to reply."""
    return (*_system(model), _user(f"{asked(prompt, model.name)}\n\n{INSTRUCTION}"))


def tests_question(prompt: Prompt, script: str, writer: Model, tester: Model) -> tuple[Message, ...]:
    """The first messages to who writes tests: what was asked for, and the script."""
    return (
        *_system(tester),
        _user(
            "Write pytest tests for the Python script below. It lies beside your test file as `script.py`: import from it "
            "with `from script import …`. Test what it was asked to do, edge cases too, so that a mistake in the script "
            "makes a test fail. Use pytest and the standard library only; no network; write files only below pytest's "
            "`tmp_path`; do not wait for input. Reply with the whole test file in one fenced code block.\n\n"
            f"What the script was asked to do:\n\n{fenced(asked(prompt, writer.name), 'text')}\n\n"
            f"script.py:\n\n{fenced(script, 'python')}"
        ),
    )


def cleanup_question(text: str, model: Model, what: str) -> tuple[Message, ...]:
    """Ask for nothing but the code that a reply holds. `what`: a script, or a test file."""
    return (
        *_system(model),
        _user(
            f"The text below should be {what} in Python, but it cannot be read as one. Reply with the code that it is "
            "meant to be, whole, in one fenced code block. Mend only what keeps it from being parsed (indentation, "
            "quotes, brackets, stray words); change nothing of what it does and add nothing.\n\n"
            f"{fenced(text[:60_000], 'text')}"
        ),
    )


def script_failed(messages: tuple[Message, ...], attempt: ScriptAttempt) -> tuple[Message, ...]:
    """The conversation so far, the reply, and what went wrong with the script."""
    said = {
        "no_code": "Your reply holds no Python script.",
        "truncated": "Your reply was cut before its end. Write a shorter script.",
        "syntax_error": "Your script does not parse.",
        "import_error": "Importing your script as a module fails.",
        "timeout": "Your script did not end in time.",
        "needs_input": "Your script waits for input, and there is none.",
    }.get(attempt.status, "Run as a program, your script fails.")
    parts = [said, attempt.message]
    if attempt.status not in ("no_code", "truncated", "syntax_error") and attempt.stderr.strip():
        parts.append(fenced(_tail(attempt.stderr), "text"))
    parts.append("Reply with the whole corrected script in one fenced code block.")
    return _again(messages, attempt.reply.text, parts)


def tests_failed(messages: tuple[Message, ...], attempt: TestAttempt) -> tuple[Message, ...]:
    """The conversation so far, the reply, and what went wrong with the test file."""
    said = {
        "no_code": "Your reply holds no Python test file.",
        "truncated": "Your reply was cut before its end. Write fewer tests.",
        "syntax_error": "Your test file does not parse.",
        "no_tests": "pytest finds no test in your file.",
        "timeout": "Your tests did not end in time.",
        "failed": "Some of your tests fail.",
    }.get(attempt.status, "pytest cannot collect your tests.")
    parts = [said, attempt.message]
    if attempt.output.strip() and attempt.status not in ("no_code", "truncated", "syntax_error"):
        parts.append(fenced(_tail(attempt.output), "text"))
    if attempt.status == "failed":
        parts.append(
            "Correct the tests that expect something else than the script was asked to do. Leave those that fail because "
            "the script is wrong as they are: they are right."
        )
    parts.append("Reply with the whole corrected test file in one fenced code block.")
    return _again(messages, attempt.reply.text, parts)


def fenced(text: str, language: str) -> str:
    """The text in a fenced block that nothing in it can close."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _system(model: Model) -> tuple[Message, ...]:
    return (Message(role="system", content=model.system),) if model.system else ()


def _user(text: str) -> Message:
    return Message(role="user", content=text)


def _again(messages: tuple[Message, ...], reply: str, parts: list[str]) -> tuple[Message, ...]:
    told = "\n\n".join(part for part in parts if part)
    return (*messages, Message(role="assistant", content=reply), _user(told))


def _tail(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _MUCH else f"…{text[-_MUCH:]}"
