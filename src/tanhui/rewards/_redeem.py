"""What happens at a merchant's: every attempt is stored with its outcome, and a repeated one gets its first answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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
from tanhui.rewards.models import Merchant, MerchantStaff, OfferMerchant, Redemption, Shop, Voucher
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

GUESSES = (Outcome.BAD_CHECK_DIGIT, Outcome.BAD_SIGNATURE, Outcome.UNKNOWN_CODE)
GUESS_WINDOW, MOST_GUESSES = timedelta(minutes=10), 30
"""How many codes that do not exist one person may try in that time."""


@dataclass(frozen=True)
class _Decided:
    """What came of looking: the voucher that was meant, where one was, locked."""

    outcome: Outcome
    voucher: Voucher | None = None
    message: str = ""


def redeem(details: RedemptionDetails, at: datetime, by: Actor) -> RedemptionResult:
    """Within the caller's transaction. Locks: merchant (shared), the nonce, the voucher, accounts."""
    if not is_nonce(details.nonce):
        raise BadInput("商户请求号须为 8 至 64 个字母、数字、- 或 _", where="nonce", fix="每次核销换一个新的请求号")
    if details.claimed_at.tzinfo is None:
        raise BadInput("核销时间没有时区", where="claimed_at")
    if len(details.code) > MAX_TOKEN:
        raise BadInput("券码太长", where="code", fix="重新扫码")
    merchant = _merchant(details.merchant)
    staff_id = _member(merchant, by)
    _lock_nonce(merchant, details.nonce)
    asked = _asked(details)
    known = _rows().filter(merchant=merchant, nonce=details.nonce).first()
    if known is not None:
        if bytes(known.input_hash) != asked:
            raise KeyReused("这个请求号已用于另一张券", where="nonce", fix="换一个新的请求号")
        return result_of(known, replayed=True)
    _refuse_guessing(staff_id, at)
    attempt = Attempt(at, details.claimed_at, details.offline)
    shop = Shop.objects.filter(number=details.shop, merchant=merchant, closed_at__isnull=True).first()
    decided = _decide(details, attempt, merchant, shop)
    row = Redemption(
        number=new_number("rdm", at),
        voucher=decided.voucher,
        merchant=merchant,
        shop=shop,
        staff_id=staff_id,
        nonce=details.nonce,
        input_hash=asked,
        recorded_at=at,
        claimed_at=details.claimed_at,
        offline=details.offline,
        outcome=decided.outcome,
        message=decided.message or decided.outcome.label,
    )
    if decided.outcome is Outcome.REDEEMED and decided.voucher is not None:
        _carry_out(row, decided.voucher, merchant, attempt)
    else:
        row.save(force_insert=True)
    return result_of(row)


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


def _refuse_guessing(staff_id: int, at: datetime) -> None:
    """Codes are not found by trying: after so many that do not exist, one person waits. Raises TooFast."""
    tried = Redemption.objects.filter(staff_id=staff_id, recorded_at__gt=at - GUESS_WINDOW, outcome__in=GUESSES)
    if tried.count() >= MOST_GUESSES:
        minutes = int(GUESS_WINDOW.total_seconds() // 60)
        raise TooFast(
            f"{minutes} 分钟内已有 {MOST_GUESSES} 次券码有误，暂停核销",
            where="code",
            fix="过几分钟再试；请扫码，少用手输",
        )


def _lock_nonce(merchant: Merchant, nonce: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"rewards:nonce:{merchant.pk}:{nonce}"]
        )


def _asked(details: RedemptionDetails) -> bytes:
    """What was tried, and where. Not when, nor whether offline: an online attempt whose answer was lost is uploaded
    later as an offline one, and is the same attempt. Keyed, because a code is short enough to be guessed.
    """
    code = read_code(details.code) or details.code.strip()
    return key_ring().keyed_hash("redemption", canonical_json([code, details.shop]))


def _decide(details: RedemptionDetails, attempt: Attempt, merchant: Merchant, shop: Shop | None) -> _Decided:
    contract = (merchant.contract_from, merchant.contract_to)
    refused = refuse_place(attempt, merchant.state, contract, shop is not None)
    if refused is not None:
        return _Decided(refused)
    token = details.code.strip().startswith(TOKEN_HEAD[:2])
    code = read_token(details.code) if token else read_code(details.code)
    if code is None:
        return _Decided(Outcome.BAD_SIGNATURE if token else Outcome.BAD_CHECK_DIGIT)
    voucher_id = Voucher.objects.filter(code_hash=hash_of(code)).values_list("pk", flat=True).first()
    if voucher_id is None:
        return _Decided(Outcome.UNKNOWN_CODE)
    voucher = _voucher(pk=voucher_id)
    named = OfferMerchant.objects.filter(offer_id=voucher.offer_id, merchant=merchant).exists()
    refused = refuse_voucher(attempt, voucher.state, (voucher.valid_from, voucher.valid_to), named)
    if refused is Outcome.ALREADY_REDEEMED:
        return _Decided(refused, voucher, _when_and_where(voucher))
    return _Decided(refused or Outcome.REDEEMED, voucher)


def _voucher(pk: int) -> Voucher:
    """The voucher, locked: its state is what it will be until we are done."""
    rows = Voucher.objects.select_for_update(of=("self",), no_key=True).select_related("offer")
    return rows.get(pk=pk)


def _when_and_where(voucher: Voucher) -> str:
    rows = Redemption.objects.filter(voucher=voucher, outcome=Outcome.REDEEMED).select_related("shop")
    standing = rows.order_by("-turn").first()
    if standing is None or standing.shop is None:
        return ""
    when = standing.claimed_at.astimezone(COUNTY_ZONE)
    return f"这张券已于 {when:%Y-%m-%d %H:%M} 在{standing.shop.title}使用过"


def _carry_out(row: Redemption, voucher: Voucher, merchant: Merchant, attempt: Attempt) -> None:
    """The attempt stands: the voucher ends, and the merchant is owed its face value."""
    row.turn = 1 + Redemption.objects.filter(voucher=voucher, outcome=Outcome.REDEEMED).count()
    row.save(force_insert=True)
    voucher.state, voucher.ended_at = VoucherState.REDEEMED, attempt.at
    voucher.save(update_fields=["state", "ended_at"])
    happened = _books.first_open(attempt.counted_at) if attempt.offline else attempt.at
    ledger.post(postings=[_books.redeemed(voucher, merchant.party_id, row.turn, happened)], at=attempt.at)
