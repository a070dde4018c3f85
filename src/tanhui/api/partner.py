"""For partners: events in, receipts out. Everything is signed; nothing is settled here."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from tanhui.api import schemas
from tanhui.api.answers import answers
from tanhui.api.problems import UnsupportedMediaType
from tanhui.api.signatures import HEADERS, PartnerSignature, SignedMessage
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services as scenarios_services
from tanhui.scenarios.types import Channel, DeliveryDraft, DeliveryReceipt

router = Router(tags=["partner"], auth=PartnerSignature())

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "type", "source", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 80},
        "type": {"const": "tanhui.behavior.reported.v1"},
        "source": {"type": "string", "description": "以接入方代码结尾，例如 /sources/demo-e-bike"},
        "subject": {"type": "string", "minLength": 1, "maxLength": 200, "description": "接入方的人员编号"},
        "time": {"type": "string", "format": "date-time", "description": "发生时间，带时区"},
        "datacontenttype": {"const": "application/json"},
        "data": {
            "type": "object",
            "required": ["scenario"],
            "additionalProperties": False,
            "properties": {
                "scenario": {"type": "string", "description": "场景代码"},
                "external_id": {"type": "string", "maxLength": 80, "description": "行为编号；不写则用 id"},
                "revision": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "修订；更正时加一"},
                "ended_at": {"type": "string", "format": "date-time", "description": "结束时间，带时区"},
                "grade": {"enum": ["A", "B", "C", "D"], "description": "证据等级；不写为 D"},
                "quantities": {
                    "type": "object",
                    "maxProperties": 20,
                    "additionalProperties": {"type": ["integer", "string"]},
                    "description": "整数或短文字，名称以单位结尾，如 distance_m、mass_g、energy_wh、item_count",
                },
                "note": {"type": "string", "maxLength": 500},
            },
        },
    },
}
_SIGNED: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": description,
            "schema": {"type": "string", "maxLength": 128},
        }
        for name, description in HEADERS.items()
        if name != PartnerSignature.param_name
    ]
}


def _message(request: HttpRequest) -> SignedMessage:
    return request.auth  # type: ignore[attr-defined]


@router.post(
    "/events",
    response=answers(schemas.ReceiptOut, 401, 403, 404, 409, 413, 415, 422, status=202),
    summary="报送行为（CloudEvents 1.0）",
    openapi_extra={
        **_SIGNED,
        "requestBody": {
            "required": True,
            "content": {
                SINGLE: {"schema": _EVENT},
                BATCH: {"schema": {"type": "array", "minItems": 1, "maxItems": 1000, "items": _EVENT}},
            },
        },
    },
)
def events(request: HttpRequest) -> Any:
    """单条或批量（建议每批 500 条，至多 1000 条、2 MiB）。

    逐条检查：好的收下，有错的退回并说明；回执里的几项之和等于读到的条数。
    """
    message = _message(request)
    content_type = (request.content_type or "").lower()
    if content_type not in (SINGLE, BATCH):
        raise UnsupportedMediaType(f"请用 {SINGLE} 或 {BATCH}", where="Content-Type")
    evidence = scenarios.events_evidence(request.body, batch=content_type == BATCH, source=message.source)
    draft = DeliveryDraft(
        channel=Channel.HTTP, content_digest=message.body_digest, name="", message_id=message.message_id
    )
    at = request.received_at  # type: ignore[attr-defined]
    receipt = scenarios_services.submit(source=message.source, delivery=draft, evidence=evidence, at=at)
    return Status(202, receipt_out(receipt))


@router.post(
    "/withdrawals",
    response=answers(schemas.WithdrawalOut, 401, 403, 404, 422),
    summary="撤回误报的行为",
    openapi_extra=_SIGNED,
)
def withdrawals(request: HttpRequest, payload: schemas.WithdrawalIn) -> Any:
    """撤回的行为留有记录，下次结算时冲回；撤回两次与一次相同。"""
    at = request.received_at  # type: ignore[attr-defined]
    done = scenarios_services.withdraw(
        source=_message(request).source, external_ids=payload.external_ids, reason=payload.reason, at=at
    )
    return schemas.WithdrawalOut(
        withdrawn=done.withdrawn,
        waiting_withdrawn=done.waiting_withdrawn,
        already_withdrawn=done.already_withdrawn,
        unknown=list(done.unknown),
    )


@router.get(
    "/receipts/{number}",
    response=answers(schemas.ReceiptOut, 401, 403, 404, 422),
    summary="查询回执",
    openapi_extra=_SIGNED,
)
def delivery_receipt(
    request: HttpRequest,
    number: Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="回执编号 rcp_…")],
) -> Any:
    """只能查询自己的回执。"""
    return receipt_out(scenarios.delivery_receipt(number, source=_message(request).source))


def receipt_out(receipt: DeliveryReceipt) -> schemas.ReceiptOut:
    """A delivery's receipt as its sender sees it."""
    return schemas.ReceiptOut(
        number=receipt.number,
        source=receipt.source,
        received_at=receipt.received_at,
        read=receipt.rows_read,
        accepted=receipt.rows_accepted,
        waiting=receipt.rows_waiting,
        duplicate=receipt.rows_duplicate,
        refused=receipt.rows_refused,
        refusals=[
            schemas.RefusalOut(row=row.row_number, code=row.code, message=row.message) for row in receipt.refusals
        ],
        repeated=receipt.repeated,
    )
