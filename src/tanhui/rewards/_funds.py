"""Whether the programme can keep its promises: from the books, the vouchers and the year's line; signed every month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from tanhui.kernel.county import County, load_county
from tanhui.kernel.days import day_end, day_start, local_day, next_month
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import queries as ledger
from tanhui.ledger.types import Book, TrialLine
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards._signing import content_of, digest_of, sign
from tanhui.rewards.models import BudgetLine, FundsStatement, Voucher, Waiting
from tanhui.rewards.types import (
    FundsDetails,
    FundsRule,
    FundsStatementView,
    FundsView,
    SignedDocument,
    VoucherState,
    WaitingState,
    YearPoints,
)

DOCUMENT = "mall/budget.toml"
KIND = "funds-statement"
FULL_BP = 10_000

_NUMBERS = ("rate_bp", "fen_per_100_points", "history_from_points")


def funds_rule(county: County | None = None) -> FundsRule:
    """A county's rule about the mall's money; this one's where none is named. Raises NotFound without the document,
    BadInput where it is unusable.
    """
    table = (county or load_county(settings.TANHUI_COUNTY)).table(DOCUMENT)
    use, rule = table.get("use", {}), table.get("rule", {})
    for name in _NUMBERS:
        if type(use.get(name)) is not int or use[name] < 0:
            raise BadInput(f"[use] 的 {name} 须为不小于 0 的整数", where=DOCUMENT)
    if use["rate_bp"] > FULL_BP:
        raise BadInput(f"[use] 的 rate_bp 不能超过 {FULL_BP}", where=DOCUMENT, fix="万分之几：八成写 8000")
    if not str(rule.get("text", "")).strip():
        raise BadInput("[rule] 的 text 不能空：要写明钱不够时怎么办", where=DOCUMENT)
    return FundsRule(
        use_rate_bp=use["rate_bp"],
        fen_per_100_points=use["fen_per_100_points"],
        history_from_points=use["history_from_points"],
        rule=str(rule["text"]).strip(),
        precedent=str(rule.get("precedent", "")),
        status=str(table.get("status", "provisional")),
        source=str(table.get("source", "")),
    )


def funds(at: datetime) -> FundsView:
    """How the programme stands now; `at` says what now is. A scan of the parties' accounts of points."""
    return _view(local_day(at), None)


@dataclass(frozen=True)
class _Books:
    """What the trial balance says, by code."""

    outstanding: Mapping[int, int]
    held: int
    redeemed: int
    expired: int
    owed: int
    paid: int
    spent: int


def _trial(as_of: datetime | None) -> tuple[TrialLine, ...]:
    return tuple(line for book in (Book.POINTS, Book.MONEY) for line in ledger.trial_balance(book, as_of).lines)


def _books(lines: tuple[TrialLine, ...]) -> _Books:
    held = {(line.book, line.holder, line.code): line.balance for line in lines}
    head = "expires:"
    years = {
        int(code.removeprefix(head)): balance
        for (book, _, code), balance in held.items()
        if book is Book.POINTS and code.startswith(head) and balance
    }
    return _Books(
        outstanding=years,
        held=held.get((Book.POINTS, "system", "held"), 0),
        redeemed=held.get((Book.POINTS, "system", "redeemed"), 0),
        expired=held.get((Book.POINTS, "system", "expired"), 0),
        owed=sum(held.get((Book.MONEY, "party", code), 0) for code in ("payable", "due")),
        paid=held.get((Book.MONEY, "system", "paid"), 0),
        spent=-held.get((Book.MONEY, "system", "budget"), 0),
    )


def _view(on: date, as_of: datetime | None, lines: tuple[TrialLine, ...] | None = None) -> FundsView:
    rule = funds_rule()
    books = _books(lines if lines is not None else _trial(as_of))
    rate_bp, cost, basis = expectation(rule, books.redeemed, books.expired, books.spent)
    years = tuple(
        YearPoints(year, points, _up(points * rate_bp, FULL_BP) if year >= on.year else 0)
        for year, points in sorted(books.outstanding.items())
    )
    expected_fen = _up(sum(each.expected_points for each in years) * cost, 100)
    line = BudgetLine.objects.filter(year=on.year, offer=None).first()
    amount, reserve = (line.amount_fen, line.reserve_fen) if line else (0, 0)
    if as_of is None:
        committed, open_fen = (line.committed_fen if line else 0), _open_now()
    else:
        committed, open_fen = _committed_at(on.year, as_of), _open_at(as_of)
    left = amount - reserve - committed
    return FundsView(
        on=on,
        year=on.year,
        outstanding=years,
        held_points=books.held,
        redeemed_points=books.redeemed,
        expired_points=books.expired,
        open_fen=open_fen,
        owed_fen=books.owed,
        paid_fen=books.paid,
        use_rate_bp=rate_bp,
        fen_per_100_points=cost,
        basis=basis,
        expected_fen=expected_fen,
        amount_fen=amount,
        reserve_fen=reserve,
        committed_fen=committed,
        left_fen=left,
        short_fen=max(0, expected_fen - left),
        queue=_queue(as_of),
        rule=rule.rule,
        precedent=rule.precedent,
        status=rule.status,
        source=rule.source,
    )


def expectation(rule: FundsRule, redeemed: int, expired: int, spent_fen: int) -> tuple[int, int, str]:
    """The share of points that will be used (basis points), what a hundred cost in fen, and where both come from.

    From the document until enough points were redeemed; then the cost is what the programme owed or paid for them.
    The share is redeemed ÷ (redeemed + expired), once a year's points have expired: points that are still in hand
    count as neither, so it is rather too high than too low. Rounded up.
    """
    if redeemed == 0 or redeemed < rule.history_from_points:
        return rule.use_rate_bp, rule.fen_per_100_points, "使用比例和每百分成本都按县级文件的暂定值"
    cost = _up(max(0, spent_fen) * 100, redeemed)
    if expired <= 0:
        return rule.use_rate_bp, cost, "每百分成本按本县实际核销；还没有积分到期，使用比例按县级文件的暂定值"
    return _up(redeemed * FULL_BP, redeemed + expired), cost, "使用比例和每百分成本都按本县实际核销与到期"


def _up(amount: int, by: int) -> int:
    """The quotient, rounded up: expected costs are never made smaller."""
    return -(-amount // by)


def _open_now() -> int:
    return sum(Voucher.objects.filter(state=VoucherState.OPEN).values_list("face_value_fen", flat=True))


_OPEN_AT = """
SELECT coalesce(sum(v.face_value_fen), 0)::bigint FROM rewards_voucher v
WHERE v.exchanged_at <= %(at)s AND v.face_value_fen > 0
    AND NOT (v.state IN ('cancelled', 'expired') AND v.ended_at <= %(at)s)
    AND NOT EXISTS (
        SELECT FROM rewards_redemption r
        WHERE r.voucher_id = v.id AND r.outcome = 'redeemed' AND r.recorded_at <= %(at)s AND NOT EXISTS (
            SELECT FROM rewards_redemption u WHERE u.undo_of_id = r.id AND u.recorded_at <= %(at)s))
"""
_COMMITTED_AT = """
SELECT (
    SELECT coalesce(sum(v.face_value_fen), 0) FROM rewards_voucher v
    WHERE v.exchanged_at >= %(start)s AND v.exchanged_at <= %(at)s
        AND NOT (v.state IN ('cancelled', 'expired') AND v.ended_at <= %(at)s)
)::bigint + (
    SELECT coalesce(sum(o.face_value_fen), 0) FROM rewards_waiting w JOIN rewards_offer o ON o.id = w.offer_id
    WHERE w.reserved_at >= %(start)s AND w.reserved_at <= %(at)s AND (w.ended_at IS NULL OR w.ended_at > %(at)s)
)::bigint
"""


def _open_at(at: datetime) -> int:
    return _one(_OPEN_AT, {"at": at})


def _committed_at(year: int, at: datetime) -> int:
    """What the vouchers and reserved places of the year were worth then."""
    return _one(_COMMITTED_AT, {"at": at, "start": day_start(date(year, 1, 1))})


def _one(statement: str, arguments: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])


def _queue(as_of: datetime | None) -> int:
    rows = Waiting.objects.all()
    if as_of is None:
        rows = rows.filter(state__in=[WaitingState.WAITING, WaitingState.RESERVED])
    else:
        rows = rows.filter(entered_at__lte=as_of).exclude(ended_at__lte=as_of)
    return rows.values("party_id").distinct().count()


# ------------------------------------------------------------------------------------------------ signed every month


def sign_month(details: FundsDetails, at: datetime, by: Actor) -> str:
    """Within the caller's transaction; the number (`fnd_…`) of the month's statement, the first one where it is there.

    Raises BadInput (not the first day of a month), Conflict (the month is not over).
    """
    month = details.month
    if month.day != 1:
        raise BadInput("月份写成当月第一天", where=month.isoformat(), fix="如 2026-10-01")
    last = _last_day(month)
    if local_day(at) <= last:
        raise Conflict(f"{month:%Y-%m} 还没有结束", where=month.isoformat(), fix="月末之后再签发")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('rewards:funds', 0))")
    known = FundsStatement.objects.filter(month=month).first()
    if known is not None:
        return known.number
    if FundsStatement.objects.filter(month__gt=month).exists():
        raise Conflict("已经签发了更晚的月份，不能再补", where=month.isoformat(), fix="月报按月份先后签发")
    row = FundsStatement(number=new_number("fnd", at), month=month, signed_at=at, signed_by=by.name)
    made = sign(_content(row, last))
    row.content, row.signature, row.public_key = made.content, made.signature, made.public_key
    row.save(force_insert=True)
    detail = {"month": f"{month:%Y-%m}", "digest": made.digest}
    parties_services.record(actor=by, action="rewards.sign_funds", target=row.number, detail=detail, at=at)
    return row.number


def _last_day(month: date) -> date:
    return next_month(month) - timedelta(days=1)


def _content(row: FundsStatement, last: date) -> bytes:
    """What is signed. `previous` is the digest of the statement before, so that none can be exchanged or left out."""
    as_of = day_end(last) - timedelta(microseconds=1)
    lines = _trial(as_of)
    view = _view(last, as_of, lines)
    county = load_county(settings.TANHUI_COUNTY)
    before = FundsStatement.objects.filter(month__lt=row.month).order_by("-month").first()
    return content_of(
        KIND,
        {
            "number": row.number,
            "county": {"name": county.name, "division_code": county.division_code},
            "month": f"{row.month:%Y-%m}",
            "signed_at": row.signed_at,
            "units": {"money": "fen", "points": "point"},
            "previous": digest_of(bytes(before.content)) if before else "",
            "funds": asdict(view),
            "trial_balance": [[line.book.value, line.holder, line.code, line.debits, line.credits] for line in lines],
        },
    )


def funds_statements() -> list[FundsStatementView]:
    """The signed months, newest first."""
    return [_statement_view(row) for row in FundsStatement.objects.order_by("-month")]


def funds_document(month: date) -> SignedDocument:
    """The signed statement of a month (its first day). Raises NotFound."""
    row = FundsStatement.objects.filter(month=month).first()
    if row is None:
        raise NotFound("这个月没有签发过资金月报", where=f"{month:%Y-%m}", fix="从已签发的月份里选择")
    content = bytes(row.content)
    return SignedDocument(content, digest_of(content), row.signature, row.public_key)


def _statement_view(row: FundsStatement) -> FundsStatementView:
    digest = digest_of(bytes(row.content))
    return FundsStatementView(row.number, row.month, digest, row.signature, row.signed_at, row.signed_by)
