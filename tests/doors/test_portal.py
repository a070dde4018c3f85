"""The public door: every page well made, every figure the books' own, nothing personal anywhere."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.doors.pages import Page
from tests.rooms.scenarios.world import DAY, NOW, START, books, deliver, open_county, ride, total

from tanhui.kernel.county import load_county
from tanhui.parties import queries as parties_queries
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, ResidentDetails
from tanhui.portal import shelf
from tanhui.project.loading import LOADER, load_divisions
from tanhui.project.simulator.play import CONSENT_VERSION, PURPOSES
from tanhui.scenarios import queries, services

pytestmark = pytest.mark.django_db

PLAIN = ("home", "methods", "factors", "budget", "receipts", "about", "privacy", "accessibility")


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def settled(db: None) -> dict[str, int]:
    """Two residents of one township and five of another, two rides each, settled."""
    open_county()
    load_divisions(load_county("pingjiang"), START)
    consents = dict.fromkeys(PURPOSES, CONSENT_VERSION)
    first, second = sorted(row.statistical_code for row in parties_queries.divisions("township"))[:2]
    places = [first] * 2 + [second] * 5
    details = [
        ResidentDetails(
            login=LoginId("development", f"r{at}"), nickname=f"昵称甲{at}", division_code=place, consents=consents
        )
        for at, place in enumerate(places)
    ]
    people = [party.id for party in parties.register(details=details, at=START, by=LOADER)]
    for at, person in enumerate(people):
        deliver(ride(f"a{at}", person), ride(f"b{at}", person, minute=700, day=DAY - timedelta(days=3)), name=str(at))
    services.settle(at=NOW)
    return {"someone": people[0]}


def _page(client: Client, name: str, *args: Any, status: int = 200, **query: str) -> Page:
    response: Any = client.get(reverse(f"portal:{name}", args=args), query)
    assert response.status_code == status, response.content.decode()[:500]
    page = Page(response)
    assert page.faults() == []
    return page


def _rows(response: HttpResponse) -> list[list[str]]:
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_is_well_made_in_a_county_where_nothing_has_happened(client: Client, name: str) -> None:
    page = _page(client, name)
    assert "平江碳惠" in page.all("title")[0].get("", "") or "平江碳惠" in page.text


def test_the_empty_home_says_what_will_be_there(client: Client) -> None:
    text = _page(client, "home").text
    assert "还没有结算过" in text
    assert "还没有开放的场景" in text


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_is_well_made_in_a_county_with_figures(client: Client, settled: object, name: str) -> None:
    _page(client, name)


def test_the_figures_of_the_home_page_are_those_of_the_books(client: Client, settled: object) -> None:
    page = _page(client, "home")
    grams = total(books(), "carbon", "grade:")
    points = total(books(), "points", "expires:")
    assert grams > 0
    assert f"{grams // 10 / 100:.2f} 千克" in page.text
    assert f"已发积分 {points:,}" in page.text
    assert "参与居民 7 人" in page.text
    assert "计入的低碳行为 14 次" in page.text
    rows = _rows(client.get(reverse("portal:scenarios-csv")))
    assert sum(int(row[3]) for row in rows[1:]) == grams
    days = _rows(client.get(reverse("portal:days-csv")))
    assert len(days) == 91
    assert sum(int(row[2]) for row in days[1:]) == grams
    assert days[-1][0] == DAY.isoformat()


def test_a_township_with_few_residents_shows_no_figure_and_no_count(client: Client, settled: object) -> None:
    rows = _rows(client.get(reverse("portal:townships-csv")))[1:]
    assert len(rows) == 25
    by_people = sorted(row[2:] for row in rows if row[2:] != ["0", "0", "0"])
    assert by_people[0] == ["", "", ""]
    assert by_people[1][0] == "5"
    assert "不足5人，不公布" in _page(client, "home").text


def test_the_figures_are_counted_once_a_run_and_fresh_after_the_next(
    client: Client, settled: dict[str, int], django_assert_max_num_queries: Any
) -> None:
    _page(client, "home")
    with django_assert_max_num_queries(1):
        client.get(reverse("portal:home"))
    deliver(ride("late", settled["someone"], minute=900))
    services.settle(at=NOW + timedelta(hours=1))
    assert "计入的低碳行为 15 次" in _page(client, "home").text


def test_every_method_has_its_page_its_file_and_its_hash(client: Client) -> None:
    listed = _page(client, "methods")
    links = {link["href"] for link in listed.all("a")}
    for method in shelf.library().methods:
        assert reverse("portal:method", args=[method.family, method.name]) in links
        page = _page(client, "method-version", method.family, method.name, method.version)
        assert method.content_hash in page.text
        assert method.rule_hash in page.text
        file = client.get(reverse("portal:method-file", args=[method.family, method.name, method.version]))
        assert hashlib.sha256(file.content).hexdigest() == method.content_hash


@pytest.mark.parametrize("path", ["/methods/transport/none/", "/methods/energy/shared-e-bike/", "/nowhere/"])
def test_what_does_not_exist_says_so_in_chinese(client: Client, path: str) -> None:
    response: Any = client.get(path)
    assert response.status_code == 404
    page = Page(response)
    assert page.faults() == []
    assert "没有找到" in page.text


def test_an_unknown_version_of_a_known_method_is_not_found(client: Client) -> None:
    assert client.get("/methods/transport/shared-e-bike/9.9.9/").status_code == 404
    assert client.get("/methods/transport/shared-e-bike/../../x.md").status_code == 404


def test_factors_are_filtered_by_region_and_year_and_leave_as_a_file(client: Client) -> None:
    page = _page(client, "factors", region="CN-43", year="2023")
    assert "0.4976" in page.text
    assert "0.5306" not in page.text
    rows = _rows(client.get(reverse("portal:factors-csv"), {"region": "CN-43", "year": "2023"}))
    assert rows[0][:5] == ["factor", "region", "year", "value", "unit"]
    assert {tuple(row[1:3]) for row in rows[1:]} == {("CN-43", "2023")}
    assert "没有符合条件的因子" in _page(client, "factors", region="CN-99").text
    everything = _rows(client.get(reverse("portal:factors-csv")))
    assert len(everything) - 1 == len(shelf.library().factors.rows)


def test_a_broken_document_is_named_and_nothing_else_breaks(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "transport" / "broken"
    folder.mkdir(parents=True)
    (folder / "1.0.0.md").write_text("---\nnumber: x\n---\n", encoding="utf-8")
    monkeypatch.setattr(shelf, "_folders", lambda: (tmp_path, ()))
    page = _page(client, "methods", status=503)
    assert "1.0.0.md" in page.text
    _page(client, "home")


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
        page = _page(client, "receipt", each, status=404)
        assert "停止分享" in page.text or "没有找到" in page.text


def test_the_form_leads_to_the_receipt(client: Client) -> None:
    response: Any = client.get(reverse("portal:receipts"), {"number": " shr_abc "})
    assert (response.status_code, response.url) == (302, reverse("portal:receipt", args=["shr_abc"]))


def test_the_budget_shows_the_pool_and_every_month(client: Client, settled: object) -> None:
    page = _page(client, "budget")
    table = load_county("pingjiang").table("programme.toml")
    assert f"{table['pool']['yearly_points']:,}" in page.text
    assert "2026年9月" in page.text
    assert "全额" in page.text


def test_large_print_is_remembered_and_taken_back(client: Client) -> None:
    assert _page(client, "home").all("html")[0].get("class") is None
    response: Any = client.get(reverse("portal:display"), {"size": "large", "back": "/factors/?year=2023"})
    assert response.url == "/factors/?year=2023"
    assert _page(client, "home").all("html")[0]["class"] == "elders"
    client.get(reverse("portal:display"), {"size": "normal"})
    assert _page(client, "home").all("html")[0].get("class") is None


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "javascript:alert(1)", ""])
def test_going_back_never_leaves_the_site(client: Client, back: str) -> None:
    response: Any = client.get(reverse("portal:display"), {"size": "large", "back": back})
    assert response.url == "/"


def test_the_brand_is_colors_and_nothing_else(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    county = load_county("pingjiang")
    facts = {**county.facts, "branding": {"primary": "#123456", "ink": "red;} body{display:none"}}
    monkeypatch.setattr("tanhui.portal.views.pages.load_county", lambda name: type("C", (), {"facts": facts})())
    response = client.get(reverse("portal:brand"))
    assert response.content.decode() == ":root{--accent:#123456}\n"


def test_public_pages_set_no_cookie_and_take_no_post(client: Client) -> None:
    for name in PLAIN:
        response = client.get(reverse(f"portal:{name}"))
        assert not response.cookies, name
        assert client.post(reverse(f"portal:{name}")).status_code == 405


def test_a_crash_shows_a_page_that_needs_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanhui.portal.views.pages._organization", lambda code: 1 / 0)
    client.raise_request_exception = False
    response = client.get(reverse("portal:about"))
    assert response.status_code == 500
    assert "系统出错了" in response.content.decode()
