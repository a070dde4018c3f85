"""What the tests of the api share: a county with a partner, signed requests, signed-in residents."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tanhui.api.signatures import signed_text
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.types import Grade, ScenarioDraft, SourceDraft, SourceKeyDraft

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"
EVENTS = "/api/v1/partner/events"
PARTNER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half as it is registered."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def open_county() -> None:
    """Two scenarios, two partners with a key each, and the county's own source for declarations."""
    for code, title, consent in (("shared-e-bike", "骑共享电单车", "trips"), ("walking", "步行", "trips")):
        words = {"consent": consent, "summary": f"{title}。", "how_to": ["照常做。"], "order": 1, "icon": code}
        scenarios.admit(draft=ScenarioDraft(code=code, title=title, method_name=code, settings=words), at=AT)
    bikes = (SourceKeyDraft("bike-2026", public_text(PARTNER_KEY)),)
    other = (SourceKeyDraft("other-2026", public_text(OTHER_KEY)),)
    scenarios.admit(draft=SourceDraft("demo-e-bike", "示例电单车", ("shared-e-bike",), keys=bikes), at=AT)
    scenarios.admit(draft=SourceDraft("demo-sports", "示例运动", ("walking",), keys=other), at=AT)
    scenarios.admit(draft=SourceDraft("self", "自行申报", ("walking",), top_grade=Grade.C), at=AT)


def event(number: int, **changes: Any) -> dict[str, Any]:
    """A good ride of U1 as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"T{number}",
        "type": "tanhui.behavior.reported.v1",
        "source": "/sources/demo-e-bike",
        "subject": "U1",
        "time": "2026-11-20T08:00:00+08:00",
        "data": {
            "scenario": "shared-e-bike",
            "ended_at": "2026-11-20T08:12:00+08:00",
            "grade": "B",
            "quantities": {"distance_m": 2150, "gps_point_count": 140, "max_gps_jump_m": 42},
        },
    } | changes


def signed_headers(
    method: str,
    path: str,
    body: bytes,
    *,
    key: Ed25519PrivateKey = PARTNER_KEY,
    key_id: str = "bike-2026",
    message: str = "m1",
    timestamp: int | None = None,
) -> dict[str, str]:
    """The four headers of a signed request."""
    stamp = str(int(timezone.now().timestamp()) if timestamp is None else timestamp)
    text = signed_text(method, path, stamp, message, hashlib.sha256(body).digest())
    return {
        "Tanhui-Key": key_id,
        "Tanhui-Timestamp": stamp,
        "Tanhui-Message": message,
        "Tanhui-Signature": base64.b64encode(key.sign(text)).decode(),
    }


def send(client: Client, events: Any, *, content_type: str = BATCH, **signing: Any) -> HttpResponse:
    """A signed delivery of events."""
    body = events if isinstance(events, bytes) else json.dumps(events).encode()
    headers = signed_headers("POST", EVENTS, body, **signing)
    return client.post(EVENTS, body, content_type=content_type, headers=headers)


def sign_in(client: Client, name: str) -> dict[str, str]:
    """The headers of a resident who has joined and consented to trips."""
    joining = {"consents": {"account": "v1", "trips": "v1"}}
    response = client.post(
        "/api/v1/resident/sign-in", {"development_name": name, "joining": joining}, content_type="application/json"
    )
    assert response.status_code == 200, response.content.decode()
    return {"Authorization": f"Bearer {response.json()['token']}"}


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The response is that problem, in the right form; its content."""
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == "application/problem+json"
    content: dict[str, Any] = json.loads(response.content)
    assert content["status"] == status
    assert content["code"] == code
    assert content["type"] == f"urn:tanhui:problem:{code}"
    assert content["title"]
    assert content["detail"]
    return content
