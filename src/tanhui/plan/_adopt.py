"""Adoption: a settled document becomes the next version, frozen, and the tables show it as the plan in force."""

from __future__ import annotations

import calendar
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.plan import _compare, _corrections, _drafts, _registers
from tanhui.plan.models import (
    ActionBox,
    Assignment,
    Department,
    FindingDecision,
    Indicator,
    PlanDocument,
    PlanVersion,
    RoadmapItem,
    Target,
    Task,
)
from tanhui.plan.types import FindingsOpen, VersionView
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import Department as DraftDepartment
from tanhui_plandoc.draft import Indicator as DraftIndicator
from tanhui_plandoc.draft import RoadmapItem as DraftRoadmapItem
from tanhui_plandoc.draft import Severity
from tanhui_plandoc.draft import Task as DraftTask

TAKEN_AS_IT_STANDS = "采纳时未另作决定，照原文"


def adopt(*, number: str, at: datetime, by: Actor) -> int:
    """Freeze the document as the next version and project it into the tables; returns the version."""
    _drafts.take_turn()
    # In order of id, as whoever counts them does: so that adopting and reviewing wait for each other, and never both.
    list(Indicator.objects.select_for_update(no_key=True).order_by("id"))
    document = _open(number)
    _require_settled(document)
    draft = replace(_drafts.corrected(document), diagnostics=())
    _require_adoptable(draft)
    previous = PlanVersion.objects.order_by("-version").first()
    comparison = _compare.Comparison()
    if previous is not None:
        before = Draft.from_json(previous.content)
        draft = _compare.carry_ids(before, draft)
        comparison = _compare.compare(before, draft)
    else:
        draft = _compare.carry_ids(Draft(), draft)
    _take_open_ones_as_they_stand(document, at=at, by=by)
    content = _corrections.plain(draft)
    version = PlanVersion.objects.create(
        version=1 if previous is None else previous.version + 1,
        document=document,
        title=document.title,
        status=draft.status[:40],
        content=content,
        content_hash=digest(content).hex(),
        comparison=comparison.as_json(),
        starts_on=first_day(draft.date) or (previous.starts_on if previous else local_day(at)),
        adopted_by=by.name,
        adopted_at=at,
    )
    document.state = PlanDocument.State.ADOPTED
    document.save(update_fields=["state"])
    _project(draft, version)
    detail = {
        "version": version.version,
        "unmeasured": _registers.measure_again(at=at),
        "hash": version.content_hash,
        "changes": {name: len(changes) for name, changes in comparison.as_json().items()},
    }
    parties_services.record(actor=by, action="plan.adopt", target=number, at=at, detail=detail)
    return version.version


def abandon(*, number: str, at: datetime, by: Actor) -> int:
    """Put a document aside; returns 0."""
    document = _open(number)
    document.state = PlanDocument.State.ABANDONED
    document.save(update_fields=["state"])
    parties_services.record(actor=by, action="plan.abandon", target=number, at=at)
    return 0


def preview(number: str) -> Mapping[str, Any]:
    """What adopting the document as settled so far would add, drop and move; nothing before the first version."""
    draft = _drafts.draft_of(number)
    previous = PlanVersion.objects.order_by("-version").first()
    if previous is None:
        return _compare.Comparison().as_json()
    before = Draft.from_json(previous.content)
    return _compare.compare(before, _compare.carry_ids(before, draft)).as_json()


def versions() -> list[VersionView]:
    """All versions, newest first."""
    return [version_view(row) for row in PlanVersion.objects.defer("content").order_by("-version")]


def version(version: int | None = None) -> VersionView:
    """One version, or the one in force. Raises NotFound."""
    return version_view(_version(version))


def version_content(version: int | None = None) -> Mapping[str, Any]:
    """The frozen content of a version (or the one in force), in the JSON shape of a draft. Raises NotFound."""
    content: Mapping[str, Any] = _version(version).content
    return content


def version_view(row: PlanVersion) -> VersionView:
    """A version for others to read."""
    return VersionView(
        version=row.version,
        title=row.title,
        status=row.status,
        content_hash=row.content_hash,
        starts_on=row.starts_on,
        adopted_by=row.adopted_by,
        adopted_at=row.adopted_at,
        comparison=row.comparison,
    )


def first_day(text: str) -> date | None:
    """The first day of an ISO year, month or day; None for anything else."""
    try:
        year, month, day = (*(int(part) for part in text.split("-")), 1, 1)[:3]
        return date(year, month, day)
    except ValueError:
        return None


def last_day(text: str | None, year: int | None) -> date | None:
    """The last day of a deadline: of its year, its month, or the day itself. Falls back to the year."""
    parts = (text or "").split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 3:
            return date(*numbers)
        if len(numbers) == 2:
            year_of, month = numbers
            return date(year_of, month, calendar.monthrange(year_of, month)[1])
        return date(numbers[0], 12, 31)
    except ValueError:
        return date(year, 12, 31) if year else None


def _version(version: int | None) -> PlanVersion:
    rows = PlanVersion.objects.order_by("-version")
    row = rows.first() if version is None else rows.filter(version=version).first()
    if row is None:
        raise NotFound(
            "还没有采纳方案" if version is None else f"没有第 {version} 版", where="version", fix="先采纳文稿"
        )
    return row


def _open(number: str) -> PlanDocument:
    document = _drafts.locked(number)
    if document.state != PlanDocument.State.OPEN:
        raise Conflict(f"这份文稿{document.get_state_display()}", where=number, fix="要再次采纳，请重新录入文稿")
    return document


def _require_settled(document: PlanDocument) -> None:
    decided = {row.finding_id for row in _drafts.decisions(document)}
    waiting = [
        row.position
        for row in document.findings.filter(severity=Severity.SUBSTANTIVE).order_by("position")
        if row.pk not in decided
    ]
    if waiting:
        raise FindingsOpen(
            f"还有 {len(waiting)} 处实质疑点没有决定",
            where=document.number,
            fix="逐处选择照原文、更正或备注后再采纳",
            detail={"positions": waiting},
        )


def _require_adoptable(draft: Draft) -> None:
    """What the tables need: numbers and titles of tasks, each once, and titles that fit."""
    for what, counted in (
        ("序号", Counter(str(task.no) for task in draft.tasks)),
        ("名称", Counter(task.title for task in draft.tasks)),
    ):
        for name, times in counted.items():
            if times > 1:
                raise BadInput(
                    f"{times} 个任务的{what}都是“{name}”", where="tasks", fix="用更正改成不同的名称，或修改文稿"
                )
    for task in draft.tasks:
        if not 1 <= len(task.title) <= 80:
            raise BadInput(f"任务{task.no}的名称应为 1 至 80 个字", where=f"task:{task.no}", fix="用更正改写名称")


def _take_open_ones_as_they_stand(document: PlanDocument, *, at: datetime, by: Actor) -> None:
    decided = {row.finding_id for row in _drafts.decisions(document)}
    FindingDecision.objects.bulk_create(
        FindingDecision(
            finding=row,
            choice=FindingDecision.Choice.ACCEPT,
            corrections=[],
            note=TAKEN_AS_IT_STANDS,
            decided_by=by.name,
            decided_at=at,
        )
        for row in document.findings.order_by("position")
        if row.pk not in decided
    )


def _project(draft: Draft, version: PlanVersion) -> None:
    """Bring tasks, departments, boxes, indicators, targets and roadmap to what the version says."""
    departments = _departments(draft)
    tasks = _tasks(draft, version)
    Assignment.objects.all().delete()
    ActionBox.objects.all().delete()
    Assignment.objects.bulk_create(
        row for task in draft.tasks for row in _assignments(task, tasks[task.no], departments)
    )
    ActionBox.objects.bulk_create(
        ActionBox(
            task=tasks[task.no],
            no=box.no,
            title=_short(box.title, 80),
            actions=[{"title": each.title, "text": each.text, "lines": list(each.lines)} for each in box.actions],
        )
        for task in draft.tasks
        for box in task.boxes
    )
    _indicators(draft, version, tasks)
    for row in Task.objects.prefetch_related("roadmap"):
        items = next((task.roadmap for task in draft.tasks if tasks[task.no].pk == row.pk), ())
        _roadmap(row, items)


def _short(text: str, length: int) -> str:
    """What a table's column holds of a long text; the frozen content has all of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _tasks(draft: Draft, version: PlanVersion) -> dict[int, Task]:
    """Task numbers of the draft → rows, those that go on with their old row. What is left over is marked dropped."""
    rows = list(Task.objects.order_by("dropped", "no"))
    titles = [task.title for task in draft.tasks]
    pairs = _compare.pair([row.title for row in rows], titles)
    # Numbers and titles may change places: all free first, then each gets its own.
    for row in rows:
        row.dropped = True
    Task.objects.update(dropped=True)
    for position in pairs:
        if rows[pairs[position]].title != titles[position]:
            Task.objects.filter(pk=rows[pairs[position]].pk).update(title=f"→{rows[pairs[position]].pk}")
    found = {}
    groups = {task.no: group for group in draft.groups for task in group.tasks}
    for position, task in enumerate(draft.tasks):
        row = rows[pairs[position]] if position in pairs else Task()
        row.no, row.title, row.text, row.lines = task.no, task.title, task.text, list(task.lines)
        row.group_no, row.group_title = groups[task.no].no, _short(groups[task.no].title, 80)
        row.version, row.dropped = version, False
        row.save()
        found[task.no] = row
    return found


def _departments(draft: Draft) -> dict[str, Department]:
    """Names in the draft → rows, made where they are new, joined to the county's organizations by code or name."""
    named: dict[str, DraftDepartment] = {}
    raws: dict[str, Counter[str]] = {}
    for task in draft.tasks:
        for each in (*task.leads, *task.supporters):
            named.setdefault(each.name, each)
            raws.setdefault(each.name, Counter())[each.raw] += 1
    organizations = parties.organizations()
    codes = {ref.display_name: code for code, ref in organizations.items()}
    found: dict[str, Department] = {}
    for name, each in named.items():
        code = (each.code or codes.get(name) or f"d-{hashlib.sha256(name.encode()).hexdigest()[:8]}")[:40]
        short = min(raws[name], key=lambda raw: (-raws[name][raw], len(raw), raw))
        party = organizations.get(code)
        found[name], _ = Department.objects.update_or_create(
            code=code,
            defaults={
                "name": _short(name, 80),
                "short_name": _short(short, 40),
                "party_id": None if party is None else party.id,
            },
        )
    return found


def _assignments(task: DraftTask, row: Task, departments: Mapping[str, Department]) -> Iterable[Assignment]:
    """Leads, then supporters; who is named twice keeps the first place."""
    seen: set[int] = set()
    for leads, named in ((True, task.leads), (False, task.supporters)):
        for position, each in enumerate(named, start=1):
            department = departments[each.name]
            if department.pk not in seen:
                seen.add(department.pk)
                raw = _short(each.raw, 80)
                yield Assignment(task=row, department=department, leads=leads, position=position, raw_name=raw)


def _indicators(draft: Draft, version: PlanVersion, tasks: Mapping[int, Task]) -> None:
    rows = {row.code: row for row in Indicator.objects.all()}
    Indicator.objects.update(dropped=True)
    for task in draft.tasks:
        for position, each in enumerate(task.indicators, start=1):
            row = rows.get(each.id) or Indicator(code=each.id)
            row.task, row.position = tasks[task.no], position
            row.text, row.kind = _short(each.text, 200), each.kind
            row.unit, row.recurrence = _short(each.unit or "", 20), each.recurrence or ""
            row.occurrences = _corrections.plain(each.occurrences)
            row.version, row.dropped = version, False
            row.save()
            _target(row, each)


def _target(row: Indicator, each: DraftIndicator) -> None:
    """The plan's own target anew; the county's stages stay, but for one on the very same day."""
    due_on = last_day(each.deadline, each.deadline_year)
    row.targets.filter(staged=False).delete()
    row.targets.filter(due_on=due_on).delete()
    Target.objects.create(
        indicator=row,
        due_on=due_on,
        comparator=each.comparator or "",
        value=each.value,
        value_max=each.value_max,
        value_text=_short(each.value_text or "", 60),
    )


def _roadmap(task: Task, items: Sequence[DraftRoadmapItem]) -> None:
    """Items that go on keep their row, so that sub-tasks stay tied to them."""
    rows = list(task.roadmap.all())
    pairs = _compare.pair([row.text for row in rows], [_short(item.text, 300) for item in items])
    kept = set(pairs.values())
    RoadmapItem.objects.filter(pk__in=[row.pk for n, row in enumerate(rows) if n not in kept]).delete()
    for number, (item, place) in enumerate(zip(items, roadmap_places(items), strict=True)):
        row = rows[pairs[number]] if number in pairs else RoadmapItem(task=task)
        row.position = place[1]
        row.period, row.due_year = _short(item.period, 40), item.deadline_year
        row.text, row.stance = _short(item.text, 300), item.mark or ""
        row.save()


def roadmap_places(items: Sequence[DraftRoadmapItem]) -> list[tuple[int | None, int]]:
    """(year, position from 1 within that year) of each item of a task's roadmap: how people point at it."""
    counted: Counter[int | None] = Counter()
    places = []
    for item in items:
        counted[item.deadline_year] += 1
        places.append((item.deadline_year, counted[item.deadline_year]))
    return places
