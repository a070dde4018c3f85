"""Rows of evidence: amounts, instants, bounds, identity; and the mapping file of a partner."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui.scenarios._mapping import evidence_of, read_mapping
from tanhui.scenarios.rules_intake import RowFault, check, content_digest, parse_amount, parse_instant
from tanhui.scenarios.types import Evidence, IntakeSettings, MappingFault, Refusal

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
RULES = IntakeSettings()
RIDE = Evidence(
    external_id="T1",
    scenario="shared-e-bike",
    happened_at=AT - timedelta(hours=2),
    ended_at=AT - timedelta(hours=1),
    grade=2,
    quantities={"distance_m": 1410, "gps_point_count": 135},
    subject="U1",
)


@pytest.mark.parametrize(
    ("text", "name", "unit", "amount"),
    [
        ("1410", "distance_m", "m", 1410),
        ("1.2345", "distance_m", "km", 1234),
        ("1.2 km", "distance_m", "km", 1200),
        ("3斤", "mass_g", "斤", 1500),
        ("0.0009", "mass_g", "kg", 0),
        ("1e3", "distance_m", "m", 1000),
        ("12.5", "energy_wh", "度", 12500),
        ("5", "item_count", "件", 5),
        ("90", "duration_s", "min", 5400),
    ],
)
def test_amounts_become_whole_numbers_of_the_named_unit(text: str, name: str, unit: str, amount: int) -> None:
    assert parse_amount(text, name, unit) == amount


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("1e308", "km", "out_of_range"),
        ("1e999999999", "km", "out_of_range"),
        ("60000", "km", "out_of_range"),
        ("-1", "m", "negative"),
        ("-0.1", "m", "negative"),
        ("1.2km", "m", "mixed_units"),
        ("3 furlong", "m", "unknown_unit"),
        ("3", "furlong", "unknown_unit"),
        ("3", "kg", "mixed_units"),
        ("", "m", "not_a_number"),
        ("nan", "m", "not_a_number"),
        ("inf", "m", "not_a_number"),
        ("1,200", "m", "not_a_number"),
        ("１２", "m", "not_a_number"),
        ("1" * 100, "m", "not_a_number"),
        ("1" * 50, "m", "out_of_range"),
    ],
)
def test_amounts_out_of_bounds_are_named(text: str, unit: str, code: str) -> None:
    with pytest.raises(RowFault) as fault:
        parse_amount(text, "distance_m", unit)
    assert fault.value.code == code


@given(st.decimals(min_value=0, max_value=40_000, places=6))
def test_conversion_rounds_down_exactly(value: Decimal) -> None:
    assert parse_amount(f"{value:f}", "distance_m", "km") == int((value * 1000).to_integral_value(ROUND_FLOOR))


@given(st.text(max_size=70))
def test_any_text_is_an_amount_or_a_named_fault(text: str) -> None:
    with suppress(RowFault):
        assert parse_amount(text, "distance_m", "km") >= 0


@given(st.text(max_size=50))
def test_any_text_is_an_instant_or_a_named_fault(text: str) -> None:
    with suppress(RowFault):
        assert parse_instant(text, UTC, "time").tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-06-28T14:09:32", datetime(2018, 6, 28, 6, 9, 32, tzinfo=UTC)),
        ("2018-06-28 14:09", datetime(2018, 6, 28, 6, 9, tzinfo=UTC)),
        ("2018-06-28T14:09:32Z", datetime(2018, 6, 28, 14, 9, 32, tzinfo=UTC)),
        ("2018-06-28T14:09:32.123+08:00", datetime(2018, 6, 28, 6, 9, 32, tzinfo=UTC)),
        ("2018-06-28 14:09:32+00", datetime(2018, 6, 28, 14, 9, 32, tzinfo=UTC)),
    ],
)
def test_a_time_without_offset_is_read_in_the_declared_zone(text: str, expected: datetime) -> None:
    assert parse_instant(text, ZoneInfo("Asia/Shanghai"), "time") == expected


def test_a_time_without_offset_needs_a_declared_zone() -> None:
    with pytest.raises(RowFault) as fault:
        parse_instant("2018-06-28T14:09:32", None, "time")
    assert fault.value.code == "no_zone"


@pytest.mark.parametrize("text", ["2018-02-30T00:00:00Z", "2018-13-01T00:00:00Z", "0001-01-01T00:00:00+08:00"])
def test_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(RowFault) as fault:
        parse_instant(text, None, "time")
    assert fault.value.code == "bad_time"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"happened_at": datetime(2099, 1, 1, tzinfo=UTC), "ended_at": None}, "in_the_future"),
        ({"ended_at": datetime(2099, 1, 1, tzinfo=UTC)}, "in_the_future"),
        ({"happened_at": datetime(2001, 1, 1, tzinfo=UTC)}, "too_old"),
        ({"happened_at": datetime.min.replace(tzinfo=UTC)}, "too_old"),
        ({"ended_at": AT - timedelta(hours=3)}, "ends_before_start"),
        ({"happened_at": AT - timedelta(days=800)}, "too_long"),
        ({"happened_at": AT.replace(tzinfo=None)}, "no_zone"),
        ({"external_id": ""}, "bad_external_id"),
        ({"external_id": "x" * 81}, "bad_external_id"),
        ({"external_id": "a\x00b"}, "bad_external_id"),
        ({"external_id": "a\ud800"}, "bad_external_id"),
        ({"subject": None}, "no_subject"),
        ({"subject": "\n"}, "bad_subject"),
        ({"revision": 0}, "bad_revision"),
        ({"grade": 5}, "bad_grade"),
        ({"note": "a\x00"}, "bad_note"),
        ({"note": "字" * 501}, "bad_note"),
        ({"quantities": {"distance_m": -1}}, "negative"),
        ({"quantities": {"distance_m": 10**12}}, "out_of_range"),
        ({"quantities": {"distance_m": 1.5}}, "not_a_number"),
        ({"quantities": {"distance_m": True}}, "not_a_number"),
        ({"quantities": {"distance_m": "1"}}, "not_a_number"),
        ({"quantities": {"step_count": "many"}}, "not_a_number"),
        ({"quantities": {"duration_s": "600"}}, "not_a_number"),
        ({"quantities": {"Distance": 1}}, "bad_quantity_name"),
        ({"quantities": {"material": "纸\ud800"}}, "bad_text"),
        ({"quantities": {f"n{i}_count": 1 for i in range(21)}}, "too_many_quantities"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RowFault) as fault:
        check(replace(RIDE, **change), AT, RULES)
    assert fault.value.code == code
    assert fault.value.message


def test_quantities_are_split_and_the_duration_is_computed() -> None:
    prepared = check(RIDE, AT, RULES)
    assert prepared.columns == (1410, None, None, None)
    assert prepared.details == {"gps_point_count": 135, "duration_s": 3600}


def test_the_digest_tells_other_content_and_other_people_apart_but_not_other_zones() -> None:
    def of(evidence: Evidence, person: str = "p") -> bytes:
        return content_digest(evidence, check(evidence, AT, RULES), person)

    same_instant = replace(RIDE, happened_at=RIDE.happened_at.astimezone(ZoneInfo("Asia/Shanghai")))
    assert of(RIDE) == of(same_instant)
    others = [
        of(RIDE, "q"),
        of(replace(RIDE, quantities={"distance_m": 1411, "gps_point_count": 135})),
        of(replace(RIDE, grade=3)),
        of(replace(RIDE, ended_at=None)),
        of(replace(RIDE, note="x")),
        of(replace(RIDE, scenario="cycling")),
    ]
    assert of(RIDE) not in others
    assert len(set(others)) == len(others)


MAPPING = """
[evidence]
external_id = "编号"
subject = "会员"
happened_at = "时间"
scenario_column = "类别"
scenario_values = { "废品" = "recyclables" }
zone = "Asia/Shanghai"
grade = "C"
revision = "修订"
[quantities]
mass_g = { column = "重量", unit_column = "单位" }
material = { column = "品种", kind = "text", values = { "废纸" = "paper" } }
item_count = { value = 1 }
step_count = { column = "步数", unit = "步", optional = true }
"""
ROW = {
    "编号": "A1",
    "会员": "U9",
    "时间": "2026-11-20 08:00:00",
    "类别": "废品",
    "修订": "",
    "重量": "1.5",
    "单位": "kg",
    "品种": "废纸",
    "步数": "",
}


def test_a_mapping_makes_evidence_of_a_row() -> None:
    evidence = evidence_of(read_mapping(MAPPING, path="m.toml"), ROW, 7)
    assert evidence == Evidence(
        external_id="A1",
        scenario="recyclables",
        happened_at=datetime(2026, 11, 20, tzinfo=UTC),
        grade=3,
        quantities={"mass_g": 1500, "material": "paper", "item_count": 1},
        subject="U9",
        row_number=7,
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"类别": "旧衣"}, "unknown_scenario"),
        ({"品种": "黄金"}, "unknown_value"),
        ({"重量": ""}, "missing_value"),
        ({"单位": "箱"}, "unknown_unit"),
        ({"单位": "km"}, "mixed_units"),
        ({"时间": "昨天"}, "bad_time"),
        ({"修订": "二"}, "bad_revision"),
    ],
)
def test_a_bad_row_keeps_its_number_and_content(change: dict[str, str], code: str) -> None:
    refusal = evidence_of(read_mapping(MAPPING, path="m.toml"), ROW | change, 7)
    assert isinstance(refusal, Refusal)
    assert (refusal.row_number, refusal.code) == (7, code)
    assert "A1" in refusal.content


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("[evidence]", "[evidence", "TOML"),
        ('subject = "会员"', "", "subject"),
        ("subject", "subjekt", "subject？"),
        ('zone = "Asia/Shanghai"', 'zone = "Mars/Base"', "Mars/Base"),
        ('grade = "C"', 'grade = "E"', "E"),
        ('unit_column = "单位"', 'unit = "箱"', "箱"),
        ('unit_column = "单位"', 'unit = "km"', "km"),
        (', unit_column = "单位"', "", "unit"),
        ("{ value = 1 }", "{ value = 1.5 }", "value"),
        ("{ value = 1 }", "3", "item_count"),
        ('scenario_column = "类别"', "", "scenario"),
        ('{ "废纸" = "paper" }', "{ a = 1 }", "values"),
    ],
)
def test_a_wrong_mapping_names_file_and_entry(old: str, new: str, word: str) -> None:
    with pytest.raises(MappingFault) as fault:
        read_mapping(MAPPING.replace(old, new), path="m.toml")
    assert word in str(fault.value)
    assert "m.toml" in fault.value.where


@given(st.text(max_size=300))
def test_any_text_as_mapping_is_read_or_refused(text: str) -> None:
    with pytest.raises(MappingFault):
        read_mapping(text, path="m.toml")
