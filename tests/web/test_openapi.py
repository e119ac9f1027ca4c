"""The API's description is complete: a client could be written from it alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.route_table import RULES
from tests.web.site import Site


@pytest.fixture
def description(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = site.client.get("/api/v1/openapi.json").json()
    return document


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_of_the_api_is_described_and_no_page_is(description: dict[str, Any]) -> None:
    described = {name for name, _ in _operations(description)}
    api = {rule.name for rule in RULES if rule.path.startswith("/api/")}
    assert described == api | {"GET /healthz", "GET /readyz", "GET /metrics"}


def test_every_operation_has_a_name_a_tag_a_summary_and_an_answer(
    description: dict[str, Any],
) -> None:
    tags = {tag["name"] for tag in description["tags"]}
    names = [operation["operationId"] for _, operation in _operations(description)]
    assert len(names) == len(set(names))
    for name, operation in _operations(description):
        assert set(operation["tags"]) <= tags, name
        assert operation["description"], name
        assert "_api_v1" not in operation["operationId"], name
        answers = {code: answer for code, answer in operation["responses"].items() if code < "300"}
        assert answers, name
        for code, answer in answers.items():
            if code == "204":
                continue
            schemas = [content["schema"] for content in answer["content"].values()]
            assert all(schemas), f"{name} {code} says nothing about its answer"


def test_every_refusal_is_a_problem_document(description: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for name, operation in _operations(description):
        if not name.split()[1].startswith("/api/"):
            continue
        refusals = {c: a for c, a in operation["responses"].items() if c >= "400"}
        assert {"401", "403"} <= set(refusals), name
        if "{" in name:
            assert "404" in refusals, name
        if "requestBody" in operation or operation.get("parameters"):
            assert "422" in refusals, name
        for answer in refusals.values():
            assert answer["content"]["application/problem+json"]["schema"] == problem, name


def test_every_operation_says_who_may_call_it_and_how(description: dict[str, Any]) -> None:
    rules = {rule.name: rule for rule in RULES}
    schemes = description["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    assert schemes["session"] == {"type": "apiKey", "in": "cookie", "name": "workbench_session"}
    for name, operation in _operations(description):
        if name in rules:
            rule = rules[name]
            assert operation["x-roles"] == sorted(rule.roles), name
            assert operation.get("x-scope") == rule.scope, name
            ways = [{"session": []}] + ([{"token": []}] if rule.scope else [])
            assert operation["security"] == ways, name
        else:
            assert "security" not in operation


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert "HTTPValidationError" not in schemas

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(description):
        assert reference.removeprefix("#/components/schemas/") in schemas
