"""An invented plan in force whose first targets are long overdue, a second document with open findings, and one of
everything that supervision knows: for the working group's pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.rooms.scenarios.world import START

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.kernel.days import local_day
from tanhui.office.acts import today
from tanhui.office.plan_documents import read_document
from tanhui.plan import queries, services
from tanhui.plan.types import CaseDetails, FeedbackDetails, FundingDetails, NoticeDetails, ReviewMeeting

CORPUS = PROJECT_ROOT / "tests" / "plandoc" / "corpus"


def _read(name: str) -> tuple[str, Any]:
    return read_document(name, (CORPUS / name).read_bytes())


def _take(name: str) -> str:
    text, draft = _read(name)
    return services.draft(name=name, draft=draft, text=text, at=START)


def open_office() -> dict[str, str]:
    """All of it; the numbers by what they are."""
    first = _take("articles.txt")
    for each in queries.findings(first, severity="substantive"):
        services.settle(number=first, position=each.position, choice="accept", at=START)
    services.adopt(number=first, at=START)
    text, draft = _read("articles.txt")
    title = draft.groups[0].tasks[0].title
    shorter = replace(draft.groups[-1], tasks=draft.groups[-1].tasks[:-1])
    changed = replace(draft, status="印发稿", groups=(*draft.groups[:-1], shorter))
    second = services.draft(name="印发稿.txt", draft=changed, text=text, at=START)
    task = queries.task(1, today()).task
    lead = task.leads[0].code
    day = local_day(START)
    meeting = services.work(details=ReviewMeeting(title="第一季度调度（示例）", held_on=day), at=START)
    notice = services.work(
        details=NoticeDetails(lead, 1, "登记工作没有按期完成（示例）", day + timedelta(days=10)), at=START
    )
    case = services.work(
        details=CaseDetails(task_no=1, department=lead, title="逐厂登记的做法（示例）", text="先易后难。", sample=True),
        at=START,
    )
    funding = services.work(
        details=FundingDetails(
            "planned", 12_345_678_901, day, task_no=1, department=lead, title="登记经费（示例）",
            origin="县级预算", year=2026, sample=True,
        ),
        at=START,
    )  # fmt: skip
    feedback = services.work(details=FeedbackDetails(1, "登记的工厂名单在哪里看？"), at=START)
    report = services.publish_report(as_of=day, at=START + timedelta(days=1))
    return {
        "adopted": first, "open": second, "meeting": meeting, "notice": notice, "case": case, "funding": funding,
        "feedback": feedback, "report": report, "lead": lead, "title": title,
    }  # fmt: skip
