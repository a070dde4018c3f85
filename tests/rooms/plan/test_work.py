"""Work on a task: contacts, sub-tasks with what must come first, overrides that everybody sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from tests.rooms.plan import world

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.plan.models import Contact, Dependency, Override, SubTask
from tanhui.plan.types import ContactDetails, NotYourTask, OverrideDetails, Status, SubTaskDetails, SubTaskView
from tanhui.plan.types import WorkDetails as Details

pytestmark = pytest.mark.django_db
SEPTEMBER = date(2026, 9, 1)


def work(details: Details, by: Actor, **more: Any) -> str:
    arguments: dict[str, Any] = {"at": world.NOW} | more
    return services.work(details=details, by=by, **arguments)


def sub_task(staff: world.Staff, title: str, *, due_on: date = SEPTEMBER, after: tuple[str, ...] = ()) -> str:
    details = SubTaskDetails(task_no=1, department=world.EDUCATION, title=title, due_on=due_on, after=after)
    return work(details, staff.officer)


def shown(number: str, on: date = world.TODAY) -> SubTaskView:
    return next(each for each in queries.task(1, on).sub_tasks if each.number == number)


def test_a_contact_is_named_replaced_and_ended() -> None:
    staff = world.open_plan()
    assert work(ContactDetails(1, world.EDUCATION, "officer"), staff.officer) == "task:1/education"
    work(ContactDetails(1, world.EDUCATION, "officer"), staff.officer)
    assert Contact.objects.count() == 1
    work(ContactDetails(1, world.EDUCATION, "reviewer"), staff.office)
    assert [(ref.code, name) for ref, name in queries.task(1, world.TODAY).contacts] == [("education", "教育审核员")]
    assert Contact.objects.count() == 2
    work(ContactDetails(1, world.EDUCATION, None), staff.officer)
    assert queries.task(1, world.TODAY).contacts == ()
    with pytest.raises(NotFound):
        work(ContactDetails(1, world.EDUCATION, None), staff.officer)
    with pytest.raises(NotFound):
        work(ContactDetails(1, world.EDUCATION, "somebody-else"), staff.officer)


def test_another_department_is_refused_and_the_attempt_is_audited() -> None:
    staff = world.open_plan()
    details = SubTaskDetails(task_no=1, department=world.EDUCATION, title="越权", due_on=SEPTEMBER)
    for by in (staff.merchant, staff.reviewer, staff.nobody):
        with pytest.raises(NotYourTask):
            work(details, by)
    with pytest.raises(NotYourTask, match="不是任务1"):
        work(SubTaskDetails(task_no=1, department=world.COMMERCE, title="无关", due_on=SEPTEMBER), staff.merchant)
    assert not SubTask.objects.exists()
    refused = parties.audit_trail(actor="staff:merchant")
    assert [(entry.action, entry.target) for entry in refused] == [("plan.file_refused", "plan.sub_task")] * 2


def test_a_sub_task_runs_its_course() -> None:
    staff = world.open_plan()
    number = sub_task(staff, "选定学校")
    view = shown(number)
    assert (view.title, view.department.code, view.status) == ("选定学校", "education", Status.DUE_SOON)
    assert shown(number, SEPTEMBER + timedelta(days=1)).status is Status.LATE
    assert shown(number, date(2026, 1, 5)).status is Status.ON_TIME
    work(SubTaskDetails(number=number, due_on=date(2026, 10, 1), note="延后一个月"), staff.officer)
    assert (shown(number).due_on, shown(number).note) == (date(2026, 10, 1), "延后一个月")
    work(SubTaskDetails(number=number, done_on=date(2026, 6, 14)), staff.office)
    assert shown(number).status is Status.DONE
    work(SubTaskDetails(number=number, note="名单已公布"), staff.officer)
    with pytest.raises(Conflict, match="完成"):
        work(SubTaskDetails(number=number, title="改名"), staff.officer)
    assert [entry.action for entry in parties.audit_trail(target=number)] == ["plan.sub_task"] * 4


def test_a_sub_task_is_cancelled_and_brought_back() -> None:
    staff = world.open_plan()
    number = sub_task(staff, "参观")
    work(SubTaskDetails(number=number, cancelled=True), staff.officer)
    with pytest.raises(Conflict, match="已取消"):
        work(SubTaskDetails(number=number, title="改名"), staff.officer)
    work(SubTaskDetails(number=number, cancelled=False, title="现场参观"), staff.officer)
    assert (shown(number).title, shown(number).cancelled) == ("现场参观", False)


def test_a_sub_task_serves_a_roadmap_item_of_its_task() -> None:
    staff = world.open_plan()
    details = SubTaskDetails(task_no=1, department=world.EDUCATION, title="选学校", due_on=SEPTEMBER, roadmap="2025:1")
    number = work(details, staff.officer)
    assert shown(number).roadmap == "选定试点学校"
    with pytest.raises(NotFound):
        work(SubTaskDetails(number=number, roadmap="2025:9"), staff.officer)
    work(SubTaskDetails(number=number, roadmap=""), staff.officer)
    assert shown(number).roadmap == ""


@pytest.mark.parametrize(
    "details",
    [
        SubTaskDetails(task_no=1, department=world.EDUCATION, title="无期限"),
        SubTaskDetails(task_no=1, department=world.EDUCATION, title=" ", due_on=SEPTEMBER),
        SubTaskDetails(task_no=1, department=world.EDUCATION, title="长" * 121, due_on=SEPTEMBER),
        SubTaskDetails(
            task_no=1, department=world.EDUCATION, title="太早", due_on=SEPTEMBER, done_on=date(2026, 6, 16)
        ),
        SubTaskDetails(
            task_no=1, department=world.EDUCATION, title="找人", due_on=SEPTEMBER, note="电话 138 0013 8000"
        ),
    ],
)
def test_a_faulty_sub_task_is_refused(details: SubTaskDetails) -> None:
    staff = world.open_plan()
    with pytest.raises(BadInput):
        work(details, staff.officer)
    assert not SubTask.objects.exists()


def test_what_must_come_first_comes_first() -> None:
    staff = world.open_plan()
    first = sub_task(staff, "立项")
    second = sub_task(staff, "施工", after=(first,))
    assert (shown(second).waits_for, shown(second).after) == (("立项",), (first,))
    with pytest.raises(Conflict, match="立项"):
        work(SubTaskDetails(number=second, done_on=date(2026, 6, 1)), staff.officer)
    assert shown(second).done_on is None
    work(SubTaskDetails(number=first, done_on=date(2026, 6, 1)), staff.officer)
    work(SubTaskDetails(number=second, done_on=date(2026, 6, 10)), staff.officer)
    assert (shown(second).waits_for, shown(second).status) == ((), Status.DONE)


def test_what_is_cancelled_holds_nobody_up() -> None:
    staff = world.open_plan()
    first = sub_task(staff, "立项")
    second = sub_task(staff, "施工", after=(first,))
    work(SubTaskDetails(number=first, cancelled=True), staff.officer)
    work(SubTaskDetails(number=second, done_on=date(2026, 6, 10)), staff.officer)
    assert shown(second).status is Status.DONE


def test_a_circle_is_refused_however_long() -> None:
    staff = world.open_plan()
    chain = [sub_task(staff, "一")]
    for title in ("二", "三", "四"):
        chain.append(sub_task(staff, title, after=(chain[-1],)))
    for number in (chain[0], chain[3]):
        with pytest.raises(Conflict, match="循环"):
            work(SubTaskDetails(number=chain[0], after=(number,)), staff.officer)
    assert Dependency.objects.count() == 3
    work(SubTaskDetails(number=chain[3], after=()), staff.officer)
    work(SubTaskDetails(number=chain[0], after=(chain[3],)), staff.officer)
    with pytest.raises(NotFound):
        work(SubTaskDetails(number=chain[1], after=("sub_00000000000000000000000000",)), staff.officer)


@pytest.mark.django_db(transaction=True)
def test_two_edges_at_once_cannot_make_a_circle(in_threads: Callable[..., list[Any]]) -> None:
    staff = world.open_plan()
    one, two = sub_task(staff, "一"), sub_task(staff, "二")
    results = in_threads(
        lambda: work(SubTaskDetails(number=one, after=(two,)), staff.officer),
        lambda: work(SubTaskDetails(number=two, after=(one,)), staff.officer),
    )
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "str"]
    assert Dependency.objects.count() == 1


def test_an_override_shows_with_its_reason_and_ends() -> None:
    staff = world.open_plan()
    assert queries.indicator(world.RULES, world.TODAY).light.status is Status.LATE
    work(OverrideDetails(world.RULES, Status.ON_TIME, "省里延后一年"), staff.office)
    light = queries.indicator(world.RULES, world.TODAY).light
    assert (light.status, light.rule_status, light.overridden) == (Status.ON_TIME, Status.LATE, "省里延后一年")
    task = queries.task(2, world.TODAY).task
    assert (task.light.status, task.light.rule_status) == (Status.ON_TIME, Status.LATE)
    assert queries.indicator(world.RULES, world.TODAY - timedelta(days=1)).light.overridden == ""
    work(OverrideDetails(world.RULES, None, "恢复"), staff.office)
    assert queries.indicator(world.RULES, world.TODAY).light.status is Status.LATE
    assert Override.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Override.objects.update(reason="别的")


def test_who_may_override_and_what() -> None:
    staff = world.open_plan()
    for by in (staff.officer, staff.merchant_reviewer, staff.nobody):
        with pytest.raises(Forbidden):
            work(OverrideDetails(world.RULES, Status.ON_TIME, "理由"), by)
    with pytest.raises(BadInput):
        work(OverrideDetails(world.RULES, Status.ON_TIME, " "), staff.office)
    with pytest.raises(NotFound):
        work(OverrideDetails("i-99999999", Status.ON_TIME, "理由"), staff.office)
    with pytest.raises(Conflict, match="没有人工判定"):
        work(OverrideDetails(world.RULES, None, "恢复"), staff.office)
