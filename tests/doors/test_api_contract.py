"""The document and the door agree: every answer is documented, every error is a problem, nothing breaks it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, close_old_connections
from django.http import HttpRequest
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.doors.api_client import open_county, problem, sign_in
from tests.doors.merchant_phone import phone
from tests.rooms.rewards.mall import store

from tanhui.api import limits, signatures
from tanhui.api.app import TAGS, api
from tanhui.api.signatures import SignedMessage

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema()))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_openapi_31_with_four_audiences() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert [tag["name"] for tag in DOCUMENT["tags"]] == ["resident", "partner", "merchant", "open"]
    used = {tag for _, _, operation in operations() for tag in operation["tags"]}
    assert used == {"resident", "partner", "merchant", "open"}
    assert all(tag["description"] for tag in TAGS)


def test_every_operation_says_in_chinese_what_it_does_and_how_it_fails() -> None:
    for method, path, operation in operations():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in operation["summary"]), path
        assert operation.get("description"), f"{method} {path}"
        assert {"400", "429", "500", "503"} <= set(operation["responses"]), path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_signatures_and_tokens_are_in_the_document() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}
    for _, path, operation in operations():
        secured = "security" in operation
        assert secured == ("/open/" not in path and not path.endswith("/sign-in")), path


@pytest.mark.django_db
def test_the_document_is_served(client: Client) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response.json()["paths"].keys() == DOCUMENT["paths"].keys()


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/open/county", "/api/v1/open/county/"]
)
def test_addresses_that_do_not_exist_are_problems(client: Client, path: str) -> None:
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("post", "/api/v1/open/county", "GET"),
        ("get", "/api/v1/resident/sign-in", "POST"),
        ("delete", "/api/v1/partner/events", "POST"),
        ("options", "/api/v1/open/methods", "GET"),
    ],
)
def test_other_methods_are_problems(client: Client, method: str, path: str, allowed: str) -> None:
    response = getattr(client, method)(path)
    problem(response, 405, "method_not_allowed")
    assert allowed in response["Allow"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"development_name":"\\ud800"}',
        b"NaN",
    ],
)
def test_bad_json_is_a_problem(client: Client, body: bytes) -> None:
    response = client.post("/api/v1/resident/sign-in", body, content_type="application/json")
    assert response.status_code in (400, 422)
    assert response["Content-Type"] == "application/problem+json"


def test_bodies_beyond_the_limit_are_refused_unread(client: Client) -> None:
    body = b" " * (2 * 1024 * 1024 + 1)
    problem(client.post("/api/v1/resident/sign-in", body, content_type="application/json"), 413, "too_large")


def test_a_strange_host_is_a_problem_for_programs_and_a_page_for_people(client: Client) -> None:
    problem(client.get("/api/v1/open/county", headers={"host": "evil.example"}), 400, "bad_request")
    assert client.get("/", headers={"host": "evil.example"})["Content-Type"].startswith("text/html")


def test_a_database_that_is_away_says_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(limits, "count", away)
    response = client.get("/api/v1/open/scenarios")
    problem(response, 503, "unavailable")
    assert response["Retry-After"] == "10"


def test_an_unexpected_error_tells_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(limits, "count", broken)
    response = client.get("/api/v1/open/scenarios")
    content = problem(response, 500, "internal")
    assert "secret" not in json.dumps(content)


@pytest.mark.django_db
def test_public_reads_answer(client: Client) -> None:
    open_county()
    for path in ("county", "scenarios", "methods", "factors"):
        response = client.get(f"/api/v1/open/{path}")
        assert response.status_code == 200, response.content.decode()
    methods = client.get("/api/v1/open/methods").json()["methods"]
    assert methods
    one = client.get(f"/api/v1/open/methods/{methods[0]['name']}/{methods[0]['version']}").json()
    assert one["text"]
    problem(client.get("/api/v1/open/methods/nothing/1.0.0"), 404, "not_found")


CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def _open_door(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TANHUI_DEMO = True
    settings.ALLOWED_HOSTS = ["*"]
    for scope in limits.LIMITS:
        monkeypatch.setitem(limits.LIMITS, scope, 10**9)
    # Invented requests carry no signature; what lies behind it shall be tried too (signatures have their own tests).
    serial = itertools.count()

    def verified(request: HttpRequest, signature: str, *, at: datetime) -> SignedMessage:
        return SignedMessage("demo-e-bike", f"m{next(serial)}", hashlib.sha256(request.body).digest())

    monkeypatch.setattr(signatures, "verify", verified)
    open_county()


@pytest.fixture
def token(_open_door: None, client: Client) -> Iterator[str]:
    yield sign_in(client, "schema")["Authorization"]
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def device(_open_door: None) -> str:
    return f"Bearer {phone(store())}"


@SCHEMA.exclude(path_regex="/(erase|sign-out)$").parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_whatever_is_sent_the_answer_is_documented(case: Any, token: str, device: str) -> None:
    bearer = device if case.path.startswith("/api/v1/merchant/") else token
    case.headers = {**(case.headers or {}), "Authorization": bearer, "Tanhui-Signature": "x"}
    # A served request ends its connection; here it is the test's own, inside the test's transaction.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    response = case.call(app=get_wsgi_application(), base_url="http://testserver")
    case.validate_response(response, checks=CHECKS)
