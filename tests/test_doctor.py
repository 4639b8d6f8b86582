"""The doctor says what is here, what is missing, and how to get it."""

import json
from pathlib import Path

import pytest

from assay import cli, doctor
from assay.settings import Settings
from assay.store import Store
from tests.servers.ollama import OllamaServer
from tests.servers.openai import OpenAIServer

NOWHERE = "http://127.0.0.1:1"
PATIENT_S = 60.0
"""What a server may take to answer: users' servers are given less, on machines that are less busy."""


def line(lines: list[doctor.Line], name: str) -> doctor.Line:
    (found,) = [one for one in lines if one.name == name]
    return found


def test_a_server_that_answers_is_told_with_its_models() -> None:
    with OllamaServer(models=("small:1b", "large:7b")) as ollama, OpenAIServer(models=("one",)) as vllm:
        lines = doctor.local_servers(
            {"ASSAY_OLLAMA_URL": ollama.root, "ASSAY_VLLM_URL": vllm.root, "ASSAY_LMSTUDIO_URL": NOWHERE},
            PATIENT_S,
        )
    assert line(lines, "ollama").mark == "ok"
    assert "small:1b, large:7b" in line(lines, "ollama").found
    assert "one" in line(lines, "vllm").found
    missing = line(lines, "lmstudio")
    assert missing.mark == "missing"
    assert f"nothing answers at {NOWHERE}/v1" in missing.found
    assert missing.fix == "start it with: lms server start"


def test_a_server_without_a_model_is_told_how_to_get_one() -> None:
    with OllamaServer(models=()) as ollama:
        found = line(
            doctor.local_servers(
                {"ASSAY_OLLAMA_URL": ollama.root, "ASSAY_VLLM_URL": NOWHERE, "ASSAY_LMSTUDIO_URL": NOWHERE},
                PATIENT_S,
            ),
            "ollama",
        )
    assert found.mark == "weaker"
    assert "ollama pull" in found.fix


def test_another_program_on_a_servers_port_is_not_taken_for_it() -> None:
    with OpenAIServer() as other:
        found = line(
            doctor.local_servers(
                {"ASSAY_OLLAMA_URL": other.root, "ASSAY_VLLM_URL": NOWHERE, "ASSAY_LMSTUDIO_URL": NOWHERE},
                PATIENT_S,
            ),
            "ollama",
        )
    assert found.mark == "missing"
    assert "something else answers" in found.found


def test_an_address_that_is_none_is_told_by_the_name_of_its_variable(tmp_path: Path) -> None:
    wrong = {"ASSAY_OLLAMA_URL": "gpu:11434", "ASSAY_VLLM_URL": NOWHERE, "ASSAY_LMSTUDIO_URL": NOWHERE}
    found = line(doctor.local_servers(wrong), "ollama")
    assert found.mark == "missing"
    assert found.found.startswith("ASSAY_OLLAMA_URL: ")
    assert "http://host:port" in found.fix
    assert "ASSAY_OLLAMA_URL" in doctor.tutor(Settings(home=tmp_path), wrong).found


def test_the_gyms_model_is_told_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with OllamaServer(models=("small:1b",)) as ollama:
        found = doctor.tutor(settings, {"ASSAY_OLLAMA_URL": ollama.root}, PATIENT_S)
    assert found.mark == "missing"
    assert found.fix.startswith("ollama pull qwen2.5:7b")
    assert doctor.tutor(settings, {"ASSAY_OLLAMA_URL": NOWHERE}).fix.startswith(
        "start it with: ollama serve; then: ollama pull"
    )
    with OllamaServer(models=("qwen2.5:7b",)) as ollama:
        assert doctor.tutor(settings, {"ASSAY_OLLAMA_URL": ollama.root}, PATIENT_S).mark == "ok"
    assert doctor.tutor(Settings(home=tmp_path, gym_model=None), {}).mark == "ok"


def test_keys_are_told_by_name_and_never_shown() -> None:
    (found,) = doctor.keys({"OPENAI_API_KEY": "sk-very-secret"})
    assert found.mark == "ok"
    assert "OPENAI_API_KEY (openai)" in found.found
    assert "secret" not in found.model_dump_json()
    (missing,) = doctor.keys({})
    assert missing.mark == "missing"
    assert "ANTHROPIC_API_KEY" in missing.fix


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_a_token_for_github_is_told_by_its_place_and_never_shown(name: str) -> None:
    found = doctor.github({name: "ghp_very-secret"})
    assert (found.mark, found.found) == ("ok", f"a token in {name}")
    assert "secret" not in found.model_dump_json()
    missing = doctor.github({name: " ", "PATH": ""})
    assert missing.mark == "missing"
    assert "gh auth login" in missing.fix


@pytest.mark.parametrize(("code", "mark"), [(0, "ok"), (1, "missing")])
def test_the_token_of_gh_is_found_without_being_read(
    tmp_path: Path, code: int, mark: str, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "gh"
    program.write_text(f'#!/bin/sh\n[ "$1 $2" = "auth token" ] || exit 9\necho gho_very-secret\nexit {code}\n')
    program.chmod(0o755)
    found = doctor.github({"PATH": f"{tmp_path}:/bin"})
    assert found.mark == mark
    assert "secret" not in found.model_dump_json()
    assert "secret" not in "".join(capfd.readouterr())


def test_a_key_file_that_others_can_read_is_told_with_its_fix(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("OPENAI_API_KEY=sk-very-secret\n")
    path.chmod(0o640)
    (found,) = doctor.keys({"ASSAY_KEYS": str(path)})
    assert found.mark == "missing"
    assert found.fix == f"Run: chmod 600 {path}"


@pytest.mark.parametrize("said", ["v18.19.0", "not node"])
def test_an_old_or_false_node_is_not_taken(tmp_path: Path, said: str) -> None:
    program = tmp_path / "node"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    found = doctor.node({"PATH": str(tmp_path)})
    assert found.mark == "missing"
    assert said in found.found
    assert "assay[javascript]" in found.fix


def test_a_browser_is_found_on_the_path_or_its_absence_told(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none")}
    assert doctor.browser(env).mark == "missing"
    assert "chromium-headless-shell" in doctor.browser(env).fix
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert doctor.browser(env).found == str(program)


def test_a_database_that_cannot_be_reached_is_told_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/none")
    assert cli.run(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "– database" in said
    assert "secret" not in said


def test_a_weak_sandbox_is_told_with_what_would_give_a_stronger_one(tmp_path: Path) -> None:
    from assay.errors import AssayError
    from assay.pipeline.sandbox.choose import open_sandbox

    try:
        open_sandbox(Settings(home=tmp_path, sandbox="landlock")).close()
        open_sandbox(Settings(home=tmp_path), required=2, backend="zygote").close()
    except AssayError as error:
        pytest.skip(f"both are needed: {error}")
    found = doctor.sandbox(Settings(home=tmp_path, sandbox="landlock"))
    assert (found.mark, found.fix) == ("weaker", "unset ASSAY_SANDBOX=landlock: zygote gives more here")


def test_everything_is_told_in_a_line_each_and_as_json(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("ASSAY_DATABASE_URL", store.url)
    assert cli.run(["doctor", "--json"]) == 0
    found = [doctor.Line.model_validate(one) for one in json.loads(capsys.readouterr().out)]
    names = {one.name for one in found}
    models = {"ollama", "lmstudio", "vllm", "keys"}
    assert names == {"python", "data", "sandbox", "database", "node", "browser", "tutor", "traces", "github"} | models
    assert str(tmp_path) in line(found, "data").found
    assert line(found, "database").mark == "ok"
    assert line(found, "sandbox").found.startswith("level ")
    assert all(one.fix for one in found if one.mark == "missing")


def test_where_traces_go_is_told(tmp_path: Path) -> None:
    assert doctor.traces(Settings(home=tmp_path)).mark == "missing"
    assert "http://here:4318" in doctor.traces(Settings(home=tmp_path, otlp_endpoint="http://here:4318")).found
