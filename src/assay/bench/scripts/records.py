"""The script pipeline's nouns: a prompt, a run over many, one sample on its way through the stages, and the report."""

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from assay.bench.scores.records import Rate
from assay.records import Model, Record, Reply

Stage = Literal["generate", "preprocess", "tests", "cleanup", "run"]
"""What is done to a sample, in this order; `report` looks at all of them afterwards."""
STAGES: tuple[Stage, ...] = get_args(Stage)


# ---- prompts -------------------------------------------------------------------------------------------------------


class Example(Record):
    """What a script is run with, so that `runs` means something for one that wants input."""

    args: tuple[str, ...] = ()
    stdin: str = ""
    files: dict[str, str] = Field(default_factory=dict)
    """Files that lie beside the script, by their relative path."""


class Prompt(Record):
    """What a model is asked to write a script for."""

    id: str
    """Letters, digits, `.`, `_`, `-`; no two of a folder alike."""
    batch: str
    title: str
    text: str
    """May hold `{{model_name}}`."""
    example: Example = Field(default_factory=Example)
    place: str = ""
    """file:line of its first line, for people."""


class Batch(Record):
    """The prompts of one file."""

    name: str
    title: str = ""
    prompts: tuple[Prompt, ...]


# ---- a run ---------------------------------------------------------------------------------------------------------


class ScriptRun(Record):
    """One run of the pipeline: which prompts, which models, how."""

    id: str
    created: datetime
    state: Literal["running", "paused", "done", "failed", "stopped"] = "running"
    """stopped: the stages that were asked for are done, later ones are not."""
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    """Who writes scripts. Of scripts taken in: as their folders name them, with the provider `taken-in`."""
    testing: Model | None = None
    """Who writes tests; None: tests are taken in, or there are none."""
    samples: int = 1
    repair: int = 0
    repair_cleanup: bool = False
    timeout_s: float = 10
    mutants: int = 10
    fresh: bool = False
    output: str = ""
    """The folder with the files, for people."""
    executor: str = ""
    note: str = ""
    """Why it is paused or failed."""


# ---- one sample ----------------------------------------------------------------------------------------------------

Try = Literal["first", "cleanup", "repair", "taken_in"]
"""first: the first reply. cleanup: a model was asked only to clean it up. repair: it was told what failed."""

ScriptStatus = Literal[
    "ran", "exit", "exception", "needs_input", "timeout", "oom", "signal",
    "import_error", "missing_package", "syntax_error", "no_code", "truncated", "error",
]  # fmt: skip
"""How far a script came, by the first thing that went wrong.

no_code          the reply holds no Python
truncated        the reply was cut at the token limit before the script's end, even if what there is parses
syntax_error     it does not parse
missing_package  it imports a package that is not here: neither a pass nor a failure of the code
import_error     importing it raises, ends the process or breaks a limit
exception        run as a program, it ends with an uncaught exception
needs_input      the same, because it asked for input and there was none
exit             it ends itself with another exit code than 0
signal           a signal ended it
timeout, oom     it broke the limit of time (wall or CPU) or memory, imported or run
ran              it ends by itself with exit code 0
error            ours: it counts against nobody
"""

TestStatus = Literal[
    "passed", "failed", "no_tests", "collect_error", "missing_package", "syntax_error", "no_code", "truncated",
    "timeout", "oom", "crashed", "not_written", "error",
]  # fmt: skip
"""What became of a test file.

passed         every test passes
failed         a test fails
no_tests       nothing in it is collected
collect_error  pytest cannot collect it
crashed        the test run ended without a report that can be believed
not_written    there is no script that can be imported, so no tests were asked for
the others     as for scripts
"""


class ScriptAttempt(Record):
    """One try at the script."""

    kind: Try
    reply: Reply
    source: str = ""
    """The script after clean-up by rules; "" where none was found."""
    files: dict[str, str] = Field(default_factory=dict)
    """Further files of the reply, that lie beside it."""
    changes: tuple[str, ...] = ()
    """What clean-up by rules did, in words."""
    status: ScriptStatus = "error"
    message: str = ""
    """One line: what went wrong."""
    package: str = ""
    """The package that is missing."""
    parses: bool = False
    imports: bool = False
    runs: bool = False
    """Whether it ends by itself with exit code 0; tried even where it cannot be imported."""
    tried: bool = False
    """Whether it has been tried in the sandbox; if not, the status says nothing yet."""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    wall_s: float = 0
    cpu_s: float = 0


class TestOutcome(Record):
    """One test of a test file."""

    __test__ = False  # no test of ours, though its name begins like one

    name: str
    outcome: Literal["passed", "failed", "error", "skipped"]
    message: str = ""
    again: Literal["passed", "failed", "error", "skipped", "gone"] | None = None
    """What the second run came to; None: there was none."""

    @property
    def flaky(self) -> bool:
        return self.again is not None and self.again != self.outcome


class Mutant(Record):
    """The script with one thing changed, and whether the tests noticed."""

    operator: str
    line: int
    before: str
    after: str
    caught: bool | None = None
    """None: not run, or a failure of ours."""
    how: str = ""
    """By which test or limit it was caught."""


class TestAttempt(Record):
    """One try at the tests of the last script."""

    __test__ = False

    kind: Try
    reply: Reply
    source: str = ""
    changes: tuple[str, ...] = ()
    status: TestStatus = "error"
    message: str = ""
    package: str = ""
    tried: bool = False
    collects: bool = False
    tests: tuple[TestOutcome, ...] = ()
    asserts: int = 0
    """Asserts (and what stands for one) in its source."""
    output: str = ""
    """What pytest printed."""
    wall_s: float = 0
    cpu_s: float = 0


class ScriptSample(Record):
    """One sample of one model on one prompt, as far as it is."""

    run: str
    prompt: str
    batch: str
    model: str
    index: int
    stage: Stage
    """The last stage that is done."""
    scripts: tuple[ScriptAttempt, ...] = ()
    tests: tuple[TestAttempt, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    """Run against the last test file."""
    reran: bool = False
    """Whether the last test file was run a second time."""
    error: str = ""
    """Why it could not be finished, where the fault is ours or a server's."""
    integrity: Literal["in_process"] = "in_process"
    """Tests import the script they test, so what they say is said by the same process."""
    isolation: str = ""
    """How programs were kept apart."""

    @property
    def script(self) -> ScriptAttempt | None:
        """The script that counts: the last try."""
        return self.scripts[-1] if self.scripts else None

    @property
    def test(self) -> TestAttempt | None:
        """The test file that counts: the last try."""
        return self.tests[-1] if self.tests else None

    @property
    def script_status(self) -> ScriptStatus:
        return "error" if self.error or self.script is None else self.script.status

    @property
    def test_status(self) -> TestStatus:
        if self.error:
            return "error"
        return "not_written" if self.test is None else self.test.status

    @property
    def caught(self) -> int:
        return sum(mutant.caught is True for mutant in self.mutants)

    @property
    def flaky(self) -> bool:
        return self.test is not None and any(test.flaky for test in self.test.tests)

    @property
    def cannot_fail(self) -> bool:
        """Whether its tests run, and would whatever the script did: none asserts, or no mutant was noticed."""
        if self.test is None or not self.test.collects or self.test.status not in ("passed", "failed"):
            return False
        measured = [mutant for mutant in self.mutants if mutant.caught is not None]
        return self.test.asserts == 0 or (bool(measured) and not any(mutant.caught for mutant in measured))


# ---- the report ----------------------------------------------------------------------------------------------------


class ScriptRates(Record):
    """Shares, each with its interval and n; None: nothing to count.

    Of scripts: of all samples, without errors of ours; for `imports` and `runs` without missing packages too. Of test
    files: of those that were asked for, without errors and missing packages.
    """

    parses: Rate | None = None
    imports: Rate | None = None
    runs: Rate | None = None
    collects: Rate | None = None
    passes: Rate | None = None
    """Test files of which every test passes."""
    catches: Rate | None = None
    """Test files that notice at least one mutant, of those whose script has any. After repair only."""
    mutation_score: Rate | None = None
    """The mean share of mutants a test file notices; n are prompts. After repair only."""


class Spending(Record):
    """What the calls of one purpose took. None: no server said."""

    purpose: Literal["scripts", "script clean-up", "script repair", "tests", "test clean-up", "test repair"]
    calls: int
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: dict[str, float] = Field(default_factory=dict)
    """By currency."""
    latency_p50: float | None = None
    latency_p95: float | None = None
    latency_mean: float | None = None


class ScriptScore(Record):
    """One model: over everything, over one batch, or on one prompt."""

    model: str
    batch: str = ""
    """"": over all batches."""
    prompt: str = ""
    """"": over all prompts."""
    expected: int
    seen: int
    """Samples that came through the stage `run`, errors included."""
    errors: int
    """Of them, those that failed through a fault of ours or a server's; in no rate."""
    first: ScriptRates
    """The first try alone."""
    after: ScriptRates
    """After clean-up by a model and repairs; equal to `first` where there were none."""
    truncated: Rate | None = None
    """First replies that were cut."""
    syntax_errors: Rate | None = None
    """First tries that hold code which does not parse."""
    timeouts: Rate | None = None
    """Scripts (last try) that broke a limit of time."""
    missing_packages: Rate | None = None
    flaky: Rate | None = None
    """Of test files that were run twice: those of which a test came out otherwise the second time."""
    cannot_fail: Rate | None = None
    """Of test files that run: those that assert nothing or notice no mutant."""
    cleaned: Rate | None = None
    """First replies that clean-up by rules changed."""
    mutants: int = 0
    mutants_caught: int = 0
    script_statuses: dict[ScriptStatus, int] = Field(default_factory=dict)
    """Of the last tries."""
    test_statuses: dict[TestStatus, int] = Field(default_factory=dict)
    spending: tuple[Spending, ...] = ()
    """By purpose; only in scores over all batches."""

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.seen)


ListedKind = Literal[
    "syntax_error", "import_error", "not_running", "timeout", "missing_package", "no_code", "cleaned",
    "collect_error", "failing_tests", "cannot_fail", "flaky", "error",
]  # fmt: skip


class ListedSample(Record):
    """One sample that a reader may want to look at, and the file to open."""

    kind: ListedKind
    model: str
    batch: str
    prompt: str
    index: int
    what: str
    """In words: the error, the package, what clean-up did, the tests."""
    file: str
    """Relative to the run's folder, OUTPUT/runs/RUN."""


class ScriptReport(Record):
    """Every number and list of a run, as it stands."""

    run: str
    created: datetime
    state: str
    note: str
    models: tuple[str, ...]
    testing: str
    batches: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    samples: int
    repair: int
    repair_cleanup: bool
    output: str
    """The run's folder: OUTPUT/runs/RUN."""
    by_model: tuple[ScriptScore, ...]
    by_batch: tuple[ScriptScore, ...]
    """Model by model, batch by batch within it."""
    by_prompt: tuple[ScriptScore, ...]
    listed: dict[ListedKind, tuple[ListedSample, ...]]
    """Every kind, an empty tuple where there is none."""
    integrity: str = "in_process"
    isolation: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What a reader must know before believing the rates."""
