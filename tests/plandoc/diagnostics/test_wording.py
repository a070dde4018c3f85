"""Rules about words, each with a sentence that it must leave in peace."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.plandoc.diagnostics.plans import codes, plan, row, said, target, task

from tanhui_plandoc.diagnostics import agreement, wording
from tanhui_plandoc.draft import Diagnostic, Draft, Mark, OverallTarget, RoadmapItem, Safeguard

Rule = Callable[[Draft], Iterator[Diagnostic]]


@pytest.mark.parametrize(
    ("rule", "text", "keyword"),
    [
        (wording.unmeasurable, "打造一批步行小区。", "一批"),
        (wording.unmeasurable, "设若干饮水点。", "若干"),
        (wording.unmeasurable, "满意度大幅提升。", "大幅提升"),
        (wording.unmeasurable, "打造3个步行小区，满意度达到90%。", None),
        (wording.whole_city, "鼓励全市商店开放厕所。", "全市"),
        (wording.whole_city, "鼓励全县商店开放厕所，衔接示例市的方案。", None),
        (wording.recurring_without_rhythm, "定期公布断点。", "定期公布"),
        (wording.recurring_without_rhythm, "定期（每季度一次）公布断点。", None),
        (wording.recurring_without_rhythm, "持续修补路面。", None),
        (wording.year_character_missing, "到2030，修通12处。", "到2030"),
        (wording.year_character_missing, "2025底前，修通12处。种树。2027，验收。", "2027"),
        (wording.year_character_missing, "到2030年，修通2025处。", None),
        (wording.broken_number, "修通1 2处。", "1 2"),
        (wording.broken_number, "每天08:30修，共1,200处，编号A 2。", None),
        (wording.repeated_word, "修通的的步行道。", "的的"),
        (wording.repeated_word, "修通步行道步行道12处。", "步行道"),
        (wording.repeated_word, "加快建设东门公园建设步行示范基地。", "建设东门公园"),
        (wording.repeated_word, "一步一步修通，刚刚开工，推进步行道建设。", None),
        (wording.repeated_in_list, "面向茶馆、旅馆、饭店、旅馆等商家宣传。", "旅馆"),
        (wording.repeated_in_list, "面向旅馆、饭店宣传，请旅馆、茶馆带头。", None),
        (wording.body_without_owner, "成立步行工作专班，统筹推进。", "步行工作专班"),
        (wording.body_without_owner, "组建步行专家团队。", "步行专家团队"),
        (wording.body_without_owner, "由住建局牵头成立步行工作专班。", None),
        (wording.body_without_owner, "成立步行领导小组，办公室设在住建局。", None),
        (wording.body_without_owner, "工作专班每月开会。", None),
        (wording.bracket_unpaired, "开展“步行日活动。", "“”"),
        (wording.bracket_unpaired, "开展“步行日”（春天）活动。", None),
    ],
)
def test_a_sentence(rule: Rule, text: str, keyword: str | None) -> None:
    found = list(rule(plan(task(text=text))))
    assert len(found) == (1 if keyword else 0), found
    for one in found:
        assert keyword is not None
        assert keyword in one.message
        assert one.task_no == 1
        assert one.places[0].lines == (10,)


def test_one_fault_in_several_places_is_one_diagnostic() -> None:
    item = RoadmapItem("到2026年", "开放全市商店的厕所", Mark.ROUTINE, 2026, (61,))
    draft = plan(task(1, text="鼓励全市商店开放厕所。", roadmap=(item,)), task(2, text="全市走路。"))
    assert [(one.task_no, len(one.places)) for one in wording.whole_city(draft)] == [(1, 2), (2, 1)]


def test_the_plan_of_a_city_may_say_whole_city() -> None:
    assert codes(wording.whole_city, plan(task(text="全市走路。"), title="虚构市步行方案")) == []


def test_a_change_without_number_in_a_target() -> None:
    vague = target(said("正文", "到2026年，满意度明显提升", 11, deadline_year=2026))
    exact = target(said("正文", "到2026年，满意度明显提升到90%", 12, value=90, deadline_year=2026))
    found = list(wording.unmeasurable(plan(task(indicators=(vague, exact)))))
    assert [one.places[0].lines for one in found] == [(11,)]


def test_goals_and_safeguards_are_read_too() -> None:
    draft = plan(
        overall_targets=(OverallTarget("建成一批步行小区", 2026, (3,)),),
        safeguards=(Safeguard(1, "领导", "成立步行工作专班。", (80,)),),
    )
    assert codes(wording.unmeasurable, draft) == ["unmeasurable"]
    assert codes(wording.body_without_owner, draft) == ["body-without-owner"]


def test_the_annex_cell_is_read_too() -> None:
    draft = plan(task(annex_rows=(row("住建局", targets="到2030，修通12处。"),)))
    assert [one.places[0].lines for one in wording.year_character_missing(draft)] == [(50,)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("城区实现共享电单车全覆盖", "城区实现共享单车全覆盖", ["wording-differs"]),
        ("推出有示例特色的步行标准", "推出有地方特色的步行标准", ["wording-differs"]),
        ("到2026年，修通断头步行道12处", "修通断头步行道10处", []),
        ("至少修通断头步行道12处", "修通断头步行道不少于12处。", []),
        ("完成步行地图的绘制", "完成步行地图绘制", []),
        ("完成步行地图的绘制，发布步行指南", "发布步行指南", []),
    ],
)
def test_two_wordings(one: str, other: str, expected: list[str]) -> None:
    indicator = target(said("正文", one, 11), said("附件2", other, 61))
    assert codes(agreement.wording_differs, plan(task(indicators=(indicator,)))) == expected


@pytest.mark.parametrize(
    ("body", "item", "expected"),
    [
        ("探索建设立体步行示范站。", "建设立体步行示范站", ["commitment-differs"]),
        ("鼓励商店开放厕所、提供饮水。", "商店开放厕所、提供饮水", ["commitment-differs"]),
        ("探索建设立体步行示范站。", "探索建设立体步行示范站", []),
        ("加快建设立体步行示范站。", "建设立体步行示范站", []),
        ("探索建设立体步行示范站。", "种树", []),
    ],
)
def test_a_hedge_that_the_roadmap_drops(body: str, item: str, expected: list[str]) -> None:
    one = task(text=body, roadmap=(RoadmapItem("到2026年", item, Mark.ROUTINE, 2026, (61,)),))
    assert codes(agreement.commitment_differs, plan(one)) == expected
