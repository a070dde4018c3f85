"""The nouns of the room, as others may read them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from tanhui.integrity._cases import APPEAL_CONTEXT, appeal_until, concerns
from tanhui.integrity._document import rules_in_force
from tanhui.integrity.models import Case
from tanhui.integrity.types import Action, CaseState, CaseView, FindingView, SubjectKind
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.rewards import queries as rewards

__all__ = ["case", "cases", "cases_concerning", "open_cases", "rules_in_force"]

FORGOTTEN = "（当事人已注销，申诉内容已删除）"


def cases(state: CaseState | None = None, kind: SubjectKind | None = None) -> list[CaseView]:
    """Cases, newest first."""
    rows = _rows()
    if state is not None:
        rows = rows.filter(state=state)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return _views(rows)


def case(number: str) -> CaseView:
    """One case with its findings. Raises NotFound."""
    found = _views(_rows().filter(number=number))
    if not found:
        raise NotFound("没有这个案件", where=number[:40], fix="从案件列表中打开")
    return found[0]


def cases_concerning(party_id: int | None, by: Actor) -> list[CaseView]:
    """Decided cases about this resident, or about the merchants that this user manages; not what is still looked at."""
    rows = _rows().exclude(state=CaseState.OPEN)
    if party_id is not None:
        rows = rows.filter(kind=SubjectKind.PERSON, party_id=party_id)
    else:
        mine = [each.merchant for each in rewards.merchant_of(by.user_id or 0)]
        rows = rows.filter(kind=SubjectKind.MERCHANT, subject__in=mine)
    numbers = [row.number for row in rows if concerns(row, party_id, by)]
    return _views(_rows().filter(number__in=numbers))


def open_cases() -> int:
    """How many cases wait for a decision or a ruling."""
    return Case.objects.filter(state__in=[CaseState.OPEN, CaseState.APPEALED]).count()


def _rows() -> QuerySet[Case]:
    return Case.objects.select_related("decision", "appeal", "ruling").prefetch_related("findings").order_by("-id")


def _views(rows: Iterable[Case]) -> list[CaseView]:
    found = list(rows)
    names = parties.display_names(row.party_id for row in found if row.party_id is not None)
    titles = {rule.code: rule.title for rule in rules_in_force().rules}
    return [_view(row, names, titles) for row in found]


def _view(row: Case, names: dict[int, str], titles: dict[str, str]) -> CaseView:
    decision, appeal, ruling = (getattr(row, name, None) for name in ("decision", "appeal", "ruling"))
    return CaseView(
        number=row.number,
        kind=SubjectKind(row.kind),
        subject=row.subject,
        subject_title=_title(row, names),
        party_id=row.party_id,
        state=CaseState(row.state),
        opened_at=row.opened_at,
        findings=tuple(
            FindingView(
                number=each.number,
                rule=each.rule,
                title=titles.get(each.rule, each.rule),
                day=each.day,
                sentence=each.sentence,
                measures=dict(each.measures),
                evidence=tuple(each.evidence),
                found_at=each.found_at,
            )
            for each in sorted(row.findings.all(), key=lambda each: (each.day, each.pk))
        ),
        action=Action(decision.action) if decision else None,
        reason=decision.reason if decision else "",
        decided_by=decision.decided_by if decision else "",
        decided_at=decision.decided_at if decision else None,
        until=decision.until if decision else None,
        appeal_until=appeal_until(decision) if decision else None,
        appeal=_unsealed(row, bytes(appeal.sealed_text)) if appeal else "",
        appealed_at=appeal.raised_at if appeal else None,
        upheld=ruling.upheld if ruling else None,
        ruling=ruling.reason if ruling else "",
        ruled_by=ruling.ruled_by if ruling else "",
        ruled_at=ruling.ruled_at if ruling else None,
    )


def _title(row: Case, names: dict[int, str]) -> str:
    if row.kind == SubjectKind.MERCHANT:
        return rewards.merchant(row.subject).title
    if row.party_id is not None:
        return names.get(row.party_id, "")
    return f"设备 {row.subject[:8]}" if row.kind == SubjectKind.DEVICE else row.subject


def _unsealed(row: Case, sealed: bytes) -> str:
    if not sealed:
        return FORGOTTEN
    return key_ring().decrypt(sealed, context=f"{APPEAL_CONTEXT}:{row.number}").decode()
