"""What happens at a merchant's: every attempt is stored with its outcome, and a repeated one gets its first answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from tanhui.kernel.canonical import canonical_json
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import services as ledger
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import _books
from tanhui.rewards._codes import MAX_TOKEN, TOKEN_HEAD, hash_of, read_token
from tanhui.rewards._views import result_of
from tanhui.rewards.models import Merchant, MerchantStaff, Redemption, Voucher
from tanhui.rewards.rules import Attempt, is_nonce, read_code, refuse_place, refuse_voucher
from tanhui.rewards.types import (
    UNDO_WINDOW,
    KeyReused,
    Outcome,
    RedemptionDetails,
    RedemptionResult,
    TooFast,
    TooLate,
    VoucherState,
)

GUESS_WINDOW, MOST_GUESSES = timedelta(minutes=10), 30
"""How many codes that do not exist one person may try in that time."""


class _Till(NamedTuple):
    """One row of `rewards_till`: what an attempt must know, read under its locks."""

    merchant_id: int | None
    merchant_party: int
    merchant_state: str
    contract_from: date
    contract_to: date
    works: bool | None
    known_id: int | None
    known_hash: bytes | None
    guesses: int
    shop_id: int | None
    voucher_id: int | None
    voucher_number: str
    voucher_state: str
    valid_from: datetime
    valid_to: datetime
    price_points: int
    face_value_fen: int
    title: str
    named: bool
    turns: int


@dataclass(frozen=True)
class _Decided:
    """What came of looking; `meant`: a voucher that the code names was looked at."""

    outcome: Outcome
    meant: bool = False
    message: str = ""


def redeem(details: RedemptionDetails, at: datetime, by: Actor) -> RedemptionResult:
    """Within the caller's transaction. Locks: merchant (shared), the nonce, the voucher, accounts."""
    if not is_nonce(details.nonce):
        raise BadInput("商户请求号须为 8 至 64 个字母、数字、- 或 _", where="nonce", fix="每次核销换一个新的请求号")
    if details.claimed_at.tzinfo is None:
        raise BadInput("核销时间没有时区", where="claimed_at")
    if len(details.code) > MAX_TOKEN:
        raise BadInput("券码太长", where="code", fix="重新扫码")
    asked = _asked(details)
    token = details.code.strip().startswith(TOKEN_HEAD[:2])
    code = read_token(details.code) if token else read_code(details.code)
    till = _till(details, by, code, at)
    if till.known_id is not None:
        if bytes(till.known_hash or b"") != asked:
            raise KeyReused("这个请求号已用于另一张券", where="nonce", fix="换一个新的请求号")
        return result_of(_rows().get(pk=till.known_id), replayed=True)
    _refuse_guessing(till.guesses)
    attempt = Attempt(at, details.claimed_at, details.offline)
    contract = (till.contract_from, till.contract_to)
    refused = refuse_place(attempt, till.merchant_state, contract, till.shop_id is not None)
    if refused is not None:
        decided = _Decided(refused)
    elif code is None:
        decided = _Decided(Outcome.BAD_SIGNATURE if token else Outcome.BAD_CHECK_DIGIT)
    else:
        decided = _decide(till, attempt)
    return _carry_out(details, till, decided, asked, attempt, by)


def undo(number: str, reason: str, at: datetime, by: Actor) -> RedemptionResult:
    """Within the caller's transaction. Locks: the voucher, accounts, the audit trail."""
    first = _rows().select_related("merchant").filter(number=number).first()
    if first is None:
        raise NotFound("没有这笔核销", where=number[:40], fix="核对编号")
    staff_id = _member(first.merchant, by)
    if first.outcome != Outcome.REDEEMED or first.voucher_id is None:
        raise Conflict("这笔没有核销成功，不用撤销", where=number)
    if not 0 < len(reason.strip()) <= 200:
        raise BadInput("请写明撤销原因，至多 200 字", where="reason", fix="如：扫错了券")
    voucher = _voucher(pk=first.voucher_id)
    known = _rows().filter(undo_of=first).first()
    if known is not None:
        return result_of(known, replayed=True)
    if at > first.recorded_at + UNDO_WINDOW:
        raise TooLate("核销已超过 30 分钟，不能撤销", where=number, fix="请联系运营人员更正")
    row = Redemption(
        number=new_number("rdm", at),
        voucher=voucher,
        merchant=first.merchant,
        shop=first.shop,
        staff_id=staff_id,
        nonce=f"undo:{first.number}",
        input_hash=bytes(first.input_hash),
        recorded_at=at,
        claimed_at=at,
        outcome=Outcome.UNDONE,
        message=Outcome.UNDONE.label,
        turn=first.turn,
        undo_of=first,
        reason=reason.strip(),
    )
    row.save(force_insert=True)
    voucher.state, voucher.ended_at = VoucherState.OPEN, None
    voucher.save(update_fields=["state", "ended_at"])
    ledger.post(postings=[_books.undone(voucher, first.merchant.party_id, first.turn, at)], at=at)
    detail = {"voucher": voucher.number, "undone_by": row.number, "reason": row.reason}
    parties_services.record(actor=by, action="rewards.undo", target=number, detail=detail, at=at)
    return result_of(row)


def record_refusal(refused: Forbidden, *, target: str, at: datetime, by: Actor) -> None:
    """Write into the audit trail that somebody tried to act for a merchant that is not theirs."""
    parties_services.record(
        actor=by, action="rewards.redeem_refused", target=target, detail={"why": refused.message}, at=at
    )


def _rows() -> QuerySet[Redemption]:
    return Redemption.objects.select_related("voucher__offer", "shop")


def _merchant(number: str) -> Merchant:
    """The merchant, shared until the transaction ends: who suspends it waits for redemptions under way."""
    found = list(Merchant.objects.raw("SELECT * FROM rewards_merchant WHERE number = %s FOR SHARE", [number]))
    if not found:
        raise NotFound("没有这个商户", where=number[:40], fix="核对商户编号")
    return found[0]


def _member(merchant: Merchant, by: Actor) -> int:
    """The user who works for the merchant now. Raises Forbidden."""
    works = by.user_id is not None and (
        MerchantStaff.objects.filter(
            merchant=merchant, user_id=by.user_id, user__is_active=True, ended_at__isnull=True
        ).exists()
    )
    if by.user_id is None or not works:
        raise Forbidden("您不是这家商户的人员", where=merchant.number, fix="用本店的账号登录，或请运营人员登记")
    return by.user_id


def _refuse_guessing(tried: int) -> None:
    """Codes are not found by trying: after so many that do not exist, one person waits. Raises TooFast."""
    if tried >= MOST_GUESSES:
        minutes = int(GUESS_WINDOW.total_seconds() // 60)
        message = f"{minutes} 分钟内已有 {MOST_GUESSES} 次券码有误，暂停核销"
        raise TooFast(message, where="code", fix="过几分钟再试；请扫码，少用手输")


def _till(details: RedemptionDetails, by: Actor, code: str | None, at: datetime) -> _Till:
    """What is known under lock. Raises NotFound, and Forbidden where `by` does not work for the merchant."""
    hashed = None if code is None else hash_of(code)
    asked = [details.merchant, by.user_id, details.nonce, details.shop, hashed, at - GUESS_WINDOW]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rewards_till(%s, %s, %s, %s, %s, %s)", asked)
        till = _Till(*cursor.fetchone())
    if till.merchant_id is None:
        raise NotFound("没有这个商户", where=details.merchant[:40], fix="核对商户编号")
    if not till.works:
        raise Forbidden("您不是这家商户的人员", where=details.merchant, fix="用本店的账号登录，或请运营人员登记")
    return till


def _asked(details: RedemptionDetails) -> bytes:
    """What was tried, and where. Not when, nor whether offline: an online attempt whose answer was lost is uploaded
    later as an offline one, and is the same attempt. Keyed, because a code is short enough to be guessed.
    """
    code = read_code(details.code) or details.code.strip()
    return key_ring().keyed_hash("redemption", canonical_json([code, details.shop]))


def _decide(till: _Till, attempt: Attempt) -> _Decided:
    if till.voucher_id is None:
        return _Decided(Outcome.UNKNOWN_CODE)
    refused = refuse_voucher(attempt, till.voucher_state, (till.valid_from, till.valid_to), till.named)
    if refused is Outcome.ALREADY_REDEEMED:
        return _Decided(refused, True, _when_and_where(till.voucher_id))
    return _Decided(refused or Outcome.REDEEMED, True)


def _voucher(pk: int) -> Voucher:
    """The voucher, locked: its state is what it will be until we are done."""
    rows = Voucher.objects.select_for_update(of=("self",), no_key=True).select_related("offer")
    return rows.get(pk=pk)


def _when_and_where(voucher_id: int) -> str:
    rows = Redemption.objects.filter(voucher_id=voucher_id, outcome=Outcome.REDEEMED).select_related("shop")
    standing = rows.order_by("-turn").first()
    if standing is None or standing.shop is None:
        return ""
    when = standing.claimed_at.astimezone(COUNTY_ZONE)
    return f"这张券已于 {when:%Y-%m-%d %H:%M} 在{standing.shop.title}使用过"


_TRIED = f"SELECT rewards_tried({', '.join(['%s'] * 13)})"


def _carry_out(
    details: RedemptionDetails, till: _Till, decided: _Decided, asked: bytes, attempt: Attempt, by: Actor
) -> RedemptionResult:
    """Store the attempt. Where it stands, the voucher ends, and the merchant is owed its face value."""
    stands = decided.outcome is Outcome.REDEEMED
    turn = till.turns + 1 if stands else 0
    at, number, message = attempt.at, new_number("rdm", attempt.at), decided.message or decided.outcome.label
    stored = [
        number, till.voucher_id if decided.meant else None, till.merchant_id, till.shop_id, by.user_id, details.nonce,
        asked, at, details.claimed_at, details.offline, decided.outcome.value, message, turn,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TRIED, stored)
    if stands:
        happened = _books.first_open(attempt.counted_at) if attempt.offline else at
        worth = (till.price_points, till.face_value_fen, till.title)
        posting = _books.redeemed(till.voucher_number, worth, till.merchant_party, turn, happened)
        ledger.post(postings=[posting], at=at, final=True)
    return RedemptionResult(
        number,
        decided.outcome,
        message,
        till.title if stands else "",
        till.face_value_fen if stands else 0,
        details.claimed_at,
        at,
    )
