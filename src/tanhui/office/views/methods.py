"""The life of a method version: its stages, who moves it on, and what it would change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.days import local_day
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.files import csv_file
from tanhui.office.forms import DecisionForm, PeriodForm
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services
from tanhui.scenarios.types import SIGNED_STAGES, Replay
from tanhui_methods import METHOD_STATUSES

_WORDS = {
    ("draft", "committee_review"): "提交专家委员会评审",
    ("committee_review", "public_notice"): "评审通过，进入公示",
    ("committee_review", "draft"): "退回修改",
    ("public_notice", "in_force"): "公示期满，施行",
    ("public_notice", "committee_review"): "公示有意见，退回评审",
    ("in_force", "withdrawn"): "废止",
}


def steps(version: Any, *, signed: bool) -> list[tuple[str, str]]:
    """The steps that the committee (`signed`) or the operator may take from here, with their words."""
    return [
        (stage, _WORDS.get((version.stage, stage), "放弃这一版" if stage == "withdrawn" else title))
        for stage, title in version.next_stages
        if (stage in SIGNED_STAGES) == signed
    ]


@require_safe
@office_page("methods")
def methods(request: HttpRequest) -> HttpResponse:
    """Every registered version, those that wait first; and files that are not registered."""
    versions = scenarios.method_versions()
    waiting = [row for row in versions if row.stage in ("draft", "committee_review", "public_notice")]
    context = {
        "section": "methods",
        "waiting": waiting,
        "settled": [row for row in versions if row not in waiting],
        "registrable": scenarios.methods_registrable() if may(request.user, "method-register") else [],
    }
    return render(request, "office/methods.html", context)


@require_POST
@office_page("method-register")
def register(request: HttpRequest) -> HttpResponse:
    """Register a method file as it stands now, as a draft."""
    name, version = request.POST.get("name", "")[:60], request.POST.get("version", "")[:20]
    act(
        request,
        verb=lambda: services.advance_method(
            name=name, version=version, stage="draft", by=actor(request), at=timezone.now()
        ),
        done=lambda _: f"已登记草案：{name} {version}",
    )
    return redirect("office:methods")


@require_safe
@office_page("method")
def method(request: HttpRequest, rule_hash: str) -> HttpResponse:
    """One version: where it stands, what is missing, who decided what."""
    return _page(request, rule_hash)


def _page(request: HttpRequest, rule_hash: str, form: DecisionForm | None = None, status: int = 200) -> HttpResponse:
    version = scenarios.method_version(rule_hash)
    reached = {stage: at for stage, _, _, _, at in version.decisions}
    order = list(METHOD_STATUSES)
    place = order.index(version.stage) if version.stage in order else -1
    shown = [
        (title, "here" if at == place else "done" if at < place and stage in reached else "", reached.get(stage))
        for at, (stage, title) in enumerate(METHOD_STATUSES.items())
    ]
    proposals = steps(version, signed=False) if may(request.user, "method-propose") else []
    signatures = steps(version, signed=True) if may(request.user, "method-sign") else []
    today = local_day(timezone.now())
    context = {
        "section": "methods",
        "version": version,
        "stages": shown,
        "propose_form": (form or DecisionForm(stages=proposals)) if proposals else None,
        "sign_form": (form or DecisionForm(stages=signatures)) if signatures else None,
        "replay_form": PeriodForm(initial={"starts_on": today - timedelta(days=365), "last_on": today}),
    }
    return render(request, "office/method.html", context, status=status)


def _decide(request: HttpRequest, rule_hash: str, *, signed: bool) -> HttpResponse:
    version = scenarios.method_version(rule_hash)
    form = DecisionForm(request.POST, stages=steps(version, signed=signed))
    if not form.is_valid():
        return _page(request, rule_hash, form, status=422)
    stage, note = form.cleaned_data["stage"], form.cleaned_data["note"]
    done = act(
        request,
        verb=lambda: services.advance_method(
            name=version.name,
            version=version.version,
            stage=stage,
            by=actor(request),
            note=note,
            at=timezone.now(),
            rule_hash=rule_hash,
        ),
        done=lambda _: f"{version.title} {version.version}：现在是“{METHOD_STATUSES[stage]}”",
    )
    return redirect("office:method", rule_hash=rule_hash) if done else _page(request, rule_hash, form, status=409)


@require_POST
@office_page("method-propose")
def propose(request: HttpRequest, rule_hash: str) -> HttpResponse:
    """A step that the operator may take."""
    return _decide(request, rule_hash, signed=False)


@require_POST
@office_page("method-sign")
def sign(request: HttpRequest, rule_hash: str) -> HttpResponse:
    """A step that only the committee may take."""
    return _decide(request, rule_hash, signed=True)


@require_http_methods(["GET", "HEAD"])
@office_page("method-replay")
def replay(request: HttpRequest, rule_hash: str) -> HttpResponse:
    """What this version would have made of real behaviors, beside what the books hold. Posts nothing."""
    form = PeriodForm(request.GET)
    result = _replay(rule_hash, form)
    context = {
        "section": "methods",
        "version": scenarios.method_version(rule_hash),
        "form": form,
        "replay": result,
        "query": request.GET.urlencode(),
    }
    return render(request, "office/replay.html", context, status=200 if result else 422)


def _replay(rule_hash: str, form: PeriodForm) -> Replay | None:
    if not form.is_valid():
        return None
    ends_on = form.cleaned_data["last_on"] + timedelta(days=1)
    return scenarios.shadow_replay(rule_hash, starts_on=form.cleaned_data["starts_on"], ends_on=ends_on)


@require_safe
@office_page("method-replay-csv")
def replay_csv(request: HttpRequest, rule_hash: str) -> HttpResponse:
    """The same replay as a file."""
    result = _replay(rule_hash, PeriodForm(request.GET))
    groups = (
        (("场景", result.by_scenario), ("乡镇", result.by_township), ("十等分", result.by_decile)) if result else ()
    )
    rows = (
        (kind, row.group, row.behaviors, row.old_g, row.new_g, row.old_points, row.new_points)
        for kind, group in groups
        for row in group
    )
    header = ["分类", "分组", "行为", "现在（克）", "重算（克）", "现在（积分）", "重算（积分）"]
    return csv_file("replay.csv", header, rows)
