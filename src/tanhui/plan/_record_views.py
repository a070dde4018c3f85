"""Records as pages show them: lists, one record, what the public sees, places, evidence, workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from tanhui.kernel.errors import NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Role, Scope
from tanhui.plan import _fields, _figure_views, _figures, _registers, _sheets
from tanhui.plan._fields import Known
from tanhui.plan._register_document import kept_register
from tanhui.plan.models import Department, Evidence, Record, RegisterEdition
from tanhui.plan.types import DepartmentRef, EvidenceView, FieldSpec, PlaceView, RecordView, RegisterDocument, RowFault

MOST = 500  # records on one page
MOST_PLACES = 5_000
BY_THE_HOUSE = "系统"
STANDING = (Record.State.FILED, Record.State.APPROVED)


def views(rows: Iterable[Record], *, public: bool = False) -> list[RecordView]:
    """Records in the order given. A handful of queries for any number; `public` leaves out what is not public."""
    if isinstance(rows, QuerySet):
        rows = rows.select_related("register", "indicator", "department", "filed_by", "reviewed_by", "corrects")
    listed = list(rows)
    ids = [row.pk for row in listed]
    editions = RegisterEdition.objects.in_bulk({row.edition_id for row in listed if row.edition_id})
    evidence: dict[int, list[EvidenceView]] = {}
    if not public:
        for each in (
            Evidence.objects.filter(record__in=ids)
            .defer("content")
            .order_by("id")
            .extra(select={"size": "length(content)"})
        ):
            view = EvidenceView(each.number, each.name, each.media_type, each.size, each.digest)
            evidence.setdefault(each.record_id, []).append(view)
    corrected_by = dict(
        Record.objects.filter(corrects__in=ids, state__in=STANDING).values_list("corrects_id", "number")
    )
    known = _registers.known(date.max) if listed else None
    return [
        _view(row, editions, tuple(evidence.get(row.pk, ())), corrected_by.get(row.pk, ""), known, public)
        for row in listed
        if known is not None
    ]


def _view(
    row: Record,
    editions: dict[int, RegisterEdition],
    evidence: tuple[EvidenceView, ...],
    corrected_by: str,
    known: Known,
    public: bool,
) -> RecordView:
    fields = _fields_of(row, editions)
    shown = [field for field in fields if field.public or not public]
    values = {field.name: row.values[field.name] for field in shown if field.name in row.values}
    place = None
    if row.longitude_e6 is not None and row.latitude_e6 is not None:
        place = (Decimal(row.longitude_e6).scaleb(-6), Decimal(row.latitude_e6).scaleb(-6))
    hidden_place = public and not any(field.type == "place" for field in shown)
    division = known.divisions.get(row.division_code)
    return RecordView(
        number=row.number,
        register=row.register.code if row.register else "",
        register_title=row.register.title if row.register else "人工填报",
        indicator=row.indicator.code if row.indicator else "",
        indicator_text=row.indicator.text if row.indicator else "",
        cells=tuple((field, _fields.words(field, row.values.get(field.name), known)) for field in shown),
        values=values,
        happened_on=row.happened_on,
        division=division[1] if division else "",
        place=None if hidden_place else place,
        department=_registers.department_ref(row.department),
        state=row.state,
        state_label=str(Record.State(row.state).label),
        filed_by="" if public else str(row.filed_by or BY_THE_HOUSE),
        filed_by_id=None if public else row.filed_by_id,
        filed_at=row.filed_at,
        reviewed_by="" if public else str(row.reviewed_by or (BY_THE_HOUSE if row.reviewed_at else "")),
        reviewed_at=row.reviewed_at,
        review_note="" if public else row.review_note,
        note="" if public else row.note,
        corrects=row.corrects.number if row.corrects else "",
        corrected_by=corrected_by,
        void=row.void,
        sample=row.sample,
        evidence=evidence,
    )


def _fields_of(row: Record, editions: dict[int, RegisterEdition]) -> Sequence[FieldSpec]:
    if row.edition_id is not None:
        edition = editions[row.edition_id]
        return kept_register(edition.content_hash, edition.content).fields
    return (_fields.value_field(row.indicator.unit if row.indicator else ""),)


def records(
    *,
    register: str = "",
    state: str = "",
    department: str = "",
    task_no: int | None = None,
    indicator: str = "",
    text: str = "",
    before: str | None = None,
    limit: int = 50,
) -> list[RecordView]:
    """Records that meet all of what is given, newest first; `before` is the number of the last one of the page
    before. `task_no` finds those of the task's registers and of its indicators by hand, `text` what stands in them.
    Raises NotFound for a `before` that is no record."""
    rows = Record.objects.order_by("-id")
    if register:
        rows = rows.filter(register__code=register)
    if state:
        rows = rows.filter(state=state)
    if department:
        rows = rows.filter(department__code=department)
    if indicator:
        rows = rows.filter(indicator__code=indicator)
    if task_no is not None:
        ids = [each.id for each in _registers.in_force().values() if task_no in each.document.tasks]
        rows = rows.filter(register__in=ids) | rows.filter(indicator__task__no=task_no)
    wanted = _fields.clean(text)[:60]
    if wanted:
        rows = rows.annotate(words=Cast("values", TextField()))
        rows = rows.filter(words__icontains=wanted) | rows.filter(number=wanted)
    if before:
        rows = rows.filter(id__lt=_id_of(before))
    return views(rows[: min(limit, MOST)])


def _id_of(number: str) -> int:
    found = Record.objects.filter(number=number).values_list("id", flat=True).first()
    if found is None:
        raise NotFound(f"没有记录 {number[:40]}", where="record", fix="核对编号")
    return found


def record(number: str) -> RecordView:
    """One record. Raises NotFound."""
    return views(Record.objects.filter(pk=_id_of(number)))[0]


def evidence_file(number: str) -> tuple[EvidenceView, bytes]:
    """A file of evidence with its bytes. Raises NotFound."""
    row = Evidence.objects.filter(number=number).first()
    if row is None:
        raise NotFound(f"没有佐证材料 {number[:40]}", where="evidence", fix="从记录的页面打开")
    content = bytes(row.content)
    return EvidenceView(row.number, row.name, row.media_type, len(content), row.digest), content


def feeding_rows(code: str, *, before: str | None = None, limit: int = 50) -> list[RecordView]:
    """The records that make up an indicator's figure, newest first. Raises NotFound."""
    below = _id_of(before) if before else None
    ids = _figure_views.feeding(_figure_views.indicator_named(code), below=below, limit=min(limit, MOST))
    return views(Record.objects.filter(pk__in=ids).order_by("-id"))


def _public_register(code: str) -> _registers.InForce:
    found = _registers.one(code)
    if not found.document.public:
        raise NotFound("这本台账不公开", where=code, fix="从公开的台账中选择")
    return found


def _standing(*registers: int) -> QuerySet[Record]:
    """The rows of registers that count."""
    return _figures.factual(Record.objects.filter(register__in=registers, state=Record.State.APPROVED, void=False))


def _filed_as_public(editions: Iterable[int]) -> dict[int, frozenset[str]]:
    """The fields that were public when a row was filed, by edition: what was not, no later edition opens."""
    return {
        pk: frozenset(field.name for field in kept_register(content_hash, content).fields if field.public)
        for pk, content_hash, content in RegisterEdition.objects.filter(pk__in=set(editions)).values_list(
            "pk", "content_hash", "content"
        )
    }


def public_rows(register: str, *, before: str | None = None, limit: int = 50) -> list[RecordView]:
    """A public register's standing rows with their public fields alone, newest first. Raises NotFound for a register
    that is not public."""
    found = _public_register(register)
    rows = _standing(found.id).order_by("-id")
    if before:
        rows = rows.filter(id__lt=_id_of(before))
    return views(rows[: min(limit, MOST)], public=True)


def places(*, task_no: int | None = None, public_only: bool = True) -> list[PlaceView]:
    """Standing rows that have a place, newest first, at most five thousand; for the public those of public registers
    whose place is a public field. The title is the first text field that may be shown."""
    wanted: dict[int, RegisterDocument] = {}
    for each in _registers.in_force().values():
        document = each.document
        field = next((field for field in document.fields if field.name == document.placed_by), None)
        if field is None or (task_no is not None and task_no not in document.tasks):
            continue
        if not public_only or (document.public and field.public):
            wanted[each.id] = document
    known = _registers.known(date.max)
    rows = _standing(*wanted).filter(longitude_e6__isnull=False).order_by("-id")
    listed = list(
        rows.values_list(
            "register_id", "edition_id", "values", "longitude_e6", "latitude_e6", "division_code", "number", "sample"
        )[:MOST_PLACES]
    )
    open_fields = _filed_as_public(edition for _, edition, *_ in listed if edition is not None)
    return [
        PlaceView(
            register=wanted[register_id].code,
            register_title=wanted[register_id].title,
            title=_title(wanted[register_id], values, open_fields[edition] if public_only else None),
            longitude=Decimal(longitude).scaleb(-6),
            latitude=Decimal(latitude).scaleb(-6),
            division=_division_name(known, division),
            number=number,
            sample=sample,
        )
        for register_id, edition, values, longitude, latitude, division, number, sample in listed
        if register_id is not None
        and edition is not None
        and longitude is not None
        and latitude is not None
        and (not public_only or wanted[register_id].placed_by in open_fields[edition])
    ]


def _title(document: RegisterDocument, values: dict[str, Any], filed_as_public: frozenset[str] | None) -> str:
    for field in document.fields:
        may_show = filed_as_public is None or (field.public and field.name in filed_as_public)
        if field.type == "text" and values.get(field.name) and may_show:
            return str(values[field.name])
    return document.title


def _division_name(known: Known, code: str) -> str:
    found = known.divisions.get(code)
    return found[1] if found else ""


def template(register: str) -> bytes:
    """The register's empty workbook (xlsx). Raises NotFound."""
    return _sheets.template(_registers.one(register).document, _registers.known(date.max))


def export(register: str, *, public_only: bool = False) -> bytes:
    """The register's standing rows as a workbook (xlsx), oldest first; the columns of fields are the template's.
    Raises NotFound, for the public also where the register is not public."""
    found = _public_register(register) if public_only else _registers.one(register)
    fields = [field for field in found.document.fields if field.public or not public_only]
    header = [*_sheets.export_header(fields), "编号", "填报部门", "审核日期", "示例"]
    return _sheets.table("台账", header, _export_rows(found, fields, public_only), found.document.title)


def _export_rows(found: _registers.InForce, fields: Sequence[FieldSpec], public_only: bool) -> Iterator[list[Any]]:
    known = _registers.known(date.max)
    rows = _standing(found.id).order_by("id")
    editions = RegisterEdition.objects.filter(register=found.id).values_list("pk", flat=True)
    open_fields = _filed_as_public(editions) if public_only else {}
    for values, edition, number, department, reviewed_at, sample in rows.values_list(
        "values", "edition_id", "number", "department__name", "reviewed_at", "sample"
    ).iterator(chunk_size=2_000):
        if public_only and edition is not None:
            values = {name: value for name, value in values.items() if name in open_fields[edition]}
        cells = _sheets.export_cells(fields, values, known)
        yield [*cells, number, department, _sheets.day_of(reviewed_at), "示例" if sample else ""]


def faults_workbook(faults: Iterable[RowFault], register: str) -> bytes:
    """The faults of a file as a workbook (xlsx), by row. Raises NotFound."""
    return _sheets.faults_workbook(faults, _registers.one(register).document.title)


def may_file(user_id: int) -> list[DepartmentRef]:
    """The departments that a member of staff files for; the working group files for all."""
    return _departments(user_id, Role.OFFICER)


def may_review(user_id: int) -> list[DepartmentRef]:
    """The departments whose records a member of staff reviews; the working group reviews for all."""
    return _departments(user_id, Role.REVIEWER)


def _departments(user_id: int, role: Role) -> list[DepartmentRef]:
    scopes = [grant.scope for grant in parties.roles_of(user_id) if grant.role in (role, Role.ACTION_OFFICE)]
    rows = Department.objects.order_by("code") if scopes else ()
    return [
        _registers.department_ref(row)
        for row in rows
        if any(scope.covers(Scope("organization", row.code)) for scope in scopes)
    ]
