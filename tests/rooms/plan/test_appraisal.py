"""The annual appraisal, against values computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from tests.rooms.plan import world

from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput, Conflict, Forbidden
from tanhui.parties.types import Actor
from tanhui.plan import _county, queries, services
from tanhui.plan.models import Appraisal
from tanhui.plan.types import AppraisalRun, CaseDetails, NoticeAnswer, NoticeDetails, NoticeVerdict

pytestmark = pytest.mark.django_db

RULES = {
    "title": "年度考核评分规则（示例）",
    "status": "provisional",
    "items": [
        {"code": "completion", "title": "完成率", "points": 50, "measure": "led_completion"},
        {"code": "timeliness", "title": "按时填报", "points": 20, "measure": "filed_on_time"},
        {"code": "quality", "title": "一次通过", "points": 15, "measure": "approved_first_time"},
        {"code": "notices", "title": "按期答复", "points": 10, "measure": "notices_answered_on_time"},
        {"code": "cases", "title": "案例", "points": 5, "measure": "good_cases", "full_at": 2},
    ],
}
NEW_YEAR = datetime(2027, 1, 10, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_county, "appraisal_rules", lambda county: RULES)


def run(by: Actor, at: datetime = NEW_YEAR, *, publish: bool = False, year: int = 2026) -> str:
    return services.work(details=AppraisalRun(year, publish), at=at, by=by)


def scores(number: str) -> dict[str, Mapping[str, Any]]:
    return {each["department"]: each for each in queries.appraisal(number).scores}


def a_year(staff: world.Staff) -> None:
    """Education: 3 of 4 schools, one record of four returned, one case. Commerce: figures at two quarters' ends, one
    notice answered in time after it was sent back late, one never answered."""
    returned = world.file_school(staff, "退回学校")
    world.give_back(staff, returned)
    world.approve(staff, *(world.file_school(staff, f"虚构{name}中") for name in "一二三"))
    case = CaseDetails(task_no=1, department=world.EDUCATION, title="一案", text="做法")
    number = services.work(details=case, at=world.NOW, by=staff.officer)
    services.work(details=CaseDetails(number=number, publish=True), at=world.NOW, by=staff.reviewer)
    world.approve(staff, world.report(staff, world.WASTE, "8"))
    first, second = (
        services.work(
            details=NoticeDetails(world.COMMERCE, 2, problem, date(2026, 7, 1)), at=world.NOW, by=staff.office
        )
        for problem in ("一", "二")
    )
    july, august = datetime(2026, 7, 1, 3, tzinfo=UTC), datetime(2026, 8, 20, 3, tzinfo=UTC)
    services.work(details=NoticeAnswer(first, "在办"), at=july, by=staff.merchant)
    back = NoticeVerdict(first, False, "不清楚", date(2026, 7, 10))
    services.work(details=back, at=july, by=staff.office)
    services.work(details=NoticeAnswer(first, "办完"), at=august, by=staff.merchant)
    assert queries.notice(second, date(2026, 8, 1)).late


def test_scores_are_what_the_rules_give_by_hand() -> None:
    staff = world.open_plan()
    a_year(staff)
    found = scores(run(staff.office))
    education, commerce = found[world.EDUCATION], found[world.COMMERCE]
    # Completion: schools 3/4 at weight 2, classes nothing at weight 1: 7500*2/3 = 5000 bp → 25.00.
    assert education["items"]["completion"] == {
        "points": "25.00", "basis": "牵头2项指标，有数据1项，平均完成50.00%",
    }  # fmt: skip
    # Quarters' ends after adoption: 3-31, 6-30, 9-30, 12-31, two indicators, 120 days: schools counted on 6-15 are
    # fresh on 6-30 and 9-30 (107 days), not on 12-31; classes never: 2 of 8 → 5.00.
    assert education["items"]["timeliness"] == {
        "points": "5.00", "basis": "4个季度末应有数据8项次，按时更新2项次",
    }  # fmt: skip
    # Four reviewed, one returned: 3/4 of 15.
    assert education["items"]["quality"] == {"points": "11.25", "basis": "审核4条，退回1条"}
    assert education["items"]["notices"] == {"points": "–", "basis": "没有到期的督办通知，不计入"}
    assert education["items"]["cases"] == {"points": "2.50", "basis": "公布典型案例1个，满分须2个"}
    # 43.75 of the 90 points that apply, brought to 100: 48.611…
    assert education["total"] == "48.61"
    # Commerce: restaurants and rules nothing, waste done: a third of 50 = 16.666…; waste fresh at 2 of 12.
    assert commerce["items"]["completion"]["points"] == "16.67"
    assert commerce["items"]["timeliness"]["points"] == "3.33"
    assert commerce["items"]["quality"]["points"] == "15.00"
    # The first answer of the first notice came on its day; the second notice was never answered: half.
    assert commerce["items"]["notices"] == {"points": "5.00", "basis": "督办通知2份，按期答复1份"}
    assert commerce["items"]["cases"]["points"] == "0.00"
    # 16.666… + 3.333… + 15 + 5 + 0 = 40 exactly, all items apply.
    assert commerce["total"] == "40.00"
    # Ecology leads one task without any data and files nothing: 0 of 50 + 20 + 5.
    assert found[world.ECOLOGY]["total"] == "0.00"


def test_the_best_come_first_and_the_rules_are_kept_with_the_scores() -> None:
    staff = world.open_plan()
    a_year(staff)
    view = queries.appraisal(run(staff.office))
    assert [each["department"] for each in view.scores] == [world.EDUCATION, world.COMMERCE, world.ECOLOGY]
    assert (view.title, view.status, view.rules_hash) == (RULES["title"], "provisional", digest(RULES).hex())
    assert [item["code"] for item in view.items] == ["completion", "timeliness", "quality", "notices", "cases"]


def test_a_trial_is_replaced_and_what_is_published_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    staff = world.open_plan()
    a_year(staff)
    first = run(staff.office, world.NOW)
    assert queries.appraisal(first).published_at is None
    with pytest.raises(Conflict, match="还没有结束"):
        run(staff.office, world.NOW, publish=True)
    assert run(staff.office) == first
    assert run(staff.office, publish=True) == first
    assert queries.appraisals()[0].published_at == NEW_YEAR
    for publish in (False, True):
        with pytest.raises(Conflict, match="已经公布"):
            run(staff.office, publish=publish)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appraisal.objects.update(scores=[])


def test_during_the_year_only_what_has_been_counts() -> None:
    staff = world.open_plan()
    a_year(staff)
    found = scores(run(staff.office, world.NOW))
    # One quarter's end so far, before anything was counted.
    assert found[world.EDUCATION]["items"]["timeliness"]["basis"] == "1个季度末应有数据2项次，按时更新0项次"
    # On the day itself a notice that is still open is not late yet.
    assert found[world.COMMERCE]["items"]["notices"]["points"] == "–"


def test_who_may_appraise_and_which_year() -> None:
    staff = world.open_plan()
    for by in (staff.officer, staff.reviewer, staff.nobody):
        with pytest.raises(Forbidden):
            run(by)
    for year in (2025, 2028):
        with pytest.raises(BadInput):
            run(staff.office, year=year)
