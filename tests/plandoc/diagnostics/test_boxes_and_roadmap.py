"""Rules about boxes and about the marks of the roadmap."""

from __future__ import annotations

from tests.plandoc.diagnostics.plans import codes, departments, plan, row, said, target, task

from tanhui_plandoc.diagnostics import boxes, roadmap
from tanhui_plandoc.draft import Action, Box, Legend, Mark, RoadmapItem

LEGEND = (
    Legend(Mark.ROUTINE, "常规做和（或）配合做", (90,)),
    Legend(Mark.PROACTIVE, "主动做和（或）创新做", (90,)),
)


def box(no: int | None, title: str, line: int = 20) -> Box:
    return Box(no, title, (Action("查断点", "到2026年，查清断点。", (line + 1,)),), (line,))


def item(text: str, mark: Mark | None = Mark.ROUTINE, line: int = 61) -> RoadmapItem:
    return RoadmapItem("到2026年", text, mark, 2026, (line,))


def test_a_box_that_the_annex_leaves_out() -> None:
    listed = task(1, boxes=(box(1, "通路行动"),), annex_rows=(row("住建局", box="专栏1通路行动"),))
    left_out = task(2, boxes=(box(2, "遮阴行动"),), annex_rows=(row("住建局"),))
    (found,) = boxes.boxes_and_annex(plan(listed, left_out))
    assert (found.code, found.task_no, found.subject) == ("box-without-annex-row", 2, "box:2")


def test_an_annex_without_boxes_leaves_none_out() -> None:
    one = task(boxes=(box(1, "通路行动"),), annex_rows=(row("住建局"),))
    assert codes(boxes.boxes_and_annex, plan(one)) == []


def test_another_title_in_the_annex() -> None:
    one = task(boxes=(box(1, "通路行动"),), annex_rows=(row("住建局", box="专栏1 通道行动"),))
    assert codes(boxes.boxes_and_annex, plan(one)) == ["box-title-differs"]


def test_a_title_without_its_number_or_signs_is_the_same() -> None:
    for cell in ("通路行动", "专栏1：“通路”行动", "专栏1通路行动、专栏2遮阴行动"):
        one = task(boxes=(box(1, "通路行动"),), annex_rows=(row("住建局", box=cell),))
        assert codes(boxes.boxes_and_annex, plan(one)) == [], cell


def test_a_box_without_a_dated_target_among_others() -> None:
    held = task(1, boxes=(box(1, "通路行动", 20),), indicators=(target(said("专栏1", "查清", 21, deadline_year=2026)),))
    loose = task(2, boxes=(box(2, "遮阴行动", 30),), indicators=(target(said("专栏2", "种树", 31)),))
    (found,) = boxes.box_without_target(plan(held, loose))
    assert found.subject == "box:2"
    assert codes(boxes.box_without_target, plan(loose)) == []


def test_numbers_of_boxes() -> None:
    assert codes(boxes.box_number, plan(task(boxes=(box(1, "甲"), box(2, "乙"))), task(2, boxes=(box(3, "丙"),)))) == []
    assert codes(boxes.box_number, plan(task(boxes=(box(1, "甲"), box(3, "乙"))))) == ["box-number"]
    assert codes(boxes.box_number, plan(task(boxes=(box(None, "甲"), box(None, "乙"))))) == []


def test_an_item_without_a_mark() -> None:
    (found,) = roadmap.roadmap_unmarked(plan(task(roadmap=(item("修路"), item("种树", None, 62)))))
    assert (found.subject, found.places[0].lines) == ("roadmap:1:2", (62,))


def test_a_roadmap_that_marks_nothing() -> None:
    assert codes(roadmap.roadmap_unmarked, plan(task(roadmap=(item("修路", None),)))) == []


def test_a_word_of_the_other_mark() -> None:
    innovative = item("画线，创新举办步行节", Mark.ROUTINE)
    as_usual = item("主动式信号灯", Mark.ROUTINE, 62)
    right = item("创新发布步行地图", Mark.PROACTIVE, 63)
    (found,) = roadmap.mark_against_legend(plan(task(roadmap=(innovative, as_usual, right)), legend=LEGEND))
    assert found.subject == "roadmap:1:1"
    assert "创新" in found.message
    assert [place.lines for place in found.places] == [(61,), (90,)]
    assert codes(roadmap.mark_against_legend, plan(task(roadmap=(innovative,)))) == []


def test_one_item_with_two_marks() -> None:
    two = (item("推广可循环的用品。"), item("推广可循环的用品", Mark.PROACTIVE, 62))
    assert codes(roadmap.mark_differs, plan(task(roadmap=two))) == ["mark-differs"]
    assert codes(roadmap.mark_differs, plan(task(roadmap=(two[0], item("推广可降解的用品", Mark.PROACTIVE))))) == []


def test_lists_are_no_matter_of_boxes() -> None:
    assert codes(boxes.boxes_and_annex, plan(task(leads=departments("住建局")))) == []
