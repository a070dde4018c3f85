"""Records: filed with evidence, withdrawn, corrected by a linked record, reviewed by a second person.

Locks are taken in one order: records by id, then registers, then indicators, then the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, Scope
from tanhui.plan import _county, _evidence, _figure_views, _figures, _registers, _sheets
from tanhui.plan._fields import Fault, Known, clean, happened_on, read_row, read_value, refuse_personal, value_field
from tanhui.plan._record_views import STANDING
from tanhui.plan._register_document import kept_register
from tanhui.plan.models import Assignment, Department, Evidence, Indicator, Record, Register
from tanhui.plan.types import (
    AlreadyReviewed,
    FieldSpec,
    FileFaults,
    HandFigure,
    NotYourTask,
    RegisterDocument,
    RowDetails,
    RowFault,
    RowRefused,
    Upload,
)

MAX_ROWS = 5_000
MAX_REVIEWED = 1_000
NOTE_LENGTH = 500
KEY_BYTES = 16
_CORRECTABLE = (Record.State.APPROVED, Record.State.RETURNED)
"""An approved record is corrected, a returned one is filed anew; the new record is linked to it either way."""


@dataclass(frozen=True)
class _Filing:
    """What all rows of one filing share."""

    department: Department
    sample: bool
    at: datetime
    by: Actor

    @property
    def today(self) -> date:
        return local_day(self.at)


def file(
    *,
    register: str,
    rows: Sequence[RowDetails],
    workbook: Upload | None,
    hand: HandFigure | None,
    corrects: str,
    void: bool,
    withdraw: str,
    department: str,
    sample: bool,
    at: datetime,
    by: Actor,
) -> list[str]:
    """File rows, a workbook, a value by hand or a correction, or withdraw a record; see the verb `file`."""
    row = Department.objects.filter(code=department).first()
    if row is None:
        raise NotFound(f"方案中没有部门 {department[:40]}", where="department", fix="从部门列表中选择")
    if sample and not _county.is_demo():
        raise BadInput("只有演示县可以填报示例", where="sample", fix="填报真实的记录")
    filing = _Filing(row, sample, at, by)
    if withdraw:
        made = [_withdraw(withdraw, filing)]
    elif corrects:
        made = [_correct(corrects, rows, hand, void, filing)]
    elif hand is not None:
        made = [_file_hand(hand, filing)]
    elif register and (rows or workbook):
        made = _file_rows(register, rows, workbook, filing)
    else:
        raise BadInput("没有要填报的内容", where="file", fix="填写一行，或上传表格")
    action = "plan.withdraw" if withdraw else "plan.correct" if corrects else "plan.file"
    about = register or (hand.indicator if hand else "") or corrects or withdraw
    detail = {"department": row.code, "about": about, "records": len(made), "sample": sample, "void": void}
    parties_services.record(actor=by, action=action, target=made[0], detail=detail, at=at)
    return made


def record_refusal(refused: NotYourTask, *, what: str, at: datetime, by: Actor) -> None:
    """Write into the audit trail that somebody tried to file what is another department's."""
    try:
        refuse_personal(what)
    except Fault:
        what = "?"
    detail = {"why": refused.message, "where": refused.where}
    parties_services.record(actor=by, action="plan.file_refused", target=what[:60] or "?", detail=detail, at=at)


def _require_hand(filing: _Filing, allowed: Iterable[str], what: str) -> None:
    """The department is named for it, and the actor files for that department. Raises NotYourTask."""
    code, name = filing.department.code, filing.department.name
    if code not in allowed:
        raise NotYourTask(f"{what}不由{name}填报", where=code, fix="请有填报责任的部门填报，或联系工作专班")
    try:
        parties.require(filing.by, "plan.file", Scope("organization", code))
    except Forbidden as error:
        raise NotYourTask(
            f"您不是{name}的填报员", where=code, fix="请本部门填报员办理，或请系统管理员授予角色"
        ) from error


def _file_rows(code: str, rows: Sequence[RowDetails], workbook: Upload | None, filing: _Filing) -> list[str]:
    register = _registers.one(code)
    document = register.document
    if register.retired:
        raise Conflict(f"台账“{document.title}”已停用", where=code, fix="已有的记录保留，不再新增")
    allowed = {each.code for each in _registers.who_may_file([document])[code]}
    _require_hand(filing, allowed, f"台账“{document.title}”")
    known = _registers.known(filing.today)
    if workbook is None:
        sheet = _sheets.Sheet(list(enumerate(rows, start=1)), [], document.fields, frozenset())
    else:
        sheet = _sheets.read_workbook(workbook, document)
    Register.objects.select_for_update(no_key=True).get(pk=register.id)
    good, faults = _read_all(sheet, register, known, imported=workbook is not None, sample=filing.sample)
    if faults and workbook is not None:
        raise FileFaults(tuple(faults), where=_evidence.file_name(workbook))
    made: list[Record] = []
    evidence: list[Evidence] = []
    for details, values in good:
        made.append(_record(filing, details, values, register=register))
        evidence += _files(made[-1], details, filing.at)
    Record.objects.bulk_create(made)
    Evidence.objects.bulk_create(evidence)
    return [record.number for record in made]


def check(code: str, upload: Upload, *, at: datetime) -> list[RowFault]:
    """Every fault that filing this workbook would find now; nothing is stored."""
    register = _registers.one(code)
    sheet = _sheets.read_workbook(upload, register.document)
    known = _registers.known(local_day(at))
    return _read_all(sheet, register, known, imported=True, sample=False)[1]


def _read_all(
    sheet: _sheets.Sheet, register: _registers.InForce, known: Known, *, imported: bool, sample: bool
) -> tuple[list[tuple[RowDetails, dict[str, Any]]], list[RowFault]]:
    """The good rows with their values, and all faults by row and column: those of cells, those of the whole row,
    duplicates within and against what stands. Rows that are no workbook's raise RowRefused or Conflict at the first."""
    document = register.document
    if len(sheet.rows) > MAX_ROWS:
        raise BadInput(f"一次最多 {MAX_ROWS} 行，现有 {len(sheet.rows)} 行", where=document.code, fix="分成几次填报")
    good: list[tuple[RowDetails, dict[str, Any]]] = []
    faults = list(sheet.faults)
    told = {(fault.row, fault.column) for fault in faults}
    keys: dict[bytes, int] = {}
    for number, details in sheet.rows:
        values, found = _read(document, details, known, fields=sheet.fields, imported=imported, sample=sample)
        key = None if found or len(sheet.fields) < len(document.fields) else live_key(document, values)
        if key is not None and keys.setdefault(key, number) != number:
            found[document.key[0]] = f"与第 {keys[key]} 行重复"
        if found and not imported:
            raise _refused(found, document, number if len(sheet.rows) > 1 else 0)
        by_column = _sheets.row_faults(number, found, document)
        faults += [each for each in by_column if each.column in sheet.titles and (number, each.column) not in told]
        good.append((details, values))
    faults += _duplicates(register.id, keys, document, imported=imported)
    return good, sorted(faults, key=lambda each: each.row)


def _duplicates(
    register_id: int, keys: Mapping[bytes, int], document: RegisterDocument, *, imported: bool
) -> list[RowFault]:
    """Rows whose key a standing record has. Raises Conflict where the rows are no workbook's."""
    standing = Record.objects.filter(register_id=register_id, live_key__in=list(keys))
    taken = {keys[bytes(key)]: number for key, number in standing.values_list("live_key", "number") if key is not None}
    if taken and not imported:
        _, number = min(taken.items())
        raise Conflict(f"这一条已经登记过，记录编号 {number}", where=document.title, fix="核对后修改，或更正原记录")
    titles = {field.name: field.title for field in document.fields}
    column = titles[document.key[0]] if document.key else ""
    return [RowFault(row, column, f"已经登记过，记录编号 {number}") for row, number in taken.items()]


def _read(
    document: RegisterDocument,
    details: RowDetails,
    known: Known,
    *,
    fields: Sequence[FieldSpec],
    imported: bool,
    sample: bool,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and faults of one row. `evidence` and `note` are named like fields. An imported row has no files: where
    evidence is required, its note says where the proof is kept."""
    values, faults = read_row(fields, details.values, known)
    problem = _evidence.fault(details.evidence)
    note = _note_fault(details.note)
    if document.evidence_required and not sample:
        if imported and not clean(details.note):
            note = "这本台账须有佐证，请写明文号、存放处或公开链接"
        if not imported and not details.evidence:
            problem = f"须上传佐证材料：{document.evidence_note or _evidence.KINDS}"
    if problem:
        faults["evidence"] = problem
    if note:
        faults["note"] = note
    return values, faults


def _note_fault(note: str) -> str:
    note = clean(note)
    if len(note) > NOTE_LENGTH:
        return f"说明最多 {NOTE_LENGTH} 个字，现有 {len(note)} 个"
    try:
        refuse_personal(note)
    except Fault as fault:
        return str(fault)
    return ""


def _refused(faults: Mapping[str, str], document: RegisterDocument, number: int) -> RowRefused:
    titles = {field.name: field.title for field in document.fields} | {"evidence": "佐证材料", "note": "说明"}
    where = f"{document.title} 第 {number} 行" if number else document.title
    return RowRefused({name: f"{titles.get(name, name)}：{reason}" for name, reason in faults.items()}, where=where)


def live_key(document: RegisterDocument, values: Mapping[str, Any]) -> bytes | None:
    """The key by which a standing row is unique in its register; None where the register has no key."""
    if not document.key:
        return None
    return digest([values.get(name) for name in document.key])[:KEY_BYTES]


def _record(
    filing: _Filing,
    details: RowDetails,
    values: dict[str, Any],
    *,
    register: _registers.InForce,
    corrects: Record | None = None,
) -> Record:
    document = register.document
    kinds = {field.name: field.type for field in document.fields}
    day = happened_on(kinds[document.dated_by], values[document.dated_by], filing.today)
    place = values.get(document.placed_by) if document.placed_by else None
    division = next((values[name] for name, kind in kinds.items() if kind == "division" and name in values), "")
    return Record(
        number=new_number("rec", filing.at),
        register_id=register.id,
        edition_id=register.edition_id,
        values=values,
        happened_on=day,
        division_code=division,
        longitude_e6=_millionths(place[0]) if place else None,
        latitude_e6=_millionths(place[1]) if place else None,
        department=filing.department,
        live_key=live_key(document, values) if corrects is None else None,
        corrects=corrects,
        note=clean(details.note),
        sample=filing.sample,
        filed_by_id=filing.by.user_id,
        filed_at=filing.at,
    )


def _millionths(degrees: str) -> int:
    return int(Decimal(degrees).scaleb(6))


def _files(record: Record, details: RowDetails | HandFigure, at: datetime) -> list[Evidence]:
    return [
        Evidence(
            number=new_number("evd", at),
            record=record,
            name=_evidence.file_name(each),
            media_type=_evidence.media_type(each.content),
            digest=_evidence.digest(each.content),
            content=each.content,
            added_at=at,
        )
        for each in details.evidence
    ]


def _file_hand(hand: HandFigure, filing: _Filing, original: Record | None = None) -> str:
    indicator = _figure_views.indicator_named(hand.indicator)
    if original is None:
        assigned = Assignment.objects.filter(task=indicator.task).values_list("department__code", flat=True)
        _require_hand(filing, set(assigned), f"指标“{indicator.text}”")
    if indicator.dropped or indicator.by != Indicator.By.HAND:
        raise Conflict(
            "这个指标不由人工填报" if not indicator.dropped else "这个指标已不在方案中",
            where=indicator.code,
            fix="在它的台账里填报记录，数值会自动计算",
        )
    faults: dict[str, str] = {}
    known = Known(filing.today, {}, {}, _registers.CHINA)
    value: Any = None
    for name, spec, raw in (
        ("value", value_field(indicator.unit), hand.value),
        ("as_of", FieldSpec("as_of", "截至日期", "date"), hand.as_of),
    ):
        try:
            read = read_value(spec, raw, known)
            value = read if name == "value" else value
        except Fault as fault:
            faults[name] = f"{spec.title}：{fault}"
    problem = _evidence.fault(hand.evidence)
    stands = original is not None and original.state == Record.State.APPROVED
    if not hand.evidence and not filing.sample and not stands:
        problem = f"须上传佐证材料：{_evidence.KINDS}"
    note = _note_fault(hand.note)
    faults |= {name: reason for name, reason in (("evidence", problem), ("note", note)) if reason}
    if faults:
        raise RowRefused(faults, where=indicator.text)
    record = Record.objects.create(
        number=new_number("rec", filing.at),
        indicator=indicator,
        values={"value": value},
        happened_on=hand.as_of,
        department=filing.department,
        corrects=original,
        note=clean(hand.note),
        sample=filing.sample,
        filed_by_id=filing.by.user_id,
        filed_at=filing.at,
    )
    Evidence.objects.bulk_create(_files(record, hand, filing.at))
    return record.number


def _locked(number: str) -> Record:
    row = (
        Record.objects.select_for_update(no_key=True, of=("self",))
        .select_related("department", "register", "indicator")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise NotFound(f"没有记录 {number[:40]}", where="record", fix="核对编号")
    return row


def _withdraw(number: str, filing: _Filing) -> str:
    row = _locked(number)
    _require_hand(filing, {row.department.code}, f"记录 {number} ")
    if row.state != Record.State.FILED:
        state = Record.State(row.state).label
        raise Conflict(f"这条记录{state}，不能撤回", where=number, fix="审核以后的记录用更正")
    row.state, row.live_key = Record.State.WITHDRAWN, None
    row.save(update_fields=["state", "live_key"])
    return number


def _correct(number: str, rows: Sequence[RowDetails], hand: HandFigure | None, void: bool, filing: _Filing) -> str:
    original = _locked(number)
    _require_hand(filing, {original.department.code}, f"记录 {number} ")
    if original.state not in _CORRECTABLE or original.void:
        state = "是作废记录" if original.void else f"的状态是“{Record.State(original.state).label}”"
        raise Conflict(f"这条记录{state}，不能更正", where=number, fix="只有审核通过或退回的记录可以更正")
    waiting = Record.objects.filter(corrects=original, state__in=STANDING).values_list("number", flat=True).first()
    if waiting:
        raise Conflict(f"这条记录已有一份更正在等审核：{waiting}", where=number, fix="等审核，或先撤回那一份")
    filing = _Filing(filing.department, original.sample, filing.at, filing.by)
    stands = original.state == Record.State.APPROVED
    if void and not stands:
        raise Conflict("这条记录已经退回，不计数，不用作废", where=number, fix="改好后重新提交，或不再处理")
    if void:
        return _void(original, rows, filing)
    if original.indicator is not None:
        if hand is None or hand.indicator != original.indicator.code:
            raise BadInput("更正须填写同一个指标的数值", where=number, fix="填写数值、日期和说明")
        return _file_hand(hand, filing, original)
    if len(rows) != 1 or original.register is None:
        raise BadInput("更正须恰好填写一行", where=number, fix="填写更正后的内容")
    register = _registers.one(original.register.code)
    known = _registers.known(filing.today)
    values, faults = _read(
        register.document,
        rows[0],
        known,
        fields=register.document.fields,
        imported=False,
        sample=stands or filing.sample,
    )
    if faults:
        raise _refused(faults, register.document, 0)
    if stands and values == original.values:
        raise BadInput("更正的内容与原记录相同", where=number, fix="改动后再提交，或不必更正")
    record = _record(filing, rows[0], values, register=register, corrects=original)
    _refuse_taken_key(original.register_id, live_key(register.document, values), besides=[original.pk])
    record.save()
    Evidence.objects.bulk_create(_files(record, rows[0], filing.at))
    return record.number


def _void(original: Record, rows: Sequence[RowDetails], filing: _Filing) -> str:
    details = rows[0] if rows else RowDetails({})
    problem = _note_fault(details.note) or _evidence.fault(details.evidence)
    if problem:
        raise BadInput(problem, where=original.number, fix="改好后再提交")
    record = Record.objects.create(
        number=new_number("rec", filing.at),
        register=original.register,
        edition_id=original.edition_id,
        indicator=original.indicator,
        values=original.values,
        happened_on=original.happened_on,
        division_code=original.division_code,
        department=filing.department,
        corrects=original,
        void=True,
        note=clean(details.note),
        sample=original.sample,
        filed_by_id=filing.by.user_id,
        filed_at=filing.at,
    )
    Evidence.objects.bulk_create(_files(record, details, filing.at))
    return record.number


def _refuse_taken_key(register_id: int | None, key: bytes | None, *, besides: Sequence[int]) -> None:
    if key is None or register_id is None:
        return
    others = Record.objects.filter(register_id=register_id, live_key=key).exclude(pk__in=besides)
    number = others.values_list("number", flat=True).first()
    if number:
        raise Conflict(f"与另一条记录重复：{number}", where="key", fix="核对后修改，或退回更正")


def review(*, numbers: Sequence[str], approve: bool, note: str, at: datetime, by: Actor) -> int:
    """Approve or return records, all or none; see the verb `review`."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted or len(wanted) > MAX_REVIEWED:
        raise BadInput(f"一次审核 1 到 {MAX_REVIEWED} 条", where="numbers", fix="勾选要审核的记录")
    problem = _note_fault(note) or ("" if approve or clean(note) else "退回须写明原因")
    if problem:
        raise BadInput(problem, where="note", fix="写明怎样修改")
    facts = Record.objects.filter(number__in=wanted).values_list(
        "number", "id", "corrects_id", "department__code", "filed_by_id"
    )
    found = {number: (pk, corrects, code, filed_by) for number, pk, corrects, code, filed_by in facts}
    if len(found) < len(wanted):
        missing = next(number for number in wanted if number not in found)
        raise NotFound(f"没有记录 {missing[:40]}", where="numbers", fix="刷新列表后再选")
    for code in sorted({code for _, _, code, _ in found.values()}):
        parties.require(by, "plan.review", Scope("organization", code))
    for number, (_, _, _, filed_by) in found.items():
        if filed_by is not None and filed_by == by.user_id:
            raise Forbidden("不能审核自己填报的记录", where=number, fix="请另一位审核员审核")
    ids = {pk for pk, *_ in found.values()}
    originals = {pk for _, pk, *_ in found.values() if pk is not None}
    locked = Record.objects.select_for_update(no_key=True).filter(pk__in=ids | originals).order_by("pk")
    rows = {row.pk: row for row in locked}
    decided = [rows[pk] for pk in sorted(ids)]
    for row in decided:
        if row.state != Record.State.FILED:
            state = Record.State(row.state).label
            raise AlreadyReviewed(f"记录 {row.number} {state}，这次没有审核任何一条", where=row.number, fix="刷新列表")
    _decide(decided, rows, approve, clean(note), at, by)
    registers = {row.register_id for row in decided if row.register_id is not None}
    if approve:
        _figures.recount_registers(registers, at=at)
        _figures.recount({row.indicator_id for row in decided if row.indicator_id is not None}, at=at)
    detail = {"approve": approve, "numbers": sorted(wanted)}
    action = "plan.approve" if approve else "plan.return"
    parties_services.record(actor=by, action=action, target=wanted[0], detail=detail, at=at)
    return len(decided)


def _decide(
    decided: Sequence[Record], rows: Mapping[int, Record], approve: bool, note: str, at: datetime, by: Actor
) -> None:
    words: dict[str, Any] = {"reviewed_by_id": by.user_id, "reviewed_at": at, "review_note": note}
    ids = [row.pk for row in decided]
    if not approve:
        Record.objects.filter(pk__in=ids).update(state=Record.State.RETURNED, live_key=None, **words)
        return
    originals = [row.corrects_id for row in decided if row.corrects_id is not None]
    struck = [pk for pk in originals if rows[pk].state != Record.State.RETURNED]
    for pk in struck:
        if rows[pk].state != Record.State.APPROVED:
            raise Conflict(f"原记录 {rows[pk].number} 已不能更正", where=rows[pk].number, fix="退回这份更正")
    Record.objects.filter(pk__in=struck).update(state=Record.State.CORRECTED, live_key=None)
    Record.objects.filter(pk__in=ids).update(state=Record.State.APPROVED, **words)
    corrections = [row for row in decided if row.corrects_id is not None and not row.void and row.edition_id]
    if not corrections:
        return
    registers = sorted({row.register_id for row in corrections if row.register_id is not None})
    list(Register.objects.select_for_update(no_key=True).filter(pk__in=registers).order_by("pk"))
    for row in Record.objects.select_related("edition").filter(pk__in=[each.pk for each in corrections]).order_by("pk"):
        if row.edition is not None:
            key = live_key(kept_register(row.edition.content_hash, row.edition.content), row.values)
            _refuse_taken_key(row.register_id, key, besides=[row.pk])
            Record.objects.filter(pk=row.pk).update(live_key=key)
