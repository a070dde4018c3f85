"""Decisions about a resident, with their reasons, and the appeal against them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router

from tanhui.api import schemas, schemas_cases, tokens
from tanhui.api.answers import answers
from tanhui.integrity import queries, services
from tanhui.integrity.types import AppealDetails, CaseView
from tanhui.parties.types import Actor

router = Router(tags=["resident"], auth=tokens.ResidentToken())

CaseNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="案件编号 cas_…")]


@router.get("/cases", response=answers(schemas_cases.CasesOut, 401), summary="对我的决定")
def cases(request: HttpRequest) -> Any:
    """平台核查后对本人作出的决定：依据、理由、期限，以及能否申诉。没有决定的不在这里。"""
    found = queries.cases_concerning(_me(request).id, Actor.resident(_me(request)))
    return schemas_cases.CasesOut(cases=[_out(each) for each in found])


@router.post(
    "/cases/{number}/appeal",
    response=answers(schemas_cases.CaseOut, 401, 404, 409, 422),
    summary="对决定申诉",
)
def appeal(request: HttpRequest, number: CaseNumber, payload: schemas_cases.AppealIn) -> Any:
    """每个决定可以申诉一次，由另一个人复核；申诉成立的，决定撤销。重复提交得到 `case_not_ready`，不会有第二份申诉。"""
    me = _me(request)
    details = AppealDetails(number, payload.text, party_id=me.id)
    services.appeal(details=details, at=request.received_at, by=Actor.resident(me))  # type: ignore[attr-defined]
    return _out(queries.case(number))


def _me(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _out(view: CaseView) -> schemas_cases.CaseOut:
    return schemas_cases.CaseOut(
        number=view.number,
        state=view.state.value,
        state_title=view.state.label,
        action=view.action.value if view.action else "",
        action_title=view.action.label if view.action else "",
        reason=view.reason,
        decided_at=view.decided_at,
        until=view.until,
        appeal_until=view.appeal_until,
        findings=[schemas_cases.FindingOut(day=each.day, sentence=each.sentence) for each in view.findings],
        appeal=view.appeal,
        upheld=view.upheld,
        ruling=view.ruling,
    )
