"""The room's verbs. What points buy is decided here; balances change in the ledger only.

`by` is the member of staff who acts, or the system where nothing else is said. A resident's own acts (`exchange`,
`cancel`) name the person, whom the door has signed in; who redeems must work for the merchant. No verb moves points
between people, and none pays money to a resident.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, overload

from django.db import transaction

from tanhui.kernel.errors import Forbidden
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.rewards import (
    _alliance,
    _applications,
    _clearing,
    _contracts,
    _devices,
    _exchange,
    _expire,
    _funds,
    _holds,
    _managing,
    _offers,
    _redeem,
)
from tanhui.rewards.types import (
    ApplicationDecision,
    ApplicationDetails,
    BudgetDetails,
    ClearingAct,
    ContractDetails,
    DeviceDetails,
    FundsDetails,
    HoldDetails,
    HoldLift,
    MerchantDetails,
    MerchantStaffDetails,
    MerchantStatus,
    OfferDetails,
    OfferStatus,
    PayAccountConfirm,
    PayAccountDetails,
    RedemptionDetails,
    RedemptionResult,
    ShopDetails,
    StockDetails,
    VoucherView,
    WaitingView,
)

__all__ = ["admit", "cancel", "clear", "exchange", "expire", "offer", "redeem", "undo"]

SYSTEM = Actor.system("rewards")


@transaction.atomic
def admit(
    *,
    details: MerchantDetails
    | MerchantStatus
    | ShopDetails
    | MerchantStaffDetails
    | DeviceDetails
    | ApplicationDetails
    | ApplicationDecision
    | ContractDetails
    | PayAccountDetails
    | PayAccountConfirm
    | HoldDetails
    | HoldLift,
    at: datetime,
    by: Actor = SYSTEM,
) -> str:
    """Run the alliance: a merchant applies, its state changes, a shop opens or closes, a user works for it or leaves.

    Returns the number of the merchant (`mer_…`) or shop (`shp_…`); of phones, the pairing code (`DeviceInvite`, to be
    shown once), the token (`DeviceEntry`, to be kept by the phone) or the number. A merchant's manager may change its
    cashiers, its shops and its phones. Where a merchant is paid is confirmed by another person than recorded it, who
    needs `rewards.approve`. A hold (`hld_…`) pauses a person's exchanges until it is over or lifted; it asks
    for `integrity.decide`. Anybody may send an application (`apl_…`), which is nothing yet; a decision in its favor
    makes the unit, the merchant, its contract and its first shop. Raises Forbidden, NotFound, BadInput, Conflict,
    DeviceRefused.
    """
    if isinstance(details, HoldDetails | HoldLift):
        parties.require(by, "integrity.decide")
        return _holds.admit(details, at, by)
    if isinstance(details, ContractDetails | PayAccountDetails | PayAccountConfirm):
        return _contracts.admit(details, at, by)
    if isinstance(details, ApplicationDetails | ApplicationDecision):
        return _applications.admit(details, at, by)
    _managing.require(details, by)
    if isinstance(details, DeviceDetails):
        return _devices.admit(details, at, by)
    return _alliance.admit(details, at, by)


@transaction.atomic
def offer(
    *, details: OfferDetails | OfferStatus | StockDetails | BudgetDetails, at: datetime, by: Actor = SYSTEM
) -> str:
    """Write a draft, publish or withdraw an offer, set a stock, or set the year's money; returns `ofr_…`, `stk_…`, or
    the year (with the offer where it is the line of one).

    A published offer never changes; withdrawing ends the sale and its queue, and vouchers already given stay good.
    More stock or money serves who waits. The money asks for `rewards.fund`, the rest for `rewards.offer`.
    Raises Forbidden, NotFound, BadInput, Conflict (less than what is taken or promised, an offer out of draft).
    """
    parties.require(by, "rewards.fund" if isinstance(details, BudgetDetails) else "rewards.offer")
    return _offers.offer(details, at, by)


@overload
def exchange(
    *,
    party_id: int,
    offer: str,
    key: str,
    at: datetime,
    by: Actor | None = None,
    device: str = "",
    wait: Literal[False] = False,
) -> VoucherView: ...


@overload
def exchange(
    *,
    party_id: int,
    offer: str,
    key: str,
    at: datetime,
    by: Actor | None = None,
    device: str = "",
    wait: Literal[True],
) -> WaitingView: ...


def exchange(
    *,
    party_id: int,
    offer: str,
    key: str,
    at: datetime,
    by: Actor | None = None,
    device: str = "",
    wait: bool = False,
) -> VoucherView | WaitingView:
    """A resident gives points for a voucher; the soonest-expiring points go first. The face value is promised out of
    the year's money.

    `key` is the client's name for this exchange: the same key with the same offer gives the first voucher again.
    `by` is who acts for the person (guardian, clerk); the voucher and the audit trail say so. `device` is any lasting
    name of the person's phone. With `wait` it takes a place in the queue instead, where stock or money is out or
    others wait; asked again, it tells the place.

    Raises KeyReused, NotFound, NotOnSale, LimitReached, NotEnoughPoints, SoldOut, BudgetShort, OnHold, TooFast,
    PartyErased, Forbidden (the audit trail has a helper's), BadInput; Conflict for a queue that is not needed; then
    nothing has changed.
    """
    try:
        with transaction.atomic():
            if wait:
                return _exchange.queue(party_id, offer, at, by)
            return _exchange.exchange(party_id, offer, key, at, by, device)
    except Forbidden as refused:
        _exchange.record_refusal(refused, target=offer, at=at, by=by)
        raise


def cancel(*, number: str, party_id: int, at: datetime, by: Actor | None = None) -> VoucherView | WaitingView:
    """The holder gives an open voucher back, and the points return to the expiry years that they came from; or leaves
    a queue (`wtg_…`), and what was reserved goes to the next.

    A voucher that no merchant redeems now may be given back whatever the offer's hours. Safe to repeat.
    Raises NotFound (also for somebody else's), NotCancellable, Conflict, Forbidden (the audit trail has it).
    """
    try:
        with transaction.atomic():
            return _exchange.cancel(number, party_id, at, by)
    except Forbidden as refused:
        _exchange.record_refusal(refused, target=number, at=at, by=by)
        raise


def redeem(*, details: RedemptionDetails, at: datetime, by: Actor) -> RedemptionResult:
    """A merchant's person redeems a voucher. A refusal is an answer with its reason, stored like a success.

    The same nonce gets the same answer. Raises Forbidden where `by` does not work for the merchant (the audit trail
    has it), KeyReused, NotFound (no such merchant), TooFast (too many codes that do not exist), BadInput.
    """
    try:
        with transaction.atomic():
            return _redeem.redeem(details, at, by)
    except Forbidden as refused:
        _redeem.record_refusal(refused, target=details.merchant, at=at, by=by)
        raise


def undo(*, number: str, reason: str, at: datetime, by: Actor, merchant: str = "") -> RedemptionResult:
    """Take a redemption (`rdm_…`) back within 30 minutes, by the same merchant, with a reason; the voucher is open.

    `merchant` is whose phone asks: it takes nothing back of another merchant's, even where its person works for both.
    Safe to repeat. Raises Forbidden (the audit trail has it), NotFound, TooLate, BadInput, Conflict.
    """
    try:
        with transaction.atomic():
            if merchant:
                _devices.require_own(merchant, number)
            return _redeem.undo(number, reason, at, by)
    except Forbidden as refused:
        _redeem.record_refusal(refused, target=number, at=at, by=by)
        raise


@transaction.atomic
def clear(*, details: ClearingAct | FundsDetails, at: datetime, by: Actor = SYSTEM) -> str:
    """A step of paying merchants for a month, or the signed statement of the programme's money for a month.

    Returns the number of what was made or changed: a statement (`clr_…`), dispute (`dsp_…`), correction (`cor_…`),
    payment file (`pay_…`), statement of funds (`fnd_…`, a month is signed once); of a draft the month as YYYY-MM.
    Raises Forbidden, NotFound, BadInput, Conflict, TooEarly, NothingToClear, SamePerson, StatementChanged.
    """
    if isinstance(details, FundsDetails):
        parties.require(by, "rewards.fund")
        return _funds.sign_month(details, at, by)
    return _clearing.clear(details, at, by)


def expire(*, at: datetime) -> int:
    """End vouchers 72 hours after their validity, and those that no merchant will redeem any more (all left, or paused
    or without contract for 14 days); their points return to the original years. How many ended.

    The 72 hours let redemptions made without network arrive. Reservations that are over go to the next in the queue.
    In batches, each its own transaction; safe to run twice.
    """
    return _expire.expire(at)
