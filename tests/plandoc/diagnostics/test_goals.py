"""Rules that hold the tasks against the overall targets."""

from __future__ import annotations

from tests.plandoc.diagnostics.plans import codes, plan, said, target, task

from tanhui_plandoc.diagnostics import goals
from tanhui_plandoc.draft import Action, Box, OverallTarget


def goal(text: str, year: int | None = 2026) -> OverallTarget:
    return OverallTarget(text, year, (3,))


def test_a_goal_of_which_no_task_says_anything() -> None:
    tasks = (task(1, "修步行道"), task(2, "种行道树", "沿步行道种树，夏天有树荫。"))
    draft = plan(*tasks, overall_targets=(goal("步行道连成网络"), goal("湖面游船更换电机")))
    (found,) = goals.goal_unserved(draft)
    assert "游船" in found.message
    assert found.places[0].lines == (3,)


def test_without_tasks_no_goal_is_held_against_them() -> None:
    assert codes(goals.goal_unserved, plan(overall_targets=(goal("湖面游船更换电机"),))) == []


def test_due_later_than_the_goal_about_the_same_thing() -> None:
    late = target(said("正文", "至少建成4个步行小区", 11, value=4, deadline_year=2030))
    draft = plan(task(indicators=(late,)), overall_targets=(goal("建成一批步行小区"),))
    (found,) = goals.deadline_against_overall(draft)
    assert found.subject == "indicator:i-11"
    assert "2030年" in found.message
    assert "2026年" in found.message


def test_the_title_of_the_action_tells_the_thing_too() -> None:
    late = target(said("专栏1", "画一套海报", 22, deadline_year=2030))
    box = Box(1, "宣传行动", (Action("制作步行宣传品", "到2030年，画一套海报。", (22,)),), (20,))
    draft = plan(task(boxes=(box,), indicators=(late,)), overall_targets=(goal("制作一批步行宣传品"),))
    assert codes(goals.deadline_against_overall, draft) == ["deadline-against-overall"]


def test_another_thing_or_a_time_within_the_goal_is_no_conflict() -> None:
    guide = target(said("正文", "完成步行小区建设导则的编制", 11, deadline_year=2030))
    early = target(said("正文", "建成2个步行小区", 12, value=2, deadline_year=2025))
    draft = plan(task(indicators=(guide, early)), overall_targets=(goal("建成一批步行小区"),))
    assert codes(goals.deadline_against_overall, draft) == []
