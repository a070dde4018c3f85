"""Numbers, days, canonical bytes and errors: the values that every room stands on."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui.kernel import errors, sheets
from tanhui.kernel.canonical import canonical_json, digest
from tanhui.kernel.days import chinese_date, day_end, day_start, local_day
from tanhui.kernel.errors import BadInput, Busy, Conflict, Forbidden, NotFound, TanhuiError
from tanhui.kernel.ids import is_number, new_number

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=INSTANTS, entropy=st.integers(min_value=0))
def test_numbers_have_their_form(at: datetime, entropy: int) -> None:
    number = new_number("rcp", at, entropy=entropy)
    assert is_number(number)
    assert is_number(number, "rcp")
    assert not is_number(number, "bhv")
    assert number == new_number("rcp", at, entropy=entropy + (1 << 80))


@given(first=INSTANTS, second=INSTANTS)
def test_numbers_sort_by_time(first: datetime, second: datetime) -> None:
    earlier, later = sorted((first, second))
    if later - earlier >= timedelta(milliseconds=2):
        assert new_number("rcp", earlier) < new_number("rcp", later)


def test_numbers_do_not_repeat() -> None:
    assert len({new_number("rcp", AT) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("prefix", ["", "rc", "rcpt", "RCP", "碳惠县", "r1p"])
def test_no_other_prefix(prefix: str) -> None:
    with pytest.raises(ValueError, match="three lower-case letters"):
        new_number(prefix, AT)


@pytest.mark.parametrize("text", ["", "rcp", "rcp_", "rcp_" + "0" * 25, "rcp_" + "i" * 26, "RCP_" + "0" * 26])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_number(text)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 16, 0, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 2, 0, tzinfo=timezone(timedelta(hours=14))), date(2026, 11, 21)),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_day_of_the_county(at: datetime, day: date) -> None:
    assert local_day(at) == day


def test_an_instant_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        local_day(datetime(2026, 11, 22))  # noqa: DTZ001


@given(INSTANTS)
def test_a_day_is_half_open(at: datetime) -> None:
    day = local_day(at)
    assert day_start(day) <= at < day_end(day)
    assert day_end(day) == day_start(day + timedelta(days=1))
    assert local_day(day_start(day)) == day


def test_dates_for_people() -> None:
    assert chinese_date(date(2026, 1, 5)) == "2026年1月5日"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def _turned(value: Any) -> Any:
    """The same value, its dictionaries built in the opposite order."""
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in reversed(list(value.items()))}
    return [_turned(item) for item in value] if isinstance(value, list) else value


@given(PLAIN)
def test_equal_values_have_equal_bytes(value: Any) -> None:
    assert canonical_json(value) == canonical_json(_turned(value))
    assert len(digest(value)) == 32


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": "碳"}, '{"a":"碳","b":1}'),
        ([date(2026, 1, 5), AT], '["2026-01-05","2026-11-22T08:30:00+00:00"]'),
        ({"rate": Decimal("0.10"), "key": b"\x01\xff"}, '{"key":"01ff","rate":"0.10"}'),
        ((1, 2), "[1,2]"),
    ],
)
def test_canonical_forms(value: Any, expected: str) -> None:
    assert canonical_json(value) == expected.encode()


@pytest.mark.parametrize("value", [0.1, {"a": [1, {"b": 2.0}]}, (1, float("nan")), [float("inf")]])
def test_floats_have_no_canonical_form(value: Any) -> None:
    with pytest.raises(TypeError, match="float"):
        canonical_json(value)


def test_unknown_things_have_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="canonical"):
        canonical_json({"a": object()})


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = BadInput("距离不能为负", where="第 3 行", fix="改正后重新上传", detail={"row": 3})
    assert str(error) == "第 3 行：距离不能为负　处理办法：改正后重新上传"
    assert (error.code, error.status, error.detail) == ("bad_input", 422, {"row": 3})
    assert str(TanhuiError("出错")) == "出错"


def test_error_codes_are_stable_and_apart() -> None:
    known = {NotFound: 404, Forbidden: 403, Conflict: 409, BadInput: 422, Busy: 409}
    assert {kind: kind.status for kind in known} == known
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, TanhuiError)]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("start", [*"=+-@＝＋－＠", "\t", "\r", "\n"])
def test_no_cell_is_a_formula_in_a_spreadsheet(start: str) -> None:
    text = sheets.csv_text(["词"], [[f"{start}1"], ["1=1"]])
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1:] == [[f"'{start}1"], ["1=1"]]
