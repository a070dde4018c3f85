"""Terms of merchants' contracts, and where merchants are paid."""

from __future__ import annotations

import json
import re
from datetime import date, datetime

from django.db.models import Q

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards._alliance import lock_merchant, named
from tanhui.rewards._managing import require_stranger
from tanhui.rewards.models import Merchant, MerchantContract, PayAccount
from tanhui.rewards.rules import extended
from tanhui.rewards.types import (
    FULL_RATE_BP,
    ContractDetails,
    PayAccountConfirm,
    PayAccountDetails,
    SamePerson,
    StatementChanged,
)

MoneyTerms = ContractDetails | PayAccountDetails | PayAccountConfirm
_ACCOUNT_NUMBER = re.compile(r"[0-9]{8,32}")


def admit(details: MoneyTerms, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the merchant's number. The audit trail has every change, never an account."""
    parties.require(by, "rewards.approve" if isinstance(details, PayAccountConfirm) else "rewards.admit")
    merchant = lock_merchant(details.merchant)
    if isinstance(details, ContractDetails):
        action, what = "contract", _contract(merchant, details, at, by)
    elif isinstance(details, PayAccountDetails):
        action, what = "pay_account", _pay_account(merchant, details, at, by)
    else:
        action, what = "pay_account_confirm", _confirm(merchant, details.account, at, by)
    parties_services.record(actor=by, action=f"rewards.{action}", target=merchant.number, detail=what, at=at)
    return merchant.number


def _contract(merchant: Merchant, details: ContractDetails, at: datetime, by: Actor) -> dict[str, str]:
    if details.contract_to <= details.contract_from:
        raise BadInput("合作截止日须晚于起始日", where="contract_to")
    if type(details.rate_bp) is not int or not 0 < details.rate_bp <= FULL_RATE_BP:
        raise BadInput("结算比例须大于 0，至多 100%", where="rate_bp", fix="以万分之几填写，10000 为按面值全额")
    known = (merchant.contract_from, merchant.contract_to)
    days = extended(known, (details.contract_from, details.contract_to), local_day(at))
    if days is None:
        raise Conflict(
            f"新合同与现合同（至 {merchant.contract_to}）之间有空档",
            where=merchant.number,
            fix="起始日不晚于现合同的截止日，或在现合同到期后登记",
        )
    MerchantContract.objects.create(
        merchant=merchant,
        contract_from=details.contract_from,
        contract_to=details.contract_to,
        rate_bp=details.rate_bp,
        recorded_by=by.name,
        recorded_at=at,
    )
    merchant.contract_from, merchant.contract_to = days
    merchant.save(update_fields=["contract_from", "contract_to"])
    return {
        "from": details.contract_from.isoformat(),
        "to": details.contract_to.isoformat(),
        "rate_bp": str(details.rate_bp),
    }


def rates(merchants: list[int], begin: date, end: date) -> dict[int, int]:
    """Merchant → basis points in a month [begin, end): the terms recorded last of those that touch it."""
    rows = MerchantContract.objects.filter(Q(merchant_id__in=merchants, contract_from__lt=end, contract_to__gt=begin))
    return dict(rows.order_by("id").values_list("merchant_id", "rate_bp"))


def _pay_account(merchant: Merchant, details: PayAccountDetails, at: datetime, by: Actor) -> dict[str, str]:
    bank, name = named(details.bank_name, "bank_name"), named(details.account_name, "account_name")
    account = re.sub(r"[\s-]", "", details.account_number)
    if not _ACCOUNT_NUMBER.fullmatch(account):
        raise BadInput("账号须为 8 至 32 位数字", where="account_number", fix="对照开户许可或银行卡核对")
    number = new_number("acc", at)
    PayAccount.objects.create(
        number=number,
        merchant=merchant,
        bank_name=bank,
        sealed=key_ring().encrypt(json.dumps([name, account]).encode(), context=_context(number)),
        recorded_by=by.name,
        recorded_at=at,
    )
    return {"account": number}


def _confirm(merchant: Merchant, account: str, at: datetime, by: Actor) -> dict[str, str]:
    row = current_account(merchant.pk)
    if row is None:
        raise NotFound("这家商户还没有登记收款账户", where=merchant.number, fix="先登记收款账户")
    if row.number != account:
        raise StatementChanged("收款账户与您看到的不一致", where=merchant.number, fix="刷新后重新与商户核对，再确认")
    if row.confirmed_by:
        raise Conflict("这个收款账户已经确认过", where=merchant.number)
    if by.is_system:
        raise Forbidden("收款账户须由工作人员确认", where=merchant.number, fix="用财务复核员的账号登录后操作")
    if row.recorded_by == by.name:
        raise SamePerson("收款账户须由登记人以外的人确认", where=merchant.number, fix="请另一位同事与商户核对后确认")
    require_stranger(merchant.pk, by)
    row.confirmed_by, row.confirmed_at = by.name, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    return {"account": row.number}


def current_account(merchant_id: int) -> PayAccount | None:
    """The account recorded last, confirmed or not: while a new one waits, nobody is paid to the old one."""
    return PayAccount.objects.filter(merchant_id=merchant_id).order_by("-id").first()


def opened(row: PayAccount) -> tuple[str, str]:
    """Name and number of the account."""
    name, number = json.loads(key_ring().decrypt(bytes(row.sealed), context=_context(row.number)))
    return name, number


def _context(number: str) -> str:
    return f"rewards_pay_account:{number}"
