"""The departments' pages before any plan is adopted: they open, and say what comes first."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.pages import Page

from tanhui.parties.types import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("plan-desk", "还没有采纳行动方案"),
        ("plan-tasks", "还没有采纳行动方案"),
        ("plan-registers", "没有找到台账"),
        ("plan-review", "没有等待审核的记录"),
        ("start", "待办"),
    ],
)
def test_before_a_plan_is_adopted_the_pages_say_so(page: str, words: str) -> None:
    response: Any = enter(hire("early", Role.ACTION_OFFICE)).get(reverse(f"office:{page}"))
    assert response.status_code == 200
    seen = Page(response)
    assert seen.faults() == []
    assert words in seen.text
