"""The mall through HTTP: what everybody sees, what residents exchange, show and give back, and who tries more."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.doors.api_client import open_county, problem, sign_in
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    THANKS,
    assert_sound,
    everything,
    give,
    money,
    offered,
    points_of,
    stock,
    store,
    use,
)

from tanhui.api import limits, problems
from tanhui.parties import queries as parties
from tanhui.rewards import _limits, services
from tanhui.rewards.types import HoldDetails, OfferState, OfferStatus, Outcome

pytestmark = pytest.mark.django_db
OPEN, MINE = "/api/v1/open", "/api/v1/resident"


class Clock:
    """What the door reads as the time."""

    def __init__(self, at: datetime) -> None:
        self.at = at


@pytest.fixture(autouse=True)
def clock(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    settings.TANHUI_DEMO = True
    now = Clock(AT)
    monkeypatch.setattr(problems, "timezone", SimpleNamespace(now=lambda: now.at))
    open_county()
    return now


def joined(client: Client, name: str, points: int = 0, year: int = 2028) -> tuple[dict[str, str], int]:
    """A resident's headers and id, with points."""
    headers = sign_in(client, name)
    person = parties.party(client.get(f"{MINE}/account", headers=headers).json()["number"]).id
    if points:
        give(person, points, year)
    return headers, person


def buy(client: Client, me: dict[str, str], offer: str, key: str = "k1") -> Any:
    return client.post(
        f"{MINE}/vouchers", {"offer": offer}, content_type="application/json", headers=me | {"Idempotency-Key": key}
    )


def bought(client: Client, me: dict[str, str], offer: str, key: str = "k1") -> dict[str, Any]:
    response = buy(client, me, offer, key)
    assert response.status_code == 201, response.content.decode()
    content: dict[str, Any] = response.json()
    return content


def shown(client: Client, path: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    response = client.get(path, headers=headers or {})
    assert response.status_code == 200, response.content.decode()
    content: dict[str, Any] = response.json()
    return content


def test_everybody_sees_what_is_published_and_nothing_else(client: Client) -> None:
    shop = store()
    lunch = offered(LUNCH, shop, stock=stock(5), per_day_limit=3)
    draft = services.offer(details=replace(LUNCH, title="草稿券（示例）", merchants=(shop.merchant,)), at=AT)
    gone = offered(LUNCH, shop, title="下架券（示例）")
    services.offer(details=OfferStatus(gone, OfferState.WITHDRAWN), at=AT)
    (only,) = shown(client, f"{OPEN}/offers")["offers"]
    assert (only["number"], only["kind_title"], only["left"], only["per_day_limit"]) == (lunch, "餐饮券", 5, 3)
    assert [each["number"] for each in only["merchants"]] == [shop.merchant]
    assert only == shown(client, f"{OPEN}/offers/{lunch}")
    assert shown(client, f"{OPEN}/offers/{gone}")["state"] == "withdrawn"
    problem(client.get(f"{OPEN}/offers/{draft}"), 404, "not_found")
    problem(client.get(f"{OPEN}/offers/ofr_00000000000000000000000000"), 404, "not_found")
    assert shown(client, f"{OPEN}/offers?kind=honor")["offers"] == []
    problem(client.get(f"{OPEN}/offers?kind=money"), 422, "bad_input")


def test_offers_are_paged_also_when_one_is_withdrawn_in_between(client: Client) -> None:
    shop = store()
    made = [offered(LUNCH, shop, title=f"券{i}（示例）", price_points=100 + i % 3) for i in range(7)]
    thanks = offered(THANKS)
    whole = [each["number"] for each in shown(client, f"{OPEN}/offers")["offers"]]
    assert sorted(whole) == sorted([*made, thanks])
    assert whole[0] == thanks, "by kind, then by price"
    page = shown(client, f"{OPEN}/offers?limit=3")
    seen = [each["number"] for each in page["offers"]]
    services.offer(details=OfferStatus(seen[-1], OfferState.WITHDRAWN), at=AT)
    while page["next_cursor"]:
        page = shown(client, f"{OPEN}/offers?limit=3&after={page['next_cursor']}")
        seen += [each["number"] for each in page["offers"]]
    assert seen == whole
    for forged in ("x", "honor-1", "honor-1-ofr_1", "goods-99999999999-ofr_00000000000000000000000000"):
        problem(client.get(f"{OPEN}/offers?after={forged}"), 422, "bad_input")


def test_the_list_costs_the_same_queries_for_many_as_for_few(client: Client) -> None:
    shop = store()
    offered(LUNCH, shop)
    with CaptureQueriesContext(
        connection,
    ) as few:
        shown(client, f"{OPEN}/offers")
    for i in range(5):
        offered(LUNCH, shop, store(), title=f"券{i}（示例）")
    with CaptureQueriesContext(connection) as many:
        shown(client, f"{OPEN}/offers")
    assert len(many) == len(few)


def test_points_become_a_voucher_once_however_often_it_is_asked(client: Client) -> None:
    me, person = joined(client, "li", 250)
    lunch, other = (offered(LUNCH, store(), title=title) for title in ("午餐（示例）", "晚餐（示例）"))
    first = buy(client, me, lunch)
    assert first.status_code == 201, first.content.decode()
    again = buy(client, me, lunch)
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert (again.status_code, again.json()) == (201, first.json())
    assert points_of(person) == {2028: 150}
    before = everything()
    problem(buy(client, me, other), 409, "idempotency_key_reused")
    problem(client.post(f"{MINE}/vouchers", {"offer": lunch}, content_type="application/json", headers=me), 422,
            "bad_input")  # fmt: skip
    assert everything() == before
    bought(client, me, lunch, "k2")
    assert points_of(person) == {2028: 50}
    wang, _ = joined(client, "wang", 100)
    assert bought(client, wang, lunch)["number"] != first.json()["number"], "another's keys are another's"
    assert_sound()


def test_a_key_may_be_any_visible_text(client: Client) -> None:
    me, _ = joined(client, "li", 300)
    lunch = offered(LUNCH, store())
    assert bought(client, me, lunch, "!~/" * 42)["number"] != bought(client, me, lunch, "!~/" * 41)["number"]
    problem(buy(client, me, lunch, "x" * 129), 422, "bad_input")


def test_every_refusal_has_its_code_and_changes_nothing(client: Client, clock: Clock) -> None:
    me, _ = joined(client, "li", 150)
    poor, _ = joined(client, "wang", 99)
    shop = store()
    lunch = offered(LUNCH, shop, per_person_limit=1)
    last = offered(LUNCH, shop, title="只有一份（示例）", price_points=10, stock=stock(1))
    gone = offered(LUNCH, shop, title="下架（示例）")
    services.offer(details=OfferStatus(gone, OfferState.WITHDRAWN), at=AT)
    later = offered(LUNCH, shop, title="将来（示例）", sale_from=AT + DAY)
    bought(client, me, lunch)
    bought(client, me, last, "k2")
    before = everything()
    assert "99" in problem(buy(client, poor, lunch), 409, "not_enough_points")["detail"]
    problem(buy(client, me, lunch, "k3"), 409, "limit_reached")
    problem(buy(client, poor, last), 409, "sold_out")
    problem(buy(client, me, gone, "k4"), 409, "not_on_sale")
    problem(buy(client, me, later, "k5"), 409, "not_on_sale")
    problem(buy(client, me, "ofr_00000000000000000000000000", "k6"), 404, "not_found")
    problem(buy(client, me, "lunch", "k7"), 422, "bad_input")
    problem(client.post(f"{MINE}/vouchers", {"offer": lunch, "price_points": 0}, content_type="application/json",
                        headers=me | {"Idempotency-Key": "k8"}), 422, "bad_input")  # fmt: skip
    assert everything() == before
    clock.at = AT + 2 * DAY
    assert buy(client, poor, later).status_code == 409
    give(parties.party(shown(client, f"{MINE}/account", poor)["number"]).id, 1)
    assert bought(client, poor, later, "k9")["state"] == "open", "a key whose exchange failed is free, and so is a day"


def test_the_holder_sees_code_speech_token_and_picture(client: Client) -> None:
    me, person = joined(client, "li", 100, 2027)
    shop = store()
    made = bought(client, me, offered(LUNCH, shop))
    held = shown(client, f"{MINE}/vouchers/{made['number']}", me)
    assert {name: held[name] for name in made} == made
    groups = held["code"].split(" ")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert int("".join(groups)) % 97 == 1
    spoken = held["spoken"].split("，")
    assert [["零一二三四五六七八九".index(letter) for letter in group] for group in spoken] == [
        [int(digit) for digit in group] for group in groups
    ]
    assert held["points_by_expiry_year"] == {"2027": 100}
    assert held["qr_image"].startswith("data:image/svg+xml")
    assert "<svg" in unquote(held["qr_image"])
    (line,) = shown(client, f"{MINE}/vouchers", me)["vouchers"]
    assert line == {name: value for name, value in held.items() if name in line}
    assert not {"code", "spoken", "token", "qr_image"} & line.keys()
    assert use(shop, held["token"]).outcome is Outcome.REDEEMED
    used = shown(client, f"{MINE}/vouchers/{made['number']}", me)
    assert (used["state"], used["code"], used["spoken"], used["token"], used["qr_image"]) == (
        "redeemed", "", "", "", "",
    )  # fmt: skip
    assert points_of(person) == {}
    assert_sound()


def test_a_phone_without_network_checks_a_token_by_the_published_key(client: Client) -> None:
    me, _ = joined(client, "li", 100)
    shop = store()
    made = bought(client, me, offered(LUNCH, shop))
    key = shown(client, f"{OPEN}/voucher-key")
    assert key["algorithm"] == "Ed25519"
    checker = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"]))
    stated, _, signature = made["token"].rpartition(".")
    signed = base64.urlsafe_b64decode(signature + "==")
    checker.verify(signed, stated.encode())
    head, _, body = stated.partition(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert head == "TH1"
    assert (content["v"], content["c"]) == (made["number"], made["code"].replace(" ", ""))
    assert (content["m"], content["w"]) == ([shop.merchant], 1000)
    assert content["u"] == datetime.fromisoformat(made["valid_to"]).timestamp()
    with pytest.raises(InvalidSignature):
        checker.verify(signed, stated.replace("TH1", "TH2").encode())


def test_a_voucher_is_its_holders_alone(client: Client) -> None:
    me, _ = joined(client, "li", 100)
    other, _ = joined(client, "wang", 100)
    number = bought(client, me, offered(LUNCH, store()))["number"]
    before = everything()
    problem(client.get(f"{MINE}/vouchers/{number}", headers=other), 404, "not_found")
    problem(client.post(f"{MINE}/vouchers/{number}/cancel", headers=other), 404, "not_found")
    problem(client.get(f"{MINE}/vouchers/{number}"), 401, "unauthorized")
    problem(client.post(f"{MINE}/vouchers/{number}/cancel"), 401, "unauthorized")
    problem(client.get(f"{MINE}/vouchers"), 401, "unauthorized")
    assert shown(client, f"{MINE}/vouchers", other)["vouchers"] == []
    assert everything() == before


def test_cancelling_returns_the_points_to_their_year_once(client: Client, clock: Clock) -> None:
    me, person = joined(client, "li", 60, 2027)
    give(person, 100, 2028)
    offer = offered(LUNCH, store(), cancel_hours=2, stock=stock(1))
    number = bought(client, me, offer)["number"]
    assert points_of(person) == {2028: 60}
    assert shown(client, f"{OPEN}/offers/{offer}")["left"] == 0
    path = f"{MINE}/vouchers/{number}/cancel"
    first = client.post(path, headers=me)
    assert first.status_code == 200, first.content.decode()
    assert first.json()["state_title"] == "已取消"
    clock.at = AT + 5 * DAY
    assert client.post(path, headers=me).json() == first.json()
    assert points_of(person) == {2027: 60, 2028: 100}
    assert shown(client, f"{OPEN}/offers/{offer}")["left"] == 1
    late = bought(client, me, offer, "k2")["number"]
    clock.at += 2 * HOUR
    before = everything()
    problem(client.post(f"{MINE}/vouchers/{late}/cancel", headers=me), 409, "not_cancellable")
    problem(client.post(f"{MINE}/vouchers/vou_0000000000000/cancel", headers=me), 404, "not_found")
    assert everything() == before
    assert_sound()


def test_an_honor_is_fulfilled_at_once_and_shows_no_code(client: Client) -> None:
    me, _ = joined(client, "li", 100)
    made = bought(client, me, offered(THANKS))
    assert (made["state"], made["code"], made["token"]) == ("redeemed", "", "")
    problem(client.post(f"{MINE}/vouchers/{made['number']}/cancel", headers=me), 409, "not_cancellable")
    assert_sound()


def test_vouchers_are_paged_by_state_from_new_to_old(client: Client, clock: Clock) -> None:
    me, _ = joined(client, "li", 1000)
    shop = store()
    offer = offered(LUNCH, shop)
    made = []
    for i in range(6):
        clock.at = AT + i * HOUR
        made.append(bought(client, me, offer, f"k{i}"))
    use(shop, made[2]["code"], at=clock.at)
    seen: list[str] = []
    page = shown(client, f"{MINE}/vouchers?limit=4&state=open", me)
    while True:
        seen += [each["number"] for each in page["vouchers"]]
        if page["next_cursor"] is None:
            break
        page = shown(client, f"{MINE}/vouchers?limit=4&state=open&before={page['next_cursor']}", me)
    assert seen == [made[i]["number"] for i in (5, 4, 3, 1, 0)]
    (used,) = shown(client, f"{MINE}/vouchers?state=redeemed", me)["vouchers"]
    assert used["number"] == made[2]["number"]
    for bad in ("before=vou_1", "before=zzz_00000000000000000000000000", "state=stolen", "limit=0", "limit=101"):
        problem(client.get(f"{MINE}/vouchers?{bad}", headers=me), 422, "bad_input")


def test_the_export_has_the_vouchers_and_no_codes(client: Client) -> None:
    me, _ = joined(client, "li", 100)
    made = bought(client, me, offered(LUNCH, store()))
    export = shown(client, f"{MINE}/export", me)
    assert [each["number"] for each in export["vouchers"]] == [made["number"]]
    text = json.dumps(export)
    assert made["code"] not in text
    assert made["code"].replace(" ", "") not in text


def test_no_code_is_kept_by_the_door(client: Client) -> None:
    me, _ = joined(client, "li", 100)
    made = bought(client, me, offered(LUNCH, store()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM api_kept_answer")
        assert cursor.fetchone() == (0,), "an answer with a code is made again, never kept"
        cursor.execute("SELECT rewards_voucher::text FROM rewards_voucher")
        assert made["code"].replace(" ", "") not in cursor.fetchone()[0]


def test_the_mall_is_limited_like_every_other_call(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    me = sign_in(client, "li")
    for scope in ("resident", "open"):
        monkeypatch.setitem(limits.LIMITS, scope, 3)
    for path, headers in ((f"{OPEN}/offers", {}), (f"{OPEN}/voucher-key", {}), (f"{MINE}/vouchers", me)):
        tries = [client.get(path, headers=headers) for _ in range(5)]
        problem(tries[-1], 429, "too_many_requests")


def queue(client: Client, me: dict[str, str], offer: str) -> Any:
    return client.post(f"{MINE}/offers/{offer}/queue", headers=me)


def test_waiting_in_line_and_leaving_it(client: Client, clock: Clock) -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, _ = joined(client, "zhang", 100)
    first, person = joined(client, "li", 100)
    second, _ = joined(client, "wang", 100)
    problem(queue(client, first, offer), 409, "conflict")
    voucher = bought(client, owner, offer)
    problem(buy(client, first, offer), 409, "sold_out")
    places = [queue(client, me, offer) for me in (first, second, first)]
    assert [(each.status_code, each.json()["ahead"]) for each in places] == [(201, 0), (201, 1), (201, 0)]
    assert places[0].json()["number"] == places[2].json()["number"]
    client.post(f"{MINE}/vouchers/{voucher['number']}/cancel", headers=owner)
    (kept,) = client.get(f"{MINE}/queue", headers=first).json()["places"]
    assert (kept["state"], kept["state_title"]) == ("reserved", "已为您保留")
    assert datetime.fromisoformat(kept["reserved_until"]) == AT + 2 * DAY
    left = client.delete(f"{MINE}/offers/{offer}/queue", headers=first)
    assert (left.status_code, left.json()["state"]) == (200, "left")
    problem(client.delete(f"{MINE}/offers/{offer}/queue", headers=first), 404, "not_found")
    assert bought(client, second, offer)["state"] == "open"
    assert points_of(person) == {2028: 100}
    assert client.get(f"{MINE}/export", headers=first).json()["queue"][0]["state"] == "left"
    assert_sound()


def test_another_persons_place_and_a_place_among_vouchers(client: Client) -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, _ = joined(client, "zhang", 100)
    bought(client, owner, offer)
    mine, _ = joined(client, "li", 100)
    place = queue(client, mine, offer).json()["number"]
    problem(client.delete(f"{MINE}/offers/{offer}/queue", headers=owner), 404, "not_found")
    for me in (owner, mine):
        problem(client.post(f"{MINE}/vouchers/{place}/cancel", headers=me), 404, "not_found")
    problem(queue(client, mine, "ofr_00000000000000000000000000"), 404, "not_found")
    assert client.get(f"{MINE}/queue", headers=mine).json()["places"][0]["state"] == "waiting"


def test_no_money_of_the_year(client: Client) -> None:
    offer = offered(LUNCH, store())
    money(999)
    me, _ = joined(client, "zhang", 100)
    before = everything()
    problem(buy(client, me, offer), 409, "budget_short")
    assert everything() == before
    assert queue(client, me, offer).status_code == 201


def test_a_hold_says_why(client: Client) -> None:
    offer = offered(LUNCH, store())
    me, person = joined(client, "zhang", 100)
    services.admit(details=HoldDetails(person, "虚构原因", "cas_invented", AT + DAY), at=AT)
    assert "虚构原因" in problem(buy(client, me, offer), 403, "on_hold")["detail"]
    (hold,) = client.get(f"{MINE}/holds", headers=me).json()["holds"]
    assert (hold["reason"], hold["case"], hold["lifted_at"]) == ("虚构原因", "cas_invented", None)
    assert client.get(f"{MINE}/export", headers=me).json()["holds"] == [hold]


def test_one_phone_for_the_whole_village(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limits, "limits", lambda: _limits.Limits(person_a_day=1, persons_a_device=1))
    offer = offered(LUNCH, store())
    first, _ = joined(client, "zhang", 300)
    second, _ = joined(client, "li", 300)
    phone = {"X-Device": "7b3f-invented"}
    bought(client, first | phone, offer)
    for me, key in ((first, "k2"), (second | phone, "k1")):
        problem(buy(client, me, offer, key), 409, "too_fast")
    bought(client, second, offer)
    problem(buy(client, second | {"X-Device": "two words"}, offer, "k3"), 422, "bad_input")
