"""The models folder: what files say, and where they are wrong."""

from pathlib import Path

import pytest

from assay.bench.models import load_models
from assay.errors import AssayError, ContentError
from assay.records import Model, Options, Price


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        (path / f"{stem}.{ending}").write_text(text, "utf-8")
    return path


def error_of(path: Path) -> ContentError:
    with pytest.raises(ContentError) as caught:
        load_models(path)
    return caught.value


def test_a_file_says_all_there_is_to_say(tmp_path: Path) -> None:
    text = """\
name: Qwen, hot
provider: ollama
model: qwen2.5-coder:7b
url: http://gpu:11434
key: GPU_KEY
system: Be brief.
suites: [humaneval]
options: {temperature: 0.8, max_tokens: 2048, context: 16384, stop: ["\\nclass"], thinking: 0}
price: {prompt: 0.1, completion: 0.4, currency: EUR}
concurrency: 3
requests_per_minute: 60
"""
    assert load_models(folder(tmp_path, qwen_yaml=text)) == (
        Model(
            name="Qwen, hot",
            provider="ollama",
            model="qwen2.5-coder:7b",
            url="http://gpu:11434",
            key="GPU_KEY",
            system="Be brief.",
            suites=("humaneval",),
            options=Options(temperature=0.8, max_tokens=2048, context=16384, stop=("\nclass",), thinking=0),
            price=Price(prompt=0.1, completion=0.4, currency="EUR"),
            concurrency=3,
            requests_per_minute=60,
        ),
    )


def test_json_and_yaml_lie_side_by_side_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder(tmp_path, b_json='{"name": "m2", "provider": "openai"}', a_yml="name: ollama/qwen:7b\n", notes_md="# mine")
    models = load_models(tmp_path)
    assert [(model.name, model.provider, model.model) for model in models] == [
        ("ollama/qwen:7b", "ollama", "qwen:7b"),
        ("m2", "openai", "m2"),
    ]


def test_one_file_alone_may_be_named(tmp_path: Path) -> None:
    path = folder(tmp_path, a_yaml="name: ollama/x\n") / "a.yaml"
    assert [model.name for model in load_models(path)] == ["ollama/x"]


def test_a_recording_lies_beside_its_file(tmp_path: Path) -> None:
    (model,) = load_models(folder(tmp_path, a_yaml="name: demo\nprovider: recorded\nmodel: replies.jsonl\n"))
    assert model.model == str(tmp_path / "replies.jsonl")


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("name: a\nprovider: ollama\ntemprature: 1\n", ":3:1", "unknown key 'temprature'", "Known:"),
        ("name: a\nprovider: ollama\noptions:\n  temprature: 1\n", ":4:3", "unknown key", "Did you mean 'temperature'"),
        ("name: a\nprovider: ollama\noptions: {temperature: hot}\n", ":3:24", "temperature", ""),
        ("name: a\nprovider: ollama\nname: b\n", ":3:1", "the key 'name' is given twice", "line 1"),
        ("provider: ollama\n", ":1:1", "the key 'name' is missing", ""),
        ("name: a\n", ":1:7", "the key 'provider' is missing", "Known: aipipe"),
        ("name: a\nprovider: olama\n", ":2:11", "No provider is called 'olama'", "Did you mean ollama"),
        ("name: olama/a\n", ":1:7", "No provider is called 'olama'", "Did you mean ollama"),
        ("name: a\nprovider: ollama\nsuites: [humaneval, humanevel]\n", ":3:21", "'humanevel'", "Did you mean humaneval"),
        ("name: a\nprovider: openai\nurl: host:80\n", ":3:6", "is no server's URL", "http://host:port"),
        ("name: a\nprovider: openai\nconcurrency: 0\n", ":3:14", "greater than or equal to 1", ""),
        ("", ":1:1", "is empty", ""),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str, message: str, hint: str) -> None:
    error = error_of(folder(tmp_path, a_yaml=text))
    assert error.place == f"{tmp_path}/a.yaml{place}"
    assert message in str(error)
    assert hint in error.help


@pytest.mark.parametrize("line", ["key: sk-hunter2hunter2", "url: http://me:hunter2@host/v1"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    error = error_of(folder(tmp_path, a_yaml=f"name: a\nprovider: openai\n{line}\n"))
    assert error.place.endswith("a.yaml:3:6")
    assert "hunter2" not in str(error) + error.help


def test_two_models_of_one_name_are_refused_at_the_second(tmp_path: Path) -> None:
    error = error_of(folder(tmp_path, a_yaml="name: ollama/x\n", b_yaml="# again\nname: ollama/x\n"))
    assert str(error).startswith(f"{tmp_path}/b.yaml:2:7: ")
    assert "taken by a.yaml" in str(error)


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="holds no model") as caught:
        load_models(tmp_path)
    assert ".json" in caught.value.help


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="nothing cannot be read"):
        load_models(tmp_path / "nothing")
