"""A plan on its way in: a file is read, its findings are settled with the sentence beside each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.plan_documents import read_document
from tanhui.office.plan_office_forms import DECISIONS, DocumentForm, FindingForm
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import FindingView
from tanhui_plandoc.draft import Severity

SEVERITIES = {
    Severity.SUBSTANTIVE: ("实质", "数字、期限、责任单位这类影响承诺本身的问题，要逐项核实"),
    Severity.NAMING: ("名称", "同一个单位、同一件事的叫法不一致"),
    Severity.TYPOGRAPHIC: ("文字", "漏字、重复、标点这类写法上的问题"),
}
"""Severity → its name and what it means, gravest first."""
AT_ONCE = (Severity.NAMING, Severity.TYPOGRAPHIC)
"""Severities of which all open findings may be accepted at once."""

_AROUND = 70
_UNREAD = " \t\u3000*"
"""Signs of a line that a quote leaves out."""


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one severity, with the number of those that wait."""

    severity: str
    title: str
    why: str
    findings: tuple[FindingView, ...]
    open: int
    at_once: bool


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-drafts")
def drafts(request: HttpRequest) -> HttpResponse:
    """The documents on the desk; and a file to read."""
    form = DocumentForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                number = _take(request, form.cleaned_data["file"])
            except TanhuiError as error:
                form.add_error("file", str(error))
                status = error.status
            else:
                return redirect("office:plan-draft", number=number)
    context = {"section": "plan-drafts", "documents": plan.documents(), "form": form}
    return render(request, "office/plan/drafts.html", context, status=status)


def _take(request: HttpRequest, file: Any) -> str:
    text, draft = read_document(file.name, file.read())
    return services.draft(name=file.name, draft=draft, text=text, at=timezone.now(), by=actor(request))


@require_safe
@office_page("plan-draft")
def draft(request: HttpRequest, number: str) -> HttpResponse:
    """What was read, and what has to be settled."""
    return _page(request, number)


def _shown(value: str) -> str:
    return value if value in list(Severity) else ""


def _page(request: HttpRequest, number: str, refused: FindingForm | None = None, status: int = 200) -> HttpResponse:
    document = plan.document(number)
    severity, open_only = _shown(request.GET.get("severity", "")), request.GET.get("open") == "1"
    everything = plan.findings(number)
    shown = [
        each
        for each in everything
        if (not severity or each.severity == severity) and (not open_only or not each.choice)
    ]
    editable = document.state == "open" and may(request.user, "plan-finding")
    at = request.GET.get("at", "") if refused is None else str(refused.finding.position)
    here = int(at) if at.isascii() and at.isdigit() and len(at) < 7 else _first_open(shown)
    order = [each.position for each in shown]
    place = order.index(here) if here in order else -1
    found = next((each for each in shown if each.position == here), None)
    context = {
        "section": "plan-drafts",
        "document": document,
        "draft": plan.draft_of(number),
        "groups": _groups(shown),
        "severities": [(key, words) for key, (words, _) in SEVERITIES.items()],
        "settled": document.findings - document.open_findings,
        "opened": here if found else None,
        "passages": _passages(found) if found else [],
        "form": (refused or FindingForm(finding=found)) if found and editable else None,
        "previous": order[place - 1] if place > 0 else None,
        "next": order[place + 1] if 0 <= place < len(order) - 1 else None,
        "wanted": {"severity": severity, "open": open_only},
        "query": urlencode({key: value for key, value in (("severity", severity), ("open", "1" * open_only)) if value}),
        "editable": editable,
    }
    return render(request, "office/plan/draft.html", context, status=status)


@dataclass(frozen=True)
class PassageLine:
    """A line of the document around a finding: what is meant in it, and what stands before and after."""

    number: int
    before: str
    meant: str
    after: str


def _passages(finding: FindingView) -> list[list[PassageLine]]:
    """The passages of a finding with only the words that are meant marked, and long lines cut."""
    return [
        [
            PassageLine(number, *(_parts(line, quote) if meant else (_cut(line, end=True), "", "")))
            for number, line, meant in passage
            if meant or line.strip()
        ]
        for passage, (_, _, quote) in zip(finding.passages, finding.places, strict=True)
        if passage
    ]


def _parts(line: str, quote: str) -> tuple[str, str, str]:
    """A line around the longest piece of the quote in it; all of the line where there is hardly any."""
    signs = [(place, sign) for place, sign in enumerate(line) if sign not in _UNREAD]
    wanted = "".join(sign for sign in quote if sign not in _UNREAD)
    match = SequenceMatcher(None, "".join(sign for _, sign in signs), wanted, autojunk=False).find_longest_match()
    if match.size < min(4, len(wanted)):
        return "", line, ""
    first, last = signs[match.a][0], signs[match.a + match.size - 1][0]
    return _cut(line[:first], end=False), line[first : last + 1], _cut(line[last + 1 :], end=True)


def _cut(text: str, *, end: bool) -> str:
    """At most so many characters of what stands around: its beginning (`end` is cut off) or its end."""
    if len(text) <= _AROUND:
        return text
    return f"{text[:_AROUND]}…" if end else f"…{text[-_AROUND:]}"


def _first_open(findings: Sequence[FindingView]) -> int | None:
    return next((each.position for each in findings if not each.choice), None)


def _groups(findings: Sequence[FindingView]) -> list[FindingGroup]:
    groups = []
    for severity, (title, why) in SEVERITIES.items():
        rows = tuple(each for each in findings if each.severity == severity)
        waiting = sum(1 for each in rows if not each.choice)
        if rows:
            groups.append(FindingGroup(severity, title, why, rows, waiting, severity in AT_ONCE and waiting > 0))
    return groups


def _back(request: HttpRequest, number: str, at: int | None) -> HttpResponseRedirect:
    """The page again, with the same filter, at a finding (or at what follows when all are settled)."""
    kept = {
        "severity": _shown(request.GET.get("severity", "")),
        "open": request.GET.get("open", "")[:1],
        "at": str(at or ""),
    }
    query = urlencode({key: value for key, value in kept.items() if value})
    address = reverse("office:plan-draft", args=[number])
    return HttpResponseRedirect(f"{address}{'?' if query else ''}{query}#{f'finding-{at}' if at else 'findings'}")


@require_POST
@office_page("plan-finding")
def finding(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Decide one finding, then go on to the next that waits."""
    shown = plan.findings(number, severity=_shown(request.GET.get("severity", "")))
    found = next((each for each in shown if each.position == position), None)
    if found is None:
        raise NotFound("没有这一条疑点", where=f"{number} 第{position}条", fix="从文稿的疑点列表里选择")
    form = FindingForm(request.POST, finding=found)
    if not form.is_valid():
        return _page(request, number, form, 422)
    data = form.cleaned_data
    done = act(
        request,
        verb=lambda: services.settle(
            number=number,
            position=position,
            choice=data["choice"],
            corrections=form.corrections(),
            note=data["note"],
            at=timezone.now(),
            by=actor(request),
        ),
        done=lambda _: f"第{position}条：{dict(DECISIONS)[data['choice']]}",
    )
    if not done:
        return _page(request, number, form, 409)
    waiting = [each.position for each in shown if not each.choice and each.position != position]
    later = [each for each in waiting if each > position]
    return _back(request, number, next(iter([*later, *waiting]), None))


@require_POST
@office_page("plan-findings-accept")
def accept_all(request: HttpRequest, number: str) -> HttpResponse:
    """Take the text as it stands in all open findings of one light severity: all of them or none."""
    severity = request.POST.get("severity", "")
    if severity not in AT_ONCE:
        raise NotFound("实质类的疑点要逐条处理", where=number, fix="打开每一条，看过原句再决定")
    waiting = plan.findings(number, severity=severity, open_only=True)

    def accept() -> int:
        with transaction.atomic():
            for each in waiting:
                services.settle(
                    number=number, position=each.position, choice="accept", at=timezone.now(), by=actor(request)
                )
        return len(waiting)

    title = SEVERITIES[Severity(severity)][0]
    act(request, verb=accept, done=lambda count: f"“{title}”类的{count}条疑点照原文，不改")
    return _back(request, number, _first_open(plan.findings(number)))
