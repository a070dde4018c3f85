"""Documents on the desk: taken in with their findings, settled one by one, shown with the sentence beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, When

from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.plan import _corrections
from tanhui.plan.models import Finding, FindingDecision, PlanDocument, PlanVersion
from tanhui.plan.types import Correction, DocumentView, FindingView
from tanhui_plandoc import Draft

SEVERITIES = {"substantive": "实质", "naming": "名称", "typographic": "文字"}
_LINES_AROUND = 1
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_PLAN_LOCK = 7_233_101
"""Key of the advisory lock under which documents come in, versions are adopted and reports published: one by one."""


def take_turn() -> None:
    """Wait until nobody else takes in, adopts or publishes; the turn ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLAN_LOCK])


def receive(*, name: str, draft: Draft, text: str, at: datetime, by: Actor) -> str:
    """Store a draft with its diagnostics as findings. Raises BadInput where it holds no task."""
    if not draft.tasks:
        raise BadInput("没有读出任何重点任务", where=name, fix="检查文件是不是行动方案，扫描件须先识别成文字")
    if not name.strip():
        raise BadInput("文稿须有名称", where="name", fix="填写文件名")
    content = _corrections.plain(draft)
    known = digest(content).hex()
    take_turn()
    latest = PlanVersion.objects.order_by("-version").values("document")[:1]
    same = PlanDocument.objects.filter(draft_hash=known)
    first = same.filter(Q(state=PlanDocument.State.OPEN) | Q(pk__in=latest)).order_by("-id").first()
    if first is not None:
        return first.number
    document = PlanDocument.objects.create(
        number=new_number("doc", at),
        name=name.strip()[:120],
        title=(content["title"] or name).strip()[:120],
        status=content["status"][:40],
        text=_corrections.plain(text),
        draft=content,
        draft_hash=known,
        received_by=by.name,
        received_at=at,
    )
    Finding.objects.bulk_create(
        Finding(
            document=document,
            position=position,
            code=each.code[:60],
            severity=each.severity,
            task_no=each.task_no,
            message=_corrections.plain(each.message),
            places=_corrections.plain(each.places),
            suggestion=_corrections.plain(each.suggestion),
            subject=_corrections.plain(each.subject)[:80],
        )
        for position, each in enumerate(draft.diagnostics, start=1)
    )
    detail = {"name": document.name, "findings": len(draft.diagnostics), "hash": known}
    parties_services.record(actor=by, action="plan.draft", target=document.number, at=at, detail=detail)
    return document.number


def settle(
    *,
    number: str,
    position: int,
    choice: str,
    corrections: Sequence[Correction],
    note: str,
    at: datetime,
    by: Actor,
) -> None:
    """Append a decision on a finding, after trying the whole of the corrections on the draft."""
    document = locked(number)
    if document.state != PlanDocument.State.OPEN:
        raise Conflict(f"这份文稿{document.get_state_display()}，不能再校核", where=number, fix="重新录入文稿")
    finding = document.findings.filter(position=position).first()
    if finding is None:
        raise NotFound(f"这份文稿没有第 {position} 处疑点", where=number, fix="从疑点清单中选择")
    if choice not in FindingDecision.Choice.values:
        raise BadInput(f"没有“{choice}”这种决定", where="choice", fix="选择照原文、更正或备注")
    note = note.strip()
    if len(note) > 500:
        raise BadInput("说明最长 500 个字", where="note", fix="缩短说明")
    if choice == FindingDecision.Choice.NOTE and not note:
        raise BadInput("备注须写明考虑了什么", where="note", fix="填写说明")
    if (choice == FindingDecision.Choice.CORRECT) != bool(corrections):
        raise BadInput("选择更正时须写明改什么，其他决定不带更正", where="corrections", fix="填写更正内容或换一种决定")
    others = [each for row, kept in _corrections_of(document) if row != finding.pk for each in kept]
    _corrections.apply(_read(document), [*others, *corrections], _organizations())
    FindingDecision.objects.create(
        finding=finding,
        choice=choice,
        corrections=[
            {"subject": c.subject, "field": c.field, "value": _corrections.plain(c.value)} for c in corrections
        ],
        note=note,
        decided_by=by.name,
        decided_at=at,
    )
    detail = {"position": position, "choice": choice, "code": finding.code}
    parties_services.record(actor=by, action="plan.settle", target=number, at=at, detail=detail)


def locked(number: str) -> PlanDocument:
    """The document, locked until the transaction ends. Raises NotFound."""
    document = PlanDocument.objects.select_for_update().filter(number=number).first()
    if document is None:
        raise NotFound("没有这份文稿", where=number[:40], fix="核对编号")
    return document


def corrected(document: PlanDocument) -> Draft:
    """The draft of a document with every correction that holds."""
    wanted = [each for _, kept in _corrections_of(document) for each in kept]
    return _corrections.apply(_read(document), wanted, _organizations())


def draft_of(number: str, corrected: bool = True) -> Draft:
    """The draft of a document, with the corrections so far or as it was read. Raises NotFound."""
    document = _document(number)
    return _settled(document) if corrected else _read(document)


_settled = corrected


def documents() -> list[DocumentView]:
    """All documents, newest first."""
    return [_view(row) for row in _counted().order_by("-id")]


def document(number: str) -> DocumentView:
    """One document. Raises NotFound."""
    row = _counted().filter(number=number).first()
    if row is None:
        raise NotFound("没有这份文稿", where=number[:40], fix="核对编号")
    return _view(row)


def findings(number: str, severity: str = "", open_only: bool = False) -> list[FindingView]:
    """The findings of a document in their order, with the sentences meant. Raises NotFound."""
    document = _document(number)
    rows = document.findings.order_by("position")
    if severity:
        rows = rows.filter(severity=severity)
    latest = {row.finding_id: row for row in decisions(document)}
    lines = _LINE_ENDS.split(document.text) if document.text else []
    original, now = _read(document), corrected(document)
    return [
        _finding(row, latest.get(row.pk), lines, _corrections.correctable(now, original, row.subject))
        for row in rows
        if not (open_only and row.pk in latest)
    ]


def decisions(document: PlanDocument) -> Iterable[FindingDecision]:
    """The decision that holds on each finding that has one: the latest."""
    return (
        FindingDecision.objects.filter(finding__document=document)
        .order_by("finding_id", "-id")
        .distinct("finding_id")
        .select_related("finding")
    )


def _corrections_of(document: PlanDocument) -> list[tuple[int, list[Correction]]]:
    return [(row.finding_id, [Correction(**each) for each in row.corrections]) for row in decisions(document)]


def _organizations() -> dict[str, str]:
    return {ref.display_name: code for code, ref in parties.organizations().items()}


def _read(document: PlanDocument) -> Draft:
    return Draft.from_json(document.draft)


def _document(number: str) -> PlanDocument:
    row = PlanDocument.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这份文稿", where=number[:40], fix="核对编号")
    return row


def _counted() -> Any:
    waiting = ~Exists(FindingDecision.objects.filter(finding=OuterRef("findings__pk")))
    return PlanDocument.objects.defer("text", "draft").annotate(
        all_findings=Count("findings"),
        open_findings=Count("findings", filter=waiting & Q(findings__isnull=False)),
        some_text=Case(When(text="", then=False), default=True, output_field=BooleanField()),
        version=F("adopted_as__version"),
    )


def _view(row: Any) -> DocumentView:
    return DocumentView(
        number=row.number,
        name=row.name,
        title=row.title,
        status=row.status,
        state=row.state,
        state_label=row.get_state_display(),
        received_by=row.received_by,
        received_at=row.received_at,
        findings=row.all_findings,
        open_findings=row.open_findings,
        has_text=row.some_text,
        adopted_version=row.version,
    )


def _finding(
    row: Finding,
    decision: FindingDecision | None,
    lines: Sequence[str],
    correctable: tuple[tuple[str, str, str, str], ...],
) -> FindingView:
    places = tuple(
        (min(place["lines"], default=0), max(place["lines"], default=0), place["quote"]) for place in row.places
    )
    return FindingView(
        position=row.position,
        code=row.code,
        severity=row.severity,
        severity_label=SEVERITIES.get(row.severity, row.severity),
        task_no=row.task_no,
        message=row.message,
        suggestion=row.suggestion,
        subject=row.subject,
        places=places,
        passages=tuple(_passage(lines, place["lines"]) for place in row.places),
        correctable=correctable,
        choice=decision.choice if decision else "",
        choice_label=decision.get_choice_display() if decision else "",
        corrections=tuple(decision.corrections) if decision else (),
        note=decision.note if decision else "",
        decided_by=decision.decided_by if decision else "",
    )


def _passage(lines: Sequence[str], meant: Sequence[int]) -> tuple[tuple[int, str, bool], ...]:
    """The lines meant, with one before and after; nothing where the source was not kept."""
    if not lines or not meant:
        return ()
    first, last = max(1, min(meant) - _LINES_AROUND), min(len(lines), max(meant) + _LINES_AROUND)
    return tuple((number, lines[number - 1], number in meant) for number in range(first, last + 1))
