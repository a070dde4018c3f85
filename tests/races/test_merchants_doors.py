"""Merchants' doors with many connections at once: a code lets one phone in, an application becomes one merchant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from tests.doors.merchant_phone import code
from tests.rooms.rewards.mall import AT, VILLAGE, store

from tanhui.kernel.errors import Conflict
from tanhui.parties.models import Organization
from tanhui.rewards import queries, services
from tanhui.rewards.models import MerchantDevice
from tanhui.rewards.types import (
    MOST_DEVICES,
    ApplicationDecision,
    ApplicationDetails,
    DeviceEntry,
    DeviceRefused,
    MerchantState,
)

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[..., list[Any]]
CLIENTS = 12
CREDIT_CODE = "91430626MA4TE5T0XC"
"""Invented, with the right check digit."""


def test_one_code_lets_one_phone_in(in_threads: AtOnce) -> None:
    shown = code(store())
    answers = in_threads(*[partial(services.admit, details=DeviceEntry(shown), at=AT)] * CLIENTS)
    tokens = [each for each in answers if isinstance(each, str)]
    assert len(tokens) == 1
    assert sum(isinstance(each, DeviceRefused) for each in answers) == CLIENTS - 1
    assert queries.device(tokens[0], AT).number == MerchantDevice.objects.get().number


def test_no_merchant_has_more_phones_than_allowed(in_threads: AtOnce) -> None:
    here = store()
    for _ in range(MOST_DEVICES - 2):
        code(here)
    answers = in_threads(*[partial(code, here)] * CLIENTS)
    assert sum(isinstance(each, str) for each in answers) == 2
    assert sum(isinstance(each, Conflict) for each in answers) == CLIENTS - 2
    assert MerchantDevice.objects.count() == MOST_DEVICES


def test_two_reviewers_make_one_merchant(in_threads: AtOnce) -> None:
    store()
    unit = ApplicationDetails("虚构食品有限公司", CREDIT_CODE, "虚构小吃", "虚构小吃城南店", VILLAGE)
    number = services.admit(details=unit, at=AT)
    yes = ApplicationDecision(number, accepted=True, contract_from=date(2026, 6, 1), contract_to=date(2027, 6, 1))
    no = ApplicationDecision(number, accepted=False, reason="材料不全")
    answers = in_threads(*[partial(services.admit, details=each, at=AT) for each in [yes, no] * (CLIENTS // 2)])
    done = [each for each in answers if isinstance(each, str)]
    assert len(done) == 1
    assert sum(isinstance(each, Conflict) for each in answers) == CLIENTS - 1
    made = [each for each in queries.merchants(MerchantState.ACTIVE) if each.title == "虚构小吃"]
    assert len(made) == Organization.objects.filter(credit_code=CREDIT_CODE).count() == done[0].startswith("mer_")
