"""The entries of many accounts at once, for rooms that join them with their own tables."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from tests.rooms.ledger.books import AT, HOUR, PROGRAMME, earn, owed, parties, points, post, spend

from tanhui.kernel.errors import BadInput
from tanhui.ledger import queries, services
from tanhui.ledger.types import AccountRef

pytestmark = pytest.mark.django_db


def extracted(*refs: AccountRef) -> list[tuple[object, ...]]:
    """What lies in the table, in order of recording."""
    with transaction.atomic():
        found = queries.extract(refs)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT party_id, change, kind, key, happened_at, recorded_at, memo, reverses IS NOT NULL, reason"
                " FROM ledger_extract ORDER BY transfer_id, line, party_id"
            )
            rows = cursor.fetchall()
    assert len(rows) == found
    return rows


def test_entries_of_several_accounts_with_their_signs() -> None:
    one, other, third = parties(3)
    post(earn("a", one, 100), earn("b", other, 50), earn("c", third, 7))
    post(spend("d", one, 30, AT + HOUR), at=AT + 2 * HOUR)
    later = AT + 2 * HOUR
    assert extracted(points(one), points(other), points(one)) == [
        (one, 100, "settlement", "a", AT, AT, "骑行", False, ""),
        (other, 50, "settlement", "b", AT, AT, "骑行", False, ""),
        (one, -30, "exchange", "d", AT + HOUR, later, "兑换", False, ""),
    ]
    assert extracted(points(third, 2027), owed(third)) == []  # never used
    assert extracted() == []
    assert len(extracted(points(third))) == 1  # and nothing of the calls before


def test_a_reversal_says_what_it_takes_back() -> None:
    (one,) = parties(1)
    done = post(earn("a", one, 100)).posted[0]
    services.reverse(number=done.number, key="back", reason="多发了", at=AT + HOUR)
    assert [row[1:4] + row[7:] for row in extracted(points(one))] == [
        (100, "settlement", "a", False, ""),
        (-100, "reversal", "back", True, "多发了"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT transfer_id FROM ledger_extract ORDER BY transfer_id")
        serials = [row[0] for row in cursor.fetchall()]
    assert queries.transfer_numbers(serials)[0] == done.number


def test_accounts_of_the_system_are_no_business_of_others() -> None:
    with pytest.raises(BadInput, match="系统账户"):
        queries.extract([PROGRAMME])
