"""The two doors of an evaluation, asking and running, for one turn of one batch: what is kept is looked up before it is paid for."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assay.bench import asking, evaluations
from assay.bench.beginning import Item, read_items
from assay.bench.judging import Text
from assay.bench.process import Bench
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.spans import send_verdicts
from assay.errors import ProviderError
from assay.records import Message, Model, Reply, Report, Request, Task
from assay.store import kept
from assay.tracing import Subject, about

_RERUN = 16
"""Samples whose programs are run again before they are saved: a kill in between costs these runs, nothing else."""


class NotAsked(NamedTuple):
    """One question that a server, otherwise well, would not answer."""

    suite: str
    task: str
    number: int
    why: str


def ask(bench: Bench, evaluation: Evaluation, generation: int, number: int, turn: int) -> tuple[str, list[NotAsked]]:
    """Ask for every reply of a batch's turn that is not kept yet.

    Gives why the model is asked no more ("": it is), and which single questions came to nothing.
    """
    talks = _talks(bench, evaluation, number, turn)
    found = kept.replies(bench.store, [talk.key for talk in talks])
    same: dict[str, list[_Talk]] = {}  # two suites may have one question: it is paid for once
    for talk in talks:
        if talk.key not in found:
            same.setdefault(talk.key, []).append(talk)
    under_way = [
        bench.askers(first.request.model).submit(_ask_one, bench, evaluation.id, generation, first)
        for first, *_ in same.values()
    ]
    try:
        outcomes = [future.result() for future in under_way]
    except BaseException:
        for future in under_way:
            future.cancel()
        raise
    note = next((outcome for outcome in outcomes if isinstance(outcome, str)), "")
    return note, [
        NotAsked(talk.item.suite, talk.item.task, talk.item.number, str(outcome))
        for those, outcome in zip(same.values(), outcomes, strict=True)
        for talk in those
        if isinstance(outcome, ProviderError)
    ]


def _ask_one(bench: Bench, evaluation: str, generation: int, talk: "_Talk") -> ProviderError | str | None:
    """Ask one question and keep the reply: None. Else why this one, or (as text) this model, cannot be asked."""
    item = talk.item
    with about(Subject(evaluation, item.suite, item.task, item.model, item.number)):
        return bench.ask_and_keep(evaluation, generation, talk.key, talk.request)


def run(bench: Bench, evaluation: Evaluation, number: int, turn: int, turns: int, errors: Sequence[NotAsked]) -> bool:
    """Judge a turn's replies and save the samples that are finished by it; whether another turn is needed."""
    talks = _talks(bench, evaluation, number, turn)
    found = kept.replies(bench.store, [talk.key for talk in talks if talk.item.text is None])
    failed = {(error.suite, error.task, error.number): error.why for error in errors}
    texts: dict[int, _Talk] = {}
    waiting: list[Text] = []
    finished: list[Sample] = []
    to_rerun: list[tuple[Text, Sample]] = []
    for talk in talks:
        if (reply := talk.reply(found)) is not None:
            text = Text(talk.task, talk.item.kind, reply, evaluation.stop)
            texts[id(text)] = talk
            waiting.append(text)
        elif why := failed.get((talk.item.suite, talk.item.task, talk.item.number)):
            finished.append(talk.sample(evaluation.id, _not_asked(talk.task, why)))
    another = False
    last = time.monotonic()
    for text, attempt in bench.judge.judge(waiting):
        bench.still_open()
        talk = texts[id(text)]
        if turn + 1 < turns and asking.complaint(attempt.counted(talk.item.kind)) is not None:
            another = True
            continue
        sample = talk.sample(evaluation.id, attempt)
        if evaluation.reruns and sample.status == "pass":
            to_rerun.append((text, sample))
            continue
        finished.append(sample)
        if time.monotonic() - last >= 1:
            _save(bench, evaluation, finished)
            finished, last = [], time.monotonic()
    _save(bench, evaluation, finished)
    for start in range(0, len(to_rerun), _RERUN):
        bench.still_open()
        rerun = _rerun(bench, to_rerun[start : start + _RERUN], evaluation.reruns)
        bench.still_open()
        _save(bench, evaluation, rerun)
    return another


def _save(bench: Bench, evaluation: Evaluation, samples: Sequence[Sample]) -> None:
    evaluations.save_samples(bench.store, samples)
    if (tracing := bench.traced()) is not None:
        send_verdicts(tracing, samples, bench.tasks(evaluation.id))


def _rerun(bench: Bench, passed: Sequence[tuple[Text, Sample]], times: int) -> list[Sample]:
    """Samples that passed, with what their programs come to when run again; equal programs of a task run once."""
    keys = [bench.judge.run_key(text.task, text.counted) for text, _ in passed]
    programs = {key: (text.task, text.counted) for key, (text, _) in zip(keys, passed, strict=True)}
    found = bench.judge.rerun(programs, times)
    return [sample.model_copy(update={"reruns": found[key]}) for key, (_, sample) in zip(keys, passed, strict=True)]


def _talks(bench: Bench, evaluation: Evaluation, number: int, turn: int) -> list["_Talk"]:
    """The samples of a batch that are still open, each at the beginning of this turn: rebuilt from what is kept."""
    tasks = bench.tasks(evaluation.id)
    models = {model.name: model for model in evaluation.models}
    items = read_items(bench.store, evaluation.id, number)
    there = evaluations.finished(bench.store, evaluation.id, [item.place for item in items])
    talks = []
    for item in items:
        if item.place in there:
            continue
        task = tasks[item.suite, item.task]
        talk = _Talk(item, task)
        if item.text is None:
            talk.begin(models[item.model], evaluation)
        talks.append(talk)
    for _ in range(turn):
        talks = _after_a_turn(bench, talks)
    return talks


def _after_a_turn(bench: Bench, talks: Sequence["_Talk"]) -> list["_Talk"]:
    """Those that go on after a failure which the model may see."""
    found = kept.replies(bench.store, [talk.key for talk in talks])
    texts = [(talk, Text(talk.task, talk.item.kind, found[talk.key])) for talk in talks if talk.key in found]
    by_text = {id(text): talk for talk, text in texts}
    going_on = []
    for text, attempt in bench.judge.judge(text for _, text in texts):
        talk = by_text[id(text)]
        if (said := asking.complaint(attempt.counted(talk.item.kind))) is not None:
            talk.go_on(attempt, said)
            going_on.append(talk)
    return going_on


@dataclass
class _Talk:
    """One sample: what was said so far, and what would be asked now."""

    item: Item
    task: Task
    attempts: list[Attempt] = field(default_factory=list)
    messages: tuple[Message, ...] = ()
    request: Request = field(init=False)
    key: str = ""
    _model: Model = field(init=False)
    _scope: str = ""

    def begin(self, model: Model, evaluation: Evaluation) -> None:
        self._model = model
        self._scope = "" if asking.same_everywhere(model) and not evaluation.fresh else evaluation.id
        self._say(asking.question(self.task, model))

    def go_on(self, attempt: Attempt, said: str) -> None:
        self.attempts.append(attempt)
        self._say(asking.follow_up(self.messages, attempt, said))

    def _say(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self.request = Request(model=self._model, messages=messages, sample=self.item.number)
        self.key = asking.reply_key(self.request, self._scope)

    def reply(self, found: dict[str, Reply]) -> Reply | None:
        if self.item.text is None:
            return found.get(self.key)
        return Reply(text=self.item.text, finish=self.item.finish)

    def sample(self, evaluation: str, attempt: Attempt) -> Sample:
        return Sample(
            evaluation=evaluation,
            suite=self.item.suite,
            task=self.item.task,
            model=self.item.model,
            index=self.item.number,
            kind=self.item.kind,
            attempts=(*self.attempts, attempt),
        )


def _not_asked(task: Task, why: str) -> Attempt:
    report = Report(task=task.id, suite=task.suite, status="error", message=f"The model could not be asked: {why}")
    return Attempt(reply=Reply(text="", finish="other"), report=report)
