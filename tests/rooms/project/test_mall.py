"""The mall of a county's folder, and the invented residents who use it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from tests.rooms.rewards.mall import assert_sound, give, resident

from tanhui.kernel.county import County, load_county
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.ledger import queries as ledger
from tanhui.ledger.types import Book
from tanhui.parties import queries as parties_queries
from tanhui.parties import services as parties
from tanhui.parties.types import DivisionTable
from tanhui.project.county import divisions
from tanhui.project.mall import MallLoaded, load_mall, read_merchants
from tanhui.project.simulator.mall_story import MallStory, hire
from tanhui.project.staff import staff_without_role
from tanhui.rewards import queries, services
from tanhui.rewards.models import Redemption, Voucher
from tanhui.rewards.types import BudgetDetails, MerchantState, OfferKind, OfferState, OfferStatus, Outcome

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
VILLAGE = "430626104267"
"""Where the county's folder has a merchant in a village."""
FIRST_DAY, END_ON = date(2026, 8, 24), date(2026, 11, 21)


def quiet(text: str) -> None:
    """Says nothing."""


@pytest.fixture
def pingjiang(db: None) -> County:
    county = load_county("pingjiang")
    rows = tuple(row for row in divisions(county).rows if row.level != "village" or row.statistical_code == VILLAGE)
    parties.register(details=DivisionTable(rows), at=AT)
    return county


@pytest.fixture
def copied(pingjiang: County, tmp_path: Path) -> County:
    """A county's folder that a test may spoil."""
    shutil.copytree(pingjiang.folder / "mall", tmp_path / "mall")
    shutil.copy(pingjiang.folder / "county.toml", tmp_path)
    return County(tmp_path)


def spoil(county: County, name: str, old: str, new: str) -> None:
    path = county.folder / "mall" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_demo_county_opens_its_mall_once(pingjiang: County) -> None:
    said: list[str] = []
    loaded = load_mall(pingjiang, at=AT, say=said.append)
    assert said
    assert loaded is not None
    counts = (loaded.merchants, loaded.offers)
    assert loaded == MallLoaded(*counts, *counts, True, loaded.lines, loaded.lines)
    offers = queries.offers()
    assert {view.kind for view in offers} == set(OfferKind), "every kind of the plan has an offer"
    assert len(offers) == loaded.offers >= 10
    for view in offers:
        assert "示例" in view.title
        assert "暂定" in view.terms
        assert view.kind.at_once == (not view.merchants)
    for merchant in queries.merchants():
        assert merchant.title.startswith("示例")
        assert merchant.title.endswith("（虚构）")
        assert merchant.state is MerchantState.ACTIVE
        assert queries.shops(merchant.number)
    again = load_mall(pingjiang, at=AT + timedelta(days=1), say=quiet)
    assert again == replace(loaded, merchants_new=0, offers_new=0, lines_new=0)
    assert queries.offers() == offers


def test_the_years_money_is_taken_in_once_and_what_finance_changed_stays(pingjiang: County) -> None:
    load_mall(pingjiang, at=AT, say=quiet)
    year, offer = queries.budget_lines(2026)
    assert (year.offer, year.left_fen) == ("", year.amount_fen - year.reserve_fen)
    assert offer.title in {view.title for view in queries.offers()}
    assert "暂定" in year.source
    services.offer(details=BudgetDetails(2026, 70_000_000, 1, "", "虚构文件"), at=AT)
    load_mall(pingjiang, at=AT, say=quiet)
    assert queries.budget_lines(2026)[0].amount_fen == 70_000_000
    assert {line.year for line in queries.budget_lines()} == {2026, 2027}


def test_money_that_only_is_proposed_is_promised_nowhere_but_in_a_demo(copied: County) -> None:
    (copied.folder / "county.toml").write_text('name = "某县"\ndivision_code = "430000"\n', encoding="utf-8")
    with override_settings(TANHUI_DEMO=False):
        loaded = load_mall(copied, at=AT, say=quiet)
        assert loaded is not None
        assert loaded.lines > loaded.lines_new == 0
        spoil(copied, "budget.toml", '\nstatus = "provisional"', '\nstatus = "agreed"')
        loaded = load_mall(copied, at=AT, say=quiet)
    assert loaded is not None
    assert loaded.lines_new == loaded.lines == len(queries.budget_lines())


def test_a_county_that_wrote_nothing_about_money_promises_none(copied: County) -> None:
    (copied.folder / "mall" / "budget.toml").unlink()
    loaded = load_mall(copied, at=AT, say=quiet)
    assert loaded is not None
    assert (loaded.lines, queries.budget_lines()) == (0, [])


def test_a_withdrawn_offer_does_not_come_back(pingjiang: County) -> None:
    load_mall(pingjiang, at=AT, say=quiet)
    gone = queries.offers()[0]
    services.offer(details=OfferStatus(gone.number, OfferState.WITHDRAWN), at=AT)
    load_mall(pingjiang, at=AT, say=quiet)
    assert gone.title not in {view.title for view in queries.offers()}


def test_elsewhere_merchants_wait_and_offers_are_drafts(copied: County) -> None:
    (copied.folder / "county.toml").write_text('name = "某县"\ndivision_code = "430000"\n', encoding="utf-8")
    with override_settings(TANHUI_DEMO=False):
        loaded = load_mall(copied, at=AT, say=quiet)
    assert loaded is not None
    assert not loaded.open
    assert queries.offers() == []
    assert {view.state for view in queries.offers(published_only=False)} == {OfferState.DRAFT}
    assert {view.state for view in queries.merchants()} == {MerchantState.APPLIED}


def test_a_county_without_a_mall_has_none(tmp_path: Path) -> None:
    assert load_mall(County(tmp_path), at=AT, say=quiet) is None


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("offers.toml", "price_points = 1000", 'price_points = "1000"', "price_points"),
        ("offers.toml", "price_points = 1000", "price_points = 0", "积分"),
        ("offers.toml", "price_points = 1000", "prise_points = 1000", "prise_points"),
        ("offers.toml", 'kind = "restaurant"', 'kind = "money"', "kind"),
        ("offers.toml", '["mall-restaurant"]', '["nobody"]', "nobody"),
        ("offers.toml", "valid_days = 60", "valid_days = true", "valid_days"),
        ("offers.toml", '\nstatus = "provisional"', '\nstatus = "perhaps"', "status"),
        ("offers.toml", "note = ", "remark = ", "note"),
        ("offers.toml", "[[offers]]", "[[offer]]", "offer"),
        ("offers.toml", "山茶油一瓶二百五十毫升（示例）", "平江酱干一袋（示例）", "两次"),
        ("budget.toml", "amount_fen = 60_000_000", "amount_fen = 600_000.00", "amount_fen"),
        ("budget.toml", "reserve_fen = 6_000_000", "reserve_fen = 60_000_001", "预留"),
        ("budget.toml", "石牛寨门票抵用券三十元（示例）", "没有的权益", "没有的权益"),
        ("budget.toml", "year = 2027", "year = 2026", "两次"),
        ("budget.toml", "rate_bp = 8000", "rate_bp = 80000", "rate_bp"),
        ("budget.toml", "fen_per_100_points = 90", "fen_per_100_points = 0.9", "fen_per_100_points"),
        ("budget.toml", '\nstatus = "provisional"', '\nstatus = "perhaps"', "status"),
        ("budget.toml", "[[lines]]", "[[line]]", "line"),
        ("merchants.toml", 'code = "mall-bus"', 'code = "mall-oil"', "两次"),
        ("merchants.toml", "contract_to = 2031-01-01", "contract_to = 2025-01-01", "合作截止日"),
        ("merchants.toml", "contract_from = 2026-01-01", "", "contract_from"),
        ("merchants.toml", 'plate = "DEMO-0001"', 'plate = "示例"', "牌号"),
    ],
)
def test_a_document_with_a_fault_is_refused_whole(copied: County, name: str, old: str, new: str, said: str) -> None:
    spoil(copied, name, old, new)
    with pytest.raises(BadInput, match=said):
        load_mall(copied, at=AT, say=quiet)
    assert queries.offers(published_only=False) == []
    assert queries.merchants() == []
    assert queries.budget_lines() == []


def test_a_shop_in_no_division_is_refused_whole(copied: County) -> None:
    spoil(copied, "merchants.toml", 'division = "430626104000"', 'division = "110000000000"')
    with pytest.raises(NotFound, match="区划"):
        load_mall(copied, at=AT, say=quiet)
    assert queries.merchants() == []


def story(county: County, people: dict[int, int], seed: int = 7) -> MallStory:
    load_mall(county, at=AT, say=quiet)
    manager, cashier = (
        staff_without_role(username=name, display_name=f"虚构{name}", password="x" * 12, at=AT)
        for name in ("demo-merchant", "demo-cashier")
    )
    staff = hire(manager, cashier, read_merchants(county)[0].title, at=AT)
    assert set(staff) == {view.number for view in queries.merchants()}
    told = MallStory(seed, residents=len(people), first_day=FIRST_DAY, end_on=END_ON, staff=staff)
    for offset in range((END_ON - FIRST_DAY).days + 1):
        day = datetime.combine(FIRST_DAY + timedelta(days=offset), datetime.min.time(), UTC)
        told.evening(day + timedelta(hours=14), people)
    return told


def crowd(size: int, points: int) -> dict[int, int]:
    people = {index: resident() for index in range(size)}
    for person in people.values():
        give(person, points, at=datetime(2026, 8, 20, tzinfo=UTC))
    return people


@pytest.mark.django_db
def test_residents_exchange_and_merchants_redeem_at_their_own_times(pingjiang: County) -> None:
    people = crowd(40, 4000)
    played = story(pingjiang, people).played
    states = Counter(Voucher.objects.values_list("state", flat=True))
    assert set(states) >= {"open", "redeemed", "cancelled", "expired"}
    assert played.vouchers["exchanged"] == sum(states.values()) > 100
    assert played.attempts[Outcome.REDEEMED] > 30
    assert played.attempts[Outcome.ALREADY_REDEEMED]
    assert played.attempts[Outcome.UNDONE]
    assert Redemption.objects.filter(offline=True, outcome=Outcome.REDEEMED).exists()
    for voucher in Voucher.objects.all():
        assert FIRST_DAY < (voucher.exchanged_at + timedelta(hours=8)).date() <= END_ON
        assert voucher.ended_at is None or voucher.exchanged_at <= voucher.ended_at < AT
    assert_sound()


def test_the_story_told_twice_is_told_once(pingjiang: County) -> None:
    people = crowd(10, 4000)
    story(pingjiang, people)
    tables = [list(table.objects.order_by("pk").values_list()) for table in (Voucher, Redemption)]
    books = ledger.totals(Book.POINTS)
    story(pingjiang, people)
    assert [list(table.objects.order_by("pk").values_list()) for table in (Voucher, Redemption)] == tables
    assert ledger.totals(Book.POINTS) == books


def test_who_has_no_points_is_refused_and_nothing_breaks(pingjiang: County) -> None:
    played = story(pingjiang, {index: resident() for index in range(5)}).played
    assert played.vouchers["exchanged"] == 0
    assert played.vouchers["not_enough_points"]
    assert not Voucher.objects.exists()


def test_the_demo_manager_works_for_one_merchant_and_the_cashier_for_the_others(pingjiang: County) -> None:
    story(pingjiang, {})
    (only,) = queries.merchant_of(parties_queries.staff("demo-merchant").id)
    assert only.title == read_merchants(pingjiang)[0].title
    others = queries.merchant_of(parties_queries.staff("demo-cashier").id)
    assert len(others) == len(queries.merchants()) - 1
    assert parties_queries.roles_of(parties_queries.staff("demo-merchant").id) == []
