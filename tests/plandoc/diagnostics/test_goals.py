"""Rules that hold the tasks against the overall targets."""

from __future__ import annotations

from tests.plandoc.diagnostics.plans import codes, plan, said, target, task

from tanhui_plandoc.diagnostics import goals, overall
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
    (found,) = overall.deadline_against_overall(draft)
    assert found.subject == "indicator:i-11"
    assert "2030年" in found.message
    assert "2026年" in found.message


def test_the_title_of_the_action_tells_the_thing_too() -> None:
    late = target(said("专栏1", "画一套海报", 22, deadline_year=2030))
    box = Box(1, "宣传行动", (Action("制作步行宣传品", "到2030年，画一套海报。", (22,)),), (20,))
    draft = plan(task(boxes=(box,), indicators=(late,)), overall_targets=(goal("制作一批步行宣传品"),))
    assert codes(overall.deadline_against_overall, draft) == ["deadline-against-overall"]


def test_another_thing_or_a_time_within_the_goal_is_no_conflict() -> None:
    guide = target(said("正文", "完成步行小区建设导则的编制", 11, deadline_year=2030))
    early = target(said("正文", "建成2个步行小区", 12, value=2, deadline_year=2025))
    draft = plan(task(indicators=(guide, early)), overall_targets=(goal("建成一批步行小区"),))
    assert codes(overall.deadline_against_overall, draft) == []


def test_the_very_same_thing_due_before_the_goal() -> None:
    platform = target(said("正文", "建成步行积分平台", 11, deadline_year=2025))
    thirty = target(said("正文", "步行道达到30公里", 12, value=30, unit="公里", deadline_year=2025))
    stage = target(said("正文", "步行道达到10公里", 13, value=10, unit="公里", deadline_year=2025))
    goals_said = (goal("建成步行积分平台"), goal("步行道达到30公里"))
    draft = plan(task(indicators=(platform, thirty, stage)), overall_targets=goals_said)
    found = list(overall.deadline_against_overall(draft))
    assert [one.subject for one in found] == ["indicator:i-11", "indicator:i-12"]
    assert all("早于" in one.message for one in found)


def test_another_number_than_the_goal_for_the_same_year() -> None:
    less = target(said("正文", "步行道达到25公里", 11, value=25, unit="公里", deadline_year=2026))
    same = target(said("正文", "步行道达到30公里", 12, value=30, unit="公里", deadline_year=2026))
    other = target(said("正文", "自行车道达到25公里，遮阴", 13, value=25, unit="公里", deadline_year=2026))
    draft = plan(task(indicators=(less, same, other)), overall_targets=(goal("步行道达到30公里"),))
    assert [one.subject for one in overall.value_against_overall(draft)] == ["indicator:i-11"]


def test_a_goal_is_no_service_by_a_list() -> None:
    """A term that the goals repeat, and that the tasks only name among others, is served by none."""
    twice = (goal("形成步行友好街区的示例做法"), goal("建立步行友好街区认定制度"))
    listed = task(text="公布过街、遮阴、照明、步行友好街区、饮水等进展。")
    served = task(text="每个乡镇建一个步行友好街区。")
    assert codes(goals.goal_unserved, plan(listed, overall_targets=twice)) == ["goal-unserved"] * 2
    assert codes(goals.goal_unserved, plan(served, overall_targets=twice)) == []
