"""Every connector reads its captured samples as its expectations say; whatever comes, nothing unexpected."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.kernel.errors import TanhuiError
from tanhui.scenarios._files import evidence_rows, look_at
from tanhui.scenarios._mapping import read_mapping
from tanhui.scenarios.connectors.cloudevents.reading import MAX_BODY_BYTES, BadEvents, read_events
from tanhui.scenarios.rules import STANDARD_INPUTS
from tanhui.scenarios.rules_intake import RowFault, check
from tanhui.scenarios.types import Evidence, IntakeSettings, Refusal

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CONNECTORS = PROJECT_ROOT / "src/tanhui/scenarios/connectors"
SAMPLES = sorted(path for path in CONNECTORS.glob("*/samples/*") if ".expected." not in path.name)


def outcome(row: Evidence | Refusal) -> dict[str, Any]:
    if isinstance(row, Refusal):
        return {"row": row.row_number, "refused": row.code}
    try:
        prepared = check(row, AT, IntakeSettings())
    except RowFault as fault:
        return {"row": row.row_number, "refused": fault.code}
    columns = dict(zip(STANDARD_INPUTS, prepared.columns, strict=True))
    return {
        "row": row.row_number,
        "external_id": row.external_id,
        "happened_at": prepared.happened_text,
        "ended_at": prepared.ended_text or None,
        "quantities": {name: value for name, value in columns.items() if value is not None} | prepared.details,
    }


def read_sample(path: Path) -> list[Evidence | Refusal]:
    if path.suffix == ".json":
        return read_events(path.read_bytes(), batch=path.stem.startswith("batch"), source="demo-e-bike")
    mapping = PROJECT_ROOT / "counties/pingjiang/mappings" / f"{path.parent.parent.name}.toml"
    return list(evidence_rows(look_at(path), read_mapping(mapping.read_text(encoding="utf-8"), path=mapping.name)))


def test_every_connector_has_samples_and_a_checklist() -> None:
    folders = [path for path in CONNECTORS.iterdir() if path.is_dir() and not path.name.startswith("__")]
    assert len(folders) >= 2
    for folder in folders:
        assert (folder / "CHECKLIST.zh-CN.md").is_file()
        assert any(path.parent.parent == folder for path in SAMPLES)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_samples_are_read_as_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert [outcome(row) for row in read_sample(path)] == expected


def test_every_mapping_of_the_county_is_valid() -> None:
    paths = list((PROJECT_ROOT / "counties").glob("*/mappings/*.toml"))
    assert paths
    for path in paths:
        read_mapping(path.read_text(encoding="utf-8"), path=str(path))


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"{", "JSON"),
        (b"[NaN]", "JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "JSON"),
        (b'[{"a":' * 500 + b"1" + b"}]" * 500, "JSON"),
        (b"1" * 100_000, "JSON"),
        (b"{}", "数组"),
        (b"[]", "空的"),
        (b"[" + b",".join([b"{}"] * 1001) + b"]", "1000"),
        (b" " * (MAX_BODY_BYTES + 1), "2 MiB"),
    ],
)
def test_a_message_that_is_wrong_as_a_whole_is_refused(body: bytes, word: str) -> None:
    with pytest.raises(BadEvents) as fault:
        read_events(body, batch=True, source="demo-e-bike")
    assert word in fault.value.message


def test_a_number_too_long_for_the_database_is_refused_by_its_row() -> None:
    event = json.loads((CONNECTORS / "cloudevents/samples/single.json").read_bytes())
    body = json.dumps(event).replace("2150", "9" * 4000).encode()
    (row,) = read_events(body, batch=False, source="demo-e-bike")
    assert outcome(row) == {"row": 1, "refused": "out_of_range"}


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
_DATA = st.fixed_dictionaries(
    {"scenario": st.just("walking") | _JSON},
    optional={
        "quantities": st.dictionaries(st.sampled_from(["distance_m", "step_count", "x"]) | st.text(), _JSON) | _JSON,
        "ended_at": _JSON | st.datetimes().map(str),
        "revision": _JSON,
        "grade": st.sampled_from("ABCD") | _JSON,
        "note": _JSON,
        "external_id": _JSON,
    },
)
_EVENT = st.fixed_dictionaries(
    {
        "specversion": st.just("1.0"),
        "type": st.just("tanhui.behavior.reported.v1"),
        "source": st.just("demo-e-bike"),
        "subject": st.text(max_size=8) | _JSON,
        "time": st.just("2026-06-01T08:00:00Z") | _JSON,
        "id": st.text(max_size=8) | _JSON,
        "data": _DATA | _JSON,
    }
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(_EVENT, _JSON))
def test_whatever_the_event_it_is_evidence_or_a_named_refusal(event: Any) -> None:
    with suppress(TanhuiError):
        for row in read_events(json.dumps([event]).encode(), batch=True, source="demo-e-bike"):
            told = outcome(row)
            assert told.get("refused") or told["external_id"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_whatever_the_bytes_only_expected_errors_come(body: bytes, batch: bool) -> None:
    with suppress(TanhuiError):
        read_events(body, batch=batch, source="demo-e-bike")
