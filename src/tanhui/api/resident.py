"""For residents: sign-in, statement and explanations, acts, consents, bindings, export, erasure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router

from tanhui.api import limits, schemas, schemas_community, tokens
from tanhui.api.answers import answers
from tanhui.api.community import together
from tanhui.api.idempotency import key_of, once
from tanhui.api.mall import hold_out, voucher_out, waiting_out
from tanhui.api.partner import receipt_out
from tanhui.kernel.errors import BadInput, Forbidden
from tanhui.ledger import queries as ledger
from tanhui.ledger.types import Book
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import DevelopmentCode, PartyRef, Purpose, ResidentDetails, SignInProof, WechatCode
from tanhui.rewards import queries as rewards
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services as scenarios_services
from tanhui.scenarios.types import BehaviorReceipt, Channel, DeliveryDraft, Evidence, Grade, StatementLine

router = Router(tags=["resident"])
signed_in = tokens.ResidentToken()

Depth = Literal["sentence", "arithmetic", "audit"]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]+$", description="幂等键；重试时用同一个，只执行一次"
    ),
]
RequiredKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]+$", description="幂等键；每件行为一个，重试时不变"
    ),
]
BehaviorNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="记录编号 bhv_…")]
SELF = "self"
EXPORT_PAGES = 1000


class BadTicket(Forbidden):
    """A binding ticket is forged, expired, or another partner's."""

    code = "bad_ticket"


def _at(request: HttpRequest) -> datetime:
    return request.received_at  # type: ignore[attr-defined]


def _me(request: HttpRequest) -> PartyRef:
    return request.auth  # type: ignore[attr-defined]


@router.post("/sign-in", response=answers(schemas.SignedIn, 401, 403, 404, 409, 422), summary="登录，或首次加入")
def sign_in(request: HttpRequest, payload: schemas.SignIn) -> Any:
    """用微信登录码登录（演示环境可用演示名）。第一次来的人同时给出 `joining`，其中列出已读并同意的文本版本。"""
    at = _at(request)
    limits.count("sign_in", limits.caller_address(request), at)
    proof: SignInProof
    if (payload.wechat_code is None) == (payload.development_name is None):
        raise BadInput("wechat_code 与 development_name 须给出其一", where="wechat_code")
    if payload.wechat_code is not None:
        proof = WechatCode(payload.wechat_code)
    else:
        proof = DevelopmentCode(payload.development_name or "")
    details = None
    if payload.joining is not None:
        joining = payload.joining
        details = ResidentDetails(
            nickname=joining.nickname,
            division_code=joining.division_code,
            birth_year=joining.birth_year,
            consents={Purpose(purpose): version for purpose, version in joining.consents.items()},
        )
    party = parties_services.sign_in(proof=proof, at=at, details=details)
    token = tokens.issue(party, at=at)
    return schemas.SignedIn(
        token=token.text, expires_at=token.expires_at, number=party.number, display_name=party.display_name
    )


@router.post("/sign-out", auth=signed_in, response=answers(schemas.Done, 401), summary="退出所有设备")
def sign_out(request: HttpRequest) -> Any:
    """所有已发出的登录凭证立即失效。"""
    tokens.revoke_all(_me(request))
    return schemas.Done()


@router.get("/account", auth=signed_in, response=answers(schemas.Account, 401), summary="个人碳账户")
def account(request: HttpRequest) -> Any:
    """累计减排量与积分余额，取自账簿。"""
    me = _me(request)
    grams: dict[str, int] = {}
    points: dict[str, int] = {}
    total_points = 0
    for balance in ledger.balances_of(me.id):
        kind, _, tail = balance.account.code.partition(":")
        if balance.account.book is Book.CARBON and kind == "grade":
            grams[tail] = balance.balance
        elif balance.account.book is Book.POINTS:
            total_points += balance.balance
            if kind == "expires":
                points[tail] = balance.balance
    return schemas.Account(
        number=me.number,
        display_name=me.display_name,
        reduction_g=sum(grams.values()),
        reduction_by_grade_g=grams,
        points=total_points,
        points_by_expiry_year=points,
    )


@router.get("/statement", auth=signed_in, response=answers(schemas.StatementOut, 401, 422), summary="明细")
def statement(
    request: HttpRequest,
    before: Annotated[
        str | None, Query(max_length=200, pattern=schemas.CURSOR, description="上一页答复里的 next_cursor")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="一页的条数")] = 50,
) -> Any:
    """自己的行为，新的在前，每一件写明计了多少、为什么。翻页用上一页的 `next_cursor`。"""
    page = scenarios.statement(_me(request).id, before=before, limit=limit)
    return schemas.StatementOut(lines=[line_out(line) for line in page.lines], next_cursor=page.next_cursor)


@router.get(
    "/receipts/{number}",
    auth=signed_in,
    response=answers(schemas.BehaviorReceiptOut, 401, 404, 422),
    summary="一件行为的凭据与说明",
)
def behavior_receipt(
    request: HttpRequest, number: BehaviorNumber, depth: Annotated[Depth, Query(description="说明的深度")] = "sentence"
) -> Any:
    """`sentence` 一句话；`arithmetic` 带数值、单位和来源；`audit` 全部，带摘要。"""
    return behavior_receipt_out(scenarios.receipt(number, party_id=_me(request).id), depth)


@router.get("/scenarios", auth=signed_in, response=answers(schemas.ScenariosOut, 401), summary="怎么参与")
def open_scenarios(request: HttpRequest) -> Any:
    """本县已开放的场景，以及每个场景怎么参与。"""
    return scenarios_out()


@router.post(
    "/acts",
    auth=signed_in,
    response=answers(schemas.ReceiptOut, 401, 403, 404, 409, 422, status=202),
    summary="自行申报",
)
def declare(request: HttpRequest, payload: schemas.Act, idempotency_key: RequiredKey) -> Any:
    """申报自己做的一件低碳行为。自行申报的证据等级较低；结算后在明细里看到结果。"""
    me, at = _me(request), _at(request)
    key = key_of(request, required=True)

    def act() -> schemas.ReceiptOut:
        digest = hashlib.sha256(f"{me.number}\n{key}".encode()).digest()
        evidence = Evidence(
            external_id=f"act-{digest.hex()[:32]}",
            scenario=payload.scenario,
            happened_at=payload.happened_at,
            ended_at=payload.ended_at,
            grade=Grade.D,
            quantities=payload.quantities,
            party_id=me.id,
            note=payload.note,
            row_number=1,
        )
        content = hashlib.sha256(digest + request.body).digest()
        draft = DeliveryDraft(channel=Channel.HAND, content_digest=content, name="自行申报")
        receipt = scenarios_services.submit(source=SELF, delivery=draft, evidence=[evidence], at=at)
        if receipt.refusals:
            refused = receipt.refusals[0]
            raise BadInput(refused.message, where=refused.code, fix="改正后用新的幂等键再申报")
        return receipt_out(receipt)

    return once(request, me, act, status=202, required=True)


@router.post(
    "/receipts/{number}/contest",
    auth=signed_in,
    response=answers(schemas.NumberOut, 401, 404, 409, 422, status=201),
    summary="申诉",
)
def contest(
    request: HttpRequest, number: BehaviorNumber, payload: schemas.ContestIn, idempotency_key: IdempotencyKey = None
) -> Any:
    """对被搁置或没有计入的行为提出申诉，由工作人员裁定；理由和裁定都会留存。"""
    me, at = _me(request), _at(request)

    def act() -> schemas.NumberOut:
        made = scenarios_services.contest(number=number, party_id=me.id, text=payload.text, at=at)
        return schemas.NumberOut(number=made)

    return once(request, me, act, status=201)


@router.post(
    "/receipts/{number}/share",
    auth=signed_in,
    response=answers(schemas.NumberOut, 401, 404, 409, 422),
    summary="分享一件行为的凭据",
)
def share(request: HttpRequest, number: BehaviorNumber, idempotency_key: IdempotencyKey = None) -> Any:
    """得到一个分享编号；任何人凭它可看这个数是怎么来的，看不到您是谁。"""
    me, at = _me(request), _at(request)

    def act() -> schemas.NumberOut:
        return schemas.NumberOut(number=scenarios_services.share(number=number, party_id=me.id, at=at))

    return once(request, me, act)


@router.delete(
    "/receipts/{number}/share", auth=signed_in, response=answers(schemas.Done, 401, 404, 422), summary="停止分享"
)
def stop_sharing(request: HttpRequest, number: BehaviorNumber) -> Any:
    """分享编号立即失效。"""
    scenarios_services.share(number=number, party_id=_me(request).id, at=_at(request), ends=True)
    return schemas.Done()


@router.get("/consents", auth=signed_in, response=answers(schemas.ConsentsOut, 401), summary="授权同意")
def consents(request: HttpRequest) -> Any:
    """每个用途最近一次的意思表示。"""
    return schemas.ConsentsOut(consents=[_consent_out(state) for state in parties.consents(_me(request).id)])


@router.put(
    "/consents",
    auth=signed_in,
    response=answers(schemas.ConsentOut, 401, 403, 404, 409, 410, 422),
    summary="同意或撤回",
)
def consent(request: HttpRequest, payload: schemas.ConsentIn, idempotency_key: IdempotencyKey = None) -> Any:
    """撤回一个用途，同时结束为它所做的绑定；撤回 `account` 即撤回全部。"""
    me, at = _me(request), _at(request)

    def act() -> schemas.ConsentOut:
        state = parties_services.consent(
            party_id=me.id,
            purpose=Purpose(payload.purpose),
            text_version=payload.text_version,
            given=payload.given,
            at=at,
        )
        return _consent_out(state)

    return once(request, me, act)


@router.get("/bindings", auth=signed_in, response=answers(schemas.BindingsOut, 401), summary="已绑定的接入方")
def bindings(request: HttpRequest) -> Any:
    """平台不保存接入方的人员编号，只知道绑定了哪一家。"""
    return schemas.BindingsOut(
        bindings=[
            schemas.BindingOut(source=each.source, purpose=each.purpose.value, started_at=each.started_at)
            for each in parties.bindings_of(_me(request).id)
        ]
    )


@router.post(
    "/bindings", auth=signed_in, response=answers(schemas.Done, 401, 403, 404, 409, 410, 422), summary="绑定接入方账号"
)
def bind(request: HttpRequest, payload: schemas.BindingIn, idempotency_key: IdempotencyKey = None) -> Any:
    """凭接入方签发的票据绑定，证明那个账号是您的；绑定前须同意相应用途。绑定前等待的记录随之入账。"""
    return _change_binding(request, payload, bound=True)


@router.post(
    "/bindings/end",
    auth=signed_in,
    response=answers(schemas.Done, 401, 403, 404, 409, 410, 422),
    summary="解绑接入方账号",
)
def unbind(request: HttpRequest, payload: schemas.BindingIn, idempotency_key: IdempotencyKey = None) -> Any:
    """解绑后新的记录不再入账；已入账的不变。"""
    return _change_binding(request, payload, bound=False)


def _change_binding(request: HttpRequest, payload: schemas.BindingIn, *, bound: bool) -> HttpResponse:
    me, at = _me(request), _at(request)

    def act() -> schemas.Done:
        external_id = _proven_subject(payload, at)
        purposes = scenarios.binding_purposes(payload.source)
        if bound and purposes and payload.purpose not in purposes:
            titles = "、".join(sorted(purpose.label for purpose in purposes))
            raise BadInput(f"绑定这个接入方的用途是“{titles}”", where="purpose", fix="先同意该用途，再按该用途绑定")
        if not bound:
            key = parties.subject_key(payload.source, external_id)
            if parties.bound_parties(payload.source, [key]).get(key) != me.id:
                return schemas.Done()
        parties_services.bind(
            source=payload.source,
            purpose=Purpose(payload.purpose),
            at=at,
            external_id=external_id,
            party_id=me.id if bound else None,
        )
        return schemas.Done()

    return once(request, me, act)


def _proven_subject(payload: schemas.BindingIn, at: datetime) -> str:
    """The partner's person id, proven by a ticket: `base64url(JSON).base64url(signature)`.

    The JSON has `key` (key id), `source`, `subject` and `expires` (Unix seconds); the partner signs its bytes.
    """
    if payload.ticket is None:
        if payload.external_id is None or not settings.TANHUI_DEMO:
            raise BadInput("缺少绑定票据", where="ticket", fix="在接入方的应用里生成绑定码")
        return payload.external_id
    head, _, tail = payload.ticket.partition(".")
    try:
        stated = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
        signature = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4))
        content = json.loads(stated)
        key_id, source, subject, expires = (content[name] for name in ("key", "source", "subject", "expires"))
        key = scenarios.signing_key(str(key_id))
        if key is None or key.revoked or key.suspended or key.source != source or source != payload.source:
            raise ValueError("key")
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, stated)
    except (InvalidSignature, binascii.Error, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadTicket("绑定票据无效", where="ticket", fix="在接入方的应用里重新生成绑定码") from error
    if not isinstance(expires, int) or at.timestamp() >= expires:
        raise BadTicket("绑定票据已过期", where="ticket", fix="在接入方的应用里重新生成绑定码")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 200 or not subject.isprintable():
        raise BadTicket("绑定票据里的人员编号不合要求", where="ticket", fix="请联系接入方")
    return subject


@router.get("/export", auth=signed_in, response=answers(schemas_community.WholeExportOut, 401), summary="导出我的数据")
def export(request: HttpRequest) -> Any:
    """平台保存的关于您的全部数据，可读，可带走。"""
    me, at = _me(request), _at(request)
    lines: list[schemas.StatementLineOut] = []
    cursor: str | None = None
    for _ in range(EXPORT_PAGES):
        page = scenarios.statement(me.id, before=cursor, limit=200)
        lines += [line_out(line) for line in page.lines]
        cursor = page.next_cursor
        if cursor is None:
            break
    held = [voucher_out(view) for view in rewards.vouchers_of(me.id)]
    return schemas_community.WholeExportOut(
        exported_at=at,
        personal=parties.export(me.id),
        statement=lines,
        vouchers=held,
        queue=[waiting_out(view) for view in rewards.places_of(me.id)],
        holds=[hold_out(view) for view in rewards.holds_of(me.id)],
        **together(me.id),
    )


@router.post("/erase", auth=signed_in, response=answers(schemas.Done, 401, 403, 410, 422), summary="注销")
def erase(request: HttpRequest, payload: schemas.EraseIn) -> Any:
    """删除个人信息，断开所有绑定，不能撤销。账簿仍然平衡，但不再指向任何人。"""
    me = _me(request)
    parties_services.erase(party_id=me.id, at=_at(request))
    tokens.revoke_all(me)
    return schemas.Done()


def line_out(line: StatementLine) -> schemas.StatementLineOut:
    """A statement line as it is shown."""
    return schemas.StatementLineOut(
        number=line.number,
        scenario=line.scenario,
        scenario_title=line.scenario_title,
        source_title=line.source_title,
        day=line.day,
        happened_at=line.happened_at,
        grade=line.grade.name,
        reduction_g=line.reduction_g,
        points=line.points,
        outcome=line.outcome,
        outcome_text=line.outcome_text,
        settled=line.settled,
    )


def behavior_receipt_out(receipt: BehaviorReceipt, depth: Depth) -> schemas.BehaviorReceiptOut:
    """A behavior's receipt with its explanation at one depth."""
    return schemas.BehaviorReceiptOut(
        line=line_out(receipt.line),
        evidence=[schemas.EvidenceItem(label=label, value=value) for label, value in receipt.evidence],
        method_number=receipt.method_number,
        method_title=receipt.method_title,
        method_version=receipt.method_version,
        rule_hash=receipt.rule_hash,
        explanation=receipt.explanations.get(depth, ""),
        run_number=receipt.run_number,
        transfer_number=receipt.transfer_number,
        settled_at=receipt.settled_at,
        history=[
            schemas.HistoryItem(at=at, reduction_g=grams, points=points, outcome=outcome)
            for at, grams, points, outcome in receipt.history
        ],
        contest=receipt.contest,
        ruling=receipt.ruling,
    )


def scenarios_out() -> schemas.ScenariosOut:
    """The open scenarios in plain words."""
    return schemas.ScenariosOut(
        scenarios=[
            schemas.ScenarioOut(
                code=view.code,
                title=view.title,
                method_name=view.method_name,
                summary=str(view.settings.get("summary", "")),
                how_to=[str(step) for step in view.settings.get("how_to", [])],
                icon=str(view.settings.get("icon", "")),
                consent=str(view.settings.get("consent", "")),
            )
            for view in scenarios.scenarios()
        ]
    )


def _consent_out(state: Any) -> schemas.ConsentOut:
    return schemas.ConsentOut(
        purpose=state.purpose.value,
        title=state.purpose.label,
        text_version=state.text_version,
        given=state.given,
        at=state.at,
    )
