"""Loading a county's mall: merchants with their shops, and what points buy there. Safe to repeat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from django.db import transaction
from pydantic import Field

from tanhui.kernel.county import County
from tanhui.kernel.days import day_start
from tanhui.kernel.errors import BadInput
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, OrganizationDetails
from tanhui.project.county import Say
from tanhui.project.tables import Document, documents, once
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    BudgetDetails,
    MerchantDetails,
    MerchantState,
    MerchantStatus,
    OfferDetails,
    OfferKind,
    OfferState,
    OfferStatus,
    ShopDetails,
    StockDetails,
)

SYSTEM = Actor.system("county")
MERCHANTS, OFFERS, BUDGET = "mall/merchants.toml", "mall/offers.toml", "mall/budget.toml"


@dataclass(frozen=True)
class MallLoaded:
    """What the county's folder held of its mall, and how many of them this call made. `open`: also put on sale.

    `lines` are those of the years' money; one that only is proposed is made in a demo county and nowhere else.
    """

    merchants: int
    offers: int
    merchants_new: int
    offers_new: int
    open: bool
    lines: int = 0
    lines_new: int = 0


class ShopDocument(Document):
    """A shop as `merchants.toml` has it."""

    title: str
    division: str
    address: str = ""
    plate: str = ""


class MerchantDocument(Document):
    """A merchant as `merchants.toml` has it; [from, to) are days of the county."""

    code: str
    title: str
    contract_from: date
    contract_to: date
    shops: list[ShopDocument]
    credit_code: str = ""


class OfferDocument(Document):
    """An offer as `offers.toml` has it; `note` is appended to its terms, `merchants` are codes."""

    kind: Annotated[OfferKind, Field(strict=False)]
    title: str
    terms: str
    price_points: int
    face_value_fen: int
    sale_from: date
    sale_to: date
    valid_days: int
    note: str = ""
    per_person_limit: int | None = None
    per_person_day_limit: int | None = None
    per_day_limit: int | None = None
    cancel_hours: int | None = None
    stock: int | None = None
    merchants: list[str] = []


class LineDocument(Document):
    """A line of the years' money as `budget.toml` has it; `offer` is a title of `offers.toml`."""

    year: int
    amount_fen: int
    reserve_fen: int = 0
    offer: str = ""


@dataclass(frozen=True)
class BudgetDocument:
    """The years' money; `decided`: not only proposed."""

    lines: list[LineDocument]
    decided: bool
    source: str


def has_mall(county: County) -> bool:
    """Whether the county's folder has documents of a mall."""
    return bool(county.files("mall", ".toml"))


def load_mall(county: County, *, at: datetime, say: Say) -> MallLoaded | None:
    """Take in the merchants, offers and the years' money of the county's folder; None where it has none.

    A demo county admits and publishes them at once; elsewhere merchants wait for the review and offers are drafts.
    What exists already, by organization or by title, stays as it is. Everything is read before anything is stored.
    Raises BadInput for a document that cannot be used, and what the rooms raise; then nothing has changed.
    """
    if not has_mall(county):
        return None
    merchants, offers, budget = read_merchants(county), read_offers(county), read_budget(county)
    known = {document.code for document in merchants}
    for document in offers:
        for code in document.merchants:
            if code not in known:
                raise BadInput(f"“{document.title}”写的商户 {code} 没有登记", where=OFFERS, fix=f"写进 {MERCHANTS}")
    titles = {document.title for document in offers}
    for line in budget.lines:
        if line.offer and line.offer not in titles:
            raise BadInput(f"没有名为“{line.offer}”的权益", where=BUDGET, fix=f"照 {OFFERS} 里的名称写")
    say(f"{county.name}：积分商城……")
    opens = county.is_demo
    with transaction.atomic():
        numbers, merchants_new = _take_merchants(merchants, at=at, active=opens)
        offers_new = _take_offers(offers, numbers, at=at, published=opens)
        lines_new = _take_lines(budget, at=at) if opens or budget.decided else 0
    counts = (len(merchants), len(offers), merchants_new, offers_new)
    return MallLoaded(*counts, opens, len(budget.lines), lines_new)


def read_merchants(county: County) -> list[MerchantDocument]:
    """`mall/merchants.toml`. Raises BadInput, saying where."""
    table = county.table(MERCHANTS)
    common: dict[str, Any] = {name: table.pop(name) for name in ("contract_from", "contract_to") if name in table}
    found = documents(MerchantDocument, table, "merchants", common, MERCHANTS)
    once([document.code for document in found], MERCHANTS)
    once([document.title for document in found], MERCHANTS)
    return found


def read_offers(county: County) -> list[OfferDocument]:
    """`mall/offers.toml`. Raises BadInput, saying where; a provisional price must say so to residents."""
    table = county.table(OFFERS)
    status, source = table.pop("status", ""), table.pop("source", "")
    table.pop("best_before", None)
    if status not in ("provisional", "agreed") or not source:
        raise BadInput("须写明 status（provisional 或 agreed）和价格的出处 source", where=OFFERS)
    if status == "provisional" and not table.get("note"):
        raise BadInput("价格是暂定的，须在 note 里告诉居民", where=OFFERS)
    common: dict[str, Any] = {name: table.pop(name) for name in ("sale_from", "sale_to", "note") if name in table}
    found = documents(OfferDocument, table, "offers", common, OFFERS)
    once([document.title for document in found], OFFERS)
    return found


def read_budget(county: County) -> BudgetDocument:
    """`mall/budget.toml`; no lines where the county has none. Raises BadInput, saying where."""
    if not (county.folder / BUDGET).is_file():
        return BudgetDocument([], False, "")
    table = county.table(BUDGET)
    rule = queries.funds_rule(county)
    if rule.status not in ("provisional", "agreed") or not rule.source:
        raise BadInput("须写明 status（provisional 或 agreed）和金额的出处 source", where=BUDGET)
    for name in ("status", "source", "best_before", "use", "rule"):
        table.pop(name, None)
    found = documents(LineDocument, table, "lines", {}, BUDGET)
    once([f"{line.year} {line.offer}".strip() for line in found], BUDGET)
    return BudgetDocument(found, rule.status == "agreed", rule.source)


def _take_lines(document: BudgetDocument, *, at: datetime) -> int:
    """Write the lines that there are not yet; how many. A line that was written stays as finance left it."""
    known = {(line.year, line.offer) for line in queries.budget_lines()}
    numbers = {view.title: view.number for view in queries.offers(published_only=False)}
    made = 0
    for line in document.lines:
        offer = numbers[line.offer] if line.offer else ""
        if (line.year, offer) in known:
            continue
        details = BudgetDetails(line.year, line.amount_fen, line.reserve_fen, offer, document.source)
        services.offer(details=details, at=at, by=SYSTEM)
        made += 1
    return made


def _take_merchants(documents: Iterable[MerchantDocument], *, at: datetime, active: bool) -> tuple[dict[str, str], int]:
    """The merchants' numbers by their codes in the documents, and how many were made."""
    known = {view.party_id: view.number for view in queries.merchants() if view.state is not MerchantState.LEFT}
    numbers, made = {}, 0
    for document in documents:
        details = OrganizationDetails(name=document.title, credit_code=document.credit_code, code=document.code)
        party_id = parties.register(details=details, at=at, by=SYSTEM).id
        if party_id in known:
            numbers[document.code] = known[party_id]
            continue
        contract = MerchantDetails(party_id, document.title, document.contract_from, document.contract_to)
        number = numbers[document.code] = services.admit(details=contract, at=at, by=SYSTEM)
        made += 1
        for shop in document.shops:
            place = ShopDetails(number, shop.title, shop.division, shop.address, shop.plate)
            services.admit(details=place, at=at, by=SYSTEM)
        if active:
            services.admit(details=MerchantStatus(number, MerchantState.ACTIVE), at=at, by=SYSTEM)
    return numbers, made


def _take_offers(
    documents: Iterable[OfferDocument], merchants: Mapping[str, str], *, at: datetime, published: bool
) -> int:
    known = {view.title for view in queries.offers(published_only=False)}
    made = 0
    for document in documents:
        if document.title in known:
            continue
        stock = ""
        if document.stock is not None:
            stock = services.offer(details=StockDetails(document.title, document.stock), at=at, by=SYSTEM)
        number = services.offer(details=_details(document, stock, merchants), at=at, by=SYSTEM)
        made += 1
        if published:
            services.offer(details=OfferStatus(number, OfferState.PUBLISHED), at=at, by=SYSTEM)
    return made


def _details(document: OfferDocument, stock: str, merchants: Mapping[str, str]) -> OfferDetails:
    return OfferDetails(
        kind=document.kind,
        title=document.title,
        terms=f"{document.terms}\n{document.note}".strip(),
        price_points=document.price_points,
        face_value_fen=document.face_value_fen,
        sale_from=day_start(document.sale_from),
        sale_to=day_start(document.sale_to),
        valid_days=document.valid_days,
        per_person_limit=document.per_person_limit,
        per_person_day_limit=document.per_person_day_limit,
        per_day_limit=document.per_day_limit,
        cancel_hours=document.cancel_hours,
        stock=stock,
        merchants=tuple(merchants[code] for code in document.merchants),
    )
