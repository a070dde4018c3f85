"""Recycling, activities, quizzes and teams for everybody. Nothing personal goes in or out."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from ninja.responses import Response

from tanhui.api import limits, schemas
from tanhui.api import schemas_community as said
from tanhui.api.answers import answers
from tanhui.api.problems import READABLE
from tanhui.community import queries as community
from tanhui.community import services
from tanhui.community.types import (
    OccasionKind,
    OccasionState,
    OccasionView,
    PointReport,
    PointState,
    PointView,
    TeamView,
)
from tanhui.kernel.days import day_start, local_day
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties.types import Actor

router = Router(tags=["open"])

Kind = Literal["pickup", "collection", "training", "volunteer", "study_visit", "run", "exchange_day", "lecture"]
OccasionNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="活动编号 occ_…")]
PointNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="回收点编号 cpt_…")]
PageSize = Annotated[int, Query(ge=1, le=100, description="一页的条数")]
Cursor = Annotated[str | None, Query(max_length=80, pattern=schemas.CURSOR, description="上一页答复里的 next_cursor")]

SEEN_BY_ALL = (OccasionState.OPEN, OccasionState.CLOSED, OccasionState.CANCELLED)
GEOJSON = "application/geo+json"
LONGEST_SPAN = timedelta(days=92)
MOST = 10_000
"""More occasions than a county has in a span."""
ANYBODY = Actor("public")
"""Whoever reports without signing in: nobody that the house knows."""
_CURSOR = re.compile(r"([0-9]{1,12})-(occ_[0-9a-z]{13,26})")


@router.get("/materials", response=answers(said.MaterialsOut), summary="回收什么、怎么分")
def materials(request: HttpRequest) -> Any:
    """本县回收的品类：收什么、不收什么、怎么整理，以及计不计减排量。"""
    limits.count_open(request)
    return said.MaterialsOut(
        materials=[
            said.MaterialOut(
                code=each.code,
                title=each.title,
                quantity=each.quantity,
                most=each.most,
                scenario=each.scenario,
                accepted=list(each.accepted),
                declined=list(each.declined),
                how_to=each.how_to,
                note=each.note,
            )
            for each in community.materials()
        ]
    )


@router.get("/prices", response=answers(said.PricesOut), summary="回收企业的收购价")
def prices(request: HttpRequest) -> Any:
    """现在有效的收购价，由回收企业自己公布、自己支付；平台不收钱也不付钱。"""
    limits.count_open(request)
    return said.PricesOut(
        prices=[
            said.PriceOut(
                organization=each.organization,
                organization_title=each.organization_title,
                material=each.material,
                price_fen=each.price_fen,
                valid_from=each.valid_from,
            )
            for each in community.prices(on=local_day(_at(request)))
        ]
    )


@router.get("/points", response=answers(said.PointsOut), summary="回收点和回收箱")
def points(request: HttpRequest) -> Any:
    """在哪里、收什么、几点开、现在能不能投放。"""
    limits.count_open(request)
    return said.PointsOut(points=[_point_out(each) for each in community.points()])


@router.get("/points.geojson", response=answers(said.GeoPointsOut), summary="回收点地图数据")
def points_geojson(request: HttpRequest) -> HttpResponse:
    """登记了位置的点，GeoJSON 格式，可直接放进地图软件。"""
    limits.count_open(request)
    drawn = said.GeoPointsOut(
        features=[
            said.GeoFeature(
                id=each.number,
                geometry=said.GeoPoint(coordinates=[each.longitude_e6 / 1_000_000, each.latitude_e6 / 1_000_000]),
                properties=_point_out(each),
            )
            for each in community.points()
            if each.longitude_e6 is not None and each.latitude_e6 is not None
        ]
    )
    return Response(drawn.model_dump(mode="json"), content_type=GEOJSON, **READABLE)


@router.post("/points/{number}/reports", response=answers(said.PointOut, 404, 422), summary="反映一个回收点的情况")
def report_point(request: HttpRequest, number: PointNumber, payload: said.PointReportIn) -> Any:
    """箱子满了、坏了，或者标着不能投放其实可以。不用登录，只收一个选项，不留任何个人信息；工作人员核对后才改变状态。"""
    limits.count("report", limits.caller_address(request), _at(request))
    services.arrange(details=PointReport(number, PointState(payload.state)), at=_at(request), by=ANYBODY)
    return _point_out(community.point(number))


@router.get("/occasions", response=answers(said.OccasionsOut, 422), summary="回收和活动安排")
def occasions(
    request: HttpRequest,
    kind: Annotated[Kind | None, Query(description="只看这一类")] = None,
    division: Annotated[
        str | None, Query(max_length=12, pattern=r"^[0-9]+$", description="只看这个乡镇或村（代码）")
    ] = None,
    since: Annotated[datetime | None, Query(alias="from", description="从这一刻起开始的；空为今天")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="到这一刻止，不含；最多 92 天")] = None,
    after: Cursor = None,
    limit: PageSize = 50,
) -> Any:
    """已公布的安排，按开始时间排列，含取消的和已结束的。"""
    limits.count_open(request)
    starts_from, starts_to = _span(since, until, _at(request))
    found = sorted(
        (
            each
            for each in community.occasions(
                kind=OccasionKind(kind) if kind else None,
                starts_from=starts_from,
                starts_to=starts_to,
                division_code=division or "",
                state=None,
                limit=MOST,
            )
            if each.state in SEEN_BY_ALL
        ),
        key=_place,
    )
    if after is not None:
        last = _place_of(after)
        found = [each for each in found if _place(each) > last]
    page = found[:limit]
    return said.OccasionsOut(
        occasions=[_occasion_out(each) for each in page],
        next_cursor="-".join(str(part) for part in _place(page[-1])) if len(found) > limit else None,
    )


@router.get("/occasions/{number}", response=answers(said.OccasionOut, 404, 422), summary="一场活动")
def occasion(request: HttpRequest, number: OccasionNumber) -> Any:
    """时间、地点、名额和候补人数。"""
    limits.count_open(request)
    found = community.occasion(number)
    if found.state not in SEEN_BY_ALL:
        raise NotFound("没有这场活动", where=number, fix="从 /api/v1/open/occasions 中选择")
    return _occasion_out(found)


@router.get("/quizzes", response=answers(said.QuizzesOut), summary="题库")
def quizzes(request: HttpRequest) -> Any:
    """有哪些题库。登录后取题、答题；网页上可以不登录练习。"""
    limits.count_open(request)
    return said.QuizzesOut(
        quizzes=[
            said.QuizHeadOut(
                code=each.code,
                title=each.title,
                summary=each.summary,
                draw=each.draw,
                pass_score=each.pass_score,
                attempts_a_day=each.attempts_a_day,
            )
            for each in community.quizzes()
        ]
    )


@router.get("/teams", response=answers(said.TeamsOut), summary="志愿队伍")
def teams(request: HttpRequest) -> Any:
    """各支队伍、四类成员的人数和累计服务时长；不含任何人的姓名。"""
    limits.count_open(request)
    return said.TeamsOut(teams=[team_out(each) for each in community.teams() if not each.ended])


def _at(request: HttpRequest) -> datetime:
    return request.received_at  # type: ignore[attr-defined]


def _span(since: datetime | None, until: datetime | None, at: datetime) -> tuple[datetime, datetime]:
    """The asked period, from today for 92 days where nothing is said. Raises BadInput."""
    for name, each in (("from", since), ("to", until)):
        if each is not None and each.tzinfo is None:
            raise BadInput("时间须带时区", where=name, fix="写成 2026-11-22T08:00:00+08:00")
    starts_from = since or day_start(local_day(at))
    starts_to = until or starts_from + LONGEST_SPAN
    if not starts_from < starts_to <= starts_from + LONGEST_SPAN:
        raise BadInput("时间范围须在 92 天以内，且先始后终", where="to", fix="分几次查询")
    return starts_from, starts_to


def _place(view: OccasionView) -> tuple[int, str]:
    return int(view.starts_at.timestamp()), view.number


def _place_of(cursor: str) -> tuple[int, str]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadInput("翻页位置无效", where="after", fix="用上一页答复里的 next_cursor")
    return int(match[1]), match[2]


def _point_out(view: PointView) -> said.PointOut:
    return said.PointOut(
        number=view.number,
        kind=view.kind.value,
        kind_title=view.kind.label,
        title=view.title,
        division_code=view.division_code,
        address=view.address,
        materials=list(view.materials),
        hours=view.hours,
        longitude_e6=view.longitude_e6,
        latitude_e6=view.latitude_e6,
        state=view.state.value,
        state_title=view.state.label,
        state_at=view.state_at,
        reported=view.reported.value if view.reported else None,
    )


def _occasion_out(view: OccasionView) -> said.OccasionOut:
    plain = {name: getattr(view, name) for name in said.OccasionOut.model_fields if hasattr(view, name)}
    return said.OccasionOut(
        **plain
        | {
            "kind": view.kind.value,
            "kind_title": view.kind.label,
            "materials": list(view.materials),
            "state": view.state.value,
            "state_title": view.state.label,
        }
    )


def team_out(view: TeamView) -> said.TeamOut:
    """A team as everybody may see it."""
    return said.TeamOut(
        number=view.number,
        title=view.title,
        host_title=view.host_title,
        division_code=view.division_code,
        members=dict(view.members),
        minutes=view.minutes,
    )
