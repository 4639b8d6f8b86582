"""The protocol servers as processes of their own."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from assay.pipeline.llm.gateway import Gateway
from assay.records import Message, Model, Request

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("kind", "path"), [("openai", "/v1"), ("ollama", ""), ("anthropic", "")])
def test_a_server_of_its_own_writes_its_port_answers_and_counts(kind: str, path: str, tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text(json.dumps({"prompt": "Write f.", "reply": "def f(): pass"}) + "\n")
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", f"tests.servers.{kind}", "--port-file", str(port_file), "--answers", str(answers)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        root = f"http://127.0.0.1:{port_file.read_text().strip()}"
        model = Model(name="m", provider=kind, model="model-a", url=root + path)
        with Gateway({}) as gateway:
            for text in ("Write f.", "Write f.", "Write g."):
                gateway.complete(Request(model=model, messages=(Message(role="user", content=text),)))
        with urllib.request.urlopen(f"{root}/counts") as response:
            counts = json.load(response)
        assert counts == {"requests": 3, "prompts": {"Write f.": 2, "Write g.": 1}, "most_at_once": 1}
    finally:
        process.terminate()
        assert process.wait(10) == 0
