"""Cases of suspected misuse: what was found, a person's decision, and the ruling on an appeal."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.integrity import queries, services
from tanhui.integrity.types import ACTIONS, AppealDetails, CaseState, CaseView
from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.integrity_forms import AppealForm, DecisionForm, RulingForm

DAYS_BACK = 7
"""So many days are looked at again when somebody asks for it now."""
_HEADER = ["编号", "对象", "对象编号", "名称", "状态", "立案", "发现", "决定", "理由", "决定人", "决定时间", "复核"]


@require_safe
@office_page("integrity-cases")
def cases(request: HttpRequest) -> HttpResponse:
    """All cases, or those in one state; and the rules by which they are found."""
    everything = queries.cases()
    counts = Counter(each.state for each in everything)
    wanted = request.GET.get("state", "")
    context = {
        "section": "integrity-cases",
        "rows": [each for each in everything if each.state == wanted] if wanted in list(CaseState) else everything,
        "states": [(state, counts[state]) for state in CaseState],
        "wanted": wanted,
        "total": len(everything),
        "document": queries.rules_in_force(),
        "days_back": DAYS_BACK,
    }
    return render(request, "office/integrity/cases.html", context)


@require_safe
@office_page("integrity-cases-csv")
def cases_csv(request: HttpRequest) -> HttpResponse:
    """The cases as a file."""
    return csv_file("cases.csv", _HEADER, [_row(each) for each in queries.cases()])


def _row(case: CaseView) -> list[object]:
    found = "；".join(f"{each.day} {each.sentence}" for each in case.findings)
    upheld = {True: "维持", False: "撤销", None: ""}[case.upheld]
    return [
        case.number, case.kind.label, case.subject, case.subject_title, case.state.label, case.opened_at, found,
        case.action.label if case.action else "", case.reason, case.decided_by, case.decided_at, upheld,
    ]  # fmt: skip


@require_POST
@office_page("integrity-scan")
def scan(request: HttpRequest) -> HttpResponse:
    """Look at the last days now, without waiting for the night."""
    at = timezone.now()
    days = [today() - timedelta(days=back) for back in range(DAYS_BACK, -1, -1)]
    act(
        request,
        verb=lambda: sum(services.scan(day=day, at=at, by=actor(request)) for day in days),
        done=lambda found: f"已核查最近 {DAYS_BACK} 天：新发现 {found} 项",
    )
    return redirect("office:integrity-cases")


@require_safe
@office_page("integrity-case")
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One case: what was counted, from which records, and what became of it."""
    return _case(request, queries.case(number))


def _case(
    request: HttpRequest,
    found: CaseView,
    *,
    decision: DecisionForm | None = None,
    ruling: RulingForm | None = None,
    status: int = 200,
) -> HttpResponse:
    document = queries.rules_in_force()
    reasons = {rule.code: rule.why for rule in document.rules}
    decides = found.state is CaseState.OPEN and may(request.user, "integrity-decide")
    rules = found.state is CaseState.APPEALED and may(request.user, "integrity-rule")
    context = {
        "section": "integrity-cases",
        "case": found,
        "findings": [(each, reasons.get(each.rule, "")) for each in found.findings],
        "decision": (decision or DecisionForm(actions=ACTIONS[found.kind])) if decides else None,
        "hold_days": document.hold_days,
        "ruling": (ruling or RulingForm()) if rules else None,
        "own": found.decided_by == actor(request).name,
    }
    return render(request, "office/integrity/case.html", context, status=status)


@require_POST
@office_page("integrity-decide")
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Decide an open case."""
    found = queries.case(number)
    form = DecisionForm(request.POST, actions=ACTIONS[found.kind])
    if not form.is_valid():
        return _case(request, found, decision=form, status=422)
    done = act(
        request,
        verb=lambda: services.decide(details=form.details(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "决定已生效，当事人可以看到理由和申诉办法",
    )
    return (
        redirect("office:integrity-case", number=number) if done else _case(request, found, decision=form, status=409)
    )


@require_POST
@office_page("integrity-rule")
def rule(request: HttpRequest, number: str) -> HttpResponse:
    """Rule on an appeal."""
    found = queries.case(number)
    form = RulingForm(request.POST)
    if not form.is_valid():
        return _case(request, found, ruling=form, status=422)
    done = act(
        request,
        verb=lambda: services.rule(details=form.details(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "复核已生效",
    )
    if done:
        return redirect("office:integrity-case", number=number)
    return _case(request, found, ruling=form, status=409)


@require_safe
@office_page("till-cases")
def own_cases(request: HttpRequest) -> HttpResponse:
    """Decisions about the merchants that this person manages."""
    found = queries.cases_concerning(None, actor(request))
    return render(request, "office/integrity/own.html", {"section": "till-cases", "rows": found, "today": today()})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("till-appeal")
def appeal(request: HttpRequest, number: str) -> HttpResponse:
    """A manager appeals against a decision about the merchant."""
    found = next((each for each in queries.cases_concerning(None, actor(request)) if each.number == number), None)
    if found is None:
        raise NotFound("没有这个案件", where=number[:40], fix="从“核查与申诉”中打开")
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        details = AppealDetails(number, form.cleaned_data["text"])
        done = act(
            request,
            verb=lambda: services.appeal(details=details, at=timezone.now(), by=actor(request)),
            done=lambda _: "申诉已提交，由另一位人员复核",
        )
        if done:
            return redirect("office:till-cases")
    context = {
        "section": "till-cases",
        "case": found,
        "form": form,
        "back": reverse("office:till-cases"),
        "open": found.state is CaseState.DECIDED and found.appeal_until is not None and today() <= found.appeal_until,
    }
    return render(request, "office/integrity/appeal.html", context, status=422 if form.errors else 200)
