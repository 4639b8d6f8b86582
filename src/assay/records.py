"""Every noun of the road, in the order the road makes them.

Task (what is asked, and how it will be judged) -> Reply (what a model said) -> Program (files to run) ->
Run (what happened in the sandbox) -> Finding (what one check saw) -> Report (the findings of one attempt, scored).
"""

import re
from datetime import date
from typing import Annotated, Any, Literal, NewType, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

Language = Literal["python", "javascript"]

MAIN: dict[Language, str] = {"python": "main.py", "javascript": "main.js"}
"""Where a program lies that is one file."""

Encoded = NewType("Encoded", str)
"""One value in the strict typed encoding: JSON text, made and read by `assay.pipeline.sandbox.guest.values`."""


class Record(BaseModel):
    """A frozen noun. Bytes cross JSON as base64."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        ser_json_inf_nan="constants",
        defer_build=True,  # of some hundred nouns a command uses a few: each is built when it is first used
    )


_HALVES = re.compile("[\ud800-\udfff]")


def sayable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot say."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


Sayable = Annotated[str, AfterValidator(sayable)]
"""Text that a server or a program made up. Half a surrogate pair, which JSON may escape but no file or database can hold,
becomes U+FFFD."""


# ---- the task ------------------------------------------------------------------------------------------------------


class Limits(Record):
    """What one run may use. Sizes are binary (MiB, KiB)."""

    wall_s: float = Field(10, gt=0, le=3600)
    cpu_s: float = Field(10, gt=0, le=3600)
    memory_mb: int = Field(512, ge=16, le=1 << 20)
    processes: int = Field(64, ge=1, le=4096)
    scratch_mb: int = Field(64, ge=1, le=1 << 20)
    inodes: int = Field(4096, ge=16)
    file_mb: int = Field(64, ge=0)
    descriptors: int = Field(256, ge=16)
    output_kb: int = Field(1024, ge=1)
    """The cap on stdout and, again, on stderr; what goes beyond is dropped and counted."""


class Compare(Record):
    """How a value or text is held against the expected one.

    exact       equal values of equal kinds; True is not 1, a list is not a tuple, 1 equals 1.0
    python      what `==` says in Python between exact builtins (True == 1): for data sets made with it
    approx      as exact, but numbers within `abs` or `rel` (the larger allowance counts), nan equals nan
    unordered   lists (or tuples) with the same members in any order
    set         the same members, counted once, whatever the container
    truthy      both true or both false, as the program's language has it: in JavaScript NaN is false, [] is true
    text        the same text, trailing blanks of lines and trailing lines aside
    text-exact  the same bytes
    text-tokens the same words, separated by any blanks
    text-lines  the same lines in any order
    json        the same JSON document
    regex       the expected text is a pattern that matches the whole
    """

    mode: Literal[
        "exact",
        "python",
        "approx",
        "unordered",
        "set",
        "truthy",
        "text",
        "text-exact",
        "text-tokens",
        "text-lines",
        "json",
        "regex",
    ] = "exact"
    rel: float = Field(0, ge=0)
    abs: float = Field(0, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid", defer_build=True))
class Case:
    """One call of the entry point and what must come of it.

    Of all nouns there are most of these, HumanEval+ has 123,000: as a Record each takes three times the memory.
    """

    id: str
    args: Encoded = Encoded("[]")
    """A list of the positional arguments, encoded."""
    kwargs: Encoded | None = None
    """A dict of the keyword arguments, encoded."""
    expect: Encoded | None = None
    raises: str | None = None
    """The name of the exception that must be raised, instead of a value."""
    compare: Compare | None = None
    public: bool = True
    """Whether whoever writes the program may see this case."""

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if self.expect is not None and self.raises is not None:
            raise ValueError("a case expects a value or an exception, not both")
        return self


class Calls(Record):
    """Call the entry point from outside and compare the values outside. Integrity: outside."""

    kind: Literal["calls"] = "calls"
    entry: str
    cases: tuple[Case, ...]
    compare: Compare = Field(default_factory=Compare)
    arguments_unchanged: bool = False
    """Whether a program that changes its arguments fails."""


class StdioCase(Record):
    """One run of the whole program: what it reads and what it must print."""

    id: str
    stdin: str = ""
    argv: tuple[str, ...] = ()
    stdout: str = ""
    exit_code: int | None = None
    """The exit code that is asked for besides; None: any. Never evidence of a pass by itself."""
    compare: Compare | None = None
    public: bool = True


class Stdio(Record):
    """Run the program once a case and compare its stdout outside. Integrity: outside."""

    kind: Literal["stdio"] = "stdio"
    cases: tuple[StdioCase, ...]
    compare: Compare = Field(default_factory=lambda: Compare(mode="text"))


class Asserts(Record):
    """A data set's own test code, run in a sandboxed process of its own where the candidate is a proxy. Integrity: proxy."""

    kind: Literal["asserts"] = "asserts"
    source: str
    """The test code (Python). It may define `check(candidate)`, which is then called, or assert at its top level."""
    entry: str
    """The candidate: the name the test code's proxy stands for."""
    names: tuple[str, ...] = ()
    """Further names of the candidate's program that the test code calls."""
    minimum_calls: int = Field(1, ge=0)
    """A pass with fewer calls into the candidate than this is no pass."""
    public: bool = False
    """Whether whoever writes the program may see the test code, and so which assert does not hold."""


Check = Annotated[Calls | Stdio | Asserts, Field(discriminator="kind")]


class WrongProgram(Record):
    """A program that must not pass: what keeps a task's checks honest."""

    name: str
    source: str
    fails: str = ""
    """The id of a case that it must fail; empty: any."""


class Task(Record):
    """What is asked, and how it will be judged."""

    id: str
    suite: str
    language: Language = "python"
    prompt: str
    """What a model is asked. For a completion task: the source text to go on from."""
    title: str = ""
    entry: str | None = None
    """The name the program must define; None: a whole program."""
    preamble: str = ""
    """Source that stands before a cleaned program: the prompt's imports and helpers, up to the entry point."""
    stop: tuple[str, ...] = ()
    """Where a base model's text ends."""
    checks: tuple[Check, ...]
    limits: Limits = Field(default_factory=Limits)
    reference: str | None = None
    """A program that passes."""
    alternatives: tuple[str, ...] = ()
    """Further programs that pass."""
    wrong: tuple[WrongProgram, ...] = ()
    erratum: str | None = None
    """What is known to be wrong with the task in its source, where an overlay mended or excused it."""
    released: date | None = None
    tags: tuple[str, ...] = ()
    place: str = ""
    """Where it came from (a file, a data set's revision), for people."""


# ---- the reply -----------------------------------------------------------------------------------------------------


class Message(Record):
    role: Literal["system", "user", "assistant"]
    content: str


class Price(Record):
    """What a million tokens cost."""

    prompt: float = Field(0, ge=0)
    completion: float = Field(0, ge=0)
    currency: str = "USD"


class Options(Record):
    """How a model is asked. None: the server's default."""

    temperature: float | None = Field(None, ge=0)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1)
    context: int | None = Field(None, ge=1)
    """The context window in tokens (Ollama's `num_ctx`)."""
    seed: int | None = None
    stop: tuple[str, ...] = ()
    thinking: int | None = Field(None, ge=0)
    """The thinking budget in tokens; 0 switches thinking off where the server can."""
    answer_schema: dict[str, Any] | None = None
    """A JSON schema that the reply must follow, where the server can hold a model to one. Read the reply with care anyway."""


class Model(Record):
    """A large language model that can be asked: where it lives, and how."""

    name: str
    """What people call it; unique in a run."""
    provider: str
    """A provider's name: openai, ollama, anthropic, lmstudio, recorded, …"""
    model: str
    """What the server calls it; for `recorded`, the file."""
    url: str | None = None
    """The server's base URL; None: the provider's own."""
    key: str | None = None
    """The NAME of the environment variable that holds the key, never the key; None: the provider's own."""
    system: str | None = None
    options: Options = Field(default_factory=Options)
    price: Price | None = None
    concurrency: int = Field(8, ge=1, le=1024)
    requests_per_minute: int | None = Field(None, ge=1)
    suites: tuple[str, ...] = ()


class Request(Record):
    """One question to one model. What determines its reply, and so the key under which the reply is kept."""

    model: Model
    messages: tuple[Message, ...]
    sample: int = 0
    """Which of several samples of one prompt this is."""


Kind = Literal["reply", "completion", "solution"]
"""What a text is that a program is taken from. reply: a whole chat reply.
completion: goes on from the prompt (or is a whole program). solution: a whole program."""

Finish = Literal["stop", "length", "filtered", "truncated_prompt", "other"]


class Reply(Record):
    """What a model said."""

    text: Sayable
    thinking: Sayable = ""
    """What it thought aloud, kept apart from the answer."""
    model: Sayable = ""
    """The name the server answered with."""
    finish: Finish = "stop"
    """length: cut at the token limit. truncated_prompt: the server silently cut what was asked."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    currency: str = "USD"
    latency_s: float | None = None
    first_token_s: float | None = None
    attempts: int = 1
    """Requests it took, retries included."""

    @property
    def truncated(self) -> bool:
        return self.finish in ("length", "truncated_prompt")


# ---- the program ---------------------------------------------------------------------------------------------------


class Program(Record):
    """Files to run, taken from a reply, a forge or an editor."""

    language: Language = "python"
    files: dict[str, bytes]
    main: str = "main.py"
    changes: tuple[str, ...] = ()
    """What was done to the text it was taken from, in words."""
    problem: str | None = None
    """Why no program could be found; then `files` is empty."""

    @property
    def source(self) -> str:
        """The main file as text."""
        return self.files.get(self.main, b"").decode("utf-8", "replace")


# ---- the run -------------------------------------------------------------------------------------------------------


class Isolation(Record):
    """What really stood between a program and the host."""

    backend: str
    level: int = Field(ge=0, le=4)
    """4 VM or gVisor, 3 namespaces + seccomp + cgroup, 2 without the cgroup, 1 Landlock + seccomp + rlimits, 0 rlimits."""
    memory: Literal["cgroup", "polled", "rlimit"]
    notes: tuple[str, ...] = ()
    """What is weaker here than the level promises, a line each."""


class Spec(Record):
    """One program to be run in a sandbox, and how."""

    language: Language = "python"
    files: dict[str, bytes] = {}
    main: str = "main.py"
    argv: tuple[str, ...] = ()
    """The program's own arguments."""
    command: tuple[str, ...] | None = None
    """A whole command line to run instead of the language's interpreter on `main`."""
    mode: Literal["program", "calls", "tests"] = "program"
    """program: run main. calls: load main, then answer calls on the channel. tests: run test code that makes calls on it."""
    stdin: bytes = b""
    collect: tuple[str, ...] = ()
    """Globs, relative to the program's folder, of files to bring out."""
    collect_mb: int = Field(16, ge=0)
    limits: Limits = Field(default_factory=Limits)
    network: Literal["none", "loopback"] = "none"
    judged_stdout: bool = False
    """Whether going beyond the stdout cap ends the run (status output_limit), because stdout is what is judged."""
    label: str = ""
    """Carried over to the Run."""


RunStatus = Literal["ok", "exit", "signal", "timeout", "cpu", "oom", "output_limit", "sandbox_error"]


class Run(Record):
    """What happened in the sandbox. Says nothing about right or wrong."""

    status: RunStatus
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_dropped: int = 0
    """Bytes beyond the cap, dropped. At least so many: a flooder is not always read to its end."""
    stderr_dropped: int = 0
    files: dict[str, bytes] = {}
    files_left: tuple[str, ...] = ()
    """Files that matched but were not brought out, each with the reason."""
    wall_s: float = 0
    cpu_s: float = 0
    memory_peak: int = 0
    """Bytes, as far as it could be seen."""
    isolation: Isolation
    detail: Sayable = ""
    """What the supervisor has to say of a status: which limit, which error."""
    transcript: tuple[Sayable, ...] = ()
    """The frames of a dialogue, in order: what the program answered (calls), or the calls and answers (asserts)."""
    tests: "Run | None" = None
    """The run of the test code that talked to this program."""
    check: int = 0
    """Which of the task's checks this run belongs to."""
    label: str = ""
    """Which of its cases, where a case has a run of its own."""
    again: bool = False
    """Whether this is a second run, alone, after the first one ran out of time."""


# ---- the verdict ---------------------------------------------------------------------------------------------------

Integrity = Literal["outside", "proxy", "in_process"]


class Finding(Record):
    """What one check saw."""

    check: str
    case: str = ""
    outcome: Literal["passed", "failed", "error"]
    """error: ours, not the program's; it counts against nobody."""
    integrity: Integrity
    call: Sayable = ""
    expected: Sayable = ""
    got: Sayable = ""
    message: Sayable = ""
    public: bool = True


Status = Literal["pass", "wrong", "exception", "timeout", "oom", "no_code", "truncated", "error"]


class Report(Record):
    """The findings of one attempt at one task, scored."""

    task: str
    suite: str
    status: Status
    findings: tuple[Finding, ...] = ()
    score: float = Field(0, ge=0, le=1)
    """The share of the checks' cases that passed."""
    cases: int = 0
    """Of all checks. Of a check with many, only some of those that failed have a finding."""
    passed_cases: int = 0
    integrity: Integrity | None = None
    """The weakest integrity of its findings."""
    isolation: Isolation | None = None
    cpu_s: float = 0
    wall_s: float = 0
    memory_peak: int = 0
    message: Sayable = ""
    """One line: why it is not a pass."""

    @property
    def passed(self) -> bool:
        return self.status == "pass"
