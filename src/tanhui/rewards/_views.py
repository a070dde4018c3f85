"""Rows of the room as the values that leave it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tanhui.kernel.errors import NotFound
from tanhui.rewards._codes import code_of, token_of
from tanhui.rewards.models import Merchant, Offer, OfferMerchant, Redemption, Shop, Voucher, VoucherPoints
from tanhui.rewards.rules import in_groups
from tanhui.rewards.types import (
    MerchantState,
    MerchantView,
    OfferKind,
    OfferState,
    OfferView,
    Outcome,
    RedemptionResult,
    ShopView,
    VoucherState,
    VoucherView,
)


def merchant_row(number: str) -> Merchant:
    """The merchant of a number. Raises NotFound."""
    row = Merchant.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这个商户", where=number[:40], fix="核对商户编号")
    return row


def merchant_view(row: Merchant) -> MerchantView:
    """A merchant as others see it."""
    return MerchantView(
        row.number, row.title, row.party_id, MerchantState(row.state), row.contract_from, row.contract_to
    )


def shop_view(row: Shop, merchant: str) -> ShopView:
    """A shop as others see it."""
    closed = row.closed_at is not None
    return ShopView(row.number, merchant, row.title, row.division_code, row.address, row.plate, closed)


def merchants_of(offers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Offer → numbers of the merchants that redeem it, in one query."""
    found: dict[int, list[str]] = {}
    rows = OfferMerchant.objects.filter(offer_id__in=list(offers)).order_by("merchant__number")
    for offer_id, number in rows.values_list("offer_id", "merchant__number"):
        found.setdefault(offer_id, []).append(number)
    return {offer_id: tuple(numbers) for offer_id, numbers in found.items()}


def offer_view(row: Offer, merchants: tuple[str, ...]) -> OfferView:
    """An offer as others see it; its stock is loaded."""
    return OfferView(
        number=row.number,
        kind=OfferKind(row.kind),
        title=row.title,
        terms=row.terms,
        price_points=row.price_points,
        face_value_fen=row.face_value_fen,
        state=OfferState(row.state),
        sale_from=row.sale_from,
        sale_to=row.sale_to,
        valid_days=row.valid_days,
        valid_until=row.valid_until,
        per_person_limit=row.per_person_limit,
        per_person_day_limit=row.per_person_day_limit,
        per_day_limit=row.per_day_limit,
        cancel_hours=row.cancel_hours,
        merchants=merchants,
        left=row.stock.quantity - row.stock.taken if row.stock else None,
    )


def points_of(vouchers: Iterable[int]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Voucher → (expiry year, points), in one query."""
    found: dict[int, list[tuple[int, int]]] = {}
    rows = VoucherPoints.objects.filter(voucher_id__in=list(vouchers)).order_by("expiry_year")
    for voucher_id, year, points in rows.values_list("voucher_id", "expiry_year", "points"):
        found.setdefault(voucher_id, []).append((year, points))
    return {voucher_id: tuple(parts) for voucher_id, parts in found.items()}


def voucher_view(
    row: Voucher, points: tuple[tuple[int, int], ...], *, replayed: bool = False, show: Sequence[str] | None = None
) -> VoucherView:
    """A voucher as its holder sees it. `show`: the offer's merchants, where an open one shows its code and token."""
    shown = show is not None and row.state == VoucherState.OPEN
    return VoucherView(
        number=row.number,
        offer=row.offer.number,
        kind=OfferKind(row.offer.kind),
        title=row.offer.title,
        state=VoucherState(row.state),
        price_points=row.price_points,
        face_value_fen=row.face_value_fen,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        exchanged_at=row.exchanged_at,
        ended_at=row.ended_at,
        points=points,
        replayed=replayed,
        code=in_groups(code_of(row.number)) if shown else "",
        token=token_of(row, show or ()) if shown else "",
    )


def holder_view(row: Voucher, *, replayed: bool = False) -> VoucherView:
    """A voucher with everything that its holder may see."""
    show = merchants_of([row.offer_id]).get(row.offer_id, ())
    return voucher_view(row, points_of([row.pk])[row.pk], replayed=replayed, show=show)


def result_of(row: Redemption, *, replayed: bool = False) -> RedemptionResult:
    """What came of an attempt. What a voucher is worth is told only where it was redeemed or undone."""
    told = row.voucher if row.outcome in (Outcome.REDEEMED, Outcome.UNDONE) else None
    return RedemptionResult(
        number=row.number,
        outcome=Outcome(row.outcome),
        message=row.message,
        title=told.offer.title if told else "",
        face_value_fen=told.face_value_fen if told else 0,
        claimed_at=row.claimed_at,
        recorded_at=row.recorded_at,
        replayed=replayed,
    )
