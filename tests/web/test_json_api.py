"""The JSON API, tried with whatever its own description allows and much that it does not: it never fails, and keeps its word."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from assay.server import products_here
from assay.settings import Settings
from assay.store import Store
from assay.web.app import make_app
from tests.store_fixture import database
from tests.web.test_hostile_text import save_hostile

EXAMPLES = 100 if "ASSAY_TEST_LONG" in os.environ else 2
"""Requests an operation of each kind."""
STATUSES = {200, 303, 400, 404, 422}


@pytest.fixture(scope="module")
def app(test_server: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    home = tmp_path_factory.mktemp("api")
    with database(test_server, home) as store:
        save_hostile(store)
        yield make_app(Settings(home=home, database_url=store.url), store, products_here())


def takes_any_text(parameters: list[dict[str, Any]]) -> bool:
    """Whether nothing can be said that is not allowed: to find that out by trying costs seconds a route."""
    text = {"type": "string"}
    return all(one["in"] == "path" and one["schema"] | {"title": ""} == text | {"title": ""} for one in parameters)


def test_every_record_of_the_api_has_a_short_name_of_its_own(app: FastAPI) -> None:
    """Two of one name are told apart by their modules' names: a reader of the description meets both, and ours."""
    assert [name for name in app.openapi()["components"]["schemas"] if "__" in name] == []


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
def test_no_request_makes_the_api_fail_and_answers_are_as_described(app: FastAPI, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"host": "127.0.0.1"})
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and takes_any_text(operation.definition.raw.get("parameters", [])):
            continue
        tried += 1

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def attempt(case: schemathesis.Case[Any]) -> None:
            response = case.call(headers={"host": "127.0.0.1"})
            assert response.status_code in STATUSES, f"{case.method} {case.formatted_path}: {response.text[:500]}"
            if response.status_code == 200:
                case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])

        attempt()
    assert tried > (40 if mode is GenerationMode.POSITIVE else 20)
