"""CloudEvents JSON becomes evidence. Values in, values out."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

from tanhui.kernel.errors import BadInput
from tanhui.scenarios.rules_intake import RowFault, parse_grade, parse_instant
from tanhui.scenarios.types import Evidence, Refusal

EVENT_TYPE = "tanhui.behavior.reported.v1"
MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_EVENTS = 1000

_DATA_KEYS = frozenset({"scenario", "external_id", "revision", "ended_at", "grade", "quantities", "note"})


class BadEvents(BadInput):
    """A message body is no CloudEvents JSON of ours; nothing was stored."""

    code = "bad_events"


def read_events(body: bytes, *, batch: bool, source: str) -> list[Evidence | Refusal]:
    """Every event of a message as evidence, or as a refusal with its place in the message (from 1).

    Raises BadEvents where the body as a whole is wrong: no JSON, too large, too deep, not the announced shape.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadEvents(f"报文超过 {MAX_BODY_BYTES // 1024**2} MiB", fix="拆成几个报文，每个不超过 500 条")
    try:
        parsed = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadEvents(f"报文不是合法的 JSON（{str(error)[:120]}）", fix="UTF-8 编码，嵌套不要超过三层") from error
    if not batch:
        parsed = [parsed]
    if not isinstance(parsed, list):
        raise BadEvents("批量报文须是 JSON 数组", fix="单条事件请用 Content-Type: application/cloudevents+json")
    if not parsed:
        raise BadEvents("批量报文是空的")
    if len(parsed) > MAX_EVENTS:
        raise BadEvents(f"一个报文最多 {MAX_EVENTS} 条事件，收到 {len(parsed)} 条", fix="拆成几个报文")
    return [_evidence_or_refusal(event, position, source) for position, event in enumerate(parsed, 1)]


def _evidence_or_refusal(event: Any, position: int, source: str) -> Evidence | Refusal:
    try:
        return _evidence(event, position, source)
    except RowFault as fault:
        content = json.dumps(event, ensure_ascii=True)
        return Refusal(position, fault.code, fault.message, content[:8000])


def _evidence(event: Any, position: int, source: str) -> Evidence:
    if not isinstance(event, dict):
        raise RowFault("bad_event", "每条事件须是 JSON 对象")
    if event.get("specversion") != "1.0":
        raise RowFault("bad_event", 'specversion 须是 "1.0"')
    if event.get("type") != EVENT_TYPE:
        raise RowFault("unknown_type", f"type 须是 {EVENT_TYPE}")
    stated = event.get("source")
    if not isinstance(stated, str) or stated.rpartition("/")[2] != source:
        raise RowFault("source_mismatch", f"source 须以接入方代码 {source} 结尾")
    if event.get("datacontenttype", "application/json") != "application/json" or "data_base64" in event:
        raise RowFault("bad_event", "data 须是 JSON（datacontenttype: application/json）")
    data = event.get("data")
    if not isinstance(data, dict):
        raise RowFault("bad_event", "缺少 data 对象")
    unknown = data.keys() - _DATA_KEYS
    if unknown:
        raise RowFault("unknown_field", f"data 中有不认识的字段：{'、'.join(sorted(map(ascii, unknown)))[:200]}")
    quantities = data.get("quantities", {})
    if not isinstance(quantities, dict):
        raise RowFault("bad_event", "data.quantities 须是对象")
    ended_at = data.get("ended_at")
    return Evidence(
        external_id=_text(data.get("external_id", event.get("id")), "id"),
        scenario=_text(data.get("scenario"), "data.scenario"),
        happened_at=parse_instant(_text(event.get("time"), "time"), None, "time"),
        ended_at=None if ended_at is None else parse_instant(_text(ended_at, "data.ended_at"), None, "data.ended_at"),
        grade=parse_grade(_text(data.get("grade", "D"), "data.grade")),
        quantities=quantities,
        subject=_text(event.get("subject"), "subject"),
        revision=_whole(data.get("revision", 1), "data.revision"),
        note=_text(data.get("note", ""), "data.note"),
        row_number=position,
    )


def _text(value: Any, label: str) -> str:
    if not isinstance(value, str):
        raise RowFault("bad_event", f"{label} 须是文字")
    return value


def _whole(value: Any, label: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RowFault("bad_event", f"{label} 须是整数")
    return value
