"""The year's money: how much the programme may promise, in all and of one offer."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.rewards import _waiting
from tanhui.rewards.models import BudgetLine, Offer
from tanhui.rewards.types import BudgetDetails, BudgetView

MAX_FEN = 10**15

# What was promised in a year and not given back; for a line that is written when vouchers of its year exist.
_PROMISED = """
SELECT coalesce((SELECT sum(v.face_value_fen) FROM rewards_voucher v
    WHERE v.state IN ('open', 'redeemed') AND extract(year FROM v.exchanged_at AT TIME ZONE %(zone)s) = %(year)s
      AND (%(offer)s::bigint IS NULL OR v.offer_id = %(offer)s)), 0)
  + coalesce((SELECT sum(o.face_value_fen) FROM rewards_waiting w JOIN rewards_offer o ON o.id = w.offer_id
    WHERE w.state = 'reserved' AND extract(year FROM w.reserved_at AT TIME ZONE %(zone)s) = %(year)s
      AND (%(offer)s::bigint IS NULL OR w.offer_id = %(offer)s)), 0)
"""


def set_line(details: BudgetDetails, at: datetime) -> str:
    """Write a line or its new amounts, and serve who waited for the money. Within the caller's transaction.

    Returns the year, or year and offer. Raises BadInput, NotFound, Conflict (less than what is promised).
    """
    _check(details)
    offer = _offer(details.offer)
    name = f"{details.year}/{offer.number}" if offer else str(details.year)
    if not BudgetLine.objects.filter(year=details.year, offer=offer).exists():
        _wait_for_exchanges()
    stocks = _waiting.lock(at, offers=[offer.pk] if offer else [], year=details.year)
    row = BudgetLine.objects.filter(year=details.year, offer=offer).first()
    if row is None:
        row = BudgetLine(year=details.year, offer=offer, committed_fen=_promised(details.year, offer))
    if details.amount_fen - details.reserve_fen < row.committed_fen:
        message = f"已承诺 {row.committed_fen} 分，金额减去预留不能少于它"
        raise Conflict(message, where=name, fix="要停止兑换，把金额改为已承诺与预留之和")
    row.amount_fen, row.reserve_fen, row.source = details.amount_fen, details.reserve_fen, details.source.strip()
    if row.pk is None:
        row.save(force_insert=True)
    else:
        row.save(update_fields=["amount_fen", "reserve_fen", "source"])  # what is committed is left to the exchanges
    _waiting.serve(stocks, at)
    return name


def lines(year: int | None = None) -> list[BudgetView]:
    """The lines, a year's own before those of its offers."""
    rows = BudgetLine.objects.select_related("offer").order_by("year", "offer__title", "id")
    if year is not None:
        rows = rows.filter(year=year)
    found = sorted(rows, key=lambda row: (row.year, row.offer_id is not None))
    return [
        BudgetView(
            row.year,
            row.offer.number if row.offer else "",
            row.offer.title if row.offer else "全年",
            row.amount_fen,
            row.reserve_fen,
            row.committed_fen,
            row.source,
        )
        for row in found
    ]


def _check(details: BudgetDetails) -> None:
    if not 2000 <= details.year <= 2099:
        raise BadInput("年度须为 2000 至 2099", where="year")
    for where in ("amount_fen", "reserve_fen"):
        fen = getattr(details, where)
        if type(fen) is not int or not 0 <= fen <= MAX_FEN:
            raise BadInput(f"金额须为 0 至 {MAX_FEN} 的整数（分）", where=where)
    if details.reserve_fen > details.amount_fen:
        raise BadInput("预留不能多于金额", where="reserve_fen")
    if details.offer and details.reserve_fen:
        raise BadInput("预留只在全年的资金里设", where="reserve_fen", fix="单项权益的预留填 0")
    if not 0 < len(details.source.strip()) <= 200:
        raise BadInput("须写明资金的依据，至多 200 字", where="source", fix="写文件名称、文号或会议")


def _offer(number: str) -> Offer | None:
    if not number:
        return None
    offer = Offer.objects.filter(number=number).first()
    if offer is None:
        raise NotFound("没有这项权益", where=number[:40], fix="从商城中选择")
    if offer.face_value_fen == 0:
        raise BadInput("荣誉和公益捐赠不用资金", where="offer", fix="选择有面值的权益")
    return offer


def _wait_for_exchanges() -> None:
    """A new line counts what was promised before it: no voucher changes until it is there. It is rarely made."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE rewards_voucher, rewards_waiting IN SHARE ROW EXCLUSIVE MODE")


def _promised(year: int, offer: Offer | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_PROMISED, {"year": year, "zone": COUNTY_ZONE.key, "offer": offer.pk if offer else None})
        return int(cursor.fetchone()[0])
