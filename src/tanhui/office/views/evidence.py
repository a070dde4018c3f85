"""Evidence that a rule set aside: look, read what the resident says, decide."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.files import csv_file
from tanhui.office.forms import RulingForm
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services

_PAGE = 50
_FILE_ROWS = 10_000


def _wanted(request: HttpRequest) -> dict[str, Any]:
    texts = {key: request.GET.get(key, "").strip()[:80] or None for key in ("reason", "scenario", "source")}
    return {**texts, "contested": request.GET.get("contested") == "1"}


@require_safe
@office_page("evidence")
def evidence(request: HttpRequest) -> HttpResponse:
    """What is set aside now; contested ones first."""
    wanted = _wanted(request)
    before = request.GET.get("before") or None
    rows = scenarios.set_aside(**wanted, before=before, limit=_PAGE + 1)
    first_page = before is None and not wanted["contested"]
    titles = {row.code: row.title for row in scenarios.scenarios(enabled_only=False)}
    counts = scenarios.set_aside_counts()
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "section": "evidence",
        "contested": scenarios.set_aside(**{**wanted, "contested": True}, limit=_PAGE) if first_page else [],
        "rows": rows[:_PAGE],
        "next": rows[_PAGE - 1].number if len(rows) > _PAGE else None,
        "wanted": wanted,
        "counts": [(titles.get(code, code), *rest) for code, *rest in counts],
        "total": sum(count for *_, count in counts),
        "scenarios": sorted(titles.items()),
        "reasons": sorted({reason: words for _, reason, words, _ in counts}.items()),
        "sources": [(row.code, row.title) for row in scenarios.sources()],
        "query": query.urlencode(),
    }
    return render(request, "office/evidence.html", context)


@require_safe
@office_page("evidence-csv")
def evidence_csv(request: HttpRequest) -> HttpResponse:
    """The same list as a file."""
    rows = scenarios.set_aside(**_wanted(request), limit=_FILE_ROWS)
    cells = (
        (row.number, row.day, f"{row.happened_at.astimezone(COUNTY_ZONE):%H:%M:%S}", row.scenario_title,
         row.source_title, row.reason, row.reason_text, row.contest)
        for row in rows
    )  # fmt: skip
    return csv_file("evidence.csv", ["编号", "日期", "时刻", "场景", "接入方", "原因代码", "原因", "申诉理由"], cells)


@require_safe
@office_page("case")
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One piece of evidence with everything that is known about it."""
    return _case(request, number, RulingForm() if may(request.user, "case-rule") else None)


@require_http_methods(["POST"])
@office_page("case-rule")
def rule(request: HttpRequest, number: str) -> HttpResponse:
    """Decide that it counts, or does not; the next settlement posts the difference."""
    form = RulingForm(request.POST)
    if not form.is_valid():
        return _case(request, number, form, status=422)
    counts, reason = form.cleaned_data["counts"], form.cleaned_data["reason"]
    done = act(
        request,
        verb=lambda: services.rule(
            numbers=[number], counts=counts, reason=reason, by=actor(request), at=timezone.now()
        ),
        done=lambda _: f"已裁定{'计入' if counts else '不计入'}，下一次结算时生效；要改变裁定，在本页重新裁定即可",
    )
    return redirect("office:case", number=number) if done else _case(request, number, form, status=409)


def _case(request: HttpRequest, number: str, form: RulingForm | None, status: int = 200) -> HttpResponse:
    receipt = scenarios.case(number)
    may_read = receipt.rule_hash and may(request.user, "method")
    context = {
        "section": "evidence",
        "receipt": receipt,
        "line": receipt.line,
        "form": form,
        "method_url": reverse("office:method", args=[receipt.rule_hash]) if may_read else "",
    }
    return render(request, "office/case.html", context, status=status)
