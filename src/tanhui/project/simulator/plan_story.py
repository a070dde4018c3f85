"""Three invented years of a county's work on its plan, played in order of time through the same verbs as anybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.plan.types import (
    CaseDetails,
    ContactDetails,
    FeedbackDetails,
    FeedbackReply,
    FundingDetails,
    NoticeAnswer,
    NoticeDetails,
    NoticeVerdict,
    RegisterDocument,
    ReviewMeeting,
    Status,
    SubTaskDetails,
    WorkDetails,
)
from tanhui.project.simulator.plan_rows import SampleRow, sample_rows

FILING, REVIEWING = Actor.system("demo-filing"), Actor.system("demo-review")
_WAITING_DAYS = 45  # rows filed since then are still to be reviewed, so that the desk has something on it
_OFFICER_OF = "education"  # where the demo's officer and reviewer work
_QUARTERS = ((3, 31), (6, 30), (9, 30), (12, 31))

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Played:
    """What was played."""

    rows: int
    approved: int
    reports: int


@dataclass(frozen=True)
class _Event:
    at: datetime
    act: Callable[[datetime], object]


def play_plan(documents: Iterable[RegisterDocument], *, seed: int, end_on: date, on_progress: Progress) -> Played:
    """Play everything from the plan's start up to and including `end_on`, each act at its own time. The plan must be
    adopted; of a young one there is less to play."""
    plan = queries.plan(end_on)
    if plan is None:
        return Played(0, 0, 0)
    starts_on = plan.version.starts_on
    rows = _rows(list(documents), seed=seed, starts_on=starts_on, end_on=end_on)
    story = _Story(seed, starts_on, end_on)
    events = [*story.filing(rows), *story.work(), *story.meetings(), *story.reports()]
    events = [event for event in events if starts_on <= event.at.date() <= end_on]
    events.sort(key=lambda event: event.at)
    for done, event in enumerate(events, start=1):
        event.act(event.at)
        on_progress(done, len(events))
    return Played(len(rows), story.approved, story.published)


def _rows(documents: list[RegisterDocument], *, seed: int, starts_on: date, end_on: date) -> list[SampleRow]:
    townships = [division.statistical_code for division in parties.divisions("township")]
    organizations = [department.code for department in queries.departments()]
    found = []
    for document in documents:
        found += sample_rows(
            document,
            seed=seed,
            starts_on=starts_on,
            ends_on=end_on,
            townships=townships,
            organizations=organizations,
        )
    return found


def _moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


class _Story:
    """Makes the events; keeps the numbers that later events need."""

    def __init__(self, seed: int, starts_on: date, end_on: date) -> None:
        self.chance = Random(f"{seed}:plan")  # noqa: S311 an invented county needs no secrets
        self.starts_on, self.end_on = starts_on, end_on
        self.approved = self.published = 0

    def filing(self, rows: list[SampleRow]) -> list[_Event]:
        """Rows are filed by the first department that may, and reviewed some days later."""
        departments = {view.code: view.may_file for view in queries.registers()}
        events = []
        for row in rows:
            if row.filed_on > self.end_on or not departments.get(row.register):
                continue
            events.append(_Event(_moment(row.filed_on, 2), self._filer(row, departments[row.register][0].code)))
        return events

    def _filer(self, row: SampleRow, department: str) -> Callable[[datetime], object]:
        reviewed_at = _moment(row.filed_on, 2) + timedelta(days=3)

        def act(at: datetime) -> None:
            numbers = services.file(
                register=row.register, rows=[row.details], department=department, sample=True, at=at, by=FILING
            )
            if row.filed_on <= self.end_on - timedelta(days=_WAITING_DAYS):
                self.approved += services.review(numbers=numbers, approve=True, at=reviewed_at, by=REVIEWING)

        return act

    def work(self) -> list[_Event]:
        """Sub-tasks, money, cases, feedback: a little for each task, all of it marked as a sample."""
        events = []
        for view in queries.plan(self.end_on).tasks:  # type: ignore[union-attr]
            lead = view.leads[0].code if view.leads else ""
            if not lead:
                continue
            due_on = self.end_on + timedelta(days=self.chance.randrange(-200, 120))
            events += [self._sub_task(view.no, lead, due_on), self._money(view.no, lead)]
            if lead == _OFFICER_OF:
                events.append(
                    self._do(self.starts_on + timedelta(days=40), ContactDetails(view.no, lead, "demo-officer"))
                )
            if view.no % 4 == 1:
                events.append(self._case(view.no, lead))
            if view.no % 5 == 2:
                events.append(self._feedback(view.no))
        return events

    def _do(self, day: date, details: WorkDetails) -> _Event:
        return _Event(_moment(day, 3), lambda at: services.work(details=details, at=at, by=FILING))

    def _sub_task(self, task_no: int, department: str, due_on: date) -> _Event:
        opened = self.end_on - timedelta(days=260)
        done = self.chance.random() < 0.5

        def act(at: datetime) -> None:
            details = SubTaskDetails(
                task_no=task_no, department=department, title=f"示例：任务{task_no}年度工作安排", due_on=due_on
            )
            number = services.work(details=details, at=at, by=FILING)
            if done:
                closing = SubTaskDetails(number=number, done_on=opened + timedelta(days=45))
                services.work(details=closing, at=at + timedelta(days=45), by=FILING)

        return _Event(_moment(opened, 4), act)

    def _money(self, task_no: int, department: str) -> _Event:
        day = self.end_on - timedelta(days=230)
        planned = self.chance.randrange(5, 80) * 1_000_000

        def act(at: datetime) -> None:
            common = {"happened_on": day, "task_no": task_no, "department": department, "sample": True}
            number = services.work(
                details=FundingDetails(
                    kind="planned", amount_fen=planned, title=f"示例：任务{task_no}专项", origin="示例：县级财政",
                    year=day.year, **common,  # type: ignore[arg-type]
                ),
                at=at, by=FILING,
            )  # fmt: skip
            for kind, share in (("committed", 70), ("paid", 35)):
                entry = FundingDetails(kind=kind, amount_fen=planned * share // 100, happened_on=day, number=number)
                services.work(details=entry, at=at, by=FILING)

        return _Event(_moment(day, 5), act)

    def _case(self, task_no: int, department: str) -> _Event:
        def act(at: datetime) -> None:
            details = CaseDetails(
                task_no=task_no,
                department=department,
                title=f"示例：任务{task_no}的一个做法（虚构）",
                text="示例文字，由程序虚构：先说遇到的问题，再说怎么做、花了多少、见到什么成效，最后说别处可以怎样照着做。",
                sample=True,
            )
            number = services.work(details=details, at=at, by=FILING)
            services.work(details=CaseDetails(number=number, publish=True), at=at, by=REVIEWING)

        return _Event(_moment(self.end_on - timedelta(days=100 + task_no), 6), act)

    def _feedback(self, task_no: int) -> _Event:
        def act(at: datetime) -> None:
            said = FeedbackDetails(task_no, "示例意见（虚构）：希望把相关的地点和时间提前在镇上的公告栏里也贴一份。")
            number = services.work(details=said, at=at)
            if task_no % 2:
                reply = FeedbackReply(number, "示例答复（虚构）：已与各乡镇约定，今后同时张贴。感谢您的意见。", True)
                services.work(details=reply, at=at + timedelta(days=6), by=REVIEWING)

        return _Event(_moment(self.end_on - timedelta(days=8 + task_no), 7), act)

    def _quarter_ends(self) -> list[date]:
        """The ends of the last four whole quarters, as far as the plan was in force."""
        ends = [date(year, *end) for year in (self.end_on.year - 1, self.end_on.year) for end in _QUARTERS]
        return [day for day in ends if self.starts_on <= day < self.end_on][-4:]

    def meetings(self) -> list[_Event]:
        """A progress review after each quarter; what is late gets a notice, and most are answered."""
        return [_Event(_moment(end + timedelta(days=5), 6), self._meeting(end)) for end in self._quarter_ends()]

    def _meeting(self, end: date) -> Callable[[datetime], object]:
        def act(at: datetime) -> None:
            title = f"示例：{end.year}年第{(end.month + 2) // 3}季度进展调度"
            number = services.work(
                details=ReviewMeeting(title=title, held_on=at.date(), agenda="示例：各牵头部门通报进展"),
                at=at,
                by=FILING,
            )
            for serial, (task_no, department, indicator) in enumerate(_late_ones(end)[:3]):
                self._notice(number, task_no, department, indicator, answered=serial < 2, at=at)
            done = ReviewMeeting(number=number, conclusions="示例：逾期指标由牵头部门限期说明，下一季度再看。")
            services.work(details=done, at=at + timedelta(hours=2), by=FILING)

        return act

    def _notice(
        self, review: str, task_no: int, department: str, indicator: str, *, answered: bool, at: datetime
    ) -> None:
        details = NoticeDetails(
            department=department,
            task_no=task_no,
            problem="示例：指标逾期未完成，请说明原因与补救安排。",
            due_on=at.date() + timedelta(days=15),
            indicator=indicator,
            review=review,
        )
        number = services.work(details=details, at=at + timedelta(hours=1), by=FILING)
        if answered:
            answer = NoticeAnswer(number, "示例答复：因场地调整推迟，已重新安排，完成后补报台账。")
            services.work(details=answer, at=at + timedelta(days=9), by=FILING)
            verdict = NoticeVerdict(number, accepted=True, verdict="示例：同意，按新安排推进。")
            services.work(details=verdict, at=at + timedelta(days=12), by=REVIEWING)

    def reports(self) -> list[_Event]:
        """A published report as of each of the last three quarters' ends."""

        def publisher(as_of: date) -> Callable[[datetime], object]:
            def act(at: datetime) -> None:
                services.publish_report(as_of=as_of, at=at, by=REVIEWING)
                self.published += 1

            return act

        return [_Event(_moment(end + timedelta(days=8), 8), publisher(end)) for end in self._quarter_ends()[-3:]]


def _late_ones(on: date) -> list[tuple[int, str, str]]:
    plan = queries.plan(on)
    return [
        (task.no, task.leads[0].code, indicator.code)
        for task in (plan.tasks if plan else ())
        for indicator in task.indicators
        if indicator.light.status is Status.LATE and task.leads
    ]
