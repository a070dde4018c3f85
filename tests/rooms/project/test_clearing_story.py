"""The invented merchants' months are cleared by two persons each, and the books stay in balance."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.rooms.project.test_mall import AT, END_ON, FIRST_DAY, crowd, pingjiang, quiet, story

from tanhui.kernel.county import County
from tanhui.kernel.days import day_start
from tanhui.ledger import queries as ledger
from tanhui.parties import queries as parties
from tanhui.parties.types import Role
from tanhui.project.mall import load_mall
from tanhui.project.simulator.clearing_story import ClearingStory, Offices
from tanhui.project.simulator.village_goods import actor_of
from tanhui.project.staff import staff_with_role
from tanhui.rewards import queries
from tanhui.rewards.models import ClearingLine, ClearingPayment, ClearingStatement
from tanhui.rewards.types import DisputeState, PaymentState, StatementState

__all__ = ["pingjiang"]


def told(staff_of: dict[str, int]) -> ClearingStory:
    people = {
        role: staff_with_role(
            username=f"demo-{role.value}", display_name=role.value, password="x" * 12, role=role, at=AT
        )
        for role in (Role.OPERATOR, Role.FINANCE)
    }
    manager = actor_of(parties.staff("demo-merchant"))
    managed = next(number for number, user in staff_of.items() if user == manager.user_id)
    offices = Offices(actor_of(people[Role.OPERATOR]), actor_of(people[Role.FINANCE]), manager)
    clearing = ClearingStory(first_day=FIRST_DAY, end_on=END_ON, offices=offices, managed=managed)
    for offset in range((END_ON - FIRST_DAY).days + 1):
        clearing.evening(day_start(FIRST_DAY + timedelta(days=offset)) + timedelta(hours=22), {})
    return clearing


def test_months_are_drafted_disputed_approved_and_paid_once(pingjiang: County) -> None:
    load_mall(pingjiang, at=AT, say=quiet)
    told_mall = story(pingjiang, crowd(40, 4000))
    staff_of = {number: actor.user_id for number, actor in told_mall.staff.items() if actor.user_id is not None}
    told(staff_of)
    states = Counter((view.month.month, view.state) for view in queries.statements())
    assert states[9, StatementState.PAID]
    assert states[9, StatementState.APPROVED], "one waits for the bank"
    assert states[10, StatementState.DRAFTED]
    assert states[10, StatementState.CHECKED]
    assert not states[10, StatementState.PAID]
    assert {dispute.state for dispute in queries.disputes()} == {DisputeState.OPEN, DisputeState.ACCEPTED}
    assert set(ClearingPayment.objects.values_list("state", flat=True)) == {
        PaymentState.PREPARED,
        PaymentState.CONFIRMED,
    }
    assert {view.month.month for view in queries.funds_statements()} == {8, 9, 10}
    agreed = [view for view in queries.statements() if view.rate_bp < 10_000]
    assert agreed
    assert all(view.rate_fen < 0 for view in agreed if view.gross_fen > 10)
    assert ledger.trial_balance().out_of_balance() == {}
    assert ledger.prove() == []
    tables = (ClearingStatement, ClearingLine, ClearingPayment)
    before = [list(table.objects.order_by("pk").values_list()) for table in tables]
    told(staff_of)
    assert [list(table.objects.order_by("pk").values_list()) for table in tables] == before
    assert ledger.prove() == []
