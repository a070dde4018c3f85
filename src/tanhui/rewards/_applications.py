"""Applications to the alliance: kept apart from the register until the operator has seen the papers."""

from __future__ import annotations

from datetime import datetime

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, OrganizationDetails
from tanhui.rewards import _alliance, _contracts
from tanhui.rewards.models import Merchant, MerchantApplication
from tanhui.rewards.types import (
    MOST_OPEN_APPLICATIONS,
    ApplicationDecision,
    ApplicationDetails,
    ApplicationState,
    ApplicationView,
    ContractDetails,
    MerchantDetails,
    MerchantState,
    MerchantStatus,
    OfferKind,
    ShopDetails,
)


def admit(details: ApplicationDetails | ApplicationDecision, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the number of the application, or of the merchant that it became."""
    if isinstance(details, ApplicationDetails):
        return _receive(details, at)
    parties.require(by, "rewards.admit")
    return _decide(details, at, by)


def _receive(details: ApplicationDetails, at: datetime) -> str:
    code = parties.clean_credit_code(details.credit_code)
    name = _alliance.named(details.name, "name")
    title, shop_title = _alliance.named(details.title, "title"), _alliance.named(details.shop_title, "shop_title")
    if not any(details.division_code == each.statistical_code for each in parties.divisions()):
        raise NotFound("没有这个行政区划", where="division_code", fix="从列表中选择")
    words, address = details.words.strip(), " ".join(details.address.split())
    if len(words) > 500 or len(address) > 120:
        raise BadInput("说明至多 500 字，地址至多 120 字", where="words", fix="写得短一些")
    waiting = MerchantApplication.objects.filter(credit_code=code, state=ApplicationState.RECEIVED)
    if waiting.count() >= MOST_OPEN_APPLICATIONS:
        raise Conflict("这家单位已有申请在审核", where="credit_code", fix="等审核结果，或打服务电话询问")
    number = new_number("apl", at)
    MerchantApplication.objects.create(
        number=number,
        name=name,
        credit_code=code,
        title=title,
        shop_title=shop_title,
        division_code=details.division_code,
        address=address,
        kinds=" ".join(dict.fromkeys(details.kinds)),
        words=words,
        received_at=at,
        state=ApplicationState.RECEIVED,
    )
    return number


def _decide(details: ApplicationDecision, at: datetime, by: Actor) -> str:
    row = MerchantApplication.objects.select_for_update(no_key=True).filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这件申请", where=details.number[:40], fix="从申请列表中选择")
    if row.state != ApplicationState.RECEIVED:
        raise Conflict(f"这件申请{ApplicationState(row.state).label}", where=row.number, fix="不用再审核")
    reason = details.reason.strip()
    if len(reason) > 200 or not (reason or details.accepted):
        raise BadInput("不同意须写明原因，至多 200 字", where="reason", fix="申请人能看到原因，请写清楚怎么补")
    row.state = ApplicationState.ACCEPTED if details.accepted else ApplicationState.DECLINED
    row.decided_at, row.decided_by, row.reason = at, by.name, reason
    answer = row.number
    if details.accepted:
        answer = _take_in(row, details, at, by)
        row.merchant = Merchant.objects.get(number=answer)
    row.save(update_fields=["state", "decided_at", "decided_by", "reason", "merchant"])
    what = {"state": row.state, "merchant": answer if details.accepted else "", "reason": reason}
    parties_services.record(actor=by, action="rewards.application_decide", target=row.number, detail=what, at=at)
    return answer


def _take_in(row: MerchantApplication, details: ApplicationDecision, at: datetime, by: Actor) -> str:
    """The unit in the register, the merchant with its contract, active, and the first shop."""
    first, last = details.contract_from, details.contract_to
    if first is None or last is None or last <= first or last <= local_day(at):
        raise BadInput("请填合作起始日和截止日，截止日在今天之后", where="contract_to", fix="对照合作协议填写")
    unit = parties_services.register(details=OrganizationDetails(row.name, row.credit_code), at=at, by=by)
    merchant = _alliance.admit(MerchantDetails(unit.id, row.title, first, last), at, by)
    _contracts.admit(ContractDetails(merchant, first, last, details.rate_bp), at, by)
    _alliance.admit(MerchantStatus(merchant, MerchantState.ACTIVE, "入盟申请审核同意"), at, by)
    _alliance.admit(ShopDetails(merchant, row.shop_title, row.division_code, row.address), at, by)
    return merchant


def applications(state: ApplicationState | None = None) -> list[ApplicationView]:
    """Applications, newest first."""
    rows = MerchantApplication.objects.select_related("merchant").order_by("-received_at", "-id")
    return [_view(row, 0) for row in (rows if state is None else rows.filter(state=state))]


def application(number: str) -> ApplicationView:
    """One application. Raises NotFound."""
    row = MerchantApplication.objects.select_related("merchant").filter(number=number).first()
    if row is None:
        raise NotFound("没有这件申请", where=number[:40], fix="核对申请编号")
    others = MerchantApplication.objects.filter(credit_code=row.credit_code, state=ApplicationState.RECEIVED)
    return _view(row, others.exclude(pk=row.pk).count())


def _view(row: MerchantApplication, others: int) -> ApplicationView:
    return ApplicationView(
        number=row.number,
        name=row.name,
        credit_code=row.credit_code,
        title=row.title,
        shop_title=row.shop_title,
        division_code=row.division_code,
        address=row.address,
        kinds=tuple(OfferKind(kind) for kind in row.kinds.split()),
        words=row.words,
        state=ApplicationState(row.state),
        received_at=row.received_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
        merchant=row.merchant.number if row.merchant else "",
        others=others,
    )
