"""One record with its evidence and corrections; and the queue of those that a second person reviews."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import Conflict, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import evidence_file
from tanhui.office.plan_counties import division_names, organization_names
from tanhui.office.plan_forms import CorrectionForm, VoidForm, evidence_field, show_refusal, typed_values
from tanhui.parties.types import COUNTY
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import DepartmentRef, RecordView

_QUEUE, _NOTE = 25, 500


@dataclass(frozen=True)
class Waiting:
    """A record in the queue; `reason` says why this person cannot decide about it."""

    record: RecordView
    reason: str


@require_safe
@office_page("plan-record")
def record(request: HttpRequest, number: str) -> HttpResponse:
    """A record with everything about it, and what this person may do with it."""
    return _page(request, plan.record(number))


def _page(request: HttpRequest, found: RecordView, void: VoidForm | None = None, status: int = 200) -> HttpResponse:
    user = request.user.pk or 0
    files_here = may(request.user, "plan-file") and found.department in plan.may_file(user)
    standing = found.state == "approved" and not found.corrected_by and not found.void
    reviews_here = may(request.user, "plan-review") and found.department in plan.may_review(user)
    context = {
        "section": "plan-registers" if found.register else "plan-tasks",
        "record": found,
        "indicator": plan.indicator(found.indicator, today()) if found.indicator else None,
        "may_withdraw": files_here and found.state == "filed",
        "may_correct": files_here and standing,
        "may_refile": files_here and found.state == "returned" and not found.corrected_by,
        "void_form": (void or VoidForm()) if files_here and standing else None,
        "review": found.state == "filed" and reviews_here,
        "reason": _reason(user, found),
    }
    return render(request, "office/plan/record.html", context, status=status)


def _reason(user: int, found: RecordView) -> str:
    return "这是您自己填报的，须由另一位审核人审核" if found.filed_by_id == user else ""


@require_safe
@office_page("plan-evidence")
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """A file of evidence, to save: a browser neither guesses what it is nor opens it here."""
    found, content = plan.evidence_file(number)
    return evidence_file(found.name, found.media_type, content)


@require_POST
@office_page("plan-withdraw")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Take a record back that nobody has reviewed yet."""
    found = plan.record(number)
    act(
        request,
        verb=lambda: services.file(
            withdraw=number, department=found.department.code, at=timezone.now(), by=actor(request)
        ),
        done=lambda _: "已撤回，不再等待审核",
    )
    return redirect("office:plan-record", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-correct")
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Correct an approved row by another, or file a returned one anew, starting from what it says.

    The department stays: a row of another's is refused by the room."""
    found = plan.record(number)
    if not found.register or found.state not in ("approved", "returned"):
        raise Conflict("这条记录现在不能更正", where=number, fix="待审核的可以先撤回；人工填报的数值在指标页重新填报")
    again = found.state != "approved"
    register, names = plan.register(found.register), division_names()
    mine = {each.code for each in plan.may_file(request.user.pk or 0)}
    form = CorrectionForm(
        request.POST or None,
        request.FILES or None,
        register=register,
        departments=[each for each in register.may_file if each.code in mine],
        division_names=names,
        organization_names=organization_names(),
        initial=typed_values(found, names) | {"department": found.department.code},
    )
    if again:
        form.fields["note"].label, form.fields["note"].required = "补充说明", False
        form.fields["note"].help_text = "按审核意见改了什么"
    else:
        form.fields["evidence"] = evidence_field(required=False)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                (fresh,) = services.file(
                    register=found.register,
                    rows=[form.row()],
                    corrects=number,
                    department=form.cleaned_data["department"],
                    sample=found.sample,
                    at=timezone.now(),
                    by=actor(request),
                )
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:plan-record", number=fresh)
    context = {"section": "plan-registers", "record": found, "register": register, "form": form, "again": again}
    return render(request, "office/plan/correct.html", context, status=status)


@require_POST
@office_page("plan-void")
def void(request: HttpRequest, number: str) -> HttpResponse:
    """Ask that an approved record be struck out; a second person decides."""
    found = plan.record(number)
    form = VoidForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, 422)
    try:
        (fresh,) = services.file(
            corrects=number,
            void=True,
            rows=[form.row()],
            department=found.department.code,
            sample=found.sample,
            at=timezone.now(),
            by=actor(request),
        )
    except TanhuiError as error:
        show_refusal(form, error)
        return _page(request, found, form, error.status)
    messages.success(request, "作废申请已提交，审核通过后原记录不再计数")
    return redirect("office:plan-record", number=fresh)


@require_safe
@office_page("plan-review")
def review(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, oldest last; one's own rows are shown and cannot be chosen."""
    return _queue(request)


def _queue(
    request: HttpRequest, chosen: tuple[str, ...] = (), note: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    user = request.user.pk or 0
    departments = plan.may_review(user)
    mine = {each.code for each in departments}
    wanted = {key: request.GET.get(key, "").strip()[:80] for key in ("department", "register")}
    before = request.GET.get("before") or None
    rows = _waiting(departments, wanted, before, everywhere=may(request.user, "plan-review", COUNTY))
    context = {
        "section": "plan-review",
        "rows": [Waiting(each, _reason(user, each)) for each in rows[:_QUEUE]],
        "next": rows[_QUEUE - 1].number if len(rows) > _QUEUE else None,
        "before": before,
        "departments": departments,
        "registers": [each for each in plan.registers() if each.waiting and mine & {row.code for row in each.may_file}],
        "wanted": wanted,
        "query": urlencode({key: value for key, value in wanted.items() if value}),
        "chosen": chosen,
        "note": note,
        "error": error,
    }
    return render(request, "office/plan/review.html", context, status=status)


def _waiting(
    departments: list[DepartmentRef], wanted: dict[str, str], before: str | None, *, everywhere: bool
) -> list[RecordView]:
    """Records in all the departments that the person reviews for, newest first; one more than a page."""
    codes = [each.code for each in departments if wanted["department"] in ("", each.code)]
    if everywhere and not wanted["department"]:
        codes = [""]
    found: list[RecordView] = []
    for code in codes:
        found += plan.records(
            state="filed", department=code, register=wanted["register"], before=before, limit=_QUEUE + 1
        )
    return sorted(found, key=lambda each: each.filed_at, reverse=True)[: _QUEUE + 1]


@require_POST
@office_page("plan-decide")
def decide(request: HttpRequest) -> HttpResponse:
    """Approve or return one or many; all are decided, or none."""
    numbers = tuple(dict.fromkeys(each.replace("\x00", "") for each in request.POST.getlist("number")))[:_QUEUE]
    note = request.POST.get("note", "").replace("\x00", "").strip()[:_NOTE]
    approve = request.POST.get("act") == "approve"
    back = request.POST.get("from", "")
    if not numbers:
        return _refused(request, back, numbers, note, "还没有选记录：先在记录前面打勾，再审核", 422)
    if request.POST.get("act") not in ("approve", "return"):
        return _refused(request, back, numbers, note, "请选择通过或退回", 422)
    try:
        count = services.review(numbers=numbers, approve=approve, note=note, at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        return _refused(request, back, numbers, note, str(error), error.status)
    words = "审核通过，已计入指标" if approve else "已退回，填报人会在工作台看到意见"
    messages.success(request, f"{count}条记录{words}")
    return redirect("office:plan-record", number=back) if back in numbers else redirect("office:plan-review")


def _refused(
    request: HttpRequest, back: str, numbers: tuple[str, ...], note: str, words: str, status: int
) -> HttpResponse:
    if back in numbers:
        messages.error(request, words)
        return _page(request, plan.record(back), status=status)
    return _queue(request, numbers, note, words, status)
