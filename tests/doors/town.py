"""A small county that has worked on its plan for a while, for the tests of the plan's public pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.doors.public import PLAN
from tests.rooms.plan import world

from tanhui.plan import services
from tanhui.plan.types import CaseDetails, FeedbackDetails, FeedbackReply, RowDetails

HIDDEN = ("虚构二中", "虚构三中", "示例未公开案例", "只给本人看的答复", "班级数", "教育填报员", "教育审核员", "专班甲")
"""What was filed and is not public: unapproved and returned rows, a case and a reply, a field, and who did it."""


@dataclass(frozen=True)
class Town:
    """What the county did on its plan."""

    staff: world.Staff
    school: str
    case: str
    report: str
    answered: str
    private: str
    waiting: str


def open_town() -> Town:
    """A plan with rows in every state, a hand value, cases, feedback with and without replies, and a report."""
    staff = world.open_plan()
    school, unread, returned = (world.file_school(staff, name) for name in ("虚构一中", "虚构二中", "虚构三中"))
    assert unread != returned
    place = RowDetails({"restaurant": "虚构餐厅甲", "awarded_on": "2026-03-01", "place": ["113.6", "28.7"]})
    invented = RowDetails({"restaurant": "示例餐厅乙", "awarded_on": "2026-03-02", "place": ["113.5", "28.9"]})
    kinds = {"register": "green-restaurants", "department": world.COMMERCE, "at": world.NOW, "by": staff.merchant}
    (real,) = services.file(rows=[place], **kinds)  # type: ignore[arg-type]
    (sample,) = services.file(rows=[invented], sample=True, **kinds)  # type: ignore[arg-type]
    hand = world.report(staff, world.WASTE, "12.5")
    world.approve(staff, school, real, sample, hand)
    world.give_back(staff, returned)
    return Town(staff, school, _case(staff), _publish(staff), *_feedback(staff))


def _case(staff: world.Staff) -> str:
    for title in ("示例未公开案例", "示例公开案例"):
        details = CaseDetails(task_no=1, department=world.EDUCATION, title=title, text="做法。\n经验。", sample=True)
        number = services.work(details=details, at=world.NOW, by=staff.officer)
    services.work(details=CaseDetails(number=number, publish=True), at=world.NOW, by=staff.reviewer)
    return number


def _publish(staff: world.Staff) -> str:
    return services.publish_report(as_of=world.TODAY, at=world.NOW, by=staff.office)


def _feedback(staff: world.Staff) -> tuple[str, str, str]:
    numbers = []
    for text in ("校门口希望多种树", "教室的灯太亮了", "还没有人看过的意见"):
        numbers.append(services.work(details=FeedbackDetails(1, text), at=world.NOW))
    for number, reply, public in zip(numbers, ("今年春天种", "只给本人看的答复"), (True, False), strict=False):
        details = FeedbackReply(number=number, reply=reply, public=public)
        services.work(details=details, at=world.NOW, by=staff.officer)
    return numbers[0], numbers[1], numbers[2]


def pages(town: Town) -> list[tuple[str, tuple[Any, ...]]]:
    """Every page of the plan, with its arguments."""
    return [
        ("home", ()),
        *((name, ()) for name in PLAN),
        *(("plan-task", (no,)) for no in (1, 2, 3)),
        ("plan-feedback-new", (1,)),
        *(("plan-indicator", (code,)) for code in (world.SCHOOLS, world.WASTE, world.RULES, world.CLASSES)),
        *(("plan-department", (code,)) for code in (world.EDUCATION, world.ECOLOGY)),
        *(("plan-register", (code,)) for code in ("green-schools", "green-restaurants")),
        ("plan-report", (town.report,)),
        ("plan-case", (town.case,)),
        ("plan-feedback-one", (town.answered,)),
    ]
