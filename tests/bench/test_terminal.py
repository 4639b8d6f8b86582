"""What bench prints: whole numbers at any width, plain text in a pipe, and a line of progress that tells the truth."""

import io
import re
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from assay.bench.progress import Progress
from assay.bench.records import Attempt, Evaluation, Sample
from assay.bench.scores.comparing import compare
from assay.bench.scores.records import Scores
from assay.bench.scores.scoring import score
from assay.bench.terminal import (
    Listed,
    LiveProgress,
    comparison,
    console,
    leaderboard,
    listing,
    progress_in_words,
    show,
)
from assay.records import Finding, Isolation, Model, Price, Reply, Report, Status, Task

LONG = "a-model-with-a-rather-long-name-3.1-70b-instruct-q4_K_M:latest"
STATUSES: tuple[Status, ...] = ("pass", "wrong", "exception", "timeout", "oom", "no_code", "truncated", "error")


def evaluation(*models: str, suites: tuple[str, ...] = ("functions",)) -> Evaluation:
    return Evaluation(
        id="2026-03-01-run", created=datetime(2026, 3, 1, 12, tzinfo=UTC), source="run", state="done", suites=suites,
        models=tuple(Model(name=name, provider="openai", model=name, price=Price()) for name in models), repair=1,
    )  # fmt: skip


def sample(model: str, task: int, status: Status, suite: str) -> Sample:
    report = Report(
        task=f"{suite}/{task}", suite=suite, status=status, integrity="outside",
        findings=(Finding(check="calls", outcome="passed", integrity="outside"),),
        isolation=Isolation(backend="bwrap", level=2, memory="polled"),
    )  # fmt: skip
    reply = Reply(
        text="x", prompt_tokens=1_234, completion_tokens=56_789, cost=0.00123, latency_s=12.5, first_token_s=0.25
    )
    one = Attempt(reply=reply, report=report, raw=report.model_copy(update={"status": "exception"}))
    tries = (one, one) if status == "wrong" else (one,)
    again: tuple[Status, ...] = ("pass", "wrong") if status == "pass" else ()
    place = {"suite": suite, "task": f"{suite}/{task}", "model": model}
    return Sample(evaluation="E", **place, index=0, attempts=tries, reruns=again)


def made(*models: str, suites: tuple[str, ...] = ("functions",)) -> tuple[Evaluation, Scores]:
    given = [
        sample(model, task, STATUSES[(task * (place + 1)) % 8], suite)
        for suite in suites
        for place, model in enumerate(models)
        for task in range(20)
    ]
    asked = [Task(id=f"{suite}/{i}", suite=suite, prompt="", checks=()) for suite in suites for i in range(21)]
    return evaluation(*models, suites=suites), score(evaluation(*models, suites=suites), given, asked)


def printed(renderable: RenderableType, width: int = 200) -> str:
    out = io.StringIO()
    console(out, width=width).print(renderable)
    return out.getvalue()


# ---- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize(
    "models", [("a", "b"), (LONG, "b", "c"), ("模型模型模型模型模型模型模型", "b")], ids=["short", "long", "wide"]
)
@pytest.mark.parametrize("suites", [("functions",), ("functions", "humaneval")], ids=["one suite", "two suites"])
def test_no_line_is_too_long_and_no_number_is_cut(models: tuple[str, ...], suites: tuple[str, ...], width: int) -> None:
    asked, scores = made(*models, suites=suites)
    text = printed(show(asked, scores, compare(scores.scores)), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    squeezed = re.sub(r"\s+", "", text)
    for one in scores.scores:
        assert one.pass_1
        assert f"{one.pass_1.value * 100:.1f}" in squeezed
        assert f"{one.pass_1.low * 100:.1f}–{one.pass_1.high * 100:.1f}" in squeezed
        assert f"{one.passed}/{one.samples}" in squeezed
        assert f"{one.usage.completion_tokens:,}" in squeezed


def test_numbers_stand_under_one_another_to_the_right() -> None:
    _, scores = made("a", LONG)
    rows = [line for line in printed(leaderboard(scores)).splitlines() if re.match(r"(a|a-model\S+) ", line)]
    assert len(rows) == 2
    ends = [[match.end() for match in re.finditer(r"[\d.]+( – [\d.]+)?(/\d+)?(?= |$)", row[65:])] for row in rows]
    assert ends[0] == ends[1]


def test_the_best_model_comes_first_with_interval_and_n() -> None:
    _, scores = made("a", "b")
    text = printed(leaderboard(scores))
    best = scores.scores[0]
    assert text.index(best.model + " ") < text.index(scores.scores[1].model + " ")
    assert "95 % interval" in text
    assert f"{best.tasks}/{best.tasks_expected}" in text


def test_what_is_missing_or_failed_through_us_is_said_aloud() -> None:
    _, scores = made("a", "b")
    text = " ".join(printed(leaderboard(scores), 80).split())
    assert "! a on functions: 1 sample of 21 missing" in text
    assert "failed through an error of ours" in text


def test_an_evaluation_without_samples_says_so() -> None:
    asked = evaluation()
    text = printed(show(asked, score(asked, [])))
    assert "No samples yet." in text
    assert "not known: nothing has been run" in text


def test_what_failed_is_followed_by_where_it_is_told_why() -> None:
    asked = evaluation("a")
    where = f"assay bench export {asked.id} --table checks"
    failed = score(asked, [sample("a", 0, "wrong", "functions")])
    assert where in " ".join(printed(show(asked, failed), 80).split())
    passed = score(asked, [sample("a", 0, "pass", "functions")])
    assert where not in " ".join(printed(show(asked, passed), 80).split())


def test_a_single_model_has_nothing_to_be_compared_with() -> None:
    assert "it takes two models" in printed(comparison([]))


def test_models_of_two_runs_are_told_apart_by_their_run() -> None:
    _, first = made("a")
    second = first.scores[0].model_copy(update={"evaluation": "later-run"})
    text = printed(comparison(compare([first.scores[0], second])))
    assert "a (2026-03-01-run)" in text
    assert "a (later-run)" in text
    assert "cannot be" in text


@pytest.mark.parametrize("width", [80, 200])
def test_the_list_shows_each_evaluation_whole(width: int) -> None:
    asked = evaluation("a", LONG)
    text = printed(listing([Listed(asked, 118, 1_200, 60, 4), Listed(asked, 16_400, 16_400, 4_100)]), width)
    words = " ".join(text.split())
    for part in ("2026-03-01-run", "118/1,200", "52.6", "! 4", "16,400", "25.0"):
        assert part in words
    assert max(map(cell_len, text.splitlines())) <= width


def test_the_list_names_the_files_of_replies_made_elsewhere() -> None:
    graded = evaluation().model_copy(update={"source": "grade", "replies": ("/some/where/gpt4.jsonl.gz",)})
    text = printed(listing([Listed(graded, 1, 1, 1)]))
    assert " gpt4.jsonl.gz " in text
    assert "where" not in text


def test_an_empty_list_says_how_to_begin() -> None:
    assert "assay bench run" in printed(listing([]))


def test_hostile_names_move_no_cursor_and_turn_no_text() -> None:
    asked, scores = made("evil\x1b[31m\x1b]0;title\x07\u202e", "[bold red]b[/]")
    text = printed(show(asked, scores))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "⟨U+001B⟩" in text
    assert "⟨U+202E⟩" in text
    assert "[bold red]b[/]" in text


def test_without_a_terminal_there_is_no_escape_and_lines_are_whole() -> None:
    out = io.StringIO()
    plain = console(out)
    assert (plain.is_terminal, plain.width) == (False, 200)
    asked, scores = made(LONG, "b")
    plain.print(show(asked, scores))
    assert "\x1b" not in out.getvalue()
    assert LONG in out.getvalue()


# ---- progress ------------------------------------------------------------------------------------------------------


def lines_of(out: io.StringIO) -> list[str]:
    return [line for line in out.getvalue().splitlines() if line]


def test_without_a_terminal_progress_is_a_line_now_and_then_and_one_at_the_end() -> None:
    out = io.StringIO()
    with LiveProgress(console(out), every_s=60, title="run") as progress:
        for done in range(1, 101):
            progress.update(Progress(done, 100, done // 2, running=4))
    first, last = lines_of(out)
    assert first.startswith("run: 1/100 done · 4 running")
    assert last.startswith("run: 100/100 done")
    assert "pass rate 50.0 % (40.4 – 59.6, n = 100 samples)" in last


def test_an_interrupted_run_still_prints_how_far_it_came() -> None:
    out = io.StringIO()

    def interrupted() -> None:
        with LiveProgress(console(out), every_s=60) as progress:
            progress.update(Progress(1, 10, 1))
            progress.update(Progress(7, 10, 3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert lines_of(out)[-1].startswith("7/10 done")


def test_progress_says_cost_errors_speed_and_time_left() -> None:
    now = Progress(20, 40, 9, failed=2, completion_tokens=700, cost=0.5, currency="EUR", note="paused: server busy")
    assert progress_in_words(now, Progress(0, 40, 0, completion_tokens=100), elapsed_s=30, left_s=30) == (
        "20/40 done · ! 2 errors of ours · pass rate 50.0 % (29.0 – 71.0, n = 18 samples) · 20 tokens/s"
        " · 0.5000 of about 1.00 EUR · 30 s left · paused: server busy"
    )


def test_a_given_estimate_is_shown_and_a_finished_run_says_how_long_it_took() -> None:
    first = Progress(0, 4, 0)
    waiting = progress_in_words(Progress(1, 4, 1, waits_for="it is down: tried twice\nfor nothing"), first, 100)
    assert waiting.endswith("· it is down: tried twice⏎for nothing")
    under_way = progress_in_words(Progress(1, 4, 1, cost=0.1, expected_cost=3), first, 100, 300)
    assert "0.1000 of about 3.00 USD · 5 min 00 s left" in under_way
    assert progress_in_words(Progress(4, 4, 4, cost=1.5), first, 7_300).endswith("1.50 USD · in 2 h 01 min")


def test_the_interval_while_it_runs_rests_on_tasks_not_samples() -> None:
    out = io.StringIO()
    with LiveProgress(console(out), every_s=0) as progress:
        progress.update(Progress(100, 200, 50, tasks=10))
    assert "50.0 % (23.7 – 76.3, n = 10 tasks)" in lines_of(out)[-1]


def test_what_an_earlier_command_did_does_not_count_for_the_speed() -> None:
    before = Progress(190, 200, 95, completion_tokens=9_000)
    said = progress_in_words(Progress(191, 200, 95, completion_tokens=9_050), before, elapsed_s=10)
    assert "5 tokens/s" in said


def test_on_a_terminal_progress_redraws_one_place_and_leaves_one_line() -> None:
    out = io.StringIO()
    terminal = Console(file=out, force_terminal=True, width=80, color_system=None, highlight=False)
    with LiveProgress(terminal, every_s=60) as progress:
        progress.update(Progress(1, 3, 1))
        progress.update(Progress(3, 3, 2))
    drawn = out.getvalue()
    assert drawn.count("\x1b[2K") >= 1  # the line is wiped …
    assert "3/3 done" in drawn.rsplit("\x1b[2K", 1)[1]  # … before the last one is left
