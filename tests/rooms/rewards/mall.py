"""What the tests of the room share: an invented county with merchants, people with points, and the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.parties import services as parties_services
from tanhui.parties.models import Division, Party, User
from tanhui.parties.types import Actor, LoginId, Purpose, RelationKind, ResidentDetails, Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import BudgetLine, Hold, Offer, OfferDay, Redemption, Stock, Voucher, Waiting
from tanhui.rewards.types import (
    BudgetDetails,
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferDetails,
    OfferKind,
    OfferState,
    OfferStatus,
    RedemptionDetails,
    RedemptionResult,
    ShopDetails,
    StockDetails,
    VoucherView,
    WaitingView,
)

AT = datetime(2026, 6, 10, 4, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
VILLAGE = "430626000001"
_SERIAL = count(1)


def party(kind: str = "resident") -> int:
    """A new party without details; its id."""
    number = f"pty_test{next(_SERIAL):020d}"
    return Party.objects.create(number=number, kind=kind, created_at=AT - 100 * DAY).pk


def give(party_id: int, points: int, year: int = 2028, at: datetime = AT) -> None:
    """Points out of the programme."""
    moved = Movement(AccountRef(Book.POINTS, None, "programme"), account(party_id, year), points)
    ledger.post(postings=[Posting(f"give:{next(_SERIAL)}", "settlement", at, (moved,))], at=at)


def account(party_id: int, year: int = 2028) -> AccountRef:
    """A person's points of a year."""
    return AccountRef(Book.POINTS, party_id, f"expires:{year}")


def resident(points: int = 0, year: int = 2028) -> int:
    """A new person with points."""
    person = party()
    if points:
        give(person, points, year)
    return person


def neighbour(points: int = 0) -> int:
    """A person with an account, for whom others may act, with points."""
    name = f"person{next(_SERIAL)}"
    details = ResidentDetails(login=LoginId("development", name), nickname=name, consents={Purpose.ACCOUNT: "v1"})
    person = parties_services.register(details=[details], at=AT - 50 * DAY)[0].id
    if points:
        give(person, points)
    return person


def helper_of(person: int) -> Actor:
    """A clerk whom the person let act."""
    clerk = staff_user("", Role.CLERK)
    parties_services.relate(
        kind=RelationKind.CLERK, subject_id=person, clerk_id=clerk.user_id, basis="虚构授权书", at=AT - 20 * DAY
    )
    return clerk


def staff_user(name: str = "", *roles: Role) -> Actor:
    """A new account with these roles in the county."""
    name = name or f"clerk{next(_SERIAL)}"
    user = User.objects.create(username=name, display_name=f"虚构{name}", created_at=AT, password="!")
    for role in roles:
        parties_services.grant(user_id=user.pk, role=role, at=AT - 30 * DAY, by=Actor.system("tests"))
    return Actor.staff(user)


@dataclass(frozen=True)
class Store:
    """A merchant with a shop and a cashier."""

    party_id: int
    merchant: str
    shop: str
    cashier: Actor


def money(fen: int = 10**12, year: int = 2026, *, offer: str = "", reserve: int = 0, at: datetime = AT) -> None:
    """What the programme may promise in a year, or of an offer in it."""
    services.offer(details=BudgetDetails(year, fen, reserve, offer, "虚构的测试预算"), at=at)


def store(title: str = "虚构餐馆", state: MerchantState = MerchantState.ACTIVE) -> Store:
    """A merchant in the alliance for all of 2026."""
    county = Division.objects.get_or_create(
        statistical_code="430626000000", defaults={"code": "430626", "name": "虚构县", "level": "county"}
    )[0]
    Division.objects.get_or_create(
        statistical_code=VILLAGE, defaults={"name": "虚构村", "level": "village", "parent": county}
    )
    for year in {2026, 2027} - set(BudgetLine.objects.filter(offer=None).values_list("year", flat=True)):
        money(year=year)
    owner = party("organization")
    title = f"{title}{next(_SERIAL)}"
    details = MerchantDetails(owner, title, date(2026, 1, 1), date(2027, 1, 1))
    merchant = services.admit(details=details, at=AT - 30 * DAY)
    shop = services.admit(details=ShopDetails(merchant, f"{title}一店", VILLAGE), at=AT - 30 * DAY)
    if state is not MerchantState.APPLIED:
        services.admit(details=MerchantStatus(merchant, MerchantState.ACTIVE), at=AT - 30 * DAY)
    if state is MerchantState.SUSPENDED:
        services.admit(details=MerchantStatus(merchant, state, "测试"), at=AT - 20 * DAY)
    cashier = staff_user()
    assert cashier.user_id is not None
    services.admit(details=MerchantStaffDetails(merchant, cashier.user_id), at=AT - 30 * DAY)
    return Store(owner, merchant, shop, cashier)


LUNCH = OfferDetails(
    kind=OfferKind.RESTAURANT,
    title="午餐券（示例）",
    terms="虚构商户堂食可用，每桌限用一张。",
    price_points=100,
    face_value_fen=1000,
    sale_from=AT - 10 * DAY,
    sale_to=AT + 100 * DAY,
    valid_days=30,
)
THANKS = replace(LUNCH, kind=OfferKind.HONOR, title="致谢证书（示例）", face_value_fen=0)


def offered(details: OfferDetails = LUNCH, *stores: Store, **changes: Any) -> str:
    """A published offer that these stores redeem; its number."""
    details = replace(details, merchants=tuple(each.merchant for each in stores), **changes)
    number = services.offer(details=details, at=AT - 9 * DAY)
    services.offer(details=OfferStatus(number, OfferState.PUBLISHED), at=AT - 9 * DAY)
    return number


def stock(quantity: int) -> str:
    """A new stock."""
    return services.offer(details=StockDetails("虚构库存", quantity), at=AT - 10 * DAY)


def buy(person: int, offer: str, key: str = "", at: datetime = AT) -> VoucherView:
    """An exchange under a key of its own, or that one."""
    return services.exchange(party_id=person, offer=offer, key=key or f"k{next(_SERIAL)}", at=at)


def line_up(person: int, offer: str, at: datetime = AT) -> WaitingView:
    """A place in the queue."""
    return services.exchange(party_id=person, offer=offer, key="queue", at=at, wait=True)


def use(
    where: Store, code: str, at: datetime = AT, *, nonce: str = "", by: Actor | None = None, **details: Any
) -> RedemptionResult:
    """An attempt at a store's, by its cashier."""
    details = {"merchant": where.merchant, "shop": where.shop, "claimed_at": at} | details
    attempt = RedemptionDetails(code=code, nonce=nonce or f"nonce-{next(_SERIAL):06d}", **details)
    return services.redeem(details=attempt, at=at, by=by or where.cashier)


def undo(where: Store, number: str, at: datetime = AT, reason: str = "扫错了") -> RedemptionResult:
    """Taken back by the store's cashier."""
    return services.undo(number=number, reason=reason, at=at, by=where.cashier)


def points_of(person: int) -> dict[int, int]:
    """Expiry year → points, as the books have them."""
    return {
        int(each.account.code.removeprefix("expires:")): each.balance
        for each in ledger_queries.balances_of(person)
        if each.account.code.startswith("expires:") and each.balance
    }


def system(book: Book, code: str) -> int:
    """What a system account holds."""
    return ledger_queries.totals(book).get(code, 0)


def payable(where: Store) -> int:
    """What the programme owes a merchant, in fen."""
    return ledger_queries.balance(AccountRef(Book.MONEY, where.party_id, "payable"))


def everything() -> tuple[Any, ...]:
    """All that a refused act must leave as it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(lines), 0) FROM ledger_transfer")
        books = cursor.fetchone()
    tables = (Offer, Stock, OfferDay, Voucher, BudgetLine, Waiting, Hold, Redemption)
    return (books, *[tuple(table.objects.order_by("pk").values_list()) for table in tables])


def assert_sound() -> None:
    """The books balance and are proved, and they agree with the vouchers, the stocks and the days."""
    assert ledger_queries.trial_balance().out_of_balance() == {}
    assert ledger_queries.prove() == []
    vouchers = list(Voucher.objects.select_related("offer"))

    def total(state: str, what: str, only: Callable[[Voucher], bool] = lambda each: True) -> int:
        return sum(getattr(each, what) for each in vouchers if each.state == state and only(each))

    assert system(Book.POINTS, "held") == total("open", "price_points")
    assert system(Book.POINTS, "redeemed") == total("redeemed", "price_points")
    owed = ledger_queries.totals(Book.MONEY, "payable", holder="party").get("payable", 0)
    assert owed == total("redeemed", "face_value_fen") == -system(Book.MONEY, "budget")
    kept = [each for each in vouchers if each.state != "cancelled"]
    reserved = list(Waiting.objects.filter(state="reserved").select_related("offer"))
    for each in Stock.objects.all():
        assert each.taken == sum(one.offer.stock_id == each.pk for one in (*kept, *reserved))
    assert_promised(vouchers, reserved)
    for day in OfferDay.objects.all():
        mine = [v for v in kept if v.offer_id == day.offer_id]
        assert day.taken == sum((v.exchanged_at + timedelta(hours=8)).date() == day.day for v in mine)
    for voucher in vouchers:
        merchants = [r for r in voucher.redemptions.all() if r.outcome == "redeemed" and not hasattr(r, "undone_by")]
        at_once = voucher.offer.kind in ("honor", "donation")
        assert len(merchants) == (1 if voucher.state == "redeemed" and not at_once else 0)
        assert sum(part for _, part in voucher.points.values_list("expiry_year", "points")) == voucher.price_points


def assert_promised(vouchers: list[Voucher], reserved: list[Waiting]) -> None:
    """A line has promised what is open, redeemed or reserved of its year; and nobody waits for what is free."""
    lines = list(BudgetLine.objects.all())
    promised = [(v.exchanged_at, v.offer, v.face_value_fen) for v in vouchers if v.state in ("open", "redeemed")]
    promised += [
        (place.reserved_at, place.offer, place.offer.face_value_fen) for place in reserved if place.reserved_at
    ]
    for line in lines:
        mine = [(at, fen) for at, offer, fen in promised if line.offer_id in (None, offer.pk)]
        assert line.committed_fen == sum(fen for at, fen in mine if (at + timedelta(hours=8)).year == line.year)
    for offer in Offer.objects.filter(queue__state="waiting", state="published").select_related("stock").distinct():
        short = offer.stock is not None and offer.stock.taken >= offer.stock.quantity
        limits = [line for line in lines if line.year == AT.year and line.offer_id in (None, offer.pk)]
        left = [line.amount_fen - line.reserve_fen - line.committed_fen for line in limits]
        assert short or not left or min(left) < offer.face_value_fen


def code_of(voucher: VoucherView, person: int) -> str:
    """The code that its holder sees."""
    return queries.voucher(voucher.number, person).code
