"""Registers for the public: approved rows, public columns only, as pages, files and a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from tanhui.kernel.county import load_county
from tanhui.kernel.errors import NotFound
from tanhui.plan import queries as plans
from tanhui.plan.types import FieldSpec, RecordView, RegisterView
from tanhui.portal.files import csv_file
from tanhui.portal.map_sheet import MapSheet, outline, symbols
from tanhui.portal.plan_reading import invented, public_cells, public_fields, readable, today

ACROSS = "跨章节的台账"
_PAGE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """Every register by the chapter of its tasks: what a row is, and how many were approved."""
    found = plans.plan(today())
    tasks = {task.no: task for task in found.tasks} if found else {}
    wanted = request.GET.get("task", "").strip()[:4]
    everything = plans.registers()
    shown = [each for each in everything if not wanted or wanted in {str(no) for no in each.tasks}]
    groups: dict[str, list[Any]] = {}
    for each in shown:
        numbered = [(no, tasks[no].title) for no in each.tasks if no in tasks]
        chapters = {tasks[no].group_title for no, _ in numbered}
        chapter = chapters.pop() if len(chapters) == 1 else ACROSS
        groups.setdefault(chapter, []).append((each, numbered))
    if ACROSS in groups:
        groups[ACROSS] = groups.pop(ACROSS)  # after the chapters
    context = {
        "section": "plan",
        "part": "registers",
        "groups": list(groups.items()),
        "tasks": list(tasks.values()),
        "wanted": wanted,
        "total": len(everything),
        "shown": len(shown),
        "approved": sum(each.approved for each in shown),
        "sample": invented(),
    }
    return render(request, "portal/plan/registers.html", context)


def _open(code: str) -> RegisterView:
    """A register whose rows are public. Raises NotFound for any other, in the same words."""
    found = plans.register(code)
    if not found.public:
        raise NotFound("没有这个公开的台账", fix="从台账目录进入")
    return found


@require_safe
@readable
def register(request: HttpRequest, code: str) -> HttpResponse:
    """One register: its approved rows where they are public, otherwise only how many there are."""
    found = plans.register(code)
    before = request.GET.get("before") or None
    rows = plans.public_rows(code, before=before, limit=_PAGE + 1) if found.public else []
    fields = public_fields(found.fields)
    fed = [plans.indicator(each, today()) for each, _ in found.feeds]
    context = {
        "section": "plan",
        "part": "registers",
        "register": found,
        "fields": fields,
        "rows": [(row, public_cells(row, fields)) for row in rows[:_PAGE]],
        "next": rows[_PAGE - 1].number if len(rows) > _PAGE else None,
        "before": before,
        "indicators": fed,
        "sample": invented(),
    }
    return render(request, "portal/plan/register.html", context)


@require_safe
@readable
def register_xlsx(request: HttpRequest, code: str) -> HttpResponse:
    """The public rows as a workbook."""
    _open(code)
    response = HttpResponse(plans.export(code, public_only=True), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="{slugify(code)}.xlsx"'
    return response


@require_safe
@readable
def register_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The public rows as text."""
    found = _open(code)
    fields = public_fields(found.fields)
    header = [f"{each.title}（{each.unit}）" if each.unit else each.title for each in fields]
    rows = (
        [
            record.number,
            *(_for_programs(record, spec, text) for spec, text in public_cells(record, fields)),
            record.department.name,
            "是" if record.sample else "否",
        ]
        for record in _every_row(code)
    )
    return csv_file(f"{slugify(code)}.csv", ["编号", *header, "填报部门", "示例"], rows)


def _for_programs(record: RecordView, spec: FieldSpec, text: str) -> object:
    """A cell of the file: a number plain, since its unit stands in the heading; else as people read it."""
    return record.values.get(spec.name, "") if text and spec.type in ("integer", "decimal") else text


def _every_row(code: str) -> Iterator[RecordView]:
    """All public rows, newest first."""
    before: str | None = None
    while rows := plans.public_rows(code, before=before, limit=1000):
        yield from rows
        before = rows[-1].number


@require_safe
def plan_map(request: HttpRequest) -> HttpResponse:
    """Registered places on a sheet with a grid, and the same places as a list."""
    places = plans.places(public_only=True)
    wanted = {key: request.GET.get(key, "").strip()[:60] for key in ("register", "division")}
    shown = [
        each
        for each in places
        if (not wanted["register"] or each.register == wanted["register"])
        and (not wanted["division"] or each.division == wanted["division"])
    ]
    signs = symbols(sorted({(each.register_title, each.register) for each in places}))
    sheet = MapSheet(plans.map_box())
    listed: dict[str, list[Any]] = {}
    for each in shown:
        listed.setdefault(each.register, []).append((each, sheet.point(each.longitude, each.latitude)))
    context = {
        "section": "plan",
        "part": "map",
        "sheet": sheet,
        "outline": outline(load_county(settings.TANHUI_COUNTY), sheet),
        "kinds": [(signs[code], rows) for code, rows in sorted(listed.items(), key=lambda pair: signs[pair[0]].order)],
        "signs": sorted(signs.values(), key=lambda sign: sign.order),
        "divisions": sorted({each.division for each in places if each.division}),
        "wanted": wanted,
        "shown": len(shown),
        "total": len(places),
        "sample": any(each.sample for each in shown),
        "query": request.GET.urlencode(),
    }
    return render(request, "portal/plan/map.html", context)


@require_safe
def map_geojson(request: HttpRequest) -> HttpResponse:
    """All public places as GeoJSON (RFC 7946, WGS 84); coordinates are exact to the sixth decimal."""
    features = [
        {
            "type": "Feature",
            "id": each.number,
            "geometry": {"type": "Point", "coordinates": [float(each.longitude), float(each.latitude)]},
            "properties": {
                "title": each.title,
                "register": each.register,
                "register_title": each.register_title,
                "division": each.division,
                "sample": each.sample,
            },
        }
        for each in plans.places(public_only=True)
    ]
    response = JsonResponse(
        {"type": "FeatureCollection", "features": features},
        json_dumps_params={"ensure_ascii": False},
        content_type="application/geo+json",
    )
    response["Content-Disposition"] = 'attachment; filename="places.geojson"'
    return response
