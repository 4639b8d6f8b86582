"""The agent: which tool a free request goes to, by the rules alone and with a model, on requests that were labelled by hand."""

from pathlib import Path

import pytest
import yaml

from assay.gym.tutor import agent
from assay.gym.tutor.agent import State, ToolName
from assay.gym.tutor.programs import Voice, patience
from assay.pipeline.llm.gateway import Gateway
from assay.records import Record
from tests.gym.tutor.helping import model_at, says, serve, told
from tests.servers import ScriptedReply, in_turn

pytest.importorskip("dspy")

STATES = {
    "wrong": State(has_error=False, public_pass=False, attempted=True),
    "error": State(has_error=True, public_pass=False, attempted=True),
    "passes": State(has_error=False, public_pass=True, attempted=True),
    "new": State(has_error=False, public_pass=False, attempted=False),
}


class Labelled(Record):
    """One request, and the tool that answers it."""

    state: str
    tool: ToolName
    request: str


def labelled() -> list[Labelled]:
    text = (Path(__file__).parent / "labelled_requests.yaml").read_text()
    return [Labelled.model_validate(one) for one in yaml.safe_load(text)]


def test_the_rules_alone_find_nine_of_ten() -> None:
    requests = labelled()
    assert len(requests) >= 100
    found = [agent.by_rules(one.request, agent.allowed(STATES[one.state]))[0] == one.tool for one in requests]
    assert sum(found) / len(found) >= 0.9


def test_where_the_rules_are_sure_they_are_right() -> None:
    sure = [
        (guess, one.tool)
        for one in labelled()
        for guess, clear in [agent.by_rules(one.request, agent.allowed(STATES[one.state]))]
        if clear
    ]
    assert len(sure) >= 50
    assert sum(guess == tool for guess, tool in sure) / len(sure) >= 0.95


def test_the_label_is_always_among_the_allowed_tools() -> None:
    assert len(labelled()) >= 50
    for one in labelled():
        assert one.tool in agent.allowed(STATES[one.state]), one


@pytest.mark.parametrize("state", STATES)
def test_the_state_decides_what_is_allowed(state: str) -> None:
    tools = agent.allowed(STATES[state])
    assert ("review" in tools) == (state == "passes")
    assert ("explain_error" in tools) == (state == "error")
    assert ("make_tests" in tools) == (state != "new")


UNCLEAR = "hmm, so about this thing"


def test_an_unclear_request_is_put_to_the_model_with_the_allowed_tools_alone() -> None:
    with serve(in_turn(ScriptedReply('{"tool": "scaffold"}'))) as server, Gateway({}, patience=patience(20)) as gateway:
        chosen = agent.choose(UNCLEAR, STATES["wrong"], Voice(gateway, model_at(server)), 20)
    assert (chosen.tool, chosen.by) == ("scaffold", "model")
    schema = str(server.seen[0].body["format"])
    assert "make_tests" in schema
    assert "review" not in schema
    assert told(server.seen[0].prompt, "request") == UNCLEAR


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(ScriptedReply('{"tool": "review"}'), id="not allowed"),
        pytest.param(ScriptedReply('{"tool": "rm -rf"}'), id="no tool"),
        pytest.param(ScriptedReply("hint"), id="no JSON"),
        pytest.param(ScriptedReply(status=500), id="fails"),
        pytest.param(says("x", drop_after=1), id="dies"),
    ],
)
def test_where_the_model_fails_the_rules_decide(reply: ScriptedReply) -> None:
    with serve(in_turn(reply)) as server, Gateway({}, patience=patience(5)) as gateway:
        chosen = agent.choose(UNCLEAR, STATES["wrong"], Voice(gateway, model_at(server)), 5)
    assert (chosen.tool, chosen.by) == ("hint", "fallback")


def test_a_clear_request_costs_no_question() -> None:
    with serve(in_turn(says("x"))) as server, Gateway({}, patience=patience(5)) as gateway:
        chosen = agent.choose("can I have a hint please", STATES["wrong"], Voice(gateway, model_at(server)), 5)
    assert (chosen.tool, chosen.by) == ("hint", "rules")
    assert server.counts().requests == 0
