"""Invented rows for the plan's registers: visibly samples, the same for the same seed, none that a register refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tanhui.plan.types import FieldSpec, RegisterDocument, RowDetails, Upload

SAMPLE_NOTE = "演示数据，由程序虚构，不是事实"
_EVIDENCE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
_AROUND = (Decimal("113.58"), Decimal("28.70"))  # near the county seat: a sample point stands for no real place
_SPREAD = 250  # thousandths of a degree


@dataclass(frozen=True)
class SampleRow:
    """A row with the day on which it is filed."""

    register: str
    filed_on: date
    details: RowDetails


def sample_rows(
    document: RegisterDocument,
    *,
    seed: int,
    starts_on: date,
    ends_on: date,
    townships: Sequence[str],
    organizations: Sequence[str],
) -> list[SampleRow]:
    """As many rows as the register's document asks for, spread over [starts_on, ends_on), each filed days later."""
    chance = Random(f"{seed}:{document.code}")  # noqa: S311 an invented county needs no secrets
    span = max(1, (ends_on - starts_on).days - 14)
    days = sorted(starts_on + timedelta(days=chance.randrange(span)) for _ in range(document.samples))
    rows = []
    for serial, day in enumerate(days):
        values = {
            field.name: _value(field, document, serial, day, chance, townships, organizations)
            for field in document.fields
        }
        evidence = (Upload(f"示例佐证-{serial + 1}.pdf", _EVIDENCE),) if document.evidence_required else ()
        details = RowDetails(
            {name: value for name, value in values.items() if value is not None}, evidence, SAMPLE_NOTE
        )
        rows.append(SampleRow(document.code, day + timedelta(days=chance.randrange(1, 10)), details))
    return rows


def _value(
    field: FieldSpec,
    document: RegisterDocument,
    serial: int,
    day: date,
    chance: Random,
    townships: Sequence[str],
    organizations: Sequence[str],
) -> Any:
    given = document.sample_values.get(field.name)
    if given:
        return given[serial % len(given)]
    if not field.required and field.name != document.placed_by and chance.random() < 0.3:
        return None
    match field.type:
        case "text" | "long_text":
            return f"示例{field.title}{serial + 1}（虚构）"[: field.max_length or None]
        case "integer" | "decimal":
            return _number(field, chance)
        case "date":
            return day.isoformat()
        case "year":
            return str(day.year)
        case "choice":
            return field.choices[serial % len(field.choices)]
        case "yes_no":
            return "是"
        case "division":
            return townships[chance.randrange(len(townships))] if townships else None
        case "organization":
            return organizations[chance.randrange(len(organizations))]
        case "place":
            return tuple(each + Decimal(chance.randrange(-_SPREAD, _SPREAD)) / 1000 for each in _AROUND)
        case "link":
            return f"https://example.org/{document.code}/{serial + 1}"
    return None


def _number(field: FieldSpec, chance: Random) -> str:
    """A number within the field's bounds, rather small than large."""
    low = field.minimum if field.minimum is not None else Decimal(1)
    high = min(field.maximum if field.maximum is not None else low + 200, low + 200)
    steps = int((high - low) * 10**field.places)
    return str(
        (low + Decimal(chance.randrange(max(1, steps + 1))) / 10**field.places).quantize(
            Decimal(1).scaleb(-field.places)
        )
    )
