"""Holds, limits of speed, who acts for whom, merchants that are gone, codes that are guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    assert_sound,
    buy,
    everything,
    helper_of,
    line_up,
    neighbour,
    offered,
    points_of,
    resident,
    staff_user,
    stock,
    store,
    use,
)

from tanhui.kernel.county import load_county
from tanhui.kernel.errors import BadInput, Forbidden
from tanhui.parties.models import AuditEntry
from tanhui.parties.types import Actor, Role
from tanhui.rewards import _limits, queries, services
from tanhui.rewards.models import Redemption, Stock, Voucher
from tanhui.rewards.types import (
    HoldDetails,
    HoldLift,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    NotCancellable,
    OnHold,
    TooFast,
)

pytestmark = pytest.mark.django_db

CASE = "cas_invented"


def test_who_is_on_hold_reads_why_and_keeps_what_was_bought() -> None:
    place, person = store(), resident(300)
    offer = offered(LUNCH, place)
    voucher = buy(person, offer)
    number = services.admit(details=HoldDetails(person, "虚构原因", CASE, AT + 10 * DAY), at=AT)
    assert services.admit(details=HoldDetails(person, "虚构原因", CASE), at=AT) == number
    before = everything()
    with pytest.raises(OnHold, match="虚构原因") as caught:
        buy(person, offer)
    assert (CASE in caught.value.message, "申诉" in caught.value.fix) == (True, True)
    with pytest.raises(OnHold):
        line_up(person, offer)
    assert everything() == before
    assert use(place, voucher.code).outcome.value == "redeemed"
    buy(person, offer, at=AT + 10 * DAY)
    (hold,) = queries.holds_of(person)
    assert (hold.number, hold.until, hold.lifted_at) == (number, AT + 10 * DAY, None)
    assert_sound()


def test_a_hold_is_lifted_once() -> None:
    person, offer = resident(100), offered(LUNCH, store())
    number = services.admit(details=HoldDetails(person, "虚构原因", CASE), at=AT)
    for day in (1, 2):
        services.admit(details=HoldLift(number, "查无此事"), at=AT + day * DAY)
    assert [view.lifted_at for view in queries.holds_of(person)] == [AT + DAY]
    assert buy(person, offer, at=AT + DAY).number
    actions = AuditEntry.objects.filter(target=number).values_list("action", flat=True)
    assert set(actions) == {"rewards.hold", "rewards.hold_lifted"}


def test_a_hold_needs_reasons_and_the_right_to_decide() -> None:
    person = resident()
    for details in (
        HoldDetails(person, "", CASE),
        HoldDetails(person, "虚构", ""),
        HoldDetails(person, "虚构", CASE, AT),
    ):
        with pytest.raises(BadInput):
            services.admit(details=details, at=AT)
    with pytest.raises(Forbidden):
        services.admit(details=HoldDetails(person, "虚构", CASE), at=AT, by=staff_user("", Role.CLERK))
    assert queries.holds_of(person) == []


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(_limits, "limits", lambda: _limits.Limits(**limits))


def test_one_person_is_not_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, person_a_day=2)
    place, person = store(), resident(1000)
    first = buy(person, offered(LUNCH, place))
    services.cancel(number=first.number, party_id=person, at=AT)
    buy(person, offered(LUNCH, place))
    before = everything()
    with pytest.raises(TooFast, match="今天已经兑换 2 次"):
        buy(person, offered(LUNCH, place))
    assert everything()[0] == before[0]
    assert Voucher.objects.count() == 2
    buy(person, offered(LUNCH, place), at=AT + DAY)


def test_one_phone_serves_few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, persons_a_device=2)
    offer, people = offered(LUNCH, store()), [resident(500) for _ in range(3)]

    def act(person: int, day: int = 0, device: str = "phone-1") -> object:
        key = f"{person}-{day}-{device}-{Voucher.objects.count()}"
        return services.exchange(party_id=person, offer=offer, key=key, at=AT + day * DAY, device=device)

    for person in (people[0], people[1], people[0]):
        act(person)
    with pytest.raises(TooFast, match="同一部手机"):
        act(people[2])
    act(people[2], device="")
    act(people[2], device="phone-2")
    act(people[2], day=1)
    keys = {bytes(key) for key in Voucher.objects.exclude(device_key=None).values_list("device_key", flat=True)}
    assert (len(keys), {len(key) for key in keys}, any(b"phone" in key for key in keys)) == (2, {16}, False)


def test_the_countys_document_says_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    table = load_county("pingjiang").table("mall/limits.toml")
    assert _limits.limits() == _limits.Limits(table["person_a_day"], table["persons_a_device"])


def test_a_clerk_acts_and_is_named() -> None:
    person, offer = neighbour(300), offered(LUNCH, store(), stock=stock(1))
    clerk = helper_of(person)
    voucher = services.exchange(party_id=person, offer=offer, key="desk-1", at=AT, by=clerk, device="desk")
    row = Voucher.objects.get(number=voucher.number)
    assert (row.handled_by, row.device_key) == (clerk.name, None)
    entry = AuditEntry.objects.get(action="rewards.exchange_for")
    assert (entry.actor, entry.target) == (clerk.name, voucher.number)
    place = services.exchange(party_id=person, offer=offer, key="desk-2", at=AT, by=clerk, wait=True)
    services.cancel(number=place.number, party_id=person, at=AT + HOUR, by=clerk)
    services.cancel(number=voucher.number, party_id=person, at=AT + HOUR, by=clerk)
    assert AuditEntry.objects.filter(actor=clerk.name, action="rewards.cancel_for").count() == 2
    assert_sound()


def test_a_clerk_without_consent_is_refused_and_it_is_written_down() -> None:
    person, offer, clerk = neighbour(300), offered(LUNCH, store()), staff_user("", Role.CLERK)
    voucher = buy(person, offer)
    before = everything()
    for act in (
        lambda: services.exchange(party_id=person, offer=offer, key="desk-1", at=AT, by=clerk),
        lambda: services.exchange(party_id=person, offer=offer, key="desk-1", at=AT, by=clerk, wait=True),
        lambda: services.cancel(number=voucher.number, party_id=person, at=AT, by=clerk),
    ):
        with pytest.raises(Forbidden, match="不能代"):
            act()
    assert everything() == before
    assert AuditEntry.objects.filter(action="rewards.hand_refused", actor=clerk.name).count() == 3


def test_the_person_himself_is_no_helper() -> None:
    person, offer = neighbour(300), offered(LUNCH, store())
    voucher = services.exchange(party_id=person, offer=offer, key="own", at=AT, by=Actor("pty_own", party_id=person))
    assert Voucher.objects.get(number=voucher.number).handled_by == ""


def test_what_nobody_redeems_may_be_given_back_whatever_the_hours() -> None:
    here, there, person = store(), store(), resident(300)
    offer = offered(LUNCH, here, there, cancel_hours=0)
    vouchers = [buy(person, offer) for _ in range(2)]
    services.admit(details=MerchantStatus(here.merchant, MerchantState.SUSPENDED, "虚构"), at=AT)
    with pytest.raises(NotCancellable):
        services.cancel(number=vouchers[0].number, party_id=person, at=AT)
    services.admit(details=MerchantStatus(there.merchant, MerchantState.SUSPENDED, "虚构"), at=AT)
    services.cancel(number=vouchers[0].number, party_id=person, at=AT)
    services.admit(details=MerchantStatus(there.merchant, MerchantState.ACTIVE), at=AT)
    with pytest.raises(NotCancellable):
        services.cancel(number=vouchers[1].number, party_id=person, at=AT)
    assert_sound()


def test_vouchers_of_merchants_that_are_gone_return() -> None:
    here, there = store(), store()
    paused, left, shared = (
        offered(LUNCH, here, stock=stock(1), per_day_limit=1),
        offered(LUNCH, there, stock=stock(1)),
        offered(LUNCH, here, there, store()),
    )
    people = [resident(100) for _ in range(3)]
    for person, offer in zip(people, (paused, left, shared), strict=True):
        buy(person, offer)
    waits = resident(100)
    line_up(waits, left)
    services.admit(details=MerchantStatus(here.merchant, MerchantState.SUSPENDED, "虚构"), at=AT)
    services.admit(details=MerchantStatus(there.merchant, MerchantState.LEFT), at=AT)
    assert services.expire(at=AT + 14 * DAY - MINUTE) == 1
    assert [points_of(person) for person in people] == [{}, {2028: 100}, {}]
    assert queries.places_of(waits)[0].state.value == "reserved"
    assert services.expire(at=AT + 14 * DAY) == 1
    assert [points_of(person) for person in people] == [{2028: 100}, {2028: 100}, {}]
    assert set(Voucher.objects.values_list("state", flat=True)) == {"cancelled", "open"}
    assert Stock.objects.filter(offers__number=paused).get().taken == 0
    assert_sound()


def test_codes_are_not_found_by_trying() -> None:
    place, person = store(), resident(100)
    voucher = buy(person, offered(LUNCH, place))
    for turn in range(30):
        use(place, ("0000 0000 0000 0001", "1234", "TH1.a.b")[turn % 3], AT + turn * timedelta(seconds=1))
    count = Redemption.objects.count()
    with pytest.raises(TooFast, match="暂停核销"):
        use(place, voucher.code, AT + MINUTE)
    assert Redemption.objects.count() == count
    assert use(place, voucher.code, AT + MINUTE, by=_colleague(place.merchant)).outcome.value == "redeemed"
    assert use(place, voucher.code, AT + 11 * MINUTE).outcome.value == "already_redeemed"
    assert_sound()


def _colleague(merchant: str) -> Actor:
    person = staff_user()
    assert person.user_id is not None
    services.admit(details=MerchantStaffDetails(merchant, person.user_id), at=AT)
    return person
