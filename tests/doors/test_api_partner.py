"""Partners: signed events in, receipts out; forged, stale, replayed and monstrous messages refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from tests.doors.api_client import (
    AT,
    BATCH,
    EVENTS,
    OTHER_KEY,
    PARTNER_KEY,
    SINGLE,
    event,
    open_county,
    problem,
    public_text,
    send,
    signed_headers,
)

from tanhui.api import limits
from tanhui.scenarios import queries, services
from tanhui.scenarios.types import SourceDraft, SourceKeyDraft, SourceStatus

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def deliveries() -> int:
    return len(queries.deliveries())


def test_a_batch_is_taken_and_its_receipt_can_be_read_again(client: Client) -> None:
    bad = event(2, time="2099-01-01T00:00:00Z", data={"scenario": "shared-e-bike", "quantities": {"distance_m": 1}})
    response = send(client, [event(1), bad, event(1)])
    assert response.status_code == 202, response.content.decode()
    receipt = response.json()
    assert (receipt["read"], receipt["waiting"], receipt["duplicate"], receipt["refused"]) == (3, 1, 1, 1)
    assert [(row["row"], row["code"]) for row in receipt["refusals"]] == [(2, "in_the_future")]
    path = f"/api/v1/partner/receipts/{receipt['number']}"
    again = client.get(path, headers=signed_headers("GET", path, b"", message="m2"))
    assert again.json() == receipt


def test_a_single_event_is_taken(client: Client) -> None:
    response = send(client, event(1), content_type=SINGLE)
    assert response.status_code == 202
    assert response.json()["waiting"] == 1


def test_the_same_message_again_is_answered_with_the_first_receipt(client: Client) -> None:
    first = send(client, [event(1)]).json()
    again = send(client, [event(1)]).json()
    assert again == first | {"repeated": True}
    assert deliveries() == 1


def test_the_same_message_identifier_with_other_content_is_refused(client: Client) -> None:
    send(client, [event(1)])
    problem(send(client, [event(2)]), 409, "replayed")
    assert deliveries() == 1


@pytest.mark.parametrize(
    ("signing", "where"),
    [
        ({"key": OTHER_KEY}, "Tanhui-Signature"),
        ({"key_id": "other-2026"}, "Tanhui-Signature"),
        ({"key_id": "nobody"}, "Tanhui-Key"),
        ({"key_id": ""}, "Tanhui-Key"),
        ({"timestamp": int(AT.timestamp()) - 10**7}, "Tanhui-Timestamp"),
        ({"timestamp": int(AT.timestamp()) + 10**9}, "Tanhui-Timestamp"),
        ({"timestamp": -1}, "Tanhui-Timestamp"),
        ({"message": ""}, "Tanhui-Message"),
        ({"message": "x" * 129}, "Tanhui-Message"),
    ],
)
def test_a_message_that_is_not_well_signed_is_refused(client: Client, signing: dict[str, Any], where: str) -> None:
    content = problem(send(client, [event(1)], **signing), 401, "unauthorized")
    assert content["where"] == where
    assert deliveries() == 0


@pytest.mark.parametrize("header", ["Tanhui-Key", "Tanhui-Timestamp", "Tanhui-Message", "Tanhui-Signature"])
@pytest.mark.parametrize("value", [None, "", "?", "AAAA", "é"])
def test_no_header_may_be_missing_or_changed(client: Client, header: str, value: str | None) -> None:
    body = json.dumps([event(1)]).encode()
    headers = signed_headers("POST", EVENTS, body)
    if value is None:
        del headers[header]
    else:
        headers[header] = value
    problem(client.post(EVENTS, body, content_type=BATCH, headers=headers), 401, "unauthorized")


def test_a_changed_body_path_or_method_breaks_the_signature(client: Client) -> None:
    body = json.dumps([event(1)]).encode()
    good = signed_headers("POST", EVENTS, body)
    problem(client.post(EVENTS, body + b" ", content_type=BATCH, headers=good), 401, "unauthorized")
    problem(client.post(EVENTS + "?x=1", body, content_type=BATCH, headers=good), 401, "unauthorized")
    for headers in (signed_headers("PUT", EVENTS, body), signed_headers("POST", EVENTS + "/", body)):
        problem(client.post(EVENTS, body, content_type=BATCH, headers=headers), 401, "unauthorized")


def test_a_revoked_key_and_a_suspended_partner_deliver_nothing(client: Client) -> None:
    keys = (SourceKeyDraft("bike-2027", public_text(OTHER_KEY)),)
    services.admit(draft=SourceDraft("demo-e-bike", "示例", keys=keys, revoke_keys=("bike-2026",)), at=AT)
    problem(send(client, [event(1)]), 401, "unauthorized")
    assert send(client, [event(1)], key=OTHER_KEY, key_id="bike-2027").status_code == 202
    services.admit(draft=SourceDraft("demo-e-bike", "示例", status=SourceStatus.SUSPENDED), at=AT)
    problem(send(client, [event(2)], key=OTHER_KEY, key_id="bike-2027", message="m2"), 403, "source_suspended")


def test_nobody_reports_in_anothers_name_or_reads_anothers_receipt(client: Client) -> None:
    receipt = send(client, [event(1)], key=OTHER_KEY, key_id="other-2026").json()
    assert [row["code"] for row in receipt["refusals"]] == ["source_mismatch"]
    path = f"/api/v1/partner/receipts/{receipt['number']}"
    problem(client.get(path, headers=signed_headers("GET", path, b"")), 404, "not_found")
    withdrawal = json.dumps({"external_ids": ["T1"], "reason": "误报"}).encode()
    send(client, [event(1)], message="m5")
    path = "/api/v1/partner/withdrawals"
    headers = signed_headers("POST", path, withdrawal, key=OTHER_KEY, key_id="other-2026", message="m3")
    done = client.post(path, withdrawal, content_type="application/json", headers=headers).json()
    assert done["unknown"] == ["T1"]


def test_events_are_withdrawn(client: Client) -> None:
    send(client, [event(1)])
    body = json.dumps({"external_ids": ["T1", "T9"], "reason": "误报"}).encode()
    path = "/api/v1/partner/withdrawals"
    done = client.post(path, body, content_type="application/json", headers=signed_headers("POST", path, body))
    assert done.json() == {"withdrawn": 0, "waiting_withdrawn": 1, "already_withdrawn": 0, "unknown": ["T9"]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{" * 200_000, 422, "bad_events"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 422, "bad_events"),
        (b"[" + b"[]," * 1200 + b"[]]", 422, "bad_events"),
        (b"\xff\xfe\x00", 422, "bad_events"),
        (b"", 415, "unsupported_media_type"),
        (b"[" + b" " * (2 * 1024 * 1024) + b"]", 413, "too_large"),
    ],
)
def test_monstrous_bodies_are_refused_quickly(client: Client, body: bytes, status: int, code: str) -> None:
    began = time.monotonic()
    problem(send(client, body), status, code)
    assert time.monotonic() - began < 5
    assert deliveries() == 0


def test_the_content_type_is_announced(client: Client) -> None:
    problem(send(client, [event(1)], content_type="application/json"), 415, "unsupported_media_type")


def test_texts_that_no_database_can_store_are_refused_by_row(client: Client) -> None:
    odd = [
        event(1, subject="U\u0000"),
        event(2, id="\u0000"),
        event(3, data={"scenario": "shared-e-bike", "quantities": {"a\u0000": 1}}),
        event(4, data={"scenario": "\u0000", "quantities": {}}),
        event(5, data={"scenario": "shared-e-bike", "note": "\u0000"}),
        event(6, type="\u0000\u2028"),
        event(7, time="\u0000"),
    ]
    receipt = send(client, odd)
    assert receipt.status_code == 202, receipt.content.decode()
    assert receipt.json()["refused"] == len(odd)
    lone = json.dumps([event(1)]).replace('"U1"', '"\\ud800"').encode()
    assert send(client, lone, message="m2").status_code in (202, 422)


def test_a_partner_is_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "partner", 2)
    assert {send(client, [event(1)]).status_code for _ in range(2)} == {202}
    response = send(client, [event(1)])
    if response.status_code == 202:  # the minute turned between two requests
        response = [send(client, [event(1)]) for _ in range(3)][-1]
    problem(response, 429, "too_many_requests")
    assert 0 < int(response["Retry-After"]) <= 60


def test_the_example_of_the_guide_verifies() -> None:
    PARTNER_KEY.public_key()
    headers = signed_headers("POST", EVENTS, b'{"specversion":"1.0"}', message="msg-0001", timestamp=1795276800)
    expected = "K8J1T0glYIytVmUQ5vgqksnX6XST4JsZmDdrEHnnz/+jz++H+5kQob+uL4g55HK7lW5L6EQlqKeDOmg9shkUBg=="
    assert headers["Tanhui-Signature"] == expected
