"""Statements: drafted from the entries of the books set by set, checked, approved and signed, or void.

Locks, in this order: the month's drafting, payments, statements by id, accounts of the ledger, the audit trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection

from tanhui.kernel.days import day_start, next_month
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import AccountRef, Book, Insufficient
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import _books, _signing
from tanhui.rewards._contracts import rates
from tanhui.rewards._managing import require_stranger
from tanhui.rewards.models import (
    ClearingDispute,
    ClearingLine,
    ClearingPaymentLine,
    ClearingStatement,
    Merchant,
)
from tanhui.rewards.rules import rate_off
from tanhui.rewards.types import (
    CLEARING_WAIT,
    FULL_RATE_BP,
    ApproveStatement,
    CheckStatement,
    DisputeState,
    DraftMonth,
    NothingToClear,
    SamePerson,
    SignedDocument,
    StatementChanged,
    StatementState,
    TooEarly,
    VoidStatement,
)

KIND = "tanhui clearing statement 1"

_DRAFT_DDL = """
CREATE TEMP TABLE IF NOT EXISTS rewards_draft (
    merchant_id bigint NOT NULL, transfer_id bigint NOT NULL, entry integer NOT NULL, kind text NOT NULL,
    amount_fen bigint NOT NULL, happened_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
    late boolean NOT NULL, redemption_id bigint, memo text NOT NULL
) ON COMMIT DELETE ROWS
"""

# Entries that stand in no statement and happened before the month's end; what takes such an entry back, and every
# correction, goes with it although it came later. Moves of clearing itself are no claims. A party that came back to
# the alliance has two merchants and one account: a redemption says which of them is meant.
_DRAFT = """
INSERT INTO rewards_draft
WITH merchants AS (
    SELECT DISTINCT ON (party_id) party_id, id FROM rewards_merchant ORDER BY party_id, id DESC
), fresh AS (
    SELECT e.*, CASE WHEN e.kind IN ('redeem', 'redeem_undo') THEN split_part(e.key, ':', 2) END AS voucher,
        CASE WHEN e.kind IN ('redeem', 'redeem_undo') THEN split_part(e.key, ':', 4)::integer END AS turn,
        CASE WHEN e.kind = 'redeem_undo' THEN replace(e.key, ':undo:', ':redeem:') END AS undoes
    FROM ledger_extract e
    WHERE e.kind NOT IN ('clearing', 'clearing_void') AND NOT EXISTS (
        SELECT FROM rewards_clearing_line l
        WHERE l.transfer_id = e.transfer_id AND l.entry = e.line AND l.standing AND l.transfer_id IS NOT NULL)
)
SELECT coalesce(r.merchant_id, m.id), e.transfer_id, e.line,
    CASE e.kind WHEN 'redeem' THEN 'redeem' WHEN 'redeem_undo' THEN 'undo' ELSE 'correction' END,
    e.change, e.happened_at, e.recorded_at, e.happened_at < %(begin)s, r.id,
    left(CASE WHEN e.kind = 'reversal' THEN '冲正：' || e.reason ELSE e.memo END, 200)
FROM fresh e
JOIN merchants m ON m.party_id = e.party_id
LEFT JOIN rewards_voucher v ON v.number = e.voucher
LEFT JOIN rewards_redemption r ON r.voucher_id = v.id AND r.turn = e.turn
    AND r.outcome = CASE e.kind WHEN 'redeem' THEN 'redeemed' ELSE 'undone' END
LEFT JOIN ledger_extract u ON u.key = e.undoes AND u.party_id = e.party_id
LEFT JOIN ledger_extract b ON b.transfer_id = e.reverses AND b.party_id = e.party_id
WHERE (e.kind = 'correction' OR coalesce(u.happened_at, b.happened_at, e.happened_at) < %(end)s)
    AND coalesce(b.kind, '') NOT IN ('clearing', 'clearing_void')
"""

_SUMS = """
SELECT merchant_id, count(*), coalesce(sum(amount_fen) FILTER (WHERE kind <> 'correction'), 0)::bigint,
    coalesce(sum(amount_fen) FILTER (WHERE kind = 'correction'), 0)::bigint
FROM rewards_draft GROUP BY merchant_id ORDER BY merchant_id
"""

_LINES = """
INSERT INTO rewards_clearing_line (statement_id, line, kind, amount_fen, happened_at, recorded_at, late, transfer_id,
    entry, redemption_id, memo, standing)
SELECT s.id, row_number() OVER (PARTITION BY s.id ORDER BY d.happened_at, d.transfer_id, d.entry), d.kind, d.amount_fen,
    d.happened_at, d.recorded_at, d.late, d.transfer_id, d.entry, d.redemption_id, d.memo, true
FROM rewards_draft d JOIN rewards_clearing_statement s ON s.merchant_id = d.merchant_id AND s.id = ANY(%(made)s)
UNION ALL
SELECT s.id, s.lines, 'rate', s.rate_fen, s.drafted_at, s.drafted_at, false, NULL, NULL, NULL, '', true
FROM rewards_clearing_statement s WHERE s.id = ANY(%(made)s) AND s.rate_fen <> 0
"""

# The lines of the document, as canonical JSON writes them: keys in order, no spaces. In SQL, for there are many.
_CONTENT = """
SELECT coalesce(string_agg(concat(
    '{"amount_fen":', l.amount_fen, ',"happened_at":"',
    to_char(l.happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","kind":"', l.kind, '"',
    CASE WHEN l.late THEN ',"late":true' END, ',"line":', l.line, ',"memo":', to_json(l.memo), ',"recorded_at":"',
    to_char(l.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '"',
    CASE WHEN r.id IS NOT NULL THEN concat(',"redemption":"', r.number, '","voucher":"', v.number, '"') END, '}'
    ), ',' ORDER BY l.line), '')
FROM rewards_clearing_line l
LEFT JOIN rewards_redemption r ON r.id = l.redemption_id
LEFT JOIN rewards_voucher v ON v.id = r.voucher_id
WHERE l.statement_id = %s
"""


def draft(details: DraftMonth, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the month as YYYY-MM."""
    begin, end = _bounds(details.month)
    if at < end + CLEARING_WAIT:
        raise TooEarly(
            "月末后满 72 小时才能生成结算单，离线核销可能还在上传",
            where=f"{details.month:%Y-%m}",
            fix=f"{details.month.month} 月的结算单最早于次月 4 日零时生成",
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('rewards:clearing', 0))")
    merchants = _without_statement(details)
    accounts = {AccountRef(Book.MONEY, row.party_id, "payable") for row in merchants.values()}
    ledger_queries.extract(accounts)
    with connection.cursor() as cursor:
        cursor.execute(_DRAFT_DDL)
        cursor.execute("TRUNCATE rewards_draft")
        cursor.execute(_DRAFT, {"begin": begin, "end": end})
        cursor.execute("ANALYZE rewards_draft")
        cursor.execute(_SUMS)
        sums = [row for row in cursor.fetchall() if row[0] in merchants]
    made = _write(sums, merchants, details.month, at, by)
    if not made:
        raise NothingToClear("没有需要结算的商户", where=f"{details.month:%Y-%m}", fix="已有结算单的商户不重复生成")
    month = f"{details.month:%Y-%m}"
    what = {"month": month, "statements": str(len(made)), "merchant": details.merchant}
    parties_services.record(actor=by, action="rewards.clear_draft", target=f"clearing:{month}", detail=what, at=at)
    return month


def _bounds(month: date) -> tuple[datetime, datetime]:
    if month.day != 1:
        raise BadInput("结算月份写当月 1 日", where="month")
    return day_start(month), day_start(next_month(month))


def _without_statement(details: DraftMonth) -> dict[int, Merchant]:
    standing = ClearingStatement.objects.filter(month=details.month).exclude(state=StatementState.VOID)
    rows = Merchant.objects.exclude(pk__in=standing.values("merchant_id"))
    if details.merchant:
        named = Merchant.objects.filter(number=details.merchant).first()
        if named is None:
            raise NotFound("没有这个商户", where=details.merchant[:40], fix="核对商户编号")
        rows = rows.filter(pk=named.pk)
    return {row.pk: row for row in rows}


def _write(
    sums: Sequence[tuple[int, int, int, int]], merchants: dict[int, Merchant], month: date, at: datetime, by: Actor
) -> list[ClearingStatement]:
    """Statements and all their lines. Where less than nothing is owed, the entries wait for the next month."""
    agreed = rates([row[0] for row in sums], month, next_month(month))
    made = []
    for merchant_id, lines, gross, correction in sums:
        rate_bp = agreed.get(merchant_id, FULL_RATE_BP)
        rate = rate_off(gross, rate_bp)
        if gross + correction + rate < 0 or gross + correction < 0:
            continue
        made.append(
            ClearingStatement(
                number=new_number("clr", at),
                merchant_id=merchant_id,
                title=merchants[merchant_id].title,
                month=month,
                state=StatementState.DRAFTED,
                lines=lines + (rate != 0),
                gross_fen=gross,
                correction_fen=correction,
                rate_bp=rate_bp,
                rate_fen=rate,
                net_fen=gross + correction + rate,
                drafted_by=by.name,
                drafted_at=at,
            )
        )
    ClearingStatement.objects.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"made": [row.pk for row in made]})
    for row in made:
        row.merchant = merchants[row.merchant_id]
        row.digest = _signing.digest_of(content_of(row))
    ClearingStatement.objects.bulk_update(made, ["digest"])
    return made


def check(details: CheckStatement, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the first hand."""
    row = _in_state(details.number, StatementState.DRAFTED)
    _look_again(row, details.digest)
    row.state, row.checked_by, row.checked_at = StatementState.CHECKED, by.name, at
    row.save(update_fields=["state", "checked_by", "checked_at"])
    parties_services.record(
        actor=by, action="rewards.clear_check", target=row.number, detail={"digest": row.digest}, at=at
    )
    return row.number


def approve(details: ApproveStatement, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the second hand signs, and the sum is set aside for payment."""
    row = _in_state(details.number, StatementState.CHECKED)
    if by.name in (row.checked_by, row.drafted_by):
        raise SamePerson("复核须由核对人和生成人以外的人进行", where=row.number, fix="请另一位同事复核")
    require_stranger(row.merchant_id, by)
    if ClearingDispute.objects.filter(statement=row, state=DisputeState.OPEN).exists():
        raise Conflict("还有未答复的异议，不能复核通过", where=row.number, fix="先答复全部异议")
    content = _look_again(row, details.digest)
    row.state, row.approved_by, row.approved_at = StatementState.APPROVED, by.name, at
    row.signature = _signing.sign(content).signature
    row.save(update_fields=["state", "approved_by", "approved_at", "signature"])
    _post(row, row.merchant.party_id, at)
    what = {"digest": row.digest, "net_fen": row.net_fen}
    parties_services.record(actor=by, action="rewards.clear_approve", target=row.number, detail=what, at=at)
    return row.number


def void(details: VoidStatement, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the lines are free again, and what was set aside goes back.

    What finance has approved, finance takes back.
    """
    row = locked(details.number)
    parties.require(by, "rewards.approve" if row.approved_by else "rewards.clear")
    if row.state in (StatementState.PAID, StatementState.VOID):
        raise StatementChanged(
            f"结算单{StatementState(row.state).label}，不能作废", where=row.number, fix="已支付的用更正处理"
        )
    if not 0 < len(details.reason.strip()) <= 200:
        raise BadInput("请写明作废原因，至多 200 字", where="reason")
    if ClearingPaymentLine.objects.filter(statement=row, standing=True).exists():
        raise Conflict("结算单已在付款文件中", where=row.number, fix="先撤回付款文件")
    approved = row.state == StatementState.APPROVED
    row.state, row.voided_by, row.voided_at = StatementState.VOID, by.name, at
    row.void_reason = details.reason.strip()
    row.save(update_fields=["state", "voided_by", "voided_at", "void_reason"])
    ClearingLine.objects.filter(statement=row).update(standing=False)
    if approved:
        _post(row, row.merchant.party_id, at, back=True)
    parties_services.record(
        actor=by, action="rewards.clear_void", target=row.number, detail={"reason": row.void_reason}, at=at
    )
    return row.number


def locked(number: str) -> ClearingStatement:
    """The statement, locked until the transaction ends. Raises NotFound."""
    rows = ClearingStatement.objects.select_for_update(of=("self",), no_key=True).select_related("merchant")
    row = rows.filter(number=number).first()
    if row is None:
        raise NotFound("没有这张结算单", where=number[:40], fix="核对编号")
    return row


def _in_state(number: str, state: StatementState) -> ClearingStatement:
    row = locked(number)
    if row.state != state:
        raise StatementChanged(
            f"结算单{StatementState(row.state).label}，不在{state.label}状态", where=number, fix="刷新后再看"
        )
    return row


def _look_again(row: ClearingStatement, digest: str) -> bytes:
    """The content, which must be what was looked at, and what was drafted. Raises StatementChanged."""
    content = content_of(row)
    if not digest == row.digest == _signing.digest_of(content):
        raise StatementChanged("结算单与您看到的不一致", where=row.number, fix="重新打开结算单，核对后再提交")
    return content


def _post(row: ClearingStatement, party_id: int, at: datetime, *, back: bool = False) -> None:
    posting = _books.cleared(row, party_id, at, back=back)
    if posting is None:
        return
    try:
        ledger.post(postings=[posting], at=at)
    except Insufficient as error:
        raise StatementChanged(
            "生成之后又有撤销、更正或冲正入账，账上已不够这张结算单",
            where=row.number,
            fix="作废这张结算单后重新生成",
        ) from error


def content_of(row: ClearingStatement) -> bytes:
    """The document of a statement: its sums and every line. Made of what never changes, so it is always the same."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [row.pk])
        lines = cursor.fetchone()[0]
    head = _signing.content_of(
        KIND,
        {
            "number": row.number,
            "merchant": row.merchant.number,
            "title": row.title,
            "month": f"{row.month:%Y-%m}",
            "drafted_at": row.drafted_at.astimezone(UTC),
            "gross_fen": row.gross_fen,
            "correction_fen": row.correction_fen,
            "rate_bp": row.rate_bp,
            "rate_fen": row.rate_fen,
            "net_fen": row.net_fen,
            "lines": [],
        },
    )
    return head.replace(b'"lines":[]', b'"lines":[' + lines.encode() + b"]", 1)  # no text holds a bare quote


def document(row: ClearingStatement) -> SignedDocument:
    """The document with its signature, empty while nobody has approved it."""
    return _signing.signed(content_of(row), row.signature)
