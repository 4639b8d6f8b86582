"""From texts to verdicts: take the programs out, run those that were not run before, keep the runs, look at them."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from assay.bench.records import Attempt
from assay.pipeline.checks import grade
from assay.pipeline.checks.pace import Pace
from assay.pipeline.checks.perform import run_many
from assay.pipeline.extract import cleaned, extract, raw
from assay.pipeline.sandbox import Sandbox
from assay.records import Kind, Language, Program, Reply, Report, Run, Spec, Status, Task
from assay.store import Store, kept

_LOOK_UP = 100  # keys asked for at once: some runs carry hundreds of kilobytes of values
_KEEP_EVERY_S = 1.0
_KEEP_EVERY = 50  # a kill in between costs these runs' CPU time, nothing else
_VERSION = "1"  # of what a key stands for; a change in how programs are run that may change a verdict must raise it

_SAYS_ITS_VERSION: dict[Language, tuple[str, bytes]] = {
    "python": ("main.py", b"import sys\nprint(sys.implementation.name, *sys.version_info)"),
    "javascript": ("main.js", b"console.log('node', process.version)"),
}


@dataclass
class Text:
    """One text to be judged, and its verdict once there is one."""

    task: Task
    kind: Kind
    reply: Reply
    stop: tuple[str, ...] | None = None
    program: Program = field(init=False)
    raw: Program = field(init=False)
    reports: dict[str, Report] = field(default_factory=dict)
    """By the run key of each of its programs."""

    def __post_init__(self) -> None:
        text = self.reply.text
        is_reply = self.kind == "reply"
        self.program = extract(self.task, self.reply) if is_reply else cleaned(self.task, text, self.kind, self.stop)
        self.raw = raw(self.task, text, self.kind, self.stop)

    @property
    def counted(self) -> Program:
        """The program whose verdict counts for this kind of text."""
        return self.raw if self.kind == "completion" else self.program

    def attempt(self, key: str, raw_key: str) -> Attempt:
        """What came of it."""
        return Attempt(
            reply=self.reply,
            report=_truncated(self.reply, self.reports[key]),
            raw=None if raw_key == key else _truncated(self.reply, self.reports[raw_key]),
            changes=self.program.changes,
            program=self.program.source,
            runs="" if self.program.problem is not None else key,
            raw_runs="" if raw_key == key or self.raw.problem is not None else raw_key,
        )


def _truncated(reply: Reply, report: Report) -> Report:
    """A reply that was cut and does not pass is `truncated`; what was cut and passes nevertheless has passed."""
    if not reply.truncated or report.status in ("pass", "error"):
        return report
    cut = "the prompt was cut by the server" if reply.finish == "truncated_prompt" else "the reply was cut"
    return report.model_copy(update={"status": "truncated", "message": f"{cut}: {report.message or report.status}"})


class Judge:
    """Judges texts with one sandbox and one store. Programs of one process take turns: one batch runs at a time."""

    def __init__(self, store: Store, sandbox: Sandbox, workers: int, pace: Pace | None = None) -> None:
        self._store = store
        self._sandbox = sandbox
        self._workers = workers
        self._pace = pace
        self._turn = Lock()
        self._asking = Lock()
        isolation = sandbox.capabilities()
        self._where = f"{isolation.backend} {isolation.level}"
        self._interpreters: dict[Language, str] = {}

    def judge(self, texts: Iterable[Text]) -> Iterator[tuple[Text, Attempt]]:
        """Every text with what came of it, as its last verdict comes in."""
        waiting = [_Waiting(text, *self._keys(text)) for text in texts]
        by_key: dict[str, list[_Waiting]] = {}
        programs: dict[str, tuple[Task, Program]] = {}
        for one in waiting:
            for key, program in ((one.key, one.text.program), (one.raw_key, one.text.raw)):
                if one not in (group := by_key.setdefault(key, [])):
                    group.append(one)
                    one.open.add(key)
                    programs[key] = (one.text.task, program)
        for key, report in self._reports(programs):
            for one in by_key[key]:
                one.text.reports[key] = report
                one.open.discard(key)
                if not one.open:
                    yield one.text, one.text.attempt(one.key, one.raw_key)

    def rerun(self, programs: Mapping[str, tuple[Task, Program]], times: int) -> dict[str, tuple[Status, ...]]:
        """What each program comes to when it is run `times` more, by its key: really run, whatever is kept of it.

        A program is run no more once it did not pass. A failure of ours says nothing about it.
        """
        statuses: dict[str, list[Status]] = {key: [] for key in programs}
        steady = dict(programs)
        with self._turn:
            for _ in range(times):
                jobs = [(key, *program) for key, program in steady.items()]
                for key, runs in run_many(self._sandbox, jobs, self._workers, self._pace):
                    status = grade(*programs[key], runs).status
                    statuses[key].append(status)
                    if status not in ("pass", "error"):
                        del steady[key]
        return {key: tuple(found) for key, found in statuses.items()}

    def run_key(self, task: Task, program: Program) -> str:
        """The name of this program's runs under this task's checks, in this kind of sandbox."""
        return self._key(task, _plain(program))

    def _keys(self, text: Text) -> tuple[str, str]:
        """The keys of its program and of the text as it came, which are mostly the same."""
        program, raw = _plain(text.program), _plain(text.raw)
        key = self._key(text.task, program)
        return key, key if raw == program else self._key(text.task, raw)

    def _key(self, task: Task, plain: Program) -> str:
        where = (self._where, self._interpreter(task.language))
        return kept.key_of("run", _VERSION, *where, _task_key(task), plain)

    def _interpreter(self, language: Language) -> str:
        """Which interpreter runs programs here, by its own word: another one may run them otherwise."""
        with self._asking:
            if language not in self._interpreters:
                main, source = _SAYS_ITS_VERSION[language]
                run = self._sandbox.run(Spec(language=language, files={main: source}, main=main))
                self._interpreters[language] = run.stdout.decode("utf-8", "replace").strip()
            return self._interpreters[language]

    def _reports(self, programs: dict[str, tuple[Task, Program]]) -> Iterator[tuple[str, Report]]:
        """A report for each program: what needs no run, what was run before, what is run now; each key once."""
        to_look_up = []
        for key, (task, program) in programs.items():
            if program.problem is not None:
                yield key, grade(task, program, ())
            else:
                to_look_up.append(key)
        to_run = []
        for keys in _slices(to_look_up, _LOOK_UP):
            found = kept.runs(self._store, keys)
            for key in keys:
                if key in found:
                    yield key, grade(*programs[key], found[key])
                else:
                    to_run.append(key)
        if to_run:
            with self._turn:
                yield from self._run(to_run, programs)

    def _run(self, keys: Sequence[str], programs: dict[str, tuple[Task, Program]]) -> Iterator[tuple[str, Report]]:
        """Run the programs. What came to an error of ours is run once more, alone, and is not kept."""
        again = []
        for key, report in self._run_and_keep(keys, programs, self._workers):
            if report.status == "error":
                again.append(key)
            else:
                yield key, report
        if again:
            yield from self._run_and_keep(again, programs, 1)

    def _run_and_keep(
        self, keys: Sequence[str], programs: dict[str, tuple[Task, Program]], workers: int
    ) -> Iterator[tuple[str, Report]]:
        done: dict[str, tuple[Run, ...]] = {}
        verdicts: list[tuple[str, Report]] = []
        last = time.monotonic()
        for key, runs in run_many(self._sandbox, ((key, *programs[key]) for key in keys), workers, self._pace):
            report = grade(*programs[key], runs)
            verdicts.append((key, report))
            if report.status != "error":
                done[key] = runs
            if len(verdicts) >= _KEEP_EVERY or time.monotonic() - last >= _KEEP_EVERY_S:
                kept.keep_runs(self._store, done)
                yield from verdicts
                done, verdicts, last = {}, [], time.monotonic()
        kept.keep_runs(self._store, done)
        yield from verdicts


def _plain(program: Program) -> Program:
    """A program without what was done to the text to get it."""
    return program.model_copy(update={"changes": ()}) if program.changes else program


@dataclass(eq=False)
class _Waiting:
    """A text whose programs are not all judged yet."""

    text: Text
    key: str
    raw_key: str
    open: set[str] = field(default_factory=set)


def _slices(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


_task_keys: dict[int, tuple[Task, str]] = {}
_TASK_KEYS = 4096


def _task_key(task: Task) -> str:
    """What of a task determines a run. Reckoned once an object: some hold megabytes of inputs."""
    found = _task_keys.get(id(task))
    if found is None or found[0] is not task:
        if len(_task_keys) >= _TASK_KEYS:
            _task_keys.clear()
        found = _task_keys[id(task)] = (task, kept.key_of(task.language, task.entry or "", task.limits, *task.checks))
    return found[1]
