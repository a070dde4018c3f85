"""Loading what a county's folder says of collection points, recyclers' prices and volunteer teams. Safe to repeat.

Materials, audiences and quizzes are read from the folder each time; nothing of them is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db import transaction
from pydantic import Field

from tanhui.community import queries, services
from tanhui.community.types import PointDetails, PointKind, PriceDetails, TeamDetails
from tanhui.kernel.county import County
from tanhui.kernel.errors import BadInput
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.project.county import Say
from tanhui.project.tables import Document, documents, once

SYSTEM = Actor.system("county")
POINTS, PRICES, TEAMS = "community/points.toml", "community/prices.toml", "community/teams.toml"
MICRODEGREES = 1_000_000


@dataclass(frozen=True)
class CommunityLoaded:
    """What the county's folder held, and how many of all of it this call made."""

    materials: int
    points: int
    prices: int
    teams: int
    new: int


class PointDocument(Document):
    """A point or box as `points.toml` has it; `longitude` and `latitude` are degrees (WGS 84)."""

    kind: Annotated[PointKind, Field(strict=False)]
    title: str
    division: str
    address: str
    materials: list[str]
    hours: str = ""
    longitude: Annotated[Decimal | None, Field(strict=False)] = None
    latitude: Annotated[Decimal | None, Field(strict=False)] = None


class PriceDocument(Document):
    """A recycler's price as `prices.toml` has it; `organization` is a code of the county's."""

    organization: str
    material: str
    price_fen: int
    valid_from: date


class TeamDocument(Document):
    """A volunteer team as `teams.toml` has it; `host` is a code of the county's organizations."""

    title: str
    host: str
    division: str


def has_community(county: County) -> bool:
    """Whether the county's folder has documents of this part."""
    return bool(county.files("community", ".toml"))


def load_community(county: County, *, at: datetime, say: Say) -> CommunityLoaded | None:
    """Take in the points, prices and teams of the county's folder; None where it has none.

    What exists already (a point or team of that title, a price of that day) stays as it is. Everything is read before
    anything is stored. Raises BadInput for a document that cannot be used, and what the room raises; then nothing has
    changed.
    """
    if not has_community(county):
        return None
    points, prices, teams = read_points(county), read_prices(county), read_teams(county)
    known = {material.code for material in queries.materials()}
    _known_materials([code for point in points for code in point.materials], known, POINTS)
    _known_materials([price.material for price in prices], known, PRICES)
    organizations = {code: party.number for code, party in parties.organizations().items()}
    _known_organizations([price.organization for price in prices], organizations, PRICES)
    _known_organizations([team.host for team in teams], organizations, TEAMS)
    say(f"{county.name}：回收点、回收价目、志愿队伍……")
    with transaction.atomic():
        new = _take_points(points, at) + _take_prices(prices, organizations, at) + _take_teams(teams, organizations, at)
    return CommunityLoaded(len(known), len(points), len(prices), len(teams), new)


def read_points(county: County) -> list[PointDocument]:
    """`community/points.toml`. Raises BadInput, saying where."""
    found = documents(PointDocument, _table(county, POINTS), "points", {}, POINTS)
    once([document.title for document in found], POINTS)
    return found


def read_prices(county: County) -> list[PriceDocument]:
    """`community/prices.toml`. Raises BadInput, saying where; prices need a source."""
    table = _table(county, PRICES)
    status, source = table.pop("status", ""), table.pop("source", "")
    if table and (status not in ("provisional", "agreed") or not source):
        raise BadInput("须写明 status（provisional 或 agreed）和价格的出处 source", where=PRICES)
    common: dict[str, Any] = {name: table.pop(name) for name in ("organization", "valid_from") if name in table}
    found = documents(PriceDocument, table, "prices", common, PRICES)
    once([f"{row.organization} {row.material} {row.valid_from}" for row in found], PRICES)
    return found


def read_teams(county: County) -> list[TeamDocument]:
    """`community/teams.toml`. Raises BadInput, saying where."""
    found = documents(TeamDocument, _table(county, TEAMS), "teams", {}, TEAMS)
    once([document.title for document in found], TEAMS)
    return found


def _table(county: County, name: str) -> dict[str, Any]:
    return county.table(name) if (county.folder / name).is_file() else {}


def _known_materials(codes: Iterable[str], known: set[str], where: str) -> None:
    for code in codes:
        if code not in known:
            raise BadInput(f"没有物料 {code}", where=where, fix="写进 community/materials.toml，或改正代码")


def _known_organizations(codes: Iterable[str], known: Mapping[str, str], where: str) -> None:
    for code in codes:
        if code not in known:
            raise BadInput(f"没有代码为 {code} 的单位", where=where, fix="写进 organizations.csv，或写接入方的代码")


def _take_points(documents: Iterable[PointDocument], at: datetime) -> int:
    known = {view.title for view in queries.points()}
    fresh = [document for document in documents if document.title not in known]
    for document in fresh:
        details = PointDetails(
            kind=document.kind,
            title=document.title,
            division_code=document.division,
            address=document.address,
            materials=tuple(document.materials),
            hours=document.hours,
            longitude_e6=_microdegrees(document.longitude),
            latitude_e6=_microdegrees(document.latitude),
        )
        services.arrange(details=details, at=at, by=SYSTEM)
    return len(fresh)


def _microdegrees(degrees: Decimal | None) -> int | None:
    return None if degrees is None else int(degrees * MICRODEGREES)


def _take_prices(documents: Iterable[PriceDocument], organizations: Mapping[str, str], at: datetime) -> int:
    """A price of a day from which a recycler's price for that material is known, here or later, stays as it is."""
    rows = sorted(documents, key=lambda row: row.valid_from)
    if not rows:
        return 0
    known = {(view.organization, view.material): view.valid_from for view in queries.prices(on=rows[-1].valid_from)}
    made = 0
    for row in rows:
        details = PriceDetails(organizations[row.organization], row.material, row.price_fen, row.valid_from)
        if known.get((details.organization, details.material), date.min) < row.valid_from:
            services.arrange(details=details, at=at, by=SYSTEM)
            made += 1
    return made


def _take_teams(documents: Iterable[TeamDocument], organizations: Mapping[str, str], at: datetime) -> int:
    known = {view.title for view in queries.teams(ended=True)}
    fresh = [document for document in documents if document.title not in known]
    for document in fresh:
        details = TeamDetails(document.title, organizations[document.host], document.division)
        services.arrange(details=details, at=at, by=SYSTEM)
    return len(fresh)
