"""The points, prices and teams of a county's folder are taken in once, whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tanhui.community import queries, services
from tanhui.community.types import PointReport, PointState, PriceDetails, TeamDetails
from tanhui.kernel.county import County, load_county
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import queries as parties_queries
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, DivisionTable, OrganizationDetails
from tanhui.project.community import CommunityLoaded, load_community
from tanhui.project.county import divisions

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
STAFF = Actor.system("test")
VILLAGE = "430626104267"


def quiet(text: str) -> None:
    """Says nothing."""


@pytest.fixture
def pingjiang(db: None) -> County:
    county = load_county("pingjiang")
    rows = tuple(row for row in divisions(county).rows if row.level != "village" or row.statistical_code == VILLAGE)
    parties.register(details=DivisionTable(rows), at=AT)
    for code in ("ecology-environment", "urban-management", "demo-recycler"):
        parties.register(details=OrganizationDetails(name=f"示例{code}", code=code), at=AT, by=STAFF)
    return county


@pytest.fixture
def copied(pingjiang: County, tmp_path: Path) -> County:
    """A county's folder that a test may spoil."""
    shutil.copytree(pingjiang.folder / "community", tmp_path / "community")
    shutil.copy(pingjiang.folder / "county.toml", tmp_path)
    return County(tmp_path)


def spoil(county: County, name: str, old: str, new: str) -> None:
    path = county.folder / "community" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_everything_of_the_folder_is_taken_in_once(pingjiang: County) -> None:
    said: list[str] = []
    loaded = load_community(pingjiang, at=AT, say=said.append)
    assert said
    assert loaded is not None
    points, prices, teams = queries.points(), queries.prices(on=local_day(AT)), queries.teams()
    assert loaded == CommunityLoaded(
        len(queries.materials()), len(points), len(prices), len(teams), len(points) + len(prices) + len(teams)
    )
    assert (len(points), len(prices), len(teams)) >= (5, 5, 3)
    village = next(point for point in points if point.division_code == VILLAGE and len(point.materials) > 5)
    assert (village.longitude_e6, village.latitude_e6) == (113_962_000, 28_741_000)
    again = load_community(pingjiang, at=AT + timedelta(days=1), say=quiet)
    assert again == replace(loaded, new=0)
    assert (queries.points(), queries.prices(on=local_day(AT)), queries.teams()) == (points, prices, teams)


def test_what_the_office_changed_stays(pingjiang: County) -> None:
    load_community(pingjiang, at=AT, say=quiet)
    point, team, price = queries.points()[0], queries.teams()[0], queries.prices(on=local_day(AT))[0]
    services.arrange(details=PointReport(point.number, PointState.FULL), at=AT, by=STAFF)
    ended = TeamDetails(team.title, team.host, team.division_code, number=team.number, ended=True)
    services.arrange(details=ended, at=AT, by=STAFF)
    raised = PriceDetails(price.organization, price.material, price.price_fen + 7, price.valid_from)
    services.arrange(details=raised, at=AT, by=STAFF)
    loaded = load_community(pingjiang, at=AT, say=quiet)
    assert loaded is not None
    assert loaded.new == 0
    assert queries.point(point.number).state is PointState.FULL
    assert team.number not in {view.number for view in queries.teams()}
    now = {(view.organization, view.material): view.price_fen for view in queries.prices(on=local_day(AT))}
    assert now[price.organization, price.material] == price.price_fen + 7


def test_a_new_day_brings_a_new_price(copied: County) -> None:
    load_community(copied, at=AT, say=quiet)
    before = {view.material: view.price_fen for view in queries.prices(on=local_day(AT))}
    with (copied.folder / "community/prices.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[prices]]\nmaterial = "glass"\nprice_fen = 12\nvalid_from = 2026-11-01\n')
    loaded = load_community(copied, at=AT, say=quiet)
    assert loaded is not None
    assert loaded.new == 1
    assert {view.material: view.price_fen for view in queries.prices(on=local_day(AT))} == before | {"glass": 12}


def test_a_county_without_these_documents_has_none(tmp_path: Path) -> None:
    assert load_community(County(tmp_path), at=AT, say=quiet) is None


def test_a_county_may_have_materials_alone(copied: County) -> None:
    for name in ("points.toml", "prices.toml", "teams.toml"):
        (copied.folder / "community" / name).unlink()
    assert load_community(copied, at=AT, say=quiet) == CommunityLoaded(len(queries.materials()), 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("points.toml", 'kind = "box"', 'kind = "cart"', "kind"),
        ("points.toml", '"waste-paper", ', '"waste-papers", ', "waste-papers"),
        ("points.toml", 'longitude = "113.962"', 'longitude = "east"', "longitude"),
        ("points.toml", 'longitude = "113.962"', "", "经度"),
        ("points.toml", "示例大屋旧衣箱（虚构）", "示例大屋回收点（虚构）", "两次"),
        ("points.toml", "[[points]]", "[[point]]", "point"),
        ("prices.toml", "price_fen = 100", "price_fen = 1.5", "price_fen"),
        ("prices.toml", "price_fen = 100", "price_fen = -1", "单价"),
        ("prices.toml", 'status = "provisional"', 'status = "perhaps"', "status"),
        ("prices.toml", 'organization = "demo-recycler"', 'organization = "nobody"', "nobody"),
        ("prices.toml", 'material = "glass"', 'material = "metal"', "两次"),
        ("teams.toml", 'host = "urban-management"', 'host = "nobody"', "nobody"),
        ("teams.toml", "title = ", "name = ", "title"),
    ],
)
def test_a_document_with_a_fault_is_refused_whole(copied: County, name: str, old: str, new: str, said: str) -> None:
    spoil(copied, name, old, new)
    with pytest.raises(BadInput, match=said):
        load_community(copied, at=AT, say=quiet)
    assert (queries.points(), queries.prices(on=local_day(AT)), queries.teams()) == ([], [], [])


def test_a_point_in_no_division_is_refused_whole(copied: County) -> None:
    spoil(copied, "points.toml", 'division = "430626002000"', 'division = "110000000000"')
    with pytest.raises(NotFound, match="区划"):
        load_community(copied, at=AT, say=quiet)
    assert queries.points() == []


def test_the_recycler_that_prices_name_is_the_source_of_the_folder(pingjiang: County) -> None:
    source = pingjiang.table("sources/demo-recycler.toml")
    assert source["organization"]
    assert source["code"] in parties_queries.organizations()
