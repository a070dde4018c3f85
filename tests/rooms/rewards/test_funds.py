"""Whether the programme can keep its promises: the figures are the books', and a month is signed once for all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import Error, transaction
from tests.rooms.rewards.mall import AT, DAY, LUNCH, buy, code_of, offered, resident, staff_user, store, undo, use

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, Role
from tanhui.rewards import _funds, queries, services
from tanhui.rewards.models import BudgetLine, FundsStatement
from tanhui.rewards.types import FundsDetails, FundsRule, OfferKind, SignedDocument

pytestmark = pytest.mark.django_db

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
JULY = datetime(2026, 7, 1, 1, tzinfo=UTC)
RULE = FundsRule(8_000, 90, 1_000_000, "先到先得。", "", "provisional", "测试")


def finance() -> Actor:
    """A member of staff who may sign."""
    actor = staff_user()
    assert actor.user_id is not None
    parties.grant(user_id=actor.user_id, role=Role.FINANCE, at=AT - DAY, by=Actor.system("test"))
    return actor


def a_busy_month() -> None:
    """Vouchers open, redeemed, undone and cancelled, points of two years, and a line of the year."""
    BudgetLine.objects.create(year=2026, amount_fen=100_000, reserve_fen=10_000, source="测试")
    where = store()
    offer = offered(LUNCH, where)
    thanks = offered(replace(LUNCH, kind=OfferKind.HONOR, face_value_fen=0, price_points=30))
    ana, bei = resident(1_000), resident(450, year=2027)
    use(where, code_of(buy(ana, offer), ana))
    taken = use(where, code_of(buy(ana, offer), ana))
    undo(where, taken.number, AT + timedelta(minutes=5))
    buy(bei, offer)
    services.cancel(number=buy(bei, offer).number, party_id=bei, at=AT + DAY)
    buy(bei, thanks)
    BudgetLine.objects.update(committed_fen=3_000)


def checked(document: SignedDocument) -> dict[str, object]:
    """The content, after its signature was checked as anybody can."""
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(document.public_key)).verify(
        bytes.fromhex(document.signature), document.content
    )
    assert hashlib.sha256(document.content).hexdigest() == document.digest
    content: dict[str, object] = json.loads(document.content)
    return content


def test_the_figures_are_those_of_the_books() -> None:
    a_busy_month()
    view = queries.funds(AT + 2 * DAY)
    assert [(each.expiry_year, each.points) for each in view.outstanding] == [(2027, 320), (2028, 800)]
    assert (view.held_points, view.redeemed_points, view.expired_points) == (200, 130, 0)
    assert (view.open_fen, view.owed_fen, view.paid_fen) == (2_000, 1_000, 0)
    assert (view.amount_fen, view.reserve_fen, view.committed_fen, view.left_fen) == (100_000, 10_000, 3_000, 87_000)
    assert (view.points, view.expected_points) == (1_120, 256 + 640)
    assert view.expected_fen == 807  # 896 points at 90 fen a hundred, rounded up
    assert (view.short_fen, view.queue) == (0, 0)
    assert "暂定" in view.basis


def test_what_is_expected_beyond_what_is_left_is_said() -> None:
    resident(20_000)
    BudgetLine.objects.create(year=2026, amount_fen=10_000, source="测试")
    view = queries.funds(AT)
    assert view.expected_fen == 14_400
    assert view.short_fen == 4_400
    BudgetLine.objects.all().delete()
    assert queries.funds(AT).short_fen == view.expected_fen


def test_points_of_a_year_that_is_over_are_not_expected_to_be_used() -> None:
    resident(500, year=2025)
    (year,) = queries.funds(AT).outstanding
    assert (year.points, year.expected_points) == (500, 0)


@pytest.mark.parametrize(
    ("redeemed", "expired", "spent", "expected"),
    [
        (0, 0, 0, (8_000, 90)),
        (999_999, 5, 1, (8_000, 90)),
        (1_000_000, 0, 777_770, (8_000, 78)),
        (3_000_000, 1_000_000, 3_000_000, (7_500, 100)),
        (1_000_000, 2, 0, (10_000, 0)),
    ],
)
def test_the_expectation_follows_the_document_until_there_is_history(
    redeemed: int, expired: int, spent: int, expected: tuple[int, int]
) -> None:
    assert _funds.expectation(RULE, redeemed, expired, spent)[:2] == expected


def test_no_history_is_made_of_nothing() -> None:
    assert _funds.expectation(replace(RULE, history_from_points=0), 0, 0, 0)[:2] == (8_000, 90)


def test_a_month_is_signed_once_and_anybody_can_check_it() -> None:
    a_busy_month()
    signer = finance()
    number = services.clear(details=FundsDetails(JUNE), at=JULY, by=signer)
    assert services.clear(details=FundsDetails(JUNE), at=JULY + DAY) == number
    document = queries.funds_document(JUNE)
    content = checked(document)
    assert document.public_key == queries.statement_key().public_key
    assert (content["number"], content["month"], content["previous"]) == (number, "2026-06", "")
    funds = content["funds"]
    assert isinstance(funds, dict)
    now = queries.funds(JULY)
    assert funds["on"] == "2026-06-30"
    for name in ("held_points", "redeemed_points", "open_fen", "owed_fen", "committed_fen", "left_fen", "queue"):
        assert funds[name] == getattr(now, name), name
    trial = content["trial_balance"]
    assert isinstance(trial, list)
    for book in ("points", "money"):
        assert (
            sum(line[3] - line[4] for line in trial if line[0] == book)
            == 0
            < sum(1 for line in trial if line[0] == book)
        )
    (view,) = queries.funds_statements()
    assert (view.number, view.month, view.digest, view.signature) == (number, JUNE, document.digest, document.signature)
    assert view.signed_by == signer.name
    forged = document.content.replace(b"2026-06", b"2026-05")
    with pytest.raises(InvalidSignature):
        checked(replace(document, content=forged))


def test_a_month_signed_late_says_what_was_so_at_its_end() -> None:
    a_busy_month()
    late = AT + timedelta(minutes=3)  # between a redemption and its undo
    assert _funds._view(date(2026, 6, 10), late).open_fen == 2_000
    assert _funds._view(date(2026, 6, 10), late).owed_fen == 2_000
    assert _funds._view(date(2026, 6, 10), late).committed_fen == 4_000
    at_end = queries.funds(JULY)
    where = store()
    ana = resident(100)
    use(where, code_of(buy(ana, offered(LUNCH, where), at=JULY), ana), JULY + timedelta(hours=1))
    services.clear(details=FundsDetails(JUNE), at=JULY + DAY)
    funds = checked(queries.funds_document(JUNE))["funds"]
    assert isinstance(funds, dict)
    assert (funds["owed_fen"], funds["open_fen"]) == (at_end.owed_fen, at_end.open_fen)
    assert funds["redeemed_points"] == at_end.redeemed_points < queries.funds(JULY + DAY).redeemed_points


def test_statements_name_the_one_before() -> None:
    services.clear(details=FundsDetails(MAY), at=JULY)
    services.clear(details=FundsDetails(JUNE), at=JULY)
    assert checked(queries.funds_document(JUNE))["previous"] == queries.funds_document(MAY).digest
    with pytest.raises(Conflict):
        services.clear(details=FundsDetails(date(2026, 4, 1)), at=JULY)
    assert [view.month for view in queries.funds_statements()] == [JUNE, MAY]


def test_a_month_that_is_not_over_or_no_month_is_not_signed() -> None:
    before_midnight = datetime(2026, 6, 30, 15, 59, tzinfo=UTC)
    with pytest.raises(Conflict, match="还没有结束"):
        services.clear(details=FundsDetails(JUNE), at=before_midnight)
    with pytest.raises(BadInput):
        services.clear(details=FundsDetails(date(2026, 5, 2)), at=JULY)
    with pytest.raises(Forbidden):
        services.clear(details=FundsDetails(MAY), at=JULY, by=staff_user())
    assert queries.funds_statements() == []
    with pytest.raises(NotFound):
        queries.funds_document(MAY)


def test_the_database_keeps_what_was_signed() -> None:
    services.clear(details=FundsDetails(MAY), at=JULY)
    row = FundsStatement.objects.get()
    for change in (lambda: FundsStatement.objects.update(signature="00"), row.delete):
        with pytest.raises(Error), transaction.atomic():
            change()
