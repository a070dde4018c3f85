"""Registers: the county's documents taken in as editions, who may file in them, and how they are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Max

from tanhui.kernel.canonical import digest
from tanhui.kernel.county import County, load_county
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.plan import _county, _figures, _sources
from tanhui.plan._fields import Box, Known
from tanhui.plan._register_document import NUMBERS, kept_register, remembered
from tanhui.plan.models import Assignment, Department, Indicator, Record, Register, RegisterEdition, Target
from tanhui.plan.types import DepartmentRef, Measurement, RegisterDocument, RegisterView

LEADS, SUPPORTERS = "leads", "supporters"

CHINA: Box = (Decimal(73), Decimal(3), Decimal(136), Decimal(54))
"""Where a county says nothing in `[map]`: a box around the country's four extreme points (about 73°33′ and 135°05′ E,
3°52′ and 53°33′ N). It catches swapped and mistyped coordinates, not those in a neighboring county."""


def county() -> County:
    """The folder of this installation's county."""
    return load_county(settings.TANHUI_COUNTY)


def map_box() -> Box:
    """West, south, east, north in degrees (WGS 84): `[map]` of county.toml, else a box around the country."""
    facts = county().facts.get("map")
    if facts is None:
        return CHINA
    west, south, east, north = (Decimal(str(facts[side])) for side in ("west", "south", "east", "north"))
    if not (west < east and south < north):
        raise BadInput("[map] 的西须小于东，南须小于北", where="county.toml", fix="核对四个值")
    return west, south, east, north


def organizations() -> dict[str, tuple[str, str, str]]:
    """The county's organizations by code, name and alias: (code, name, short name)."""
    found: dict[str, tuple[str, str, str]] = {}
    rows = county().rows("organizations.csv")
    for row in rows:
        aliases = [each for each in row.get("aliases", "").split(";") if each]
        ref = (row["code"], row["name"], aliases[0] if aliases else row["name"])
        for name in (row["name"], *aliases):
            found.setdefault(name, ref)
    return found | {row["code"]: found[row["name"]] for row in rows}


def known(today: date) -> Known:
    """What values are checked against on a day."""
    divisions: dict[str, tuple[str, str, str] | None] = {}
    for each in parties.divisions():
        ref = (each.statistical_code, each.name, each.level)
        divisions[each.name] = None if each.name in divisions else ref
        divisions |= {code: ref for code in (each.statistical_code, each.code) if code}
    named = {name: (code, full) for name, (code, full, _) in organizations().items()}
    return Known(today, divisions, named, map_box())


@dataclass(frozen=True)
class InForce:
    """A register with the edition that holds."""

    id: int
    edition_id: int
    document: RegisterDocument
    retired: bool


def in_force(codes: Collection[str] | None = None) -> dict[str, InForce]:
    """Registers by code with their latest edition, retired ones too; all, or those named. One query, and a second for
    the documents that this process has not read yet."""
    editions = RegisterEdition.objects.order_by("register__code", "-id").distinct("register__code")
    if codes is not None:
        editions = editions.filter(register__code__in=list(codes))
    rows = list(editions.values_list("register__code", "register_id", "pk", "content_hash", "register__retired_at"))
    unread = [pk for _, _, pk, content_hash, _ in rows if remembered(content_hash) is None]
    contents = dict(RegisterEdition.objects.filter(pk__in=unread).values_list("pk", "content")) if unread else {}
    return {
        code: InForce(
            register_id,
            pk,
            remembered(content_hash) or kept_register(content_hash, contents[pk]),
            retired_at is not None,
        )
        for code, register_id, pk, content_hash, retired_at in rows
    }


def one(code: str) -> InForce:
    """The register of that code. Raises NotFound."""
    found = in_force([code]).get(code)
    if found is None:
        raise NotFound(f"没有台账 {code[:60]}", where="register", fix="从台账列表中选择")
    return found


def department_ref(row: Department) -> DepartmentRef:
    """A department as others know it."""
    return DepartmentRef(row.code, row.name, row.short_name)


def who_may_file(documents: Iterable[RegisterDocument]) -> dict[str, list[Department]]:
    """The departments that may file, by register: those named, and the leads and supporters of the tasks in force."""
    by_code = {row.code: row for row in Department.objects.all()}
    assigned: dict[tuple[int, bool], list[Department]] = {}
    rows = Assignment.objects.filter(task__dropped=False).select_related("department", "task")
    for row in rows.order_by("task__no", "position"):
        assigned.setdefault((row.task.no, row.leads), []).append(row.department)
    found: dict[str, list[Department]] = {}
    for document in documents:
        listed: dict[str, Department] = {}
        for word in document.may_file:
            if word in (LEADS, SUPPORTERS):
                for number in document.tasks:
                    listed |= {each.code: each for each in assigned.get((number, word == LEADS), ())}
            elif word in by_code:
                listed[word] = by_code[word]
        found[document.code] = list(listed.values())
    return found


def define(*, registers: Sequence[RegisterDocument], measures: Sequence[Any], at: datetime, by: Actor) -> int:
    """Take documents as editions where they changed, retire what is gone, set how indicators are counted."""
    _ensure_departments(registers)
    existing = {row.code: row for row in Register.objects.select_for_update(no_key=True).order_by("id")}
    latest = RegisterEdition.objects.order_by("register", "-id").distinct("register")
    hashes = dict(latest.values_list("register__code", "content_hash"))
    _refuse_other_kinds(registers)
    fresh, brought_back = [], []
    for document in registers:
        row = existing.get(document.code) or Register(code=document.code)
        content_hash = digest(document.content).hex()
        if row.retired_at is not None:
            brought_back.append(document.code)
        row.title, row.retired_at = document.title, None
        row.save()
        if hashes.get(document.code) != content_hash:
            RegisterEdition.objects.create(
                register=row, content=document.content, content_hash=content_hash, loaded_by=by.name, loaded_at=at
            )
            fresh.append(document.code)
    listed = {document.code for document in registers}
    retired = [code for code, row in existing.items() if code not in listed and row.retired_at is None]
    Register.objects.filter(code__in=retired).update(retired_at=at)
    changed = measure(list(measures), at=at)
    if fresh or retired or brought_back or changed:
        detail = {"editions": fresh, "retired": retired, "brought_back": brought_back, "measures": changed}
        parties_services.record(actor=by, action="plan.define", target="registers", detail=detail, at=at)
    return len(fresh)


def _refuse_other_kinds(registers: Iterable[RegisterDocument]) -> None:
    """A field that is added up was a number in every edition: rows keep what they held. Raises BadInput."""
    editions = RegisterEdition.objects.filter(register__code__in=[each.code for each in registers])
    kinds: dict[tuple[str, str], set[str]] = {}
    for code, content_hash, content in editions.values_list("register__code", "content_hash", "content"):
        for field in kept_register(content_hash, content).fields:
            kinds.setdefault((code, field.name), set()).add(field.type)
    for document in registers:
        for field in document.fields:
            before = kinds.get((document.code, field.name), set())
            if field.type in NUMBERS and not before <= set(NUMBERS):
                problem = f"栏目“{field.name}”以前不是数字，已有的记录不能相加"
                raise BadInput(problem, where=f"registers/{document.code}.yaml", fix="换一个栏目代码")


def _ensure_departments(registers: Iterable[RegisterDocument]) -> None:
    """Departments that registers name and the plan does not. Raises BadInput for one that the county does not know."""
    here = set(Department.objects.values_list("code", flat=True))
    by_name = organizations()
    for document in registers:
        for word in document.may_file:
            if word in (LEADS, SUPPORTERS) or word in here:
                continue
            if word not in by_name or by_name[word][0] != word:
                where = f"registers/{document.code}.yaml"
                raise BadInput(f"may_file 中没有“{word}”这个单位", where=where, fix="用 organizations.csv 的代码")
            _, name, short_name = by_name[word]
            Department.objects.create(code=word, name=name, short_name=short_name)
            here.add(word)


def measure(measures: Sequence[Measurement], *, at: datetime) -> list[str]:
    """Set how the indicators in force are counted, and count anew; gives the codes of those whose rule changed.

    Measures of indicators that no adopted version has wait: the next time they are taken in, they are set.
    """
    documents = {code: each.document for code, each in in_force().items()}
    rows = {row.code: row for row in Indicator.objects.select_for_update(no_key=True).order_by("id")}
    changed = []
    for each in measures:
        row = rows.get(each.indicator)
        if row is None:
            continue
        _check_measure(each, row, documents)
        wanted = {
            "by": each.by,
            "source": each.source,
            "weight": each.weight,
            "stale_after_days": each.stale_after_days,
            "baseline": each.baseline,
            "baseline_on": each.baseline_on,
        }
        if any(getattr(row, name) != value for name, value in wanted.items()):
            Indicator.objects.filter(pk=row.pk).update(**wanted)
            changed.append(row.code)
        _stage(row, each)
    _figures.recount([row.pk for row in rows.values()], at=at, only_changes=True)
    return changed


def measure_again(*, at: datetime) -> list[str]:
    """Count the indicators in force as the county's folder says, once a version is adopted.

    Gives the codes of indicators whose measure does not fit them any more, such as after a correction of the unit:
    those are left as they are, and `define` names the fault the next time the folder is taken in.
    """
    if not county().files("plan", "measures.yaml"):
        return []
    rows = {row.code: row for row in Indicator.objects.all()}
    documents = {code: each.document for code, each in in_force().items()}
    fitting, unfit = [], []
    for each in _county.measures(county()):
        if each.indicator in rows:
            try:
                _check_measure(each, rows[each.indicator], documents)
            except BadInput:
                unfit.append(each.indicator)
            else:
                fitting.append(each)
    measure(fitting, at=at)
    return unfit


def _check_measure(each: Measurement, row: Indicator, documents: Mapping[str, RegisterDocument]) -> None:
    if each.by == "source":
        _sources.named(each.source)
    if each.by != "register":
        return
    document = documents.get(each.source)
    if document is None:
        raise BadInput(f"没有台账 {each.source}", where=each.where, fix="核对 registers/ 中的文件名")
    feeds = [feed for feed in document.feeds if feed.indicator == row.code]
    if len(feeds) != 1:
        problem = f"台账 {each.source} 对指标 {row.code} 须恰有一条 feeds，现有 {len(feeds)} 条"
        raise BadInput(problem, where=each.where, fix="在台账的 feeds 中写明怎样计数")
    if feeds[0].unit != row.unit and feeds[0].factor == 1:
        problem = f"台账 {each.source} 按“{feeds[0].unit}”计数，指标的单位是“{row.unit}”"
        raise BadInput(problem, where=each.where, fix="改 unit，或用 factor 换算")


def _stage(row: Indicator, each: Measurement) -> None:
    wanted = {stage.due_on: stage.value for stage in each.staged}
    have = dict(Target.objects.filter(indicator=row, staged=True).values_list("due_on", "value"))
    if wanted == have:
        return
    own = Target.objects.filter(indicator=row, staged=False).order_by("-due_on").first()
    taken = Target.objects.filter(indicator=row, staged=False, due_on__in=wanted).exists()
    if own is None or taken:
        raise BadInput(f"指标 {row.code} 的阶段目标与方案的目标同日，或方案没有目标", where=each.where, fix="改 staged")
    Target.objects.filter(indicator=row, staged=True).delete()
    Target.objects.bulk_create(
        Target(indicator=row, due_on=day, comparator=own.comparator, value=value, staged=True)
        for day, value in sorted(wanted.items())
    )


def views(codes: Collection[str] | None = None, *, with_retired: bool = False) -> list[RegisterView]:
    """Registers with their counts, by first task and code; a handful of queries for any number."""
    found = {code: each for code, each in in_force(codes).items() if with_retired or not each.retired}
    filing = who_may_file(each.document for each in found.values())
    rows = _figures.factual(Record.objects.filter(register__in=[each.id for each in found.values()]))
    by_register = rows.order_by().values_list("register_id")
    standing = {
        register_id: (count, last_on)
        for register_id, count, last_on in by_register.filter(state=Record.State.APPROVED, void=False).annotate(
            Count("id"), Max("happened_on")
        )
    }
    waiting = dict(by_register.filter(state=Record.State.FILED).annotate(Count("id")))
    texts = dict(Indicator.objects.filter(dropped=False).values_list("code", "text"))
    shown = [
        _view(each, filing[code], standing.get(each.id, (0, None)), waiting.get(each.id, 0), texts)
        for code, each in found.items()
    ]
    return sorted(shown, key=lambda view: (min(view.tasks, default=0), view.code))


def _view(
    each: InForce,
    filing: Sequence[Department],
    standing: tuple[int, date | None],
    waiting: int,
    texts: Mapping[str, str],
) -> RegisterView:
    document = each.document
    return RegisterView(
        code=document.code,
        title=document.title,
        row=document.row,
        tasks=document.tasks,
        public=document.public,
        may_file=tuple(department_ref(row) for row in filing),
        evidence_required=document.evidence_required,
        evidence_note=document.evidence_note,
        fields=document.fields,
        has_places=bool(document.placed_by),
        approved=standing[0],
        waiting=waiting,
        last_on=standing[1],
        feeds=tuple((feed.indicator, texts[feed.indicator]) for feed in document.feeds if feed.indicator in texts),
        key=document.key,
        dated_by=document.dated_by,
    )


def view(code: str) -> RegisterView:
    """One register, also a retired one. Raises NotFound."""
    found = views([code], with_retired=True)
    if not found:
        raise NotFound(f"没有台账 {code[:60]}", where="register", fix="从台账列表中选择")
    return found[0]
