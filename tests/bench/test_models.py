"""The models folder: what files say, and where they are wrong."""

from pathlib import Path

import pytest

from assay.bench.models import load_models, read_folder
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


MISTAKES = [
    ("name: a\nprovider: ollama\noption: {}\n", ":3:1", "unknown key 'option'", "Did you mean 'options'? Known:"),
    ("name: a\nprovider: ollama\ntemprature: 1\n", ":3:1", "unknown key 'temprature'", "'temperature' under 'options'"),
    ("name: a\nprovider: ollama\ncurrency: EUR\n", ":3:1", "unknown key 'currency'", "'currency' under 'price'"),
    ("name: a\nprovider: ollama\nxyz: 1\n", ":3:1", "unknown key 'xyz'", "Known: concurrency"),
    ("name: a\nprovider: ollama\noptions:\n  temprature: 1\n", ":4:3", "unknown key", "Did you mean 'temperature'"),
    ("name: a\nprovider: ollama\nprice: {input: 1, completion: 2}\n", ":3:9", "unknown key 'input'", "prompt"),
    ("name: a\nprovider: ollama\nprice: {prompt: -1}\n", ":3:17", "greater than or equal to 0", ""),
    ("name: a\nprovider: ollama\noptions: {temperature: hot}\n", ":3:24", "temperature", ""),
    ("name: a\nprovider: ollama\noptions: {top_p: 1.5}\n", ":3:18", "less than or equal to 1", ""),
    ("name: a\nprovider: ollama\noptions: {max_tokens: 2e3}\n", ":3:23", "max_tokens", ""),
    ("name: a\nprovider: ollama\noptions: {context: 012}\n", ":3:20", "012 is unclear", "plain decimal"),
    ("name: a\nprovider: ollama\nenabled: no\n", ":3:10", 'should be true or false, not "no"', ""),
    ("name: 7\nprovider: ollama\n", ":1:7", "should be text, not 7", 'Put it in quotes: "7"'),
    ("name: a\nprovider: ollama\nname: b\n", ":3:1", "the key 'name' is given twice", "line 1"),
    ("provider: ollama\n", ":1:1", "the key 'name' is missing", ""),
    ("name: a\n", ":1:7", "the key 'provider' is missing", "Known: aipipe"),
    ("name: a\nprovider: olama\n", ":2:11", "No provider is called 'olama'", "Did you mean ollama"),
    ("name: olama/a\n", ":1:7", "No provider is called 'olama'", "Did you mean ollama"),
    ("name: http://host/v1#a\n", ":1:7", "the name is an address", "provider: openai"),
    ("name: a\nprovider: ollama\nsuites: functions\n", ":3:9", 'should be a list, not "functions"', ""),
    ("name: a\nprovider: ollama\nsuites: [humaneval, humanevel]\n", ":3:21", "'humanevel'", "Did you mean humaneval"),
    ("name: a\nprovider: ollama\nsuites: [functions, functions]\n", ":3:21", "'functions' is named twice", "Once"),
    ("name: a\nprovider: ollama\ndata: {mbp: x.json}\n", ":3:8", "No suite is called 'mbp'", "Did you mean mbpp"),
    ("name: a\nprovider: ollama\ndata: {mbpp: 3}\n", ":3:14", "should be text", ""),
    ("name: a\nprovider: ollama\nsuites: [mbpp+]\ndata:\n  mbpp: x.json\n", ":5:3", "does not run", "It runs mbpp+"),
    ("name: a\nprovider: ollama\ndata: {mbpp: x.json}\n", ":3:14", "x.json is not there", "folder of this file"),
    ("name: a\nprovider: openai\nurl: host:80\n", ":3:6", "is no server's URL", "http://host:port"),
    ("name: a\nprovider: openai\nconcurrency: 0\n", ":3:14", "greater than or equal to 1", ""),
    ("name: a\n  provider: b\n", ":2:11", "mapping values are not allowed", "quotes"),
    ("", ":1:1", "is empty", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "message", "hint"), MISTAKES)
def test_each_mistake_in_yaml_is_told_with_its_place(
    tmp_path: Path, text: str, place: str, message: str, hint: str
) -> None:
    error = error_of(folder(tmp_path, a_yaml=text))
    assert error.place == f"{tmp_path}/a.yaml{place}"
    assert message in str(error)
    assert hint in error.help


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ('{"name": "a", "provider": "ollama",\n "temprature": 1}', ":2:2", "unknown key", "'temperature' under 'options'"),
        ('{"name": "a", "provider": "ollama",\n "options": {"temprature": 1}}', ":2:14", "unknown key", "'temperature'"),
        ('{"name": "a",\n "provider": "olama"}', ":2:14", "No provider is called 'olama'", "Did you mean ollama"),
        ('{"name": "a", "provider": "ollama",\n "suites": ["functons"]}', ":2:13", "'functons'", "Did you mean functions"),
        ('{"name": "a", "provider": "ollama",\n "name": "b"}', ":2:2", "the key 'name' is given twice", "line 1"),
        ('{"name": "a", "provider": "ollama",\n "concurrency": "8"}', ":2:17", 'not "8"', ""),
        ('{"name": "a", "provider": "ollama",\n "enabled": 1}', ":2:13", "should be true or false, not 1", ""),
        ('{"name": "a", "provider": "ollama",\n "data": {"mbpp": "x"}}', ":2:19", "x is not there", "folder of this file"),
        ('{"name": "a",\n "provider": "ollama",}', ":2:23", "a key in double quotes should stand here", ""),
        ('{"name": "a"\n "provider": "ollama"}', ":2:2", "a ',' or '}' should stand here", ""),
        ('{"name": \'a\'}', ":1:10", "begins no value", ""),
    ],
)  # fmt: skip
def test_each_mistake_in_json_is_told_with_its_place(
    tmp_path: Path, text: str, place: str, message: str, hint: str
) -> None:
    error = error_of(folder(tmp_path, a_json=text))
    assert error.place == f"{tmp_path}/a.json{place}"
    assert message in str(error)
    assert hint in error.help


def test_a_model_that_is_switched_off_is_left_out_but_checked(tmp_path: Path) -> None:
    folder(tmp_path, a_yaml="name: ollama/x\n", b_yaml="name: ollama/y\nenabled: false\ndata: {mbpp: not-yet.json}\n")
    found = read_folder(tmp_path)
    assert [model.name for model in found.models] == ["ollama/x"]
    assert found.left_out == ("ollama/y",)
    assert not found.data
    folder(tmp_path, c_yaml="name: olama/y\nenabled: false\n")
    assert error_of(tmp_path).place == f"{tmp_path}/c.yaml:1:7"


def test_a_folder_in_which_all_are_switched_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match=r"every model is switched off \(ollama/y\)") as caught:
        load_models(folder(tmp_path, b_yaml="name: ollama/y\nenabled: false\n"))
    assert "enabled: true" in caught.value.help


def test_the_file_of_a_suite_lies_beside_the_model_and_is_the_same_for_all(tmp_path: Path) -> None:
    (tmp_path / "he.jsonl").write_text("")
    folder(tmp_path, a_yaml="name: ollama/x\nsuites: [functions, humaneval]\ndata: {humaneval: he.jsonl}\n")
    folder(tmp_path, b_yaml=f"name: ollama/y\nsuites: [humaneval]\ndata: {{humaneval: {tmp_path}/he.jsonl}}\n")
    found = read_folder(tmp_path)
    assert found.data["humaneval"].path == tmp_path / "he.jsonl"
    assert found.places["humaneval"] == f"{tmp_path}/a.yaml:2:21"
    (tmp_path / "other.jsonl").write_text("")
    folder(tmp_path, c_yaml="name: ollama/z\nsuites: [humaneval]\ndata: {humaneval: other.jsonl}\n")
    error = error_of(tmp_path)
    assert error.place == f"{tmp_path}/c.yaml:3:19"
    assert f"read from another file by {tmp_path}/a.yaml:3:19" in str(error)


def test_the_sample_folder_names_two_recordings_and_leaves_out_what_needs_a_server() -> None:
    found = read_folder(Path(__file__).parents[2] / "sample_models_config")
    assert [(model.name, model.provider) for model in found.models] == [
        ("sample-strong", "recorded"),
        ("sample-weak", "recorded"),
    ]
    assert all(Path(model.model).is_file() for model in found.models)
    assert len(found.left_out) == 4


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
