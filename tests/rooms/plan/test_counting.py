"""Counting: every way in which a register makes a figure, with exact values, and the rows behind each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.rooms.plan.filing import (
    GOALS,
    NOW,
    RESTAURANTS,
    SYSTEM,
    TRAININGS,
    approve,
    define,
    document,
    figure,
    file,
    filed,
    indicator,
    measure,
    measures,
    open_county,
    restaurant,
    stored,
    training,
)

from tanhui.community import queries as community
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, Purpose, ResidentDetails
from tanhui.plan import _figures, queries, services
from tanhui.plan.models import Figure, Record, RegisterEdition, Target
from tanhui.plan.types import StagedTarget

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def behind(code: str) -> list[str]:
    return [row.number for row in queries.feeding_rows(code)]


def test_nothing_filed_is_no_figure() -> None:
    assert {figure(code) for code, *_ in GOALS if code != "i-source"} == {None}
    assert queries.figures("i-restaurants") == []
    assert behind("i-restaurants") == []


def test_count_sum_distinct_and_their_rows() -> None:
    numbers = filed(
        training(topic="甲", people=30, passed="是", audience="干部"),
        training(topic="乙", people=12, passed="否", audience="教师"),
        training(topic="甲", passed="是", audience="学生"),
        training(people=8, passed="是"),
    )
    assert figure("i-people") == (38, 2)
    assert behind("i-people") == [numbers[3], numbers[0]]
    assert figure("i-topics") == (2, 3)
    assert behind("i-topics") == numbers[2::-1]
    assert [view.words for view in queries.figures("i-people")] == ["38人"]
    assert behind("i-people")[:1] == [row.number for row in queries.feeding_rows("i-people", limit=1)]
    assert [row.number for row in queries.feeding_rows("i-people", before=numbers[3])] == [numbers[0]]


def test_each_of_the_choices_counts_by_the_smallest() -> None:
    filed(training(audience="干部", people=50), training(audience="教师", people=20))
    assert figure("i-each") == (0, 2)
    assert figure("i-each-sum") == (0, 2)
    filed(training(audience="学生", people=30), training(audience="干部", people=1))
    assert figure("i-each") == (1, 4)
    assert figure("i-each-sum") == (20, 4)


def test_shares_are_exact_and_rounded_down() -> None:
    filed(
        training("2026-03-01", topic="甲", green="1", whole="3"),
        training("2026-04-01", topic="乙", green="0.5", whole="0.5"),
    )
    assert figure("i-share") == (D("42.857142"), 2)
    filed(training("2026-05-01", topic="甲", green="2", whole="3"))
    assert figure("i-share") == (D("53.846153"), 3)
    assert figure("i-share-latest") == (D("71.428571"), 2)
    assert len(behind("i-share-latest")) == 2
    filed(training("2026-02-01", topic="甲", green="0", whole="3"))
    assert figure("i-share-latest") == (D("71.428571"), 2)


def test_a_share_of_nothing_is_nothing() -> None:
    filed(training(green="0", whole="0", topic="甲"))
    assert figure("i-share") == (0, 1)


def test_the_latest_value_is_that_of_the_latest_day() -> None:
    filed(training("2026-05-01", topic="甲", green="22.5"))
    late = filed(training("2026-06-01", topic="乙", green="21.125"))
    filed(training("2026-05-31", topic="甲", green="99"), training("2026-06-02", topic="乙"))
    assert figure("i-latest") == (211_250, 1)
    assert behind("i-latest") == late
    assert figure("i-latest-per") == (D("120.125"), 2)


def test_a_later_row_of_the_same_day_holds() -> None:
    filed(training(topic="甲", green="1"))
    filed(training(topic="甲", green="2"))
    assert figure("i-latest") == (20_000, 1)
    assert figure("i-latest-per") == (2, 1)


def test_a_duty_counts_the_latest_period_with_rows() -> None:
    filed(training("2025-12-31", people=5), training("2025-06-01", people=6), training("2026-01-01", people=7))
    assert figure("i-yearly") == (1, 1)
    assert figure("i-quarterly") == (7, 1)
    latest = Figure.objects.filter(indicator__code="i-quarterly").latest("id")
    assert latest.as_of == date(2026, 3, 31)
    assert Figure.objects.filter(indicator__code="i-yearly").latest("id").as_of == date(2026, 9, 20)
    filed(training("2026-07-01", people=4), training("2026-09-20", people=3))
    assert figure("i-quarterly") == (7, 2)
    assert figure("i-yearly") == (3, 3)
    assert len(behind("i-quarterly")) == 2


def test_figures_are_appended_with_every_decision_and_say_where_from() -> None:
    filed(restaurant("甲"), register="restaurants")
    filed(restaurant("乙"), register="restaurants", at=datetime(2026, 9, 21, 20, tzinfo=UTC))
    newest, first = queries.figures("i-restaurants")
    assert (first.value, first.as_of, newest.value, newest.as_of) == (1, date(2026, 9, 20), 2, date(2026, 9, 22))
    assert (newest.kind, newest.name, newest.title, newest.words) == ("register", "restaurants", "示例餐厅台账", "2家")
    view = queries.indicator("i-restaurants", date(2026, 9, 22))
    assert (view.figure and view.figure.value, view.light.completion_bp) == (2, 4000)


def test_returned_and_waiting_rows_do_not_count() -> None:
    one, two = file(restaurant("甲"), restaurant("乙"))
    services.review(numbers=[one], approve=False, note="照片不清", at=NOW, by=SYSTEM)
    assert figure("i-restaurants") is None
    assert Record.objects.get(number=one).live_key is None
    approve(two)
    assert figure("i-restaurants") == (1, 1)


def test_a_source_is_counted_by_its_room() -> None:
    assert figure("i-source") == (0, 0)
    details = ResidentDetails(login=LoginId("development", "示例"), consents={Purpose.ACCOUNT: "v1"})
    parties.register(details=[details], at=NOW, by=SYSTEM)
    _figures.refresh_sources(at=NOW)
    assert figure("i-source") == (1, 0)
    count = stored()
    _figures.refresh_sources(at=NOW)
    assert stored() == count
    (newest, _) = queries.figures("i-source")
    assert (newest.kind, newest.name, newest.title) == ("source", "parties.residents", "已开通个人碳账户的居民")
    _figures.refresh_sources(at=datetime(2026, 9, 22, 4, tzinfo=UTC))
    assert len(queries.figures("i-source")) == 3
    assert behind("i-source") == []


def test_every_source_gives_an_exact_number() -> None:
    for source in _figures._sources.sources().values():
        value = source.count(date(2026, 9, 22))
        assert isinstance(value, Decimal)
        assert value == value.to_integral_value()
    with pytest.raises(BadInput, match="没有“nothing”这个数据来源"):
        _figures._sources.named("nothing")


def test_defining_again_changes_nothing() -> None:
    filed(restaurant(), register="restaurants")
    before = (stored(), RegisterEdition.objects.count())
    assert define() == 0
    assert (stored(), RegisterEdition.objects.count()) == before


def test_a_new_rule_of_counting_counts_anew_and_rows_keep_their_edition() -> None:
    (number,) = filed(training(topic="甲", people=30, passed="否"))
    assert figure("i-people") == (0, 0) or figure("i-people") is None
    changed = TRAININGS.replace("where: {passed: true}, ", "")
    at = datetime(2026, 9, 21, tzinfo=UTC)
    assert define(document(RESTAURANTS), document(changed), at=at) == 1
    assert figure("i-people") == (30, 1)
    assert define(document(RESTAURANTS), document(TRAININGS), at=at) == 1, "back to what it was is an edition, too"
    assert figure("i-people") == (0, 0)
    assert queries.figures("i-people")[0].rows == 0
    assert queries.indicator("i-people", date(2026, 9, 21)).figure is None
    retitled = document(TRAININGS.replace("title: 主题", "title: 题目"))
    define(document(RESTAURANTS), retitled, at=at)
    assert [field.title for field, _ in queries.record(number).cells][1] == "主题"
    assert [field.title for field in queries.register("trainings").fields][1] == "题目"


def test_measures_are_checked_against_registers_and_indicators() -> None:
    wrong = [
        (measure("i-people", "register", "nothing"), "没有台账 nothing"),
        (measure("i-people", "register", "restaurants"), "须恰有一条 feeds，现有 0 条"),
        (measure("i-people", "source", "nothing"), "没有“nothing”这个数据来源"),
    ]
    for each, message in wrong:
        with pytest.raises(BadInput, match=message):
            services.define(registers=[document(TRAININGS)], measures=[each], at=NOW, by=SYSTEM)
    other_unit = document(TRAININGS.replace("where: {passed: true}, unit: 人", "unit: 万人"))
    with pytest.raises(BadInput, match="按“万人”计数，指标的单位是“人”"):
        services.define(registers=[other_unit], measures=measures()[1:2], at=NOW, by=SYSTEM)
    services.define(registers=[document(TRAININGS)], measures=[measure("i-none", "hand")], at=NOW, by=SYSTEM)


def test_weights_baselines_and_stages_are_taken_over() -> None:
    stages = (StagedTarget(date(2026, 12, 31), D(2)), StagedTarget(date(2027, 12, 31), D(4)))
    each = measure(
        "i-restaurants",
        "register",
        "restaurants",
        weight=3,
        baseline=D("1"),
        baseline_on=date(2025, 12, 31),
        staged=stages,
    )
    services.define(registers=[document(RESTAURANTS), document(TRAININGS)], measures=[each], at=NOW, by=SYSTEM)
    row = indicator("i-restaurants")
    assert (row.weight, row.baseline, row.baseline_on) == (3, 1, date(2025, 12, 31))
    view = queries.indicator("i-restaurants", date(2026, 9, 20))
    assert [(target.due_on, target.value, target.staged) for target in view.targets] == [
        (date(2026, 12, 31), 2, True),
        (date(2027, 12, 31), 4, True),
        (date(2030, 12, 31), 5, False),
    ]
    same_day = measure("i-restaurants", "register", "restaurants", staged=(StagedTarget(date(2030, 12, 31), D(2)),))
    with pytest.raises(BadInput, match="同日"):
        services.define(registers=[document(RESTAURANTS), document(TRAININGS)], measures=[same_day], at=NOW, by=SYSTEM)
    assert Target.objects.filter(indicator=row, staged=True).count() == 2


def test_sums_that_no_figure_can_hold_are_refused() -> None:
    text = TRAININGS.replace('factor: "10000"', 'factor: "1000000000"')
    define(document(RESTAURANTS), document(text))
    (number,) = file(training(green="9" * 12), register="trainings")
    before = stored()
    with pytest.raises(BadInput, match="合计太大"):
        approve(number)
    assert stored() == before
    assert Record.objects.get(number=number).state == "filed"


def test_reading_the_plan_asks_as_often_for_many_rows_as_for_few() -> None:
    filed(training())
    with CaptureQueriesContext(connection) as few:
        queries.plan(date(2026, 9, 20))
    filed(*[training(topic=str(n), people=n) for n in range(60)])
    with CaptureQueriesContext(connection) as many:
        queries.plan(date(2026, 9, 20))
    assert len(many) == len(few) <= 12


def test_an_unknown_indicator_is_not_found() -> None:
    for read in (queries.figures, queries.feeding_rows):
        with pytest.raises(NotFound):
            read("i-none")


def test_trainings_are_a_source_for_each_audience_of_the_county() -> None:
    found = _figures._sources.sources()
    for audience in community.audiences():
        source = found[f"community.trainings.{audience.code}"]
        assert audience.title in source.title
        assert source.count(date(2026, 9, 22)) == 0
    with pytest.raises(BadInput, match=r"没有.*nobody"):
        _figures._sources.named("community.trainings.nobody")
