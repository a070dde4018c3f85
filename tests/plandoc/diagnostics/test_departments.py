"""Rules about departments, each with lists that they must leave in peace."""

from __future__ import annotations

import pytest
from tests.plandoc.diagnostics.plans import codes, departments, plan, row, task

from tanhui_plandoc.diagnostics import departments as rules


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("文旅局", "文旅广体局", 1),
        ("供销社", "供销联社", 1),
        ("县发改局", "县发展改革局", 1),
        ("卫健局", "卫生健康局", 1),
        ("县发改局", "发改局", 1),
        ("示例县教育局", "教育局", 1),
        ("市场监管局", "县市场监管局", 1),
        ("市政公用局", "公用局", 0),
        ("发改委=reform", "发展和改革局=reform", 1),
        ("发改局=reform", "发展和改革局=other", 0),
        ("林业局", "农业农村局", 0),
        ("水利局", "交通运输局", 0),
        ("县委宣传部", "县委组织部", 0),
        ("教育局", "教育局", 0),
    ],
)
def test_one_department_under_two_names(one: str, other: str, expected: int) -> None:
    draft = plan(task(1, leads=departments(one, 11)), task(2, leads=departments(other, 21)))
    found = list(rules.department_two_names(draft))
    assert len(found) == expected
    for diagnostic in found:
        assert {line for place in diagnostic.places for line in place.lines} == {11, 21}


def test_two_names_in_one_list_are_two_departments() -> None:
    draft = plan(task(leads=departments("公安局"), supporters=departments("商务局 商务粮食局")))
    assert codes(rules.department_two_names, draft) == []


def test_once_in_a_long_plan() -> None:
    many = [task(no, leads=departments("住建局"), supporters=departments("教育局")) for no in range(1, 9)]
    once = task(9, leads=departments("公安局"), supporters=departments("气象局", 91), annex_rows=(row("公安局"),))
    (found,) = rules.department_once(plan(*many, once))
    assert found.task_no == 9
    assert "气象局" in found.message
    assert codes(rules.department_once, plan(*many[:2], once)) == []


def test_two_names_of_one_department_count_together() -> None:
    many = [task(no, leads=departments("住建局")) for no in range(1, 8)]
    two = [task(8, supporters=departments("文旅局")), task(9, supporters=departments("文旅广体局"))]
    assert codes(rules.department_once, plan(*many, *two)) == []


def test_other_leads_in_the_annex() -> None:
    one = task(leads=departments("住建局"), annex_rows=(row("商务局"),))
    (found,) = rules.lists_differ(plan(one))
    assert found.code == "leads-differ"
    assert "只在正文：住建局" in found.message
    assert "只在附件1：商务局" in found.message
    assert found.subject == "task:1"


def test_another_order_of_leads() -> None:
    one = task(leads=departments("住建局 城管局"), annex_rows=(row("城管局 住建局"),))
    assert codes(rules.lists_differ, plan(one)) == ["lead-order-differs"]


def test_other_supporters_in_the_annex() -> None:
    fields = {"leads": departments("住建局"), "supporters": departments("教育局 公安局")}
    assert codes(rules.lists_differ, plan(task(**fields, annex_rows=(row("住建局", "教育局"),)))) == [
        "supporters-differ"
    ]
    assert codes(rules.lists_differ, plan(task(**fields, annex_rows=(row("住建局", "公安局 教育局"),)))) == []
    assert codes(rules.lists_differ, plan(task(leads=departments("住建局"), annex_rows=(row("住建局"),)))) == []


def test_a_table_that_knows_no_supporters() -> None:
    fields = {"leads": departments("住建局"), "supporters": departments("教育局 公安局")}
    alone, other = (
        task(1, **fields, annex_rows=(row("住建局"),)),
        task(2, **fields, annex_rows=(row("住建局", "教育局 公安局"),)),
    )
    assert codes(rules.lists_differ, plan(alone)) == []
    assert [one.task_no for one in rules.lists_differ(plan(alone, other))] == [1]


def test_a_short_form_in_the_annex_is_a_name_and_no_other_supporter() -> None:
    one = task(leads=departments("住建局"), supporters=departments("供销社"), annex_rows=(row("住建局", "供销联社"),))
    assert codes(rules.lists_differ, plan(one)) == []


def test_twice_in_one_list() -> None:
    one = task(leads=departments("住建局"), supporters=departments("财政局 教育局 财政局"))
    (found,) = rules.department_repeated(plan(one))
    assert "财政局" in found.message
    assert codes(rules.department_repeated, plan(task(leads=departments("住建局"), annex_rows=(row("住建局"),)))) == []


def test_nobody_leads() -> None:
    draft = plan(task(1), task(2, leads=departments("住建局", 50), annex_rows=(row("住建局"),)))
    assert [found.task_no for found in rules.task_without_lead(draft)] == [1]


def test_only_the_annex_names_a_lead() -> None:
    """Where other tasks name theirs in the text, that is a fault; where none does, the plan is written so."""
    in_text = task(1, leads=departments("住建局", 10))
    in_annex = task(2, leads=departments("公安局", 50), annex_rows=(row("公安局"),))
    assert [found.task_no for found in rules.task_without_lead(plan(in_text, in_annex))] == [2]
    assert codes(rules.task_without_lead, plan(in_annex)) == []
