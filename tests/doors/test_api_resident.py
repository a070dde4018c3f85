"""Residents: sign-in, statement, acts, consents, bindings, export, erasure; and who tries to see others'."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.doors.api_client import OTHER_KEY, PARTNER_KEY, event, open_county, problem, send, sign_in

from tanhui.api import limits, tokens
from tanhui.api.problems import Unauthorized
from tanhui.parties import queries as parties
from tanhui.scenarios import services as scenarios

pytestmark = pytest.mark.django_db
BASE = "/api/v1/resident"


@pytest.fixture(autouse=True)
def _county(db: None, settings: Any) -> None:
    settings.TANHUI_DEMO = True
    open_county()


def ticket(subject: str, *, key: Any = PARTNER_KEY, **changes: Any) -> str:
    expires = int(timezone.now().timestamp()) + 300
    stated = {"key": "bike-2026", "source": "demo-e-bike", "subject": subject, "expires": expires} | changes
    body = json.dumps(stated).encode()
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (body, key.sign(body)))


def post(client: Client, path: str, content: Any, headers: dict[str, str]) -> Any:
    return client.post(BASE + path, content, content_type="application/json", headers=headers)


def walked(client: Client, me: dict[str, str], key: str, **changes: Any) -> Any:
    act = {"scenario": "walking", "happened_at": "2026-11-20T08:00:00+08:00", "quantities": {"step_count": 8000}}
    return post(client, "/acts", act | changes, me | {"Idempotency-Key": key})


def lines(client: Client, me: dict[str, str], query: str = "") -> Any:
    response = client.get(f"{BASE}/statement{query}", headers=me)
    assert response.status_code == 200, response.content.decode()
    return response.json()


def test_somebody_new_joins_with_consent_and_comes_back_without(client: Client) -> None:
    problem(post(client, "/sign-in", {"development_name": "li"}, {}), 404, "not_registered")
    no_consent = {"development_name": "li", "joining": {"consents": {}}}
    problem(post(client, "/sign-in", no_consent, {}), 403, "consent_missing")
    sign_in(client, "li")
    again = post(client, "/sign-in", {"development_name": "li"}, {})
    assert again.status_code == 200
    assert again.json()["number"].startswith("pty_")


def test_development_names_work_in_the_demo_only(client: Client, settings: Any) -> None:
    settings.TANHUI_DEMO = False
    problem(post(client, "/sign-in", {"development_name": "li"}, {}), 401, "sign_in_refused")


def test_an_act_is_declared_once_however_often_it_is_sent(client: Client) -> None:
    me = sign_in(client, "li")
    first = walked(client, me, "k1")
    assert first.status_code == 202, first.content.decode()
    again = walked(client, me, "k1")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert len(lines(client, me)["lines"]) == 1
    problem(walked(client, me, "k1", note="x"), 409, "idempotency_key_reused")
    assert walked(client, me, "k2").status_code == 202
    assert len(lines(client, me)["lines"]) == 2
    other = sign_in(client, "wang")
    assert walked(client, other, "k1").status_code == 202, "another resident's keys are another's"


def test_an_act_needs_a_key_consent_and_sense(client: Client) -> None:
    me = sign_in(client, "li")
    act = {"scenario": "walking", "happened_at": "2026-11-20T08:00:00+08:00"}
    problem(post(client, "/acts", act, me), 422, "bad_input")
    content = problem(walked(client, me, "k1", happened_at="2099-01-01T00:00:00Z"), 422, "bad_input")
    assert content["where"] == "in_the_future"
    problem(walked(client, me, "k2", happened_at="2026-11-20T08:00:00"), 422, "bad_input")
    problem(walked(client, me, "k3", quantities={"step_count": -1}), 422, "bad_input")
    problem(walked(client, me, "k4", grade="A"), 422, "bad_input")
    problem(walked(client, me, "k5", scenario="shared-e-bike"), 422, "bad_input")
    withdrawn = {"purpose": "trips", "text_version": "v1", "given": False}
    assert client.put(f"{BASE}/consents", withdrawn, content_type="application/json", headers=me).status_code == 200
    assert problem(walked(client, me, "k6"), 422, "bad_input")["where"] == "no_consent"
    assert lines(client, me)["lines"] == []
    assert walked(client, me, "k6", scenario="nonsense").status_code == 422, "a key whose request failed is free"


def test_the_statement_is_paged_and_cursors_are_not_forged(client: Client) -> None:
    me, other = sign_in(client, "li"), sign_in(client, "wang")
    for i in range(5):
        walked(client, me, f"k{i}", happened_at=f"2026-11-{10 + i}T08:00:00+08:00")
    walked(client, other, "k")
    seen: list[str] = []
    page = lines(client, me, "?limit=2")
    while True:
        seen += [line["number"] for line in page["lines"]]
        if page["next_cursor"] is None:
            break
        page = lines(client, me, f"?limit=2&before={page['next_cursor']}")
    assert len(seen) == len(set(seen)) == 5
    cursor = lines(client, me, "?limit=2")["next_cursor"]
    for forged in (cursor[:-2], "AAAA", "_" * 200, base64.urlsafe_b64encode(b"2026-11-12/bhv_0000000000000").decode()):
        response = client.get(f"{BASE}/statement?before={forged}", headers=me)
        assert response.status_code in (200, 422)
        if response.status_code == 200:
            assert {line["number"] for line in response.json()["lines"]} <= set(seen)
        else:
            problem(response, 422, "bad_input")
    wide = base64.urlsafe_b64encode(f"２０２６-11-12/{seen[0]}".encode()).decode().rstrip("=")
    problem(client.get(f"{BASE}/statement?before={wide}", headers=me), 422, "bad_input")
    theirs = client.get(f"{BASE}/statement?before={cursor}", headers=other).json()["lines"]
    assert not {line["number"] for line in theirs} & set(seen)
    for bad in ("limit=0", "limit=201", "limit=x", "before=", "before=%00"):
        assert client.get(f"{BASE}/statement?{bad}", headers=me).status_code in (400, 422)


def test_receipts_are_the_owners_until_shared(client: Client) -> None:
    me, other = sign_in(client, "li"), sign_in(client, "wang")
    walked(client, me, "k")
    number = lines(client, me)["lines"][0]["number"]
    mine = client.get(f"{BASE}/receipts/{number}?depth=audit", headers=me)
    assert mine.status_code == 200, mine.content.decode()
    assert mine.json()["line"]["scenario"] == "walking"
    problem(client.get(f"{BASE}/receipts/{number}", headers=other), 404, "not_found")
    problem(post(client, f"/receipts/{number}/share", {}, other), 404, "not_found")
    problem(post(client, f"/receipts/{number}/contest", {"text": "不服"}, other), 404, "not_found")
    problem(client.get(f"/api/v1/open/receipts/{number}"), 404, "not_found")
    shared = post(client, f"/receipts/{number}/share", {}, me).json()["number"]
    everybody = client.get(f"/api/v1/open/receipts/{shared}")
    assert everybody.status_code == 200, everybody.content.decode()
    assert "pty_" not in everybody.content.decode()
    assert client.delete(f"{BASE}/receipts/{number}/share", headers=me).status_code == 200
    problem(client.get(f"/api/v1/open/receipts/{shared}"), 404, "not_found")
    problem(client.get(f"{BASE}/receipts/bhv_0000000000000", headers=me), 404, "not_found")
    problem(client.get(f"{BASE}/receipts/{number}?depth=secret", headers=me), 422, "bad_input")


def test_a_contest_is_made_once(client: Client) -> None:
    me = sign_in(client, "li")
    walked(client, me, "k")
    number = lines(client, me)["lines"][0]["number"]
    made = post(client, f"/receipts/{number}/contest", {"text": "我确实走了"}, me | {"Idempotency-Key": "c1"})
    assert made.status_code == 201, made.content.decode()
    again = post(client, f"/receipts/{number}/contest", {"text": "我确实走了"}, me | {"Idempotency-Key": "c1"})
    assert again.json() == made.json()
    problem(post(client, f"/receipts/{number}/contest", {"text": "再来"}, me), 409, "conflict")
    problem(post(client, f"/receipts/{number}/contest", {"text": "\x00"}, me), 422, "bad_input")


def test_a_partner_is_bound_for_the_purpose_of_what_it_reports_and_for_no_other(client: Client) -> None:
    me = sign_in(client, "li")
    wanted = {"source": "demo-e-bike", "external_id": "U1", "purpose": "account"}
    assert problem(post(client, "/bindings", wanted, me), 422, "bad_input")["where"] == "purpose"
    problem(post(client, "/bindings", wanted | {"source": "nobody"}, me), 404, "unknown_source")
    assert client.get(f"{BASE}/bindings", headers=me).json()["bindings"] == []
    assert post(client, "/bindings", wanted | {"purpose": "trips"}, me).status_code == 200
    titles = [each["title"] for each in client.get(f"{BASE}/consents", headers=me).json()["consents"]]
    assert sorted(titles) == ["个人碳账户", "出行记录"]


def test_binding_needs_the_partners_ticket_outside_the_demo(client: Client, settings: Any) -> None:
    me, other = sign_in(client, "li"), sign_in(client, "wang")
    settings.TANHUI_DEMO = False
    problem(post(client, "/bindings", {"source": "demo-e-bike", "external_id": "U1"}, me), 422, "bad_input")
    bound = post(client, "/bindings", {"source": "demo-e-bike", "ticket": ticket("U1")}, me)
    assert bound.status_code == 200, bound.content.decode()
    assert [each["source"] for each in client.get(f"{BASE}/bindings", headers=me).json()["bindings"]] == ["demo-e-bike"]
    receipt = send(client, [event(1)]).json()
    assert receipt["accepted"] == 1
    assert len(lines(client, me)["lines"]) == 1
    problem(post(client, "/bindings", {"source": "demo-e-bike", "ticket": ticket("U1")}, other), 409, "already_bound")
    stolen = post(client, "/bindings/end", {"source": "demo-e-bike", "ticket": ticket("U1")}, other)
    assert stolen.status_code == 200
    assert client.get(f"{BASE}/bindings", headers=me).json()["bindings"], "somebody else's binding stays"
    post(client, "/bindings/end", {"source": "demo-e-bike", "ticket": ticket("U1")}, me)
    assert client.get(f"{BASE}/bindings", headers=me).json()["bindings"] == []


@pytest.mark.parametrize(
    "forged",
    [
        lambda: ticket("U1", key=OTHER_KEY),
        lambda: ticket("U1", source="demo-sports"),
        lambda: ticket("U1", key_id="x") + "A",
        lambda: ticket("U1", expires=int((timezone.now() - timedelta(seconds=1)).timestamp())),
        lambda: ticket("U1", expires="never"),
        lambda: ticket("", expires=10**10),
        lambda: ticket("U\x00"),
        lambda: "x.y",
        lambda: ".",
        lambda: base64.urlsafe_b64encode(b"[" * 900).decode() + ".AAAA",
        lambda: base64.urlsafe_b64encode(b"[]").decode() + ".AAAA",
    ],
)
def test_forged_tickets_bind_nothing(client: Client, forged: Any) -> None:
    me = sign_in(client, "li")
    response = post(client, "/bindings", {"source": "demo-e-bike", "ticket": forged()}, me)
    problem(response, 403, "bad_ticket")
    assert parties.bound_parties("demo-e-bike", [parties.subject_key("demo-e-bike", "U1")]) == {}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Bearer " + "x" * 9000, "Basic eDp5", "Bearer a:b:c", "Bearer \udce9"],
)
def test_forged_tokens_open_nothing(client: Client, header: str) -> None:
    response = client.get(f"{BASE}/statement", headers={"Authorization": header})
    assert problem(response, 401, "unauthorized")["fix"]
    assert response["WWW-Authenticate"] == "Bearer"


def test_tokens_expire_and_signing_out_ends_them_all(client: Client) -> None:
    me, also_me = sign_in(client, "li"), sign_in(client, "li")
    party = tokens.resident_of(me["Authorization"].split()[1], at=timezone.now())
    with pytest.raises(Unauthorized, match="过期"):
        tokens.resident_of(me["Authorization"].split()[1], at=timezone.now() + tokens.LIFE + timedelta(minutes=1))
    assert post(client, "/sign-out", {}, me).status_code == 200
    problem(client.get(f"{BASE}/statement", headers=also_me), 401, "unauthorized")
    assert client.get(f"{BASE}/statement", headers=sign_in(client, "li")).status_code == 200
    assert party.number.startswith("pty_")


def test_export_holds_everything_and_erasure_ends_it(client: Client) -> None:
    me = sign_in(client, "li")
    walked(client, me, "k")
    export = client.get(f"{BASE}/export", headers=me).json()
    assert len(export["statement"]) == 1
    assert export["personal"]["consents"]
    problem(post(client, "/erase", {"confirm": "yes"}, me), 422, "bad_input")
    assert post(client, "/erase", {"confirm": "注销"}, me).status_code == 200
    problem(client.get(f"{BASE}/statement", headers=me), 401, "unauthorized")
    problem(post(client, "/sign-in", {"development_name": "li"}, {}), 404, "not_registered")


def test_the_account_shows_balances(client: Client) -> None:
    account = client.get(f"{BASE}/account", headers=sign_in(client, "li")).json()
    assert (account["reduction_g"], account["points"]) == (0, 0)


def test_a_resident_and_a_stranger_are_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    me = sign_in(client, "li")
    for scope in ("resident", "sign_in"):
        monkeypatch.setitem(limits.LIMITS, scope, 3)
    seen = [client.get(f"{BASE}/consents", headers=me) for _ in range(8)]
    problem(seen[-1], 429, "too_many_requests")
    assert int(seen[-1]["Retry-After"]) <= 60
    tries = [post(client, "/sign-in", {"development_name": "x"}, {}) for _ in range(8)]
    problem(tries[-1], 429, "too_many_requests")


def test_guessing_tokens_is_slow(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "refused", 3)
    tries = [client.get(f"{BASE}/statement", headers={"Authorization": "Bearer x"}) for _ in range(8)]
    problem(tries[0], 401, "unauthorized")
    problem(tries[-1], 429, "too_many_requests")


def test_the_limit_sees_through_the_proxy_on_this_machine_only(rf: Any) -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9"}
    assert limits.caller_address(rf.get("/", REMOTE_ADDR="127.0.0.1", **forwarded)) == "203.0.113.9"
    assert limits.caller_address(rf.get("/", REMOTE_ADDR="198.51.100.7", **forwarded)) == "198.51.100.7"
    assert limits.caller_address(rf.get("/", REMOTE_ADDR="")) == ""


def test_withdrawing_evidence_takes_it_from_the_statement(client: Client) -> None:
    me = sign_in(client, "li")
    post(client, "/bindings", {"source": "demo-e-bike", "external_id": "U1"}, me)
    send(client, [event(1)])
    assert len(lines(client, me)["lines"]) == 1
    scenarios.withdraw(source="demo-e-bike", external_ids=["T1"], reason="误报", at=timezone.now())
    assert lines(client, me)["lines"] == []
