"""The public door in a county with figures: they are the books' own, and nobody is to be seen in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.doors.public import PLAIN, page_of, rows_of
from tests.rooms.scenarios.world import DAY, NOW, START, books, deliver, open_county, ride, total

from tanhui.kernel.county import load_county
from tanhui.parties import queries as parties_queries
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, ResidentDetails
from tanhui.project.county import SYSTEM, divisions, this_county
from tanhui.project.simulator.play import CONSENT_VERSION, PURPOSES
from tanhui.scenarios import queries, services


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, int]]:
    """Two residents of one township and five of another, two rides each, settled."""
    with lasting(django_db_blocker):
        open_county()
        parties.register(details=divisions(this_county()), at=START, by=SYSTEM)
        consents = dict.fromkeys(PURPOSES, CONSENT_VERSION)
        first, second = sorted(row.statistical_code for row in parties_queries.divisions("township"))[:2]
        villages = [row.statistical_code for row in parties_queries.divisions("village") if row.parent_code == second]
        places = [first] * 2 + [second] * 2 + villages[:3]
        details = [
            ResidentDetails(
                login=LoginId("development", f"r{at}"), nickname=f"昵称甲{at}", division_code=place, consents=consents
            )
            for at, place in enumerate(places)
        ]
        people = [party.id for party in parties.register(details=details, at=START, by=SYSTEM)]
        for at, person in enumerate(people):
            deliver(
                ride(f"a{at}", person), ride(f"b{at}", person, minute=700, day=DAY - timedelta(days=3)), name=str(at)
            )
        services.settle(at=NOW)
        yield {"someone": people[0]}


@pytest.fixture
def settled(people: dict[str, int], db: None) -> dict[str, int]:
    """The county of this file, within the test's own transaction."""
    return people


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_is_well_made_in_a_county_with_figures(client: Client, settled: object, name: str) -> None:
    page_of(client, name)


def test_the_figures_of_the_home_page_are_those_of_the_books(client: Client, settled: object) -> None:
    page = page_of(client, "home")
    grams = total(books(), "carbon", "grade:")
    points = total(books(), "points", "expires:")
    assert grams > 0
    assert f"{grams // 10 / 100:.2f} 千克" in page.text
    assert f"已发积分 {points:,}" in page.text
    assert "参与居民 7 人" in page.text
    assert "计入的低碳行为 14 次" in page.text
    rows = rows_of(client.get(reverse("portal:scenarios-csv")))
    assert sum(int(row[3]) for row in rows[1:]) == grams
    days = rows_of(client.get(reverse("portal:days-csv")))
    assert len(days) == 91
    assert sum(int(row[2]) for row in days[1:]) == grams
    assert days[-1][0] == DAY.isoformat()


def test_a_method_in_force_says_since_when_and_how_to_take_part(client: Client, settled: object) -> None:
    page = page_of(client, "method", "transport", "shared-e-bike")
    assert "在本平台施行 2018年1月1日起" in page.text
    assert "怎么参与" in page.text
    assert "没有在本平台施行" not in page.text
    home = page_of(client, "home")
    assert reverse("portal:method", args=["transport", "shared-e-bike"]) in {link["href"] for link in home.all("a")}


def test_a_township_with_few_residents_shows_no_figure_and_no_count(client: Client, settled: object) -> None:
    rows = rows_of(client.get(reverse("portal:townships-csv")))[1:]
    assert len(rows) == 25
    by_people = sorted(row[2:] for row in rows if row[2:] != ["0", "0", "0"])
    assert by_people[0] == ["", "", ""]
    assert by_people[1][0] == "5"
    assert "不足5人，不公布" in page_of(client, "home").text


def test_the_figures_are_counted_once_a_run_and_fresh_after_the_next(
    client: Client, settled: dict[str, int], django_assert_max_num_queries: Any
) -> None:
    page_of(client, "home")
    with django_assert_max_num_queries(1):
        client.get(reverse("portal:home"))
    deliver(ride("late", settled["someone"], minute=900))
    services.settle(at=NOW + timedelta(hours=1))
    assert "计入的低碳行为 15 次" in page_of(client, "home").text


def _shared(person: int) -> tuple[str, str]:
    number = queries.statement(person).lines[0].number
    return number, services.share(number=number, party_id=person, at=NOW)


def test_a_shared_receipt_shows_how_the_number_was_made_and_nobody(client: Client, settled: dict[str, int]) -> None:
    person = settled["someone"]
    number, shared = _shared(person)
    response: Any = client.get(reverse("portal:receipt", args=[shared]))
    page = Page(response)
    assert page.faults() == []
    found = queries.receipt(shared)
    assert found.explanations["sentence"].split("，")[0] in page.text.replace("CO 2", "CO2")
    assert found.rule_hash in page.text
    assert found.transfer_number in page.text
    assert found.method_title in page.text
    body = response.content.decode()
    assert "昵称甲" not in body
    assert queries.statement(person).lines[0].number not in body or number.startswith("bhv_")
    assert "pty_" not in body
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_receipt_that_is_no_longer_shared_or_never_was_is_not_found(client: Client, settled: dict[str, int]) -> None:
    person = settled["someone"]
    number, shared = _shared(person)
    services.share(number=number, party_id=person, at=NOW, ends=True)
    for each in (shared, number, "shr_nothing", "x" * 50):
        page = page_of(client, "receipt", each, status=404)
        assert "停止分享" in page.text or "没有找到" in page.text


def test_the_budget_shows_the_pool_and_every_month(client: Client, settled: object) -> None:
    page = page_of(client, "budget")
    table = load_county("pingjiang").table("programme.toml")
    assert f"{table['pool']['yearly_points']:,}" in page.text
    assert "2026年9月" in page.text
    assert "全额" in page.text
