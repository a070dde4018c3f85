"""For everybody: the county's figures, methods, factors, shared receipts. No sign-in, nothing personal."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Path, Query, Router

from tanhui.api import limits, schemas
from tanhui.api.answers import answers
from tanhui.api.resident import Depth, behavior_receipt_out, scenarios_out
from tanhui.kernel.county import load_county
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import NotFound
from tanhui.scenarios import queries as scenarios
from tanhui_methods import Method

router = Router(tags=["open"])

Version = Annotated[str, Path(max_length=20, pattern=r"^[0-9]+(\.[0-9]+){0,2}$", description="版本")]
DAYS_SHOWN = 30


@router.get("/county", response=answers(schemas.CountyOut), summary="全县实时数字")
def county(request: HttpRequest) -> Any:
    """合计、分场景、最近三十天；都是结算的结果，可逐级核对。"""
    limits.count_open(request)
    facts = load_county(settings.TANHUI_COUNTY)
    totals = scenarios.county_figures()
    today = local_day(request.received_at)  # type: ignore[attr-defined]
    return schemas.CountyOut(
        county=facts.name,
        division_code=facts.division_code,
        demo=bool(facts.facts.get("demo", False)),
        totals=schemas.FiguresOut(
            residents=totals.residents,
            behaviors=totals.behaviors,
            reduction_g=totals.reduction_g,
            points=totals.points,
            first_on=totals.first_on,
            last_on=totals.last_on,
            settled_at=totals.settled_at,
            run_number=totals.run_number,
        ),
        by_scenario=[
            schemas.ScenarioFigureOut(
                code=row.code,
                title=row.title,
                method_name=row.method_name,
                behaviors=row.behaviors,
                reduction_g=row.reduction_g,
                points=row.points,
            )
            for row in scenarios.figures_by_scenario()
        ],
        by_day=[
            schemas.DailyFigureOut(day=row.day, behaviors=row.behaviors, reduction_g=row.reduction_g, points=row.points)
            for row in scenarios.daily_figures(DAYS_SHOWN, today)
        ],
    )


@router.get("/scenarios", response=answers(schemas.ScenariosOut), summary="低碳场景")
def open_scenarios(request: HttpRequest) -> Any:
    """本县已开放的场景，以及怎么参与。"""
    limits.count_open(request)
    return scenarios_out()


@router.get("/methods", response=answers(schemas.MethodsOut), summary="方法学")
def methods(request: HttpRequest) -> Any:
    """全部方法的全部版本，带摘要。"""
    limits.count_open(request)
    return schemas.MethodsOut(methods=[schemas.MethodOut(**_method(each)) for each in scenarios.library().methods])


@router.get("/methods/{name}/{version}", response=answers(schemas.MethodTextOut, 404, 422), summary="方法正文")
def method(
    request: HttpRequest,
    name: Annotated[str, Path(max_length=60, pattern=schemas.CODE, description="方法名")],
    version: Version,
) -> Any:
    """正文即规则：页面、程序和专家看的是同一份文件。"""
    limits.count_open(request)
    for each in scenarios.library().versions(name):
        if each.version == version:
            return schemas.MethodTextOut(**_method(each), text=each.text)
    raise NotFound(f"没有方法 {name} {version}", fix="先查 /api/v1/open/methods")


def _method(each: Method) -> dict[str, Any]:
    return {
        "name": each.name,
        "version": each.version,
        "number": each.number,
        "title": each.title,
        "family": each.family,
        "status": each.status,
        "valid_from": each.valid_from,
        "valid_to": each.valid_to,
        "content_hash": each.content_hash,
        "rule_hash": each.rule_hash,
    }


@router.get("/factors", response=answers(schemas.FactorsOut), summary="排放因子")
def factors(request: HttpRequest) -> Any:
    """每个因子的数值、单位、地区、年份、来源和状态；暂定值公开标明。"""
    limits.count_open(request)
    return schemas.FactorsOut(
        factors=[
            schemas.FactorOut(
                factor=row.factor,
                region=row.region,
                year=_text(row.year),
                value=row.written,
                unit=row.unit.text,
                source=row.source,
                status=row.status,
                valid_from=_text(row.valid_from),
                valid_to=_text(row.valid_to),
                best_before=_text(row.best_before),
                note=row.note,
            )
            for row in scenarios.library().factors.rows
        ]
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


@router.get("/receipts/{number}", response=answers(schemas.BehaviorReceiptOut, 404, 422), summary="分享的凭据")
def shared_receipt(
    request: HttpRequest,
    number: Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="分享编号 shr_…")],
    depth: Annotated[Depth, Query(description="说明的深度")] = "sentence",
) -> Any:
    """主人分享的一个数是怎么来的；不含个人信息。"""
    limits.count_open(request)
    return behavior_receipt_out(scenarios.receipt(number), depth)
