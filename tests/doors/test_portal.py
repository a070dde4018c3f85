"""The public door: every page well made, every figure the books' own, nothing personal anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.doors.pages import Page
from tests.doors.public import COMMUNITY, PLAIN, PLAN, page_of, rows_of
from tests.rooms.scenarios.world import START

from tanhui.kernel.county import load_county
from tanhui.scenarios import _methods, queries, services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("name", [*PLAIN, *PLAN, *COMMUNITY])
def test_every_page_is_well_made_in_a_county_where_nothing_has_happened(client: Client, name: str) -> None:
    page = page_of(client, name)
    assert "平江碳惠" in page.all("title")[0].get("", "") or "平江碳惠" in page.text


def test_the_empty_home_says_what_will_be_there(client: Client) -> None:
    text = page_of(client, "home").text
    assert "还没有结算过" in text
    assert "还没有开放的场景" in text


def test_every_method_has_its_page_its_file_and_its_hash(client: Client) -> None:
    listed = page_of(client, "methods")
    links = {link["href"] for link in listed.all("a")}
    for method in queries.library().methods:
        assert reverse("portal:method", args=[method.family, method.name]) in links
        page = page_of(client, "method-version", method.family, method.name, method.version)
        assert method.content_hash in page.text
        assert method.rule_hash in page.text
        file = client.get(reverse("portal:method-file", args=[method.family, method.name, method.version]))
        assert hashlib.sha256(file.content).hexdigest() == method.content_hash


def test_a_document_that_is_not_in_force_here_says_so_whatever_it_says_of_itself(client: Client) -> None:
    assert queries.library().methods[0].status == "in_force"
    page = page_of(client, "method", "transport", "shared-e-bike")
    assert "未登记施行" in page.text
    assert "现在没有在本平台施行" in page.text


def test_a_method_in_public_notice_asks_for_opinions(client: Client) -> None:
    for stage in ("draft", "committee_review", "public_notice"):
        services.advance_method(name="shared-e-bike", version="1.0.0", stage=stage, at=START)
    assert "公示中，征求意见" in page_of(client, "methods").text
    assert "正在公示" in page_of(client, "method", "transport", "shared-e-bike").text


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
    page = page_of(client, "factors", region="CN-43", year="2023")
    assert "0.4976" in page.text
    assert "0.5306" not in page.text
    rows = rows_of(client.get(reverse("portal:factors-csv"), {"region": "CN-43", "year": "2023"}))
    assert rows[0][:5] == ["factor", "region", "year", "value", "unit"]
    assert {tuple(row[1:3]) for row in rows[1:]} == {("CN-43", "2023")}
    assert "没有符合条件的因子" in page_of(client, "factors", region="CN-99").text
    everything = rows_of(client.get(reverse("portal:factors-csv")))
    assert len(everything) - 1 == len(queries.library().factors.rows)


def test_a_broken_document_is_named_and_nothing_else_breaks(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "transport" / "broken"
    folder.mkdir(parents=True)
    (folder / "1.0.0.md").write_text("---\nnumber: x\n---\n", encoding="utf-8")
    monkeypatch.setattr(_methods, "_folders", lambda: (tmp_path, ()))
    page = page_of(client, "methods", status=503)
    assert "1.0.0.md" in page.text
    page_of(client, "home")


def test_the_form_leads_to_the_receipt(client: Client) -> None:
    response: Any = client.get(reverse("portal:receipts"), {"number": " shr_abc "})
    assert (response.status_code, response.url) == (302, reverse("portal:receipt", args=["shr_abc"]))


@pytest.mark.parametrize("number", ["//example.org", "../office", "a/b"])
def test_what_cannot_be_an_address_is_no_receipt(client: Client, number: str) -> None:
    assert "没有找到" in page_of(client, "receipts", number=number, status=404).text


@pytest.mark.parametrize("path", ["/receipt/%00/", "/factors/?region=%00", "/office/%00/", "/office/trail/?actor=%00"])
def test_a_zero_byte_in_an_address_is_refused_before_any_view(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 400
    assert response["Content-Security-Policy"]


def test_large_print_is_remembered_and_taken_back(client: Client) -> None:
    assert page_of(client, "home").all("html")[0].get("class") is None
    response: Any = client.get(reverse("portal:display"), {"size": "large", "back": "/factors/?year=2023"})
    assert response.url == "/factors/?year=2023"
    assert page_of(client, "home").all("html")[0]["class"] == "elders"
    client.get(reverse("portal:display"), {"size": "normal"})
    assert page_of(client, "home").all("html")[0].get("class") is None


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
    for name in (*PLAIN, *PLAN, *COMMUNITY):
        response = client.get(reverse(f"portal:{name}"))
        assert not response.cookies, name
        assert client.post(reverse(f"portal:{name}")).status_code == 405


def test_a_crash_shows_a_page_that_needs_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanhui.portal.views.pages._organization", lambda code: 1 / 0)
    client.raise_request_exception = False
    response = client.get(reverse("portal:about"))
    assert response.status_code == 500
    assert "系统出错了" in response.content.decode()
