"""The start page: the work that waits, for this person's roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.community import queries as community
from tanhui.integrity import queries as integrity
from tanhui.ledger import queries as ledger
from tanhui.office.access import may, office_page
from tanhui.office.community_desk import reach, within
from tanhui.parties import queries as parties
from tanhui.parties.types import Scope
from tanhui.plan import queries as plan
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import CorrectionState
from tanhui.scenarios import queries as scenarios

_REFUSED_DAYS = 7
_REFUSED_SHOWN = 200


@dataclass(frozen=True)
class Waiting:
    """One line of work: how much, what, why it matters, where to go."""

    count: int
    what: str
    why: str
    url: str


@require_safe
@office_page("start")
def start(request: HttpRequest) -> HttpResponse:
    """What waits, most urgent first; then the state of the books."""
    user = request.user
    context: dict[str, Any] = {
        "section": "start",
        "waiting": list(_waiting(user)),
        "roles": parties.roles_of(user.pk or 0),
        "departments": {each.code: each.name for each in plan.departments()},
        "last_run": None,
    }
    if may(user, "runs"):
        latest = scenarios.runs(limit=1)
        context |= {"last_run": latest[0] if latest else None, "marks": scenarios.marks_waiting()}
    if may(user, "books"):
        context["out_of_balance"] = ledger.trial_balance().out_of_balance()
    return render(request, "office/start.html", context)


def _waiting(user: Any) -> Iterator[Waiting]:
    yield from _plan_waiting(user)
    if may(user, "village-pending"):
        yield from _village_waiting(user)
    evidence = reverse("office:evidence")
    if may(user, "evidence"):
        contests = scenarios.contests_open()
        yield Waiting(contests, "居民的申诉", "被搁置的记录，居民说明了理由，等待裁定", f"{evidence}?contested=1")
        aside = sum(count for *_, count in scenarios.set_aside_counts())
        yield Waiting(aside, "被搁置的证据", "数据不合常理，暂不计入；没有申诉的也可以主动核查", evidence)
    if may(user, "methods"):
        stages = [version.stage for version in scenarios.method_versions()]
        methods = reverse("office:methods")
        yield Waiting(stages.count("committee_review"), "待评审的方法", "专家委员会评审通过后进入公示", methods)
        yield Waiting(stages.count("public_notice"), "公示中的方法", "公示期满、没有未处理的意见后可以施行", methods)
    if may(user, "integrity-cases"):
        why = "规则找出的情形等人决定，或当事人申诉等人复核"
        yield Waiting(integrity.open_cases(), "异常核查", why, reverse("office:integrity-cases"))
    if may(user, "clearing"):
        yield from _clearing_waiting(user)
    if may(user, "partner", Scope()):
        since = timezone.now() - timedelta(days=_REFUSED_DAYS)
        recent = scenarios.deliveries(refused_only=True, limit=_REFUSED_SHOWN)
        refused = sum(1 for row in recent if row.received_at >= since)
        why = f"近{_REFUSED_DAYS}天内收到；退回的行需要接入方更正后重报"
        yield Waiting(refused, "有退回行的批次", why, reverse("office:partners"))


def _village_waiting(user: Any) -> Iterator[Waiting]:
    """What was weighed without a card, and points that somebody should look after, where this person serves."""
    pending = {each.number for scope in reach(user, "village-pending") for each in community.pending(scope.value)}
    why = "没有刷卡的称重和更正，由记录人以外的一位确认后才计入"
    yield Waiting(len(pending), "待第二人确认的称重", why, reverse("office:village-pending"))
    scopes = reach(user, "community-points")
    reported = sum(each.reported is not None and within(scopes, each.division_code) for each in community.points())
    yield Waiting(reported, "居民反映的回收点", "满了或坏了，去看一看", reverse("office:community-points"))


def _clearing_waiting(user: Any) -> Iterator[Waiting]:
    """Statements that wait for this person's hand, and what merchants dispute."""
    months = rewards.clearing_months()
    address = reverse("office:clearing")
    if may(user, "clearing-check"):
        drafted = sum(row.drafted for row in months)
        yield Waiting(drafted, "待核对的结算单", "核对金额和明细，转财务复核员复核", address)
        open_disputes = sum(row.disputes_open for row in months)
        yield Waiting(open_disputes, "商户的结算异议", "答复之后结算单才能复核", reverse("office:clearing-disputes"))
    if may(user, "clearing-approve"):
        checked = sum(row.checked for row in months)
        yield Waiting(checked, "待复核的结算单", "复核后签名，可以付款", address)
        proposed = len(rewards.corrections(state=CorrectionState.PROPOSED))
        corrections = reverse("office:clearing-corrections")
        yield Waiting(proposed, "待复核的结算更正", "同意的入账，写进下一张结算单", corrections)


def _plan_waiting(user: Any) -> Iterator[Waiting]:
    """The desk of the plan, for those who file or review."""
    if not (may(user, "plan-file") or may(user, "plan-review")):
        return
    desk, address = plan.desk(user.pk or 0, timezone.now()), reverse("office:plan-desk")
    owed = len(desk.late) + len(desk.notices) + len(desk.returned)
    yield Waiting(owed, "行动方案：要马上办的", "逾期的指标、要答复的督办通知、被退回的记录", address)
    if may(user, "plan-review"):
        why = "部门填报的台账记录和数值，要由第二个人审核"
        yield Waiting(desk.to_review_count, "要审核的记录", why, reverse("office:plan-review"))
