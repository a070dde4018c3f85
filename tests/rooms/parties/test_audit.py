"""The audit trail: one chain, only ever appended; whoever alters it is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from tanhui.kernel.errors import BadInput
from tanhui.parties import queries
from tanhui.parties.services import record
from tanhui.parties.types import Actor, AuditCheckpoint

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
SYSTEM = Actor.system("tests")


@pytest.fixture
def trail() -> list[int]:
    return [
        record(
            actor=SYSTEM,
            action="tests.act",
            target=f"thing-{n}",
            detail={"n": n, "中文": "内容", "list": [1, None, True]},
            at=AT + timedelta(seconds=n),
        )
        for n in range(6)
    ]


def tamper(*statements: str) -> None:
    """What somebody does who owns the database: switches the guards off and writes."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_entries_are_numbered_without_gaps_and_the_chain_is_whole(trail):
    assert trail == [1, 2, 3, 4, 5, 6]
    assert queries.verify_audit_trail() == []
    assert queries.audit_checkpoint().sequence == 6


def test_an_empty_trail_is_whole():
    assert queries.verify_audit_trail() == []
    assert queries.audit_checkpoint() == AuditCheckpoint(0, bytes(32))


def test_the_trail_is_read_newest_first_by_filter_and_cursor(trail):
    record(actor="staff:zhang", action="tests.other", target="thing-3", at=AT)

    assert [entry.sequence for entry in queries.audit_trail(limit=3)] == [7, 6, 5]
    assert [entry.sequence for entry in queries.audit_trail(before=5, limit=2)] == [4, 3]
    assert [entry.sequence for entry in queries.audit_trail(target="thing-3")] == [7, 4]
    assert [entry.sequence for entry in queries.audit_trail(actor="staff:zhang")] == [7]
    since = AT + timedelta(seconds=2)
    assert [entry.sequence for entry in queries.audit_trail(since=since, until=AT + timedelta(seconds=4))] == [
        4,
        3,
    ]
    assert queries.audit_trail(action="tests.act")[0].detail == {"n": 5, "中文": "内容", "list": [1, None, True]}


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE parties_audit_entry SET actor = 'staff:other' WHERE sequence = 3", 3),
        ("UPDATE parties_audit_entry SET at = at + interval '1 microsecond' WHERE sequence = 2", 2),
        ("UPDATE parties_audit_entry SET detail = detail || '{\"n\": 9}' WHERE sequence = 4", 4),
        ("UPDATE parties_audit_entry SET target = 'x' WHERE sequence = 1", 1),
        ("UPDATE parties_audit_entry SET action = 'x' WHERE sequence = 6", 6),
        ("UPDATE parties_audit_entry SET entry_hash = sha256('x') WHERE sequence = 5", 5),
        ("UPDATE parties_audit_entry SET previous_hash = sha256('x') WHERE sequence = 5", 5),
        ("DELETE FROM parties_audit_entry WHERE sequence = 3", 4),
        ("DELETE FROM parties_audit_entry WHERE sequence = 6", 6),
        ("DELETE FROM parties_audit_entry WHERE sequence = 1", 2),
        ("DELETE FROM parties_audit_head", 7),
        ("UPDATE parties_audit_head SET sequence = 5", 7),
        ("UPDATE parties_audit_entry SET sequence = 100 - sequence", 94),
    ],
)
def test_whatever_is_altered_behind_the_guards_is_found(trail, statement, sequence):
    tamper(statement)
    assert sequence in {problem.sequence for problem in queries.verify_audit_trail()}


def test_without_the_key_the_chain_cannot_be_mended(trail, settings):
    """An attacker with the database but another key rewrites an entry and everything after it."""
    held = queries.audit_trail(limit=10)
    secrets = settings.TANHUI_SECRETS
    settings.TANHUI_SECRETS = {**secrets, "lookup": b"guess".ljust(32)}
    tamper("DELETE FROM parties_audit_entry", "DELETE FROM parties_audit_head")
    for entry in reversed(held):
        record(actor=entry.actor, action=entry.action, target=entry.target, detail={}, at=entry.at)
    assert queries.verify_audit_trail() == []
    settings.TANHUI_SECRETS = secrets

    assert len(queries.verify_audit_trail()) == 6


def test_cutting_the_end_with_its_head_is_found_by_a_checkpoint_kept_elsewhere(trail):
    before = queries.audit_checkpoint()
    early = AuditCheckpoint(4, queries.audit_trail(before=5, limit=1)[0].entry_hash)
    tamper(
        "DELETE FROM parties_audit_entry WHERE sequence > 4",
        "UPDATE parties_audit_head SET sequence = 4, entry_hash ="
        " (SELECT entry_hash FROM parties_audit_entry WHERE sequence = 4)",
    )

    assert queries.verify_audit_trail() == []
    assert queries.verify_audit_trail([early]) == []
    assert [problem.sequence for problem in queries.verify_audit_trail([early, before])] == [5]
    assert queries.verify_audit_trail([AuditCheckpoint(4, bytes(32))])[0].sequence == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parties_audit_entry SET actor = 'x'",
        "DELETE FROM parties_audit_entry",
        "TRUNCATE parties_audit_entry",
        "UPDATE parties_audit_head SET sequence = sequence + 1",
        "DELETE FROM parties_audit_head",
        "TRUNCATE parties_audit_head",
        "INSERT INTO parties_audit_entry SELECT sequence + 6, at, actor, action, target, detail, previous_hash,"
        " sha256('x') FROM parties_audit_entry WHERE sequence = 1",
        "INSERT INTO parties_audit_entry SELECT 9, at, actor, action, target, detail, entry_hash, sha256('x')"
        " FROM parties_audit_entry WHERE sequence = 6",
    ],
)
def test_the_database_refuses_anything_but_the_next_entry(trail, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert queries.verify_audit_trail() == []


@pytest.mark.parametrize("detail", [{"phone": "13800001111"}, {"a": ["电话13800001111"]}, {"id": "11010519491231002X"}])
def test_what_looks_personal_is_not_written(detail):
    with pytest.raises(BadInput):
        record(actor=SYSTEM, action="tests.act", target="thing", detail=detail, at=AT)
    assert queries.audit_trail() == []


def test_numbers_and_hashes_are_not_mistaken_for_phones():
    target = "pty_01k13800001111abcdefghjkmn"
    assert record(actor=SYSTEM, action="tests.act", target=target, detail={"grams": 13800001111}, at=AT) == 1


def test_floats_have_no_place_in_the_trail():
    with pytest.raises(TypeError):
        record(actor=SYSTEM, action="tests.act", target="thing", detail={"share": 0.5}, at=AT)
