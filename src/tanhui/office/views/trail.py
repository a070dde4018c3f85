"""The audit trail: who did what to what, and the proof that nothing was changed."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tanhui.kernel.days import day_end, day_start
from tanhui.office.access import office_page
from tanhui.office.files import csv_file
from tanhui.office.forms import FIRST_DAY, LAST_DAY
from tanhui.office.words import ACTS
from tanhui.parties import queries as parties

_PAGE = 50
_FILE_ROWS = 50_000
_HEADER = ["序号", "时间", "操作者", "操作", "对象", "内容", "摘要"]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _filters(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str]]:
    shown = {key: request.GET.get(key, "").strip()[:80] for key in ("actor", "action", "target", "since", "until")}
    first, last = _day(shown["since"]), _day(shown["until"])
    since: datetime | None = day_start(first) if first else None
    until: datetime | None = day_end(last) if last else None
    texts = {key: shown[key] or None for key in ("actor", "action", "target")}
    return {**texts, "since": since, "until": until}, shown


@require_safe
@office_page("trail")
def trail(request: HttpRequest) -> HttpResponse:
    """Entries, newest first; on request, the whole trail is verified."""
    filters, shown = _filters(request)
    before = request.GET.get("before", "")
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    rows = parties.audit_trail(**filters, before=cursor, limit=_PAGE + 1)
    query = request.GET.copy()
    for key in ("before", "verify"):
        query.pop(key, None)
    context = {
        "section": "trail",
        "rows": [(row, ACTS.get(row.action, ""), _detail(row.detail)) for row in rows[:_PAGE]],
        "acts": sorted(ACTS.items(), key=lambda act: act[1]),
        "next": rows[_PAGE - 1].sequence if len(rows) > _PAGE else None,
        "shown": shown,
        "before": cursor,
        "query": query.urlencode(),
        "checkpoint": parties.audit_checkpoint(),
        "problems": parties.verify_audit_trail() if request.GET.get("verify") == "1" else None,
    }
    return render(request, "office/trail.html", context)


def _detail(detail: Any) -> str:
    return "；".join(f"{key}＝{_plain(value)}" for key, value in detail.items()) if detail else ""


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@require_safe
@office_page("trail-csv")
def trail_csv(request: HttpRequest) -> HttpResponse:
    """The same entries as a file, with their hashes."""
    filters, _ = _filters(request)
    rows = (
        (row.sequence, row.at.isoformat(), row.actor, row.action, row.target,
         json.dumps(dict(row.detail), ensure_ascii=False), row.entry_hash.hex())
        for row in parties.audit_trail(**filters, limit=_FILE_ROWS)
    )  # fmt: skip
    return csv_file("audit-trail.csv", _HEADER, rows)
