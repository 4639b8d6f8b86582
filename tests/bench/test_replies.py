"""Files of replies made elsewhere: what is read, how it is matched, and what is said of a broken one."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from assay.bench.replies import Field, RepliesError, parse_field, read_all, read_replies
from assay.errors import AssayError
from assay.records import Task


def task(name: str, entry: str, prompt: str = "") -> Task:
    return Task(
        id=name, suite="little", prompt=prompt or f"def {entry}(x):\n    '''{entry}'''\n", entry=entry, checks=()
    )


TASKS = [task("Little/0", "double"), task("Little/1", "half"), task("Little/2", "square")]


def write(folder: Path, *rows: object, name: str = "replies.jsonl") -> Path:
    path = folder / name
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("kind", ["reply", "completion", "solution"])
def test_the_name_of_the_field_says_what_kind_of_text_it_is(tmp_path: Path, kind: str) -> None:
    replies = read_replies(write(tmp_path, {"task_id": "Little/0", kind: "text"}), TASKS)
    assert [(given.task, given.kind, given.text) for given in replies.given] == [("Little/0", kind, "text")]


def test_several_lines_of_one_task_are_its_samples_in_order(tmp_path: Path) -> None:
    rows = [
        {"task_id": "Little/0", "reply": "a"},
        {"task_id": "Little/1", "reply": "b"},
        {"task_id": "Little/0", "reply": "c"},
    ]
    replies = read_replies(write(tmp_path, *rows), TASKS, model="m")
    assert [(given.task, given.index, given.text) for given in replies.given] == [
        ("Little/0", 0, "a"),
        ("Little/1", 0, "b"),
        ("Little/0", 1, "c"),
    ]
    assert {given.model for given in replies.given} == {"m"}


def test_a_list_of_samples_is_completions(tmp_path: Path) -> None:
    replies = read_replies(write(tmp_path, {"task_id": "Little/1", "samples": ["a", "", "b"]}), TASKS)
    assert [(given.index, given.kind, given.text) for given in replies.given] == [
        (0, "completion", "a"),
        (1, "completion", ""),
        (2, "completion", "b"),
    ]


def test_tasks_without_a_reply_are_named_and_not_dropped(tmp_path: Path) -> None:
    assert read_replies(write(tmp_path, {"task_id": "Little/1", "reply": ""}), TASKS).missing == (
        "Little/0",
        "Little/2",
    )


def test_a_gzipped_file_is_told_by_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_bytes(gzip.compress(b'{"task_id": "Little/0", "reply": "a"}\n'))
    assert len(read_replies(path, TASKS).given) == 1


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"task_id": "Little/0", "reply": "a"}\r\n\r\n  \r\n{"task_id": "Little/1", "reply": "b"}'
    )
    assert [given.text for given in read_replies(path, TASKS).given] == ["a", "b"]


ROWS = [{"task_id": "Little/0", "reply": "a\nb"}, {"task_id": "Little/1", "samples": ["c", "d]"]}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\n[" + ",\n".join(map(json.dumps, ROWS)) + "]\n\n",
        "\ufeff" + json.dumps(ROWS, indent="\t").replace("\n", "\r\n"),
    ],
    ids=["one line", "several lines", "a line each", "from Windows"],
)
def test_a_json_array_is_read_whether_on_one_line_or_on_several(tmp_path: Path, text: str) -> None:
    path = tmp_path / "replies.json"
    path.write_bytes(text.encode())
    found = [(given.task, given.index, given.text) for given in read_replies(path, TASKS).given]
    assert found == [("Little/0", 0, "a\nb"), ("Little/1", 0, "c"), ("Little/1", 1, "d]")]
    path.write_bytes(gzip.compress(text.encode()))
    assert len(read_replies(path, TASKS).given) == 3


def test_a_broken_item_of_an_array_is_told_with_the_line_it_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    path.write_text(json.dumps([*ROWS, {"task_id": "Little/2"}, 7], indent=2))
    begins = path.read_text().splitlines().index('    "task_id": "Little/2"')
    with pytest.raises(RepliesError) as caught:
        read_replies(path, TASKS)
    assert caught.value.problems == (
        f"replies.json:{begins}: none of reply, completion, solution, samples; it has task_id",
        f"replies.json:{begins + 3}: a JSON number where an object was expected",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            "[\n" + json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[1]) + "\n]",
            r"',' or '\]' should stand here \(line 3, col",
        ),
        ("[" + json.dumps(ROWS[0]), r"',' or '\]' should stand here \(line 1, column"),
        ("[" + json.dumps(ROWS[0]) + ",", r"Expecting value \(line 1, column"),
        ("[" + json.dumps(ROWS[0]) + "]\n{}", r"more after its end \(line 1, column"),
        ("[" * 100_000, "nested too deep"),
        (b'task_id,completion\nLittle/0,"a\nb"\n', "is a CSV file, not JSON Lines"),
        (b"\xef\xbb\xbfid;Reply;task_id\n", "is a CSV file, not JSON Lines"),
        (b"task_id\treply\nLittle/0\ta\n", "is a TSV file, not JSON Lines"),
        (json.dumps(ROWS[0]).encode("utf-16"), "is UTF-16 text, not JSON Lines"),
        (json.dumps(ROWS[0]).encode("utf-16-le"), "is UTF-16 text, not JSON Lines"),
    ],
    ids=[
        *("no comma", "cut", "cut after a comma", "more after it", "endless"),
        *("comma", "semicolon", "tab", "utf-16", "utf-16 unmarked"),
    ],
)
def test_a_broken_array_and_a_file_of_another_form_are_told_in_one_sentence(
    tmp_path: Path, data: str | bytes, said: str
) -> None:
    path = tmp_path / "replies"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(AssayError, match=said) as caught:
        read_replies(path, TASKS)
    assert not isinstance(caught.value, RepliesError)


def test_a_file_whose_lines_name_several_models_is_graded_as_one_and_that_is_said(tmp_path: Path) -> None:
    rows = [{"task_id": f"Little/{number}", "reply": "", "model": f"m{number % 2}"} for number in range(3)]
    given, (note,) = read_all([write(tmp_path, *rows)], TASKS)
    assert {one.model for one in given} == {"replies"}
    assert note.startswith("replies.jsonl: its lines name 2 models (m0, m1); they are graded as one, 'replies'")
    assert read_all([write(tmp_path, *({**row, "model": "m0"} for row in rows))], TASKS)[1] == []


def test_an_escaped_half_of_a_surrogate_pair_becomes_storable(tmp_path: Path) -> None:
    path = write(tmp_path, '{"task_id": "Little/0", "reply": "a\\ud83d b\\u0000é"}')
    assert read_replies(path, TASKS).given[0].text == "a? b\0é"


@pytest.mark.parametrize("name", [1, "1", "001", "little/1", " Little/01 "])
def test_a_task_may_be_spelt_otherwise_or_by_its_number_alone(tmp_path: Path, name: object) -> None:
    assert read_replies(write(tmp_path, {"task_id": name, "reply": ""}), TASKS).given[0].task == "Little/1"


def test_a_number_that_two_tasks_end_with_is_refused(tmp_path: Path) -> None:
    tasks = [*TASKS, task("Other/1", "cube")]
    with pytest.raises(RepliesError, match="no task '1'"):
        read_replies(write(tmp_path, {"task_id": 1, "reply": ""}), tasks)


@pytest.mark.parametrize(
    "prompt",
    [
        "def half(x):\n    '''half'''\n",
        "def half(x):\n\n  '''half'''",
        "import math\n\ndef half(x: float) -> float:\n    '''Another wording of it.'''\n",
    ],
    ids=["the same", "the same but for blanks", "the same function, described otherwise"],
)
def test_a_line_without_an_id_is_matched_by_its_prompt(tmp_path: Path, prompt: str) -> None:
    assert read_replies(write(tmp_path, {"prompt": prompt, "completion": ""}), TASKS).given[0].task == "Little/1"


def test_a_prompt_that_belongs_to_no_task_is_told_with_its_first_line(tmp_path: Path) -> None:
    with pytest.raises(
        RepliesError, match=r"replies.jsonl:1: no task of this suite has the prompt that begins 'def third\(x\):'"
    ):
        read_replies(write(tmp_path, {"prompt": "\ndef third(x):\n", "completion": ""}), TASKS)


def test_another_field_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"task_id": "Little/0", "completion": "no", "full:content": "yes"})
    replies = read_replies(path, TASKS, parse_field("full:content:reply"))
    assert [(given.kind, given.text) for given in replies.given] == [("reply", "yes")]


@pytest.mark.parametrize("text", ["content", "content:", ":reply", "content:words"])
def test_a_field_option_that_is_not_name_and_kind_is_refused(text: str) -> None:
    with pytest.raises(AssayError) as caught:
        parse_field(text)
    assert "reply, completion, solution, samples" in caught.value.help


SAMPLE = {
    "evaluation": "e",
    "suite": "little",
    "task": "Little/0",
    "model": "m",
    "sample": 0,
    "kind": "reply",
    "reply": "a",
}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{'task_id': 1}", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        ('{"task_id": "Little/0", "reply": "cut', "not JSON: Unterminated string starting at column 34"),
        ("{", "one JSON document over several lines"),
        ('["Little/0"]', "a JSON array where an object was expected"),
        ("7", "a JSON number where an object was expected"),
        ("[" * 100_000, "nested too deep"),
        ('{"task_id": "Little/0"}', "none of reply, completion, solution, samples; it has task_id"),
        ('{"task_id": "Little/0", "reply": null}', "'reply' holds a JSON null, not text"),
        ('{"task_id": "Little/0", "samples": "a"}', "'samples' is a JSON string, not a list of samples"),
        ('{"task_id": "Little/0", "samples": []}', "'samples' is an empty list"),
        ('{"task_id": "Little/0", "samples": ["a", 3]}', "'samples' holds a JSON number, not text"),
        (
            '{"task_id": "Little/0", "reply": "a", "solution": "b"}',
            "several texts (reply, solution): choose one with --field",
        ),
        ('{"task_id": true, "reply": "a"}', "task_id is a JSON boolean, not a name or number"),
        pytest.param(
            json.dumps({"task_id": "Little/0", "reply": "x" * (1 + (16 << 20))}),
            "'reply' has 16,777,217 characters; a reply may have 16,777,216",
            id="endless",
        ),
        ('{"name": "Little/0", "reply": "a"}', "neither task_id nor prompt; it has name, reply"),
        (json.dumps(SAMPLE | {"kind": "song"}), "kind is none of reply, completion, solution"),
        (json.dumps(SAMPLE | {"model": None}), "model is no name"),
        (json.dumps(SAMPLE | {"task": "Little/7"}), "no task 'Little/7' in this suite"),
        ('{"task_id": "Litle/0", "reply": "a"}', "no task 'Litle/0' in this suite; the nearest: Little/0"),
    ],
)
def test_a_broken_line_is_told_with_its_number_and_what_is_wrong(tmp_path: Path, line: str, said: str) -> None:
    good = {"task_id": "Little/1", "reply": "fine"}
    with pytest.raises(RepliesError) as caught:
        read_replies(write(tmp_path, good, line), TASKS)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith("replies.jsonl:2: ")
    assert said in caught.value.problems[0]
    assert caught.value.exit_code == 2


def test_bytes_that_are_not_utf8_are_told(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_bytes(b'{"task_id": "Little/0", "reply": "\xff"}\n')
    with pytest.raises(RepliesError, match=r"replies\.jsonl:1: byte 35 is not UTF-8"):
        read_replies(path, TASKS)


def test_all_broken_lines_are_told_at_once_and_a_thousand_in_short(tmp_path: Path) -> None:
    path = write(tmp_path, *(["{"] * 1000), {"task_id": "Little/0", "reply": ""})
    with pytest.raises(RepliesError) as caught:
        read_replies(path, TASKS)
    assert len(caught.value.problems) == 1000
    assert "1000 lines cannot be graded. Nothing was run." in str(caught.value)
    assert "… and 980 more lines" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 22


def test_a_file_for_another_suite_says_so(tmp_path: Path) -> None:
    with pytest.raises(RepliesError) as caught:
        read_replies(write(tmp_path, {"task_id": "Mbpp/2", "reply": ""}, {"task_id": "Mbpp/3", "reply": ""}), TASKS)
    assert "is it the right suite?" in caught.value.help


def test_unknown_tasks_are_skipped_only_when_asked_and_then_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"task_id": "Mbpp/2", "reply": ""}, {"task_id": "Little/0", "reply": ""})
    with pytest.raises(RepliesError) as caught:
        read_replies(path, TASKS)
    assert "--skip-unknown" in caught.value.help
    replies = read_replies(path, TASKS, skip_unknown=True)
    assert replies.unknown == ("Mbpp/2",)
    assert len(replies.given) == 1


def test_a_limit_takes_the_first_tasks_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    path = write(tmp_path, *({"task_id": f"Little/{number}", "reply": ""} for number in range(3)))
    replies = read_replies(path, TASKS, limit=2)
    assert [given.task for given in replies.given] == ["Little/0", "Little/1"]
    assert replies.left_out == 1
    assert replies.missing == ()


def test_a_folder_is_refused_and_the_files_in_it_are_offered(tmp_path: Path) -> None:
    write(tmp_path, {})
    with pytest.raises(AssayError, match="is a folder, not a file of replies") as caught:
        read_replies(tmp_path, TASKS)
    assert "replies.jsonl" in caught.value.help


def test_a_missing_file_offers_the_one_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, {})
    with pytest.raises(AssayError, match="There is no file") as caught:
        read_replies(tmp_path / "replys.jsonl", TASKS)
    assert caught.value.help == "Did you mean replies.jsonl?"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="the file is empty"):
        read_replies(write(tmp_path), TASKS)


@pytest.mark.parametrize("form", ["lines", "gzip", "array"])
def test_a_pipe_is_read_once_as_the_shell_gives_it(form: str) -> None:
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
    data = {"lines": lines, "gzip": gzip.compress(lines), "array": json.dumps(ROWS, indent=2).encode()}[form]
    reading, writing = os.pipe()
    try:
        os.write(writing, data)
        os.close(writing)
        assert [given.text for given in read_replies(Path(f"/dev/fd/{reading}"), TASKS).given] == ["a\nb", "c", "d]"]
    finally:
        os.close(reading)


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_gzip_file_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    rows = "".join(json.dumps({"task_id": "Little/0", "reply": str(number) * number}) + "\n" for number in range(300))
    packed = bytearray(gzip.compress(rows.encode()))
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "replies.jsonl.gz"
    path.write_bytes(packed)
    with pytest.raises(AssayError) as caught:
        read_replies(path, TASKS)
    if not isinstance(caught.value, RepliesError):  # a changed byte may also show as broken lines before the end
        assert "is damaged" in str(caught.value)


def test_the_published_set_without_ids_is_matched_to_all_its_tasks(data: Path) -> None:
    rows = [
        json.loads(line)
        for line in gzip.decompress((data / "bench/humaneval/HumanEval.jsonl.gz").read_bytes()).splitlines()
    ]
    tasks = [
        Task(id=row["task_id"], suite="humaneval", prompt=row["prompt"], entry=row["entry_point"], checks=())
        for row in rows
    ]
    replies = read_replies(data / "bench/completions/codet_codegen16b/code_solution.jsonl", tasks)
    assert replies.missing == ()
    assert set(Counter(given.task for given in replies.given).values()) == {100}
    folder = data / "bench/completions/codet_codegen16b"
    order = {row["prompt"]: row["task_id"] for row in _rows(folder / "HumanEval_for_code_generation.jsonl")}
    assert [given.task for given in replies.given[::100]] == [
        order[row["prompt"]] for row in _rows(folder / "code_solution.jsonl")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_numbers_of_mbpp_are_matched(data: Path) -> None:
    numbers = [
        row["task_id"] for row in json.loads((data / "bench/mbpp/sanitized-mbpp.json").read_text(encoding="utf-8"))
    ]
    tasks = [Task(id=f"Mbpp/{number}", suite="mbpp", prompt=f"task {number}", checks=()) for number in numbers]
    path = data / "bench/completions/chatgpt_mbpp/chatgpt_temp_0.0_4a29f61.jsonl"
    replies = read_replies(path, tasks, Field("full_content", "reply"), skip_unknown=True)
    assert len({given.task for given in replies.given}) == 420
