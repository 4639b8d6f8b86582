"""The importers on the real data sets (skipped without them), and on small files of our own."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from assay.bench.suites import SUITES, Suite, humaneval, humaneval_plus, load_suite, mbpp, mbpp_plus, same_task
from assay.bench.suites.dataset import Release
from assay.errors import AssayError, ContentError, UnknownName
from assay.records import Asserts, Task
from assay.settings import Settings

ADD = {
    "task_id": "HumanEval/0",
    "prompt": "import math\n\n\ndef helper(x):\n    return math.floor(x)\n\n\ndef add(a, b):\n    '''The sum.'''\n",
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n    for n in range(9):\n        assert candidate(n, 0) == n\n",
}
DOUBLE = {
    "task_id": 7,
    "prompt": "Write a function that doubles.",
    "code": "def other(x):\n    return x\r\n\r\ndef double(x):\n    return 2 * x\n",
    "test_imports": ["import math"],
    "test_list": ["assert double(2) == 4", "assert math.isclose(double(0.5), 1)"],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def write(folder: Path, *rows: object, name: str = "tasks.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def asserts(task: Task) -> Asserts:
    (check,) = task.checks
    assert isinstance(check, Asserts)
    return check


def by_id(suite: Suite) -> dict[str, Task]:
    return {task.id: task for task in suite.tasks}


# ---- HumanEval -----------------------------------------------------------------------------------------------------


def test_humaneval_has_its_164_tasks_and_says_which_release_they_are(data: Path, settings: Settings) -> None:
    suite = load_suite("humaneval", data / "bench/humaneval/HumanEval.jsonl.gz", settings=settings)
    assert [task.id for task in suite.tasks] == [f"HumanEval/{number}" for number in range(164)]
    assert suite.source.startswith("HumanEval (openai/human-eval at 6d43fb9)")
    assert suite.licence == "MIT"
    assert suite.kind == "completion"
    assert suite.stop == ("\nclass", "\ndef", "\n#", "\nif", "\nprint")


def test_a_test_that_calls_a_helper_of_the_prompt_gets_a_copy_that_no_candidate_made(
    data: Path, settings: Settings
) -> None:
    suite = load_suite("humaneval", data / "bench/humaneval/HumanEval.jsonl.gz", settings=settings)
    with_helpers = {task.id for task in suite.tasks if task.preamble and task.preamble in asserts(task).source}
    assert with_helpers == {"HumanEval/32", "HumanEval/38", "HumanEval/50"}
    find_zero = by_id(suite)["HumanEval/32"]
    assert "def poly(" in asserts(find_zero).source
    assert "def find_zero(" not in asserts(find_zero).source


def test_the_preamble_is_the_prompt_up_to_the_entry_point(tmp_path: Path, settings: Settings) -> None:
    (task,) = load_suite("humaneval", write(tmp_path, ADD), settings=settings).tasks
    assert task.preamble == "import math\n\n\ndef helper(x):\n    return math.floor(x)\n\n\n"
    assert task.prompt == ADD["prompt"]
    assert task.reference == ADD["prompt"] + ADD["canonical_solution"]
    assert task.place.endswith("tasks.jsonl:1")


def test_only_calls_that_surely_happen_are_demanded(tmp_path: Path, settings: Settings) -> None:
    (task,) = load_suite("humaneval", write(tmp_path, ADD), settings=settings).tasks
    assert asserts(task).minimum_calls == 1


def test_a_prompt_without_its_entry_point_is_refused_at_its_line(tmp_path: Path, settings: Settings) -> None:
    path = write(tmp_path, ADD, ADD | {"task_id": "HumanEval/1", "entry_point": "subtract"})
    with pytest.raises(ContentError, match=r"tasks.jsonl:2: the prompt does not define the entry point 'subtract'"):
        load_suite("humaneval", path, settings=settings)


# ---- MBPP ----------------------------------------------------------------------------------------------------------


def test_mbpp_has_its_427_tasks_under_the_names_graders_use(data: Path, settings: Settings) -> None:
    suite = load_suite("mbpp", data / "bench/mbpp/sanitized-mbpp.json", settings=settings)
    assert len(suite.tasks) == 427
    assert suite.tasks[0].id == "Mbpp/2"
    assert suite.tasks[0].entry == "similar_elements"
    assert suite.source.startswith("MBPP sanitized")
    assert sum(asserts(task).minimum_calls for task in suite.tasks) >= 3 * 427


def test_an_mbpp_prompt_is_text_and_asserts_in_a_form_that_code_can_follow(tmp_path: Path, settings: Settings) -> None:
    (task,) = load_suite("mbpp", write(tmp_path, DOUBLE), settings=settings).tasks
    assert task.id == "Mbpp/7"
    assert task.entry == "double"
    assert "Write a function that doubles." in task.prompt
    assert "assert double(2) == 4" in task.prompt
    compile(task.prompt + "def double(x): return 2 * x\n", "prompt", "exec")
    check = asserts(task)
    assert check.source == "import math\nassert double(2) == 4\nassert math.isclose(double(0.5), 1)\n"
    assert check.names == ()
    assert check.minimum_calls == 2


def test_mbpp_tests_may_call_several_functions_of_the_reference(tmp_path: Path, settings: Settings) -> None:
    row = DOUBLE | {"test_list": ["assert double(other(1)) == 2"]}
    (task,) = load_suite("mbpp", write(tmp_path, row), settings=settings).tasks
    assert (asserts(task).entry, asserts(task).names) == ("double", ("other",))


def test_mbpp_tests_may_use_what_only_the_reference_imports(tmp_path: Path, settings: Settings) -> None:
    row = DOUBLE | {"code": "import sys, os\nfrom re import sub as put, match\ndef double(x): return 2 * x\n"}
    row["test_list"] = ["assert double(2) == 4", "assert sys.maxsize > double(put('a', '1', 'a').count('1'))"]
    (task,) = load_suite("mbpp", write(tmp_path, row), settings=settings).tasks
    borrowed = "import sys, os\nfrom re import sub as put, match\n"
    assert asserts(task).source.startswith(f"import math\n{borrowed}assert")


def test_mbpp_tests_that_call_nothing_of_the_reference_are_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ContentError, match=r":1: the tests call nothing that 'code' defines"):
        load_suite("mbpp", write(tmp_path, DOUBLE | {"test_list": ["assert True"]}), settings=settings)


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_json_array_and_json_lines_give_the_same_tasks(tmp_path: Path, settings: Settings) -> None:
    lines = load_suite("mbpp", write(tmp_path, DOUBLE, DOUBLE | {"task_id": "Mbpp/8"}), settings=settings)
    path = tmp_path / "array.json"
    path.write_text(json.dumps([DOUBLE, DOUBLE | {"task_id": 8}], indent=2))
    array = load_suite("mbpp", path, settings=settings)
    assert [task.id for task in array.tasks] == [task.id for task in lines.tasks] == ["Mbpp/7", "Mbpp/8"]
    assert array.tasks[0].place.endswith("array.json:2")


def test_a_gzipped_file_is_known_by_its_bytes_not_by_its_name(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_bytes(gzip.compress(json.dumps(ADD).encode()))
    assert len(load_suite("humaneval", path, settings=settings).tasks) == 1


def test_a_file_that_is_not_the_release_is_read_and_says_so(tmp_path: Path, settings: Settings) -> None:
    suite = load_suite("humaneval", write(tmp_path, ADD), settings=settings)
    assert suite.source.startswith("tasks.jsonl, which differs from HumanEval (openai/human-eval at 6d43fb9)")


def test_without_data_the_file_is_looked_for_in_the_data_folder(tmp_path: Path, settings: Settings) -> None:
    folder = settings.home / "datasets"
    folder.mkdir(parents=True)
    (folder / "HumanEval.jsonl.gz").write_bytes(gzip.compress(json.dumps(ADD).encode()))
    assert len(load_suite("humaneval", settings=settings).tasks) == 1


@pytest.mark.parametrize("name", ["humaneval", "mbpp", "humaneval+", "mbpp+"])
def test_a_missing_file_is_told_with_its_release_checksum_and_place(name: str, settings: Settings) -> None:
    with pytest.raises(AssayError, match="is not on this machine") as caught:
        load_suite(name, settings=settings)
    assert "sha256" in caught.value.help
    assert "https://github.com/" in caught.value.help
    assert str(settings.home / "datasets") in caught.value.help


@pytest.mark.parametrize(
    ("release", "folder"),
    [
        (humaneval.RELEASE, "humaneval"),
        (humaneval_plus.RELEASE, "humanevalplus"),
        (mbpp.RELEASE, "mbpp"),
        (mbpp_plus.RELEASE, "mbppplus"),
    ],
    ids=["humaneval", "humaneval+", "mbpp", "mbpp+"],
)
def test_the_checksums_are_those_of_the_published_files(data: Path, release: Release, folder: str) -> None:
    content = (data / "bench" / folder / release.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == release.sha256
    unpacked = gzip.decompress(content) if release.file.endswith(".gz") else content
    assert hashlib.sha256(unpacked).hexdigest() == release.content_sha256


LINE = json.dumps(ADD)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"tasks.jsonl: holds no task"),
        (b"\n\n", r"tasks.jsonl: holds no task"),
        (f"{LINE}\n{LINE[:40]}\n".encode(), r"tasks.jsonl:2:\d+: is not JSON: unterminated string"),
        (f"{LINE}\n\n7\n".encode(), r"tasks.jsonl:3: a task must be a JSON object, this is a number"),
        (f'{LINE}\n{{"task_id": "HumanEval/1"}}\n'.encode(), r"tasks.jsonl:2: 'prompt' of task HumanEval/1 is missing"),
        (json.dumps(ADD | {"test": None}).encode(), r"tasks.jsonl:1: 'test' of task HumanEval/0 should be a valid string"),
        (f"{LINE}\n{LINE}\n".encode(), r"tasks.jsonl:2: task HumanEval/0 stands in the file twice"),
        (f"{LINE}\n".encode() + b"\xff\n", r"tasks.jsonl:2: is not UTF-8 text"),
        (f"[{LINE}\n{LINE}]".encode(), r"tasks.jsonl:2:\d+: is not JSON: expected ',' or '\]' between tasks"),
        (f"[{LINE}] trailing".encode(), r"tasks.jsonl:1:\d+: is not JSON: something stands behind the array"),
        (f"[\n{LINE},\n{{".encode(), r"tasks.jsonl:3:\d+: is not JSON"),
        (b"[", r"tasks.jsonl:1:\d+: is not JSON"),
        (("[" * 100_000).encode(), r"tasks.jsonl:1:\d+: is not JSON"),
        (gzip.compress(f"{LINE}\n".encode() * 500)[:-40], r"tasks.jsonl:\d+: the gzip data is cut off or damaged here"),
    ],
    ids=["empty", "blank", "cut-line", "number", "missing-key", "wrong-type", "twice", "bytes", "open-array", "trailing",
         "open-object", "bracket", "deep", "cut-gzip"],
)  # fmt: skip
def test_a_broken_file_is_told_at_its_line(tmp_path: Path, settings: Settings, content: bytes, said: str) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_bytes(content)
    with pytest.raises(ContentError, match=said):
        load_suite("humaneval", path, settings=settings)


def test_the_file_of_another_data_set_is_told_by_its_keys(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ContentError, match="'entry_point' of task 7 is missing") as caught:
        load_suite("humaneval", write(tmp_path, DOUBLE), settings=settings)
    assert "Is it the right data set? The keys here are: task_id, prompt, code" in caught.value.help


@pytest.mark.parametrize("name", ["absent.jsonl", "."], ids=["missing", "folder"])
def test_a_named_file_that_is_no_file_is_told_with_what_is_wanted(
    tmp_path: Path, settings: Settings, name: str
) -> None:
    with pytest.raises(AssayError, match=r"is not there|is a folder") as caught:
        load_suite("humaneval", tmp_path / name, settings=settings)
    assert "HumanEval.jsonl.gz" in caught.value.help


# ---- names ---------------------------------------------------------------------------------------------------------


def test_an_unknown_suite_offers_the_nearest(settings: Settings) -> None:
    with pytest.raises(UnknownName, match="No suite is called 'human-eval'") as caught:
        load_suite("human-eval", settings=settings)
    assert "humaneval" in caught.value.help.split("Known")[0]


def test_the_suites_have_the_names_that_users_type() -> None:
    assert {"functions", "humaneval", "humaneval+", "mbpp", "mbpp+"} <= set(SUITES)


@pytest.mark.parametrize("spelling", ["Mbpp/7", "mbpp/7", "MBPP/007", " Mbpp/7 ", "7", 7, "007"])
def test_a_task_is_found_under_every_spelling(tmp_path: Path, settings: Settings, spelling: str | int) -> None:
    suite = load_suite("mbpp", write(tmp_path, DOUBLE), settings=settings)
    found = suite.task(spelling)
    assert found is not None
    assert found.id == "Mbpp/7"


@pytest.mark.parametrize("spelling", ["Mbpp/8", "HumanEval/7", "", 70, "Mbpp/"])
def test_a_name_of_no_task_finds_none(tmp_path: Path, settings: Settings, spelling: str | int) -> None:
    assert load_suite("mbpp", write(tmp_path, DOUBLE), settings=settings).task(spelling) is None


def test_zero_stays_zero() -> None:
    assert same_task("HumanEval/000") == same_task("humaneval/0") != same_task("HumanEval/")
