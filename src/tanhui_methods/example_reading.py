"""Worked examples of a method file: small worlds of events, and what each event must come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from tanhui_methods.errors import MethodError
from tanhui_methods.fields import Fields
from tanhui_methods.model import GRADES, Example, Expectation, Input
from tanhui_methods.yaml_tree import Node

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?\Z", re.ASCII)
_OUTCOME = re.compile(r"(?:counted|capped|duplicate|(?:excluded|not_applicable):[a-z0-9_.:-]{1,120})\Z", re.ASCII)
# China has one zone without summer time in the years that methods cover.
_ZONE_OFFSET: Final = timedelta(hours=8)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_EVENTS: Final = 1_000
_SECOND: Final = (("s", 1),)


def read_example(node: Node, path: str, inputs: Mapping[str, Input]) -> Example:
    """One example. Raises MethodError."""
    fields = Fields(node, path, "算例", ("title", "note", "events"))
    title = fields.text("title")
    events: list[dict[str, Any]] = []
    expected: list[Expectation] = []
    for item in fields.items("events"):
        for event, expectation in _events(Fields(item, path, f"算例“{title[:40]}”的行为", None), inputs):
            event["event_id"] = len(events) + 1
            event["tie"] = f"{len(events) + 1:06d}"
            events.append(event)
            expected.append(expectation)
            if len(events) > _MOST_EVENTS:
                raise MethodError(f"算例的行为太多（至多 {_MOST_EVENTS} 条）", path=path, line=fields.line)
    return Example(title, fields.optional("note"), tuple(events), tuple(expected), fields.line)


def _events(fields: Fields, inputs: Mapping[str, Input]) -> list[tuple[dict[str, Any], Expectation]]:
    own = ("at", "grade", "person", "times", "every", "exclude", "expect")
    known = (*own, *inputs)
    for key in fields.values:
        if key not in known:
            raise fields.fail(key, f"{fields.what}没有“{key[:60]}”", f"可用的字段：{'、'.join(known)}")
    moment = _moment(fields)
    times = fields.whole("times", 1, _MOST_EVENTS) if fields.has("times") else 1
    every = fields.amount("every", _SECOND) if fields.has("every") else Fraction(0)
    if every.denominator != 1 or not 0 <= every <= 366 * 86400:
        raise fields.fail("every", "every 应为整数秒，且不超过一年")
    event: dict[str, Any] = {
        "person": fields.whole("person", 1, 10**9) if fields.has("person") else 1,
        "grade": GRADES.index(fields.one_of("grade", GRADES)) + 1,
        "exclude": fields.optional("exclude") or None,
    }
    for name, given in inputs.items():
        if not fields.has(name):
            event[name] = None
        elif given.kind == "integer":
            event[name] = fields.whole(name, -(2**62), 2**62)
        else:
            event[name] = fields.text(name)
    expectation = _expectation(fields)
    found = []
    for index in range(times):
        local = moment + timedelta(seconds=int(every) * index)
        at = int((local - _EPOCH - _ZONE_OFFSET).total_seconds())
        found.append(({**event, "day": date(local.year, local.month, local.day), "at": at}, expectation))
    return found


def _moment(fields: Fields) -> datetime:
    text = fields.text("at")
    found = _MOMENT.match(text)
    try:
        if found is None:
            raise ValueError
        hour, minute, second = (int(part or 0) for part in found.groups()[1:])
        day = date.fromisoformat(found[1])
        moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        message = f"{fields.what}的时间“{text[:40]}”看不懂"
        raise fields.fail("at", message, "写当地时间，例如 2023-06-02 08:00") from None
    if not 1970 <= moment.year <= 2200:
        raise fields.fail("at", f"{fields.what}的年份超出 1970 至 2200 年")
    return moment


def _expectation(fields: Fields) -> Expectation:
    known = ("reduction_g", "points", "grade", "outcome", "cap")
    expect = Fields(fields.node_of("expect"), fields.path, "expect ", known)
    outcome = expect.text("outcome")
    if not _OUTCOME.match(outcome):
        raise expect.fail(
            "outcome", f"结果“{outcome[:60]}”不认识",
            "可用：counted、capped、duplicate、not_applicable:<条件>、excluded:<原因>",
        )  # fmt: skip
    return Expectation(
        expect.whole("reduction_g", 0, 2**62), expect.whole("points", 0, 2**62),
        expect.one_of("grade", GRADES), outcome, expect.optional("cap") or None, expect.line,
    )  # fmt: skip
