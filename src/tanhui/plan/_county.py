"""The county's documents on the plan, read strictly: facts, registers, measures, coverage, appraisal, topics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from tanhui.kernel.county import County, load_county
from tanhui.kernel.errors import BadInput
from tanhui.plan._register_document import exact, read_register
from tanhui.plan._yaml import FIX, Fields, items_of, known, plain, read_file, text_of, whole_of
from tanhui.plan.types import CoverageEntry, Measurement, RegisterDocument, StagedTarget, TopicEntry
from tanhui_plandoc import Draft

STALE_AFTER_DAYS = 120
APPRAISAL_MEASURES = (
    "led_completion", "filed_on_time", "approved_first_time", "notices_answered_on_time", "good_cases",
)  # fmt: skip
COVERAGE_KINDS = ("clause", "action", "indicator", "roadmap", "safeguard", "overall")
_PLAN_KEYS = ("title", "status", "date", "overall_targets", "groups", "safeguards", "diagnostics", "legend")


def is_demo() -> bool:
    """Whether invented rows may be filed and counted here."""
    return load_county(settings.TANHUI_COUNTY).is_demo


def plan_facts(county: County) -> Draft:
    """`plan/plan.yaml` with the tasks of `plan/tasks/NN.yaml` in their groups. Raises BadInput, NotFound."""
    head = _document(county, "plan/plan.yaml")
    known(head, _PLAN_KEYS, ("title", "groups"))
    tasks = {
        whole_of(task, "no", least=1): task
        for task in (_read(county, path) for path in county.files("plan/tasks", ".yaml"))
    }
    content = plain(head)
    used: set[int] = set()
    for group, written in zip(content["groups"], items_of(head, "groups", of=Fields), strict=True):
        numbers = items_of(written, "tasks", of=int)
        for position, number in enumerate(numbers):
            if number not in tasks or number in used:
                problem = f"没有任务 {number} 的文件" if number not in tasks else f"任务 {number} 出现了两次"
                raise BadInput(problem, where=written["tasks"].at(position), fix="核对 plan/tasks/ 中的文件")
            used.add(number)
        group["tasks"] = [plain(tasks[number]) for number in numbers]
    for number in tasks.keys() - used:
        raise BadInput(f"任务 {number} 不在任何一章里", where=tasks[number].at("no"), fix="写进 plan.yaml 的 groups")
    try:
        return Draft.from_json(content)
    except ValueError as error:
        raise BadInput(f"方案内容有误：{error}", where=head.file, fix="按 Draft 的字段改正") from error


def registers(county: County) -> list[RegisterDocument]:
    """The county's registers by code; each file has the name of its register. Raises BadInput."""
    found = []
    for path in county.files("registers", ".yaml"):
        content = _read(county, path)
        document = read_register(content)
        if document.code != path.stem:
            raise BadInput(f"代码“{document.code}”与文件名不同", where=content.at("code"), fix=f"改为 {path.stem}")
        found.append(document)
    return found


def measures(county: County) -> list[Measurement]:
    """How each indicator is counted (`plan/measures.yaml`). Raises BadInput, NotFound."""
    document = _document(county, "plan/measures.yaml")
    known(document, ("measures",), ("measures",))
    found = [_measure(each) for each in items_of(document, "measures", of=Fields)]
    seen: set[str] = set()
    for each in found:
        if each.indicator in seen:
            raise BadInput(f"指标 {each.indicator} 写了两次", where=each.where, fix="删去一处")
        seen.add(each.indicator)
    return found


def _measure(each: Fields) -> Measurement:
    keys = (
        "indicator", "note", "by", "register", "source", "weight", "stale_after_days", "baseline", "baseline_on",
        "staged",
    )  # fmt: skip
    known(each, keys, ("indicator", "by"))
    by = text_of(each, "by")
    if by not in ("register", "source", "hand"):
        raise BadInput(f"没有“{by}”这种来源", where=each.at("by"), fix="可用：register、source、hand")
    for key in ("register", "source"):
        if (by == key) != bool(text_of(each, key)):
            problem = f"by 为 {key} 时须写 {key}" if by == key else f"by 为 {by} 时不写 {key}"
            raise BadInput(problem, where=each.at(key), fix=FIX)
    baseline, baseline_on = exact(each, "baseline"), _day(each, "baseline_on")
    if (baseline is None) != (baseline_on is None):
        raise BadInput("基期值和基期须一起写", where=each.at("baseline"), fix="补上 baseline 或 baseline_on")
    staged = []
    for stage in items_of(each, "staged", of=Fields):
        known(stage, ("due_on", "value"), ("due_on", "value"))
        day, value = _day(stage, "due_on"), exact(stage, "value")
        if day is not None and value is not None:
            staged.append(StagedTarget(day, value))
    return Measurement(
        indicator=text_of(each, "indicator", most=40),
        note=text_of(each, "note", most=120),
        by=by,
        source=text_of(each, by) if by != "hand" else "",
        weight=whole_of(each, "weight", 1, least=1),
        stale_after_days=whole_of(each, "stale_after_days", STALE_AFTER_DAYS, least=1),
        baseline=baseline,
        baseline_on=baseline_on,
        staged=tuple(staged),
        where=each.at(),
    )


def coverage_entries(county: County) -> list[CoverageEntry]:
    """What serves which promise (`plan/coverage.yaml`). Raises BadInput, NotFound."""
    document = _document(county, "plan/coverage.yaml")
    known(document, ("served",), ("served",))
    found = []
    seen: set[tuple[str, str]] = set()
    for each in items_of(document, "served", of=Fields):
        known(each, (*COVERAGE_KINDS, "by", "how", "missing"))
        kinds = [kind for kind in COVERAGE_KINDS if kind in each]
        if len(kinds) != 1:
            raise BadInput("一项恰好写明一个对象", where=each.at(), fix=f"可用：{'、'.join(COVERAGE_KINDS)}")
        kind = kinds[0]
        entry = CoverageEntry(
            kind=kind,
            ref=text_of(each, kind),
            by=tuple(items_of(each, "by", of=str)),
            how=text_of(each, "how", most=120),
            missing=text_of(each, "missing", most=120),
            where=each.at(),
        )
        if (kind, entry.ref) in seen:
            raise BadInput(f"{kind} {entry.ref} 写了两次", where=entry.where, fix="删去一处")
        if not entry.by and not entry.missing:
            raise BadInput("没有什么落实它时，须写明缺什么", where=entry.where, fix="补上 by 或 missing")
        seen.add((kind, entry.ref))
        found.append(entry)
    return found


def appraisal_rules(county: County) -> Mapping[str, Any]:
    """The rules of the annual appraisal (`plan/appraisal.yaml`), checked: title, status, items. Raises BadInput."""
    document = _document(county, "plan/appraisal.yaml")
    known(document, ("title", "status", "items"), ("title", "status", "items"))
    codes: set[str] = set()
    for item in items_of(document, "items", of=Fields):
        known(item, ("code", "title", "points", "measure", "full_at"), ("code", "title", "points", "measure"))
        whole_of(item, "points", least=1)
        whole_of(item, "full_at", 1, least=1)
        code, measure = text_of(item, "code"), text_of(item, "measure")
        if measure not in APPRAISAL_MEASURES:
            fix = f"可用：{'、'.join(APPRAISAL_MEASURES)}"
            raise BadInput(f"没有“{measure}”这种算法", where=item.at("measure"), fix=fix)
        if code in codes:
            raise BadInput(f"项目“{code}”写了两次", where=item.at("code"), fix="删去一处")
        codes.add(code)
    rules: Mapping[str, Any] = plain(document)
    return rules


def topics(county: County) -> list[TopicEntry]:
    """The fields in which progress is published (`plan/topics.yaml`). Raises BadInput, NotFound."""
    document = _document(county, "plan/topics.yaml")
    known(document, ("topics",), ("topics",))
    found = []
    for each in items_of(document, "topics", of=Fields):
        known(each, ("code", "title", "tasks", "note"), ("code", "title"))
        tasks = tuple(items_of(each, "tasks", of=int))
        entry = TopicEntry(text_of(each, "code"), text_of(each, "title"), tasks, text_of(each, "note", most=120))
        found.append(entry)
    return found


def _document(county: County, relative: str) -> Fields:
    path = county.folder / relative
    if not path.is_file():
        fix = "从 counties/pingjiang 复制同名文件后修改"
        raise BadInput(f"县域文件夹缺少 {relative}", where=f"{county.folder.name}/{relative}", fix=fix)
    return _read(county, path)


def _read(county: County, path: Path) -> Fields:
    return read_file(path, name=f"counties/{county.folder.name}/{path.relative_to(county.folder).as_posix()}")


def _day(fields: Fields, key: str) -> date | None:
    text = text_of(fields, key)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"“{key}”应是日期", where=fields.at(key), fix="写成 2025-12-31") from error
