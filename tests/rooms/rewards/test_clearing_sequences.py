"""Any sequence of the room's verbs, clearing among them: the books balance, every claim stands once, and what merchants
have and are owed is what was redeemed, corrected and agreed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, get_args

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.rewards.clearing import (
    agreed,
    assert_cleared,
    hands,
    manager_of,
    money,
    untouched,
    with_account,
)
from tests.rooms.rewards.mall import AT, DAY, LUNCH, MINUTE, Store, buy, offered, resident, store, undo, use

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import TanhuiError
from tanhui.parties.types import Actor
from tanhui.rewards import queries, services
from tanhui.rewards.models import ClearingLine
from tanhui.rewards.types import (
    AnswerDispute,
    ApproveStatement,
    CancelPayment,
    CheckStatement,
    ClearingAct,
    ConfirmPayment,
    CorrectionState,
    DecideCorrection,
    DisputeState,
    DraftMonth,
    PaymentState,
    PreparePayment,
    ProposeCorrection,
    RaiseDispute,
    RedemptionResult,
    StatementState,
    StatementView,
    VoidStatement,
    VoucherView,
)

RATES = (10_000, 9_500)
FACE = 1001


@dataclass
class Run:
    """One sequence. `claims` is what each merchant has earned, told by the verbs' answers and not by the books."""

    places: list[Store]
    managers: list[Actor]
    operator: Actor
    finance: Actor
    person: int
    offer: str
    now: datetime = AT
    vouchers: list[VoucherView] = field(default_factory=list)
    redeemed: list[tuple[int, RedemptionResult]] = field(default_factory=list)
    claims: Counter[int] = field(default_factory=Counter)
    done: list[tuple[ClearingAct, Actor]] = field(default_factory=list)

    def step(self, kind: str, one: int, other: int) -> None:
        self.now += MINUTE
        if kind == "wait":
            self.now += timedelta(days=(1, 4, 20, 32)[one % 4])
        elif kind == "buy":
            self.vouchers.append(buy(self.person, self.offer, at=self.now))
        elif kind == "redeem" and self.vouchers:
            self.redeem(one, other)
        elif kind == "undo" and self.redeemed:
            self.undo(one)
        elif kind == "cancel" and self.vouchers:
            number = self.vouchers[one % len(self.vouchers)].number
            self.told(lambda: services.cancel(number=number, party_id=self.person, at=self.now))
        elif kind == "expire":
            services.expire(at=self.now)
        else:
            self.clearing(kind, one, other)

    def told(self, act: Callable[[], Any]) -> Any:
        """What a verb answers; a refusal leaves everything of clearing as it was."""
        before = untouched()
        try:
            with transaction.atomic():
                return act()
        except TanhuiError:
            assert untouched() == before
            return None

    def redeem(self, one: int, other: int) -> None:
        place, voucher = other % 2, self.vouchers[one % len(self.vouchers)]
        offline = bool(other % 3 == 2)
        claimed = self.now - timedelta(hours=other % 70) if offline else self.now
        came = use(self.places[place], voucher.code, self.now, claimed_at=claimed, offline=offline)
        if came.outcome.value == "redeemed":
            self.claims[place] += FACE
            self.redeemed.append((place, came))

    def undo(self, one: int) -> None:
        place, latest = self.redeemed[one % len(self.redeemed)]
        came = self.told(lambda: undo(self.places[place], latest.number, self.now))
        if came is not None and not came.replayed:
            self.claims[place] -= FACE

    def clear(self, details: ClearingAct, by: Actor) -> Any:
        came = self.told(lambda: services.clear(details=details, at=self.now, by=by))
        if came is not None:
            self.done.append((details, by))
        return came

    def clearing(self, kind: str, one: int, other: int) -> None:
        place = self.places[one % 2]
        month = date(2026, 6 + other % 3, 1)
        views = queries.statements()
        view = views[one % len(views)] if views else None
        if kind == "draft":
            self.clear(DraftMonth(month, place.merchant if other % 2 else ""), self.operator)
        elif kind == "propose":
            amount = (-300, 200, -5000, 1)[other % 4]
            self.clear(ProposeCorrection(place.merchant, amount, "示例"), self.operator)
        elif kind == "decide":
            self.decide(one, other)
        elif kind == "prepare":
            self.clear(PreparePayment(month), self.operator)
        elif kind in ("confirm", "withdraw"):
            self.end_payment(kind, one)
        elif kind == "answer":
            for dispute in queries.disputes(state=DisputeState.OPEN)[:1]:
                self.clear(AnswerDispute(dispute.number, other % 2 == 0, "示例", 50 * (other % 2 == 0)), self.operator)
        elif view is not None:
            self.statement(kind, view, other)

    def statement(self, kind: str, view: StatementView, other: int) -> None:
        if kind == "check":
            self.clear(CheckStatement(view.number, view.digest), self.operator)
        elif kind == "approve":
            self.clear(ApproveStatement(view.number, view.digest), self.finance)
        elif kind == "dispute":
            manager = next(m for m, p in zip(self.managers, self.places, strict=True) if p.merchant == view.merchant)
            self.clear(RaiseDispute(view.number, 1 + other % view.lines, "示例"), manager)
        elif kind == "void":
            self.clear(VoidStatement(view.number, "示例"), self.finance if view.approved_by else self.operator)

    def decide(self, one: int, other: int) -> None:
        waiting = queries.corrections(state=CorrectionState.PROPOSED)
        if waiting:
            row = waiting[one % len(waiting)]
            if self.clear(DecideCorrection(row.number, other % 3 > 0, "示例"), self.finance) and other % 3 > 0:
                self.claims[[each.merchant for each in self.places].index(row.merchant)] += row.amount_fen

    def end_payment(self, kind: str, one: int) -> None:
        waiting = [each for each in queries.payments() if each.state is PaymentState.PREPARED]
        if waiting:
            number = waiting[one % len(waiting)].number
            if kind == "confirm":
                self.clear(ConfirmPayment(number, "B1", local_day(self.now)), self.finance)
            else:
                self.clear(CancelPayment(number, "示例"), self.finance)

    def compare(self) -> None:
        """Claims = not approved + set aside + paid + what the rate took, by merchant."""
        assert_cleared()
        for place, where in enumerate(self.places):
            waiting, set_aside = money(where)
            views = queries.statements(merchant=where.merchant)
            ended = [each for each in views if each.state in (StatementState.APPROVED, StatementState.PAID)]
            paid = sum(each.net_fen for each in ended if each.state is StatementState.PAID)
            assert waiting + set_aside + paid - sum(each.rate_fen for each in ended) == self.claims[place]
            assert set_aside == sum(each.net_fen for each in ended) - paid

    def replay(self) -> None:
        """No step of a statement, a payment, a dispute or a correction is taken twice."""
        before = untouched()
        for details, by in self.done:
            if not isinstance(details, DraftMonth | ProposeCorrection | RaiseDispute | PreparePayment):
                assert self.told(partial(services.clear, details=details, at=self.now, by=by)) is None
        assert untouched() == before

    def finish(self) -> None:
        """Ten weeks later everything is stated, but what is less than nothing together."""
        self.now += 70 * DAY
        month = month_before(month_before(local_day(self.now)))
        self.clear(DraftMonth(month), self.operator)
        for place, where in enumerate(self.places):
            lines = ClearingLine.objects.filter(standing=True, statement__merchant__number=where.merchant)
            stated = sum(lines.exclude(kind="rate").values_list("amount_fen", flat=True))
            if stated != self.claims[place]:
                assert not any(each.merchant == where.merchant for each in queries.statements(month=month))
                assert any(each.amount_fen < 0 for each in queries.corrections(state=CorrectionState.POSTED))
        self.compare()


def month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def a_run() -> Run:
    """Two merchants at two rates with accounts and managers, one offer, one person with points for all of it."""
    places, (operator, finance) = [store(), store()], hands()
    for place, rate_bp in zip(places, RATES, strict=True):
        agreed(place, rate_bp)
        with_account(place, operator, finance)
    offer = offered(LUNCH, *places, face_value_fen=FACE, sale_to=AT + 900 * DAY, valid_days=120)
    return Run(places, [manager_of(place) for place in places], operator, finance, resident(100_000), offer)


KINDS = [
    "buy", "buy", "redeem", "redeem", "redeem", "undo", "cancel", "expire", "wait", "wait", "draft", "draft", "check",
    "check", "approve", "approve", "void", "dispute", "answer", "propose", "decide", "prepare", "confirm", "withdraw",
]  # fmt: skip
steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 80)), min_size=5, max_size=40)


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_sequence(sequence: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        run = a_run()
        for kind, one, other in sequence:
            run.step(kind, one, other)
        run.compare()
        run.replay()
        run.finish()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_sequence_reaches_every_step() -> None:
    run = a_run()
    for kind, one, other in [
        ("buy", 0, 0), ("redeem", 0, 0), ("buy", 0, 0), ("redeem", 1, 1), ("buy", 0, 0), ("redeem", 2, 0),
        ("undo", 2, 0), ("propose", 0, 1), ("decide", 0, 1), ("wait", 3, 0), ("draft", 0, 0), ("dispute", 0, 0),
        ("answer", 0, 1), ("check", 0, 0), ("approve", 0, 0), ("void", 0, 0), ("draft", 0, 0), ("check", 1, 0),
        ("approve", 1, 0), ("check", 0, 0), ("approve", 0, 0), ("prepare", 0, 0), ("withdraw", 0, 0),
        ("prepare", 0, 0), ("confirm", 0, 0),
    ]:  # fmt: skip
        run.step(kind, one, other)
    assert {type(details) for details, _ in run.done} == set(get_args(ClearingAct))
    run.compare()
    run.replay()
    run.finish()
