"""Journey J2 through HTTP: booked, weighed, settled, bought, redeemed, cleared, paid; every point in the books.

The shipped Pingjiang county with invented people. The clock is moved from day to day, as the county's days would go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.doors.desk import enter, hire
from tests.doors.rewards_world import CREDIT_CODE
from tests.journeys.test_plan import posted
from tests.rooms.scenarios.world import open_county

from tanhui.community import queries as community
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.ledger import queries as ledger
from tanhui.ledger.types import Book
from tanhui.parties import queries as parties
from tanhui.parties import services as party_services
from tanhui.parties.types import Actor, OrganizationDetails, RelationKind, Role, Scope
from tanhui.project.county import SYSTEM, divisions, this_county
from tanhui.rewards import queries as rewards

pytestmark = pytest.mark.django_db
API, OFFICE = "/api/v1", "/office"
TOWN = "430626117000"


@dataclass
class Clock:
    """What everybody takes for now."""

    at: datetime = datetime(2026, 10, 8, 1, tzinfo=UTC)

    def go(self, day: date, hour: int = 9) -> None:
        self.at = datetime(day.year, day.month, day.day, hour, tzinfo=COUNTY_ZONE).astimezone(UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    settings.TANHUI_DEMO = True
    settings.SESSION_COOKIE_AGE = 10**7  # one sign-in lasts for the whole story
    now = Clock()
    monkeypatch.setattr(timezone, "now", lambda: now.at)
    return now


@dataclass
class Town:
    """Everybody at their own browser."""

    village: str
    host: str
    operator: Client
    clerk: Client
    second: Client
    finance: Client
    manager: Client


@pytest.fixture
def town(clock: Clock) -> Town:
    open_county()
    party_services.register(details=divisions(this_county()), at=clock.at, by=SYSTEM)
    committee = OrganizationDetails("虚构村民委员会", code="invented-village")
    host = party_services.register(details=committee, at=clock.at, by=SYSTEM).number
    village = next(each for each in parties.divisions("village") if each.parent_code == TOWN).statistical_code
    here = Scope("division", TOWN)
    return Town(
        village,
        host,
        operator=enter(hire("operator", Role.OPERATOR)),
        clerk=enter(hire("clerk-a", Role.CLERK, scope=here)),
        second=enter(hire("clerk-b", Role.CLERK, scope=here)),
        finance=enter(hire("finance", Role.FINANCE)),
        manager=enter(hire("manager")),
    )


class Resident:
    """Somebody at the api."""

    def __init__(self, name: str, village: str) -> None:
        joining = {
            "nickname": name, "division_code": village, "birth_year": 1985,
            "consents": {"account": "1", "recycling": "1"},
        }  # fmt: skip
        self.body = {"development_name": f"j2-{ord(name[0])}", "joining": joining}
        self.sign_in()

    def sign_in(self) -> None:
        """A sign-in lasts a week."""
        answer = Client().post(f"{API}/resident/sign-in", self.body, content_type="application/json")
        assert answer.status_code == 200, answer.content.decode()
        self.number = answer.json()["number"]
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    def get(self, path: str) -> Any:
        answer = Client().get(f"{API}/resident/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def post(self, path: str, body: dict[str, Any], expected: int = 201, key: str = "k-1") -> Any:
        headers = self.headers | {"Idempotency-Key": f"{path}-{key}"}
        answer = Client().post(f"{API}/resident/{path}", body, content_type="application/json", headers=headers)
        assert answer.status_code == expected, answer.content.decode()
        return answer.json()


def hidden(client: Client, path: str, name: str) -> str:
    """What the page put into a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', client.get(path).content.decode())
    assert found, f"{path} has no {name}"
    return found[1]


def occasion(town: Town, kind: str, day: date, **more: Any) -> str:
    """An operator writes an occasion and opens it; its number."""
    form = {
        "kind": kind, "title": f"虚构村{day:%m月%d日}{kind}", "summary": "带上分好类的可回收物。", "host": town.host,
        "division_code": town.village, "place": "虚构村部门前", "starts_at": f"{day}T08:00", "ends_at": f"{day}T12:00",
        "materials": ["waste-paper", "plastic-box"], **more,
    }  # fmt: skip
    made: str = posted(town.operator, f"{OFFICE}/occasions/new/", form).url.split("/")[-2]
    posted(town.operator, f"{OFFICE}/occasions/{made}/state/", {"state": "open"})
    return made


def weigh(client: Client, at: str, expected: int = 302, **form: Any) -> Any:
    """One person at the weigh page."""
    path = f"{OFFICE}/weigh/{at}/"
    return posted(client, path, form | {"nonce": hidden(client, path, "nonce")}, expected)


def open_mall(town: Town) -> tuple[str, str]:
    """Money for the year, a merchant with a shop and a manager, one offer: all through pages. Merchant and offer."""
    posted(
        town.finance,
        f"{OFFICE}/funds/line/",
        {"year": 2026, "offer": "", "amount": "500.00", "reserve": "50.00", "source": "虚构的预算文件"},
    )
    form = {
        "name": "虚构豆制品店", "credit_code": CREDIT_CODE, "title": "虚构酱干铺",
        "contract_from": "2026-01-01", "contract_last": "2027-12-31",
    }  # fmt: skip
    merchant: str = posted(town.operator, f"{OFFICE}/merchants/apply/", form).url.split("/")[-2]
    posted(town.operator, f"{OFFICE}/merchants/{merchant}/decide/", {"state": "active", "reason": ""})
    shop = {"title": "虚构酱干铺一店", "division_code": town.village, "address": "虚构路 1 号", "plate": "J2-1"}
    posted(town.operator, f"{OFFICE}/merchants/{merchant}/shops/", shop)
    posted(town.operator, f"{OFFICE}/merchants/{merchant}/staff/", {"username": "manager", "role": "manager"})
    offer = {
        "kind": "goods", "title": "酱干一袋（虚构）", "terms": "门店自取。", "price_points": 100, "face_value": "10.00",
        "sale_from": "2026-01-01", "sale_last": "2026-12-31", "valid_days": 60, "quantity": 3, "merchants": [merchant],
    }  # fmt: skip
    made: str = posted(town.operator, f"{OFFICE}/offers/new/", offer).url.split("/")[-2]
    posted(town.operator, f"{OFFICE}/offers/{made}/published/", {})
    return merchant, made


def redeem(client: Client, code: str) -> str:
    """The manager types a code at the till; the answer's text."""
    path = f"{OFFICE}/till/"
    form = {"shop": hidden(client, path, "shop"), "nonce": hidden(client, path, "nonce"), "code": code}
    return str(posted(client, path, form, 200).content.decode())


def balances(book: Book) -> dict[tuple[str, str], int]:
    """What accounts of each code hold together."""
    trial = ledger.trial_balance(book)
    assert trial.out_of_balance() == {}
    return {(line.holder, line.code): line.balance for line in trial.lines if line.balance}


def clear_october(town: Town, merchant: str) -> str:
    """Draft, check and approve the month; the statement's number."""
    posted(town.operator, f"{OFFICE}/clearing/draft/", {"month": "2026-10", "merchant": ""})
    (statement,) = rewards.statements(month=date(2026, 10, 1))
    path = f"{OFFICE}/clearing/statements/{statement.number}/"
    assert (statement.merchant, statement.lines, statement.gross_fen, statement.net_fen) == (merchant, 2, 2000, 2000)
    posted(town.operator, f"{path}check/", {"digest": statement.digest})
    posted(town.finance, f"{path}approve/", {"digest": statement.digest})
    return statement.number


def pay_october(town: Town, merchant: str) -> None:
    """The account, checked by two; the file; the bank's answer."""
    account = {"account_name": "虚构豆制品店", "account_number": "6222020200112233445", "bank_name": "虚构银行平江支行"}
    posted(town.operator, f"{OFFICE}/clearing/merchants/{merchant}/account/", account)
    terms = f"{OFFICE}/clearing/merchants/{merchant}/"
    posted(town.finance, f"{terms}account/confirm/", {"account": hidden(town.finance, terms, "account")})
    posted(town.operator, f"{OFFICE}/clearing/months/2026-10/pay/", {})
    (payment,) = rewards.payments()
    file = town.finance.get(f"{OFFICE}/clearing/payments/{payment.number}/bank.csv")
    assert "6222020200112233445" in file.content.decode("utf-8-sig")
    done = {"reference": "DEMO-0001", "paid_on": "2026-11-05"}
    posted(town.finance, f"{OFFICE}/clearing/payments/{payment.number}/confirm/", done)


def card_for(town: Town, clock: Clock, number: str) -> tuple[str, ...]:
    """Somebody without a phone lets a clerk act, who prints a card before a witness; its tokens."""
    person = parties.party(number)
    party_services.relate(
        subject_id=person.id,
        kind=RelationKind.CLERK,
        clerk_id=parties.staff("clerk-a").id,
        basis="虚构的书面委托",
        at=clock.at,
        by=Actor.resident(person),
    )
    posted(town.second, f"{OFFICE}/cards/{number}/issue/", {"witness": "clerk-a", "serials": 4})
    (card,) = community.cards_of(person.id)
    return community.card_sheet(card.number).tokens


def confirm_all(town: Town) -> None:
    """The second person says yes to everything that waits."""
    for waiting in community.pending(TOWN):
        posted(town.second, f"{OFFICE}/weigh/pending/{waiting.number}/", {"right": "yes"})


def a_saturday(town: Town, clock: Clock, pickup: str, ana: Resident, tokens: tuple[str, ...]) -> None:
    """One is fetched, one walks to the point with a card; what is wrong is refused; two say that it is right."""
    clock.go(date(2026, 10, 10))
    walk_in = occasion(town, "collection", date(2026, 10, 10))
    paper = {"amount-waste-paper": "6", "scale-waste-paper": "on"}
    weigh(town.clerk, pickup, **{"party": ana.number, "amount-waste-paper": "12.5", "scale-waste-paper": "on"})
    weigh(town.clerk, walk_in, **paper, **{"card": tokens[0], "amount-plastic-box": "0.5"})
    weigh(town.clerk, walk_in, 409, **paper, card=tokens[0])
    weigh(town.clerk, walk_in, 422, **{"card": tokens[1], "amount-waste-paper": "3000"})
    (waiting,) = community.pending(TOWN)
    posted(town.clerk, f"{OFFICE}/weigh/pending/{waiting.number}/", {"right": "yes"})
    assert community.check_in(waiting.number).state == "pending"  # the first person cannot be the second
    confirm_all(town)
    assert ana.get("check-ins")["check_ins"][0]["state"] == "counted"
    clock.go(date(2026, 10, 10), 20)
    posted(town.operator, f"{OFFICE}/settlement/now/", {})


def a_week_later(town: Town, clock: Clock, ana: Resident, offer: str) -> None:
    """There is more, and a second voucher is used."""
    clock.go(date(2026, 10, 17))
    later = occasion(town, "collection", date(2026, 10, 17))
    weigh(town.clerk, later, **{"party": ana.number, "amount-waste-paper": "20", "scale-waste-paper": "on"})
    confirm_all(town)
    clock.go(date(2026, 10, 18))
    ana.sign_in()
    posted(town.operator, f"{OFFICE}/settlement/now/", {})
    second = ana.post("vouchers", {"offer": offer}, key="k-3")
    assert "可以受理" in redeem(town.manager, second["token"])


def test_from_the_scale_to_the_bank(town: Town, clock: Clock) -> None:
    merchant, offer = open_mall(town)
    pickup = occasion(town, "pickup", date(2026, 10, 10), bookable="on", capacity=5)
    ana, old = Resident("安娜", town.village), Resident("老何", town.village)
    assert ana.post("bookings", {"occasion": pickup})["state"] == "booked"
    assert ana.get("bookings")["bookings"][0]["occasion"] == pickup
    a_saturday(town, clock, pickup, ana, card_for(town, clock, old.number))

    account = ana.get("account")
    assert account["points"] == 187  # 12.5 kg of paper, 1.5 kg CO2e a kilogram, a point for each 100 g
    assert account["reduction_g"] == 18_750
    (line,) = ana.get("statement")["lines"]
    assert (line["scenario"], line["reduction_g"], line["points"]) == ("recyclables", 18_750, 187)
    assert ana.get(f"receipts/{line['number']}")["line"]["points"] == 187
    assert old.get("account")["points"] == 90 + 3  # 6 kg by scale; half a kilogram by hand counts half

    # Points become vouchers; one is read aloud, one scanned.
    clock.go(date(2026, 10, 12))
    first = ana.post("vouchers", {"offer": offer})
    assert ana.post("vouchers", {"offer": offer})["number"] == first["number"]
    assert ana.post("vouchers", {"offer": offer}, 409, key="k-2")["code"] == "not_enough_points"
    assert "可以受理" in redeem(town.manager, first["code"])
    assert "已于" in redeem(town.manager, first["token"])
    assert ana.get("vouchers")["vouchers"][0]["state"] == "redeemed"
    a_week_later(town, clock, ana, offer)
    points = balances(Book.POINTS)
    assert points["system", "redeemed"] == 200
    assert ("system", "held") not in points
    assert points["system", "programme"] == -(187 + 93 + 300)
    assert balances(Book.MONEY) == {("party", "payable"): 2000, ("system", "budget"): -2000}

    # The month is over, the uploads had their time: the county pays, with four hands.
    clock.go(date(2026, 11, 4))
    number = clear_october(town, merchant)
    own = town.manager.get(f"{OFFICE}/clearing/own/{number}/")
    assert own.status_code == 200
    assert "20.00" in own.content.decode()
    clock.go(date(2026, 11, 5))
    pay_october(town, merchant)
    assert balances(Book.MONEY) == {("system", "paid"): 2000, ("system", "budget"): -2000}
    assert rewards.statement(number).state == "paid"
    assert ledger.prove() == []


def test_a_point_can_be_followed_from_the_scale_to_the_shop(town: Town, clock: Clock) -> None:
    """Every link names the next: check-in, behavior, settlement line, transfer, voucher, redemption, statement line."""
    merchant, offer = open_mall(town)
    ana = Resident("安娜", town.village)
    clock.go(date(2026, 10, 10))
    point = occasion(town, "collection", date(2026, 10, 10))
    weigh(town.clerk, point, **{"party": ana.number, "amount-waste-paper": "12.5", "scale-waste-paper": "on"})
    posted(town.second, f"{OFFICE}/weigh/pending/{community.pending(TOWN)[0].number}/", {"right": "yes"})
    clock.go(date(2026, 10, 10), 20)
    posted(town.operator, f"{OFFICE}/settlement/now/", {})
    clock.go(date(2026, 10, 12))
    voucher = ana.post("vouchers", {"offer": offer})
    redeem(town.manager, voucher["code"])
    clock.go(date(2026, 11, 4))
    posted(town.operator, f"{OFFICE}/clearing/draft/", {"month": "2026-10", "merchant": ""})

    ana.sign_in()
    (check_in,) = ana.get("check-ins")["check_ins"]
    behavior = check_in["measured"][0]["behavior"]
    assert [line["number"] for line in ana.get("statement")["lines"]] == [behavior]
    receipt = ana.get(f"receipts/{behavior}")
    assert receipt["line"]["points"] == 187
    person = parties.party(ana.number).id
    moves = ledger.statement(person, book=Book.POINTS).lines
    assert [(each.kind, each.change) for each in moves] == [("exchange", -100), ("settlement", 187)]
    bought = ledger.transfer(moves[0].number)
    assert bought.key == f"voucher:{voucher['number']}:exchange"
    (statement,) = rewards.statements(month=date(2026, 10, 1))
    (line,) = rewards.statement_lines(statement.number)
    assert line.voucher == voucher["number"]
    assert ledger.transfer(line.transfer).key == f"voucher:{voucher['number']}:redeem:1"
    assert rewards.redemptions(merchant, date(2026, 10, 12))[0].number == line.redemption


def test_the_pool_says_no_before_it_is_overdrawn(town: Town, clock: Clock) -> None:
    _, offer = open_mall(town)
    posted(
        town.finance,
        f"{OFFICE}/funds/line/",
        {"year": 2026, "offer": offer, "amount": "10.00", "reserve": "", "source": "虚构：先试一份"},
    )
    people = [Resident(name, town.village) for name in ("甲", "乙")]
    clock.go(date(2026, 10, 10))
    point = occasion(town, "collection", date(2026, 10, 10))
    for each in people:
        weigh(town.clerk, point, **{"party": each.number, "amount-waste-paper": "20", "scale-waste-paper": "on"})
    confirm_all(town)
    posted(town.operator, f"{OFFICE}/settlement/now/", {})
    clock.at += timedelta(hours=1)
    first, second = people
    voucher = first.post("vouchers", {"offer": offer})
    assert second.post("vouchers", {"offer": offer}, 409)["code"] == "budget_short"
    assert second.post(f"offers/{offer}/queue", {})["ahead"] == 0
    first.post(f"vouchers/{voucher['number']}/cancel", {}, 200)
    assert second.get("queue")["places"][0]["state"] == "reserved"
    assert second.post("vouchers", {"offer": offer}, key="k-2")["state"] == "open"
    assert first.get("account")["points"] == 300
