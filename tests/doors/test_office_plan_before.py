"""The working group's pages before any plan is adopted: each says that there is nothing yet, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.pages import Page

from tanhui.parties.types import Role

PAGES = {
    "plan-drafts": "选择方案文件上传",
    "plan-versions": "先上传方案文稿",
    "plan-supervision": "采纳方案以后",
    "plan-notices": "没有督办通知",
    "plan-appraisal": "还没有考核结果",
    "plan-cases": "还没有公布的案例",
    "plan-funding": "登记新项目",
    "plan-feedback": "没有待答复的意见",
    "plan-reports": "先预览，再发布",
    "plan-coverage": "采纳方案以后",
}


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_page_says_what_to_do(page: str, db: None) -> None:
    response: Any = enter(hire("early", Role.ACTION_OFFICE)).get(reverse(f"office:{page}"))
    assert response.status_code == 200
    shown = Page(response)
    assert shown.faults() == []
    assert PAGES[page] in shown.text


def test_nothing_can_be_published_or_noticed_before(db: None) -> None:
    client = enter(hire("early", Role.ACTION_OFFICE))
    preview: Any = client.get(reverse("office:plan-report-publish"), {"as_of": "2026-01-31"})
    assert "还没有方案" in Page(preview).text
    refused: Any = client.post(reverse("office:plan-report-publish"), {"as_of": "2026-01-31", "title": ""})
    assert refused.status_code == 409
    noticed: Any = client.post(reverse("office:plan-notice-issue"), {"at_once": "1", "indicator": "i-x"}, follow=True)
    assert "没有发出通知" in Page(noticed).text
