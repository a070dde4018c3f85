"""Public reads of the room."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from tanhui.kernel.days import day_end, day_start
from tanhui.kernel.errors import NotFound
from tanhui.parties import queries as parties
from tanhui.rewards._applications import application, applications
from tanhui.rewards._budget import lines as budget_lines
from tanhui.rewards._clearing_queries import (
    clearing_months,
    contracts,
    corrections,
    disputes,
    first_draft,
    owed_fen,
    pay_account,
    payment,
    payment_lines,
    payments,
    statement,
    statement_document,
    statement_lines,
    statements,
)
from tanhui.rewards._codes import public_key
from tanhui.rewards._devices import device, devices
from tanhui.rewards._exchange import available_points
from tanhui.rewards._funds import funds, funds_document, funds_rule, funds_statements
from tanhui.rewards._holds import views_of as holds_of
from tanhui.rewards._managing import staff
from tanhui.rewards._signing import statement_key
from tanhui.rewards._traces import exchange_traces, redemption_traces
from tanhui.rewards._views import (
    holder_view,
    merchant_row,
    merchant_view,
    merchants_of,
    offer_view,
    points_of,
    shop_view,
    voucher_view,
)
from tanhui.rewards._waiting import views_of as places_of
from tanhui.rewards.models import Merchant, MerchantStaff, Offer, Redemption, Shop, Voucher
from tanhui.rewards.types import (
    MembershipView,
    MerchantState,
    MerchantView,
    OfferKind,
    OfferState,
    OfferView,
    Outcome,
    RedemptionView,
    ShopView,
    StaffRole,
    TokenKey,
    VoucherState,
    VoucherView,
)

__all__ = [
    "application",
    "applications",
    "budget_lines",
    "clearing_months",
    "contracts",
    "corrections",
    "device",
    "devices",
    "disputes",
    "exchange_traces",
    "first_draft",
    "funds",
    "funds_document",
    "funds_rule",
    "funds_statements",
    "holds_of",
    "merchant",
    "merchant_of",
    "merchants",
    "offer",
    "offers",
    "owed_fen",
    "pay_account",
    "payment",
    "payment_lines",
    "payments",
    "places_of",
    "points_available",
    "redemption_traces",
    "redemptions",
    "shops",
    "staff",
    "statement",
    "statement_document",
    "statement_key",
    "statement_lines",
    "statements",
    "token_key",
    "voucher",
    "vouchers_of",
]


def offers(*, published_only: bool = True, kind: OfferKind | None = None, text: str = "") -> list[OfferView]:
    """Offers by kind and price; `text` is found in title or terms. Three queries."""
    rows = Offer.objects.select_related("stock").order_by("kind", "price_points", "id")
    if published_only:
        rows = rows.filter(state=OfferState.PUBLISHED)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if text.strip():
        rows = rows.filter(Q(title__icontains=text.strip()) | Q(terms__icontains=text.strip()))
    found = list(rows)
    redeemers = merchants_of([row.pk for row in found])
    return [offer_view(row, redeemers.get(row.pk, ())) for row in found]


def offer(number: str) -> OfferView:
    """One offer, in whatever state. Raises NotFound."""
    row = Offer.objects.select_related("stock").filter(number=number).first()
    if row is None:
        raise NotFound("没有这项权益", where=number[:40], fix="从商城中选择")
    return offer_view(row, merchants_of([row.pk]).get(row.pk, ()))


def vouchers_of(party_id: int, state: VoucherState | None = None) -> list[VoucherView]:
    """A person's vouchers, newest first, without codes. Two queries."""
    rows = Voucher.objects.select_related("offer").filter(party_id=party_id).order_by("-exchanged_at", "-id")
    if state is not None:
        rows = rows.filter(state=state)
    found = list(rows)
    points = points_of([row.pk for row in found])
    return [voucher_view(row, points[row.pk]) for row in found]


def voucher(number: str, party_id: int) -> VoucherView:
    """A voucher for its holder, with code and token while it is open. Raises NotFound, also for somebody else's."""
    row = Voucher.objects.select_related("offer").filter(number=number, party_id=party_id).first()
    if row is None:
        raise NotFound("没有这张券", where=number[:40], fix="核对编号")
    return holder_view(row)


def token_key() -> TokenKey:
    """The public key by which a phone without network checks a token."""
    return TokenKey("Ed25519", public_key().hex())


def merchants(state: MerchantState | None = None) -> list[MerchantView]:
    """The members of the alliance, by title."""
    rows = Merchant.objects.order_by("title", "id")
    if state is not None:
        rows = rows.filter(state=state)
    return [merchant_view(row) for row in rows]


def merchant(number: str) -> MerchantView:
    """One merchant. Raises NotFound."""
    return merchant_view(merchant_row(number))


def shops(merchant: str) -> list[ShopView]:
    """The shops of a merchant, also closed ones. Raises NotFound."""
    row = merchant_row(merchant)
    return [shop_view(shop, row.number) for shop in Shop.objects.filter(merchant=row).order_by("title", "id")]


def merchant_of(user_id: int) -> list[MembershipView]:
    """For whom a user works now, by title."""
    rows = MerchantStaff.objects.filter(user_id=user_id, ended_at__isnull=True).select_related("merchant")
    return [
        MembershipView(row.merchant.number, row.merchant.title, MerchantState(row.merchant.state), StaffRole(row.role))
        for row in rows.order_by("merchant__title", "id")
    ]


def redemptions(merchant: str, day: date) -> list[RedemptionView]:
    """All attempts at a merchant's recorded on a day of the county, oldest first. Raises NotFound."""
    rows = (
        Redemption.objects.filter(
            merchant=merchant_row(merchant), recorded_at__gte=day_start(day), recorded_at__lt=day_end(day)
        )
        .select_related("shop", "voucher__offer", "undo_of", "undone_by")
        .order_by("recorded_at", "id")
    )
    found = list(rows)
    names = parties.staff_names(row.staff_id for row in found)
    return [_redemption_view(row, names.get(row.staff_id, "")) for row in found]


def _redemption_view(row: Redemption, staff: str) -> RedemptionView:
    told = row.voucher if row.outcome in (Outcome.REDEEMED, Outcome.UNDONE) else None
    return RedemptionView(
        number=row.number,
        outcome=Outcome(row.outcome),
        message=row.message,
        shop=row.shop.title if row.shop else "",
        staff=staff,
        voucher=told.number if told else "",
        title=told.offer.title if told else "",
        face_value_fen=told.face_value_fen if told else 0,
        offline=row.offline,
        claimed_at=row.claimed_at,
        recorded_at=row.recorded_at,
        undoes=row.undo_of.number if row.undo_of else "",
        undone=hasattr(row, "undone_by"),
    )


def points_available(party_id: int, on: date) -> dict[int, int]:
    """Expiry year → points that are good on that day, soonest first."""
    return available_points(party_id, on)
