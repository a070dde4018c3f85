"""Rules about one target in several places, each with a plan that it must leave in peace."""

from __future__ import annotations

from tests.plandoc.diagnostics.plans import codes, plan, row, said, target, task

from tanhui_plandoc.diagnostics import targets
from tanhui_plandoc.draft import Mark, RoadmapItem, Source

DUE = {"deadline_year": 2026, "comparator": ">=", "unit": "处", "value_text": "12处"}


def item(text: str, year: int, line: int) -> RoadmapItem:
    return RoadmapItem(f"到{year}年", text, Mark.ROUTINE, year, (line,))


def test_another_number() -> None:
    one = target(said("正文", "修通12处", 11, value=12, **DUE), said("附件1", "修通10处", 51, value=10, **DUE))
    (found,) = targets.value_differs(plan(task(indicators=(one,))))
    assert found.task_no == 1
    assert found.subject == "indicator:i-11"
    assert "正文第11行" in found.message
    assert "附件1第51行" in found.message
    assert [place.lines for place in found.places] == [(11,), (51,)]


def test_the_same_number_and_no_number_do_not_differ() -> None:
    one = target(
        said("正文", "修通12处", 11, value=12, **DUE),
        said("附件1", "修通 12.0 处", 51, value="12.0", **DUE),
        said("附件2", "修通步行道", 61, deadline_year=2026),
    )
    assert codes(targets.value_differs, plan(task(indicators=(one,)))) == []


def test_another_unit() -> None:
    one = target(said("正文", "修通12处", 11, value=12, **DUE), said("附件1", "x", 51, value=12, unit="公里"))
    assert codes(targets.value_differs, plan(task(indicators=(one,)))) == ["value-differs"]


def test_another_rhythm() -> None:
    once, yearly = said("正文", "办讲座", 11, deadline_year=2026), said("附件2", "每年办讲座", 61, recurrence="yearly")
    (found,) = targets.recurrence_differs(plan(task(indicators=(target(once, yearly),))))
    assert "附件2第61行为每年" in found.message


def test_regularly_against_nothing_is_no_other_rhythm() -> None:
    loose, once = said("正文", "定期办讲座", 11, recurrence="irregular"), said("附件1", "办讲座", 51)
    assert codes(targets.recurrence_differs, plan(task(indicators=(target(loose, once),)))) == []


def test_another_year() -> None:
    one = target(said("正文", "修通", 11, deadline_year=2026), said("附件1", "修通", 51, deadline_year=2027))
    assert codes(targets.deadline_differs, plan(task(indicators=(one,)))) == ["deadline-differs"]


def test_a_column_of_the_roadmap_covers_the_years_before_it() -> None:
    for year, column, expected in [
        (2024, 2025, []),
        (2028, 2030, []),
        (2024, 2030, ["deadline-differs"]),
        (2028, 2025, ["deadline-differs"]),
        (2031, 2030, ["deadline-differs"]),
    ]:
        one = target(
            said("正文", "修通步行道", 11, deadline_year=year), said("附件2", "修通步行道", 61, deadline_year=column)
        )
        items = (item("修通步行道", column, 61), item("种树", 2025, 62), item("画线", 2030, 63))
        assert codes(targets.deadline_differs, plan(task(indicators=(one,), roadmap=items))) == expected, year


def test_missing_in_the_table() -> None:
    tree = target(said("正文", "到2026年，种树30棵", 12, value=30, deadline_year=2026), text="种树30棵")
    path = target(said("正文", "修通步行道12处", 11, value=12, **DUE), said("附件1", "修通12处", 51, value=12))
    one = task(indicators=(path, tree), annex_rows=(row("住建局", targets="到2026年，修通12处。"),))
    (found,) = targets.missing_in_table(plan(one))
    assert found.code == "missing-in-annex"
    assert "种树30棵" in found.message
    assert "修通" not in found.message.split("没有")[1]
    assert found.subject == "indicator:i-12"


def test_a_table_without_targets_misses_none() -> None:
    tree = target(said("正文", "到2026年，种树30棵", 12, value=30, deadline_year=2026))
    assert codes(targets.missing_in_table, plan(task(indicators=(tree,), annex_rows=(row("住建局"),)))) == []


def test_a_target_that_the_table_says_in_its_own_cut_is_there() -> None:
    tree = target(said("正文", "到2026年，种树30棵", 12, value=30, deadline_year=2026), text="沿路种树30棵")
    one = task(indicators=(tree,), annex_rows=(row("住建局", targets="到2026年，修路、沿路种树共30棵。"),))
    assert codes(targets.missing_in_table, plan(one)) == []


def test_missing_in_the_roadmap_with_all_that_a_task_misses() -> None:
    tree = target(said("正文", "种树30棵", 12, value=30, deadline_year=2026))
    lamp = target(said("正文", "装路灯40盏", 13, value=40, deadline_year=2026))
    once = target(said("正文", "巡查", 14))
    (found,) = targets.missing_in_roadmap(
        plan(task(indicators=(tree, lamp, once), roadmap=(item("发布步行地图", 2026, 61),)))
    )
    assert "2项目标" in found.message
    assert found.subject == "task:1"


def test_a_plan_without_roadmap_misses_nothing_there() -> None:
    tree = target(said("正文", "种树30棵", 12, value=30, deadline_year=2026))
    assert codes(targets.missing_in_roadmap, plan(task(indicators=(tree,)))) == []


def test_the_roadmap_drops_the_number() -> None:
    tree = target(said("正文", "沿路种植行道树30棵", 12, value=30, value_text="30棵", deadline_year=2026))
    bare = plan(task(indicators=(tree,), roadmap=(item("积极沿路种植行道树", 2026, 61),)))
    counted = plan(task(indicators=(tree,), roadmap=(item("沿路种植行道树30棵", 2026, 61),)))
    assert codes(targets.missing_in_roadmap, bare) == ["number-missing"]
    assert codes(targets.missing_in_roadmap, counted) == []


def test_a_target_of_the_annex_alone() -> None:
    lamp = target(said("附件1", "装路灯40盏", 51, value=40, deadline_year=2026))
    assert lamp.source is Source.ANNEX
    assert codes(targets.missing_in_body, plan(task(indicators=(lamp,)))) == ["missing-in-body"]
    told = task(text="沿路每隔三十米，装路灯四十盏。", indicators=(lamp,))
    assert codes(targets.missing_in_body, plan(told)) == []
    assert codes(targets.missing_in_body, plan(task(text="", indicators=(lamp,)))) == []


def test_a_number_without_a_time() -> None:
    lamp = target(said("正文", "装路灯40盏", 11, value=40))
    monthly = target(said("正文", "每月走路2次", 12, value=2, recurrence="monthly"))
    assert codes(targets.deadline_unknown, plan(task(indicators=(lamp, monthly)))) == ["deadline-unknown"]


def test_due_before_the_plan() -> None:
    one = target(said("正文", "修通", 11, deadline_year=2023))
    same_year = target(said("正文", "种树", 12, deadline_year=2024))
    draft = plan(task(indicators=(one, same_year)), date="2024-03")
    assert [found.subject for found in targets.deadline_past(draft)] == ["indicator:i-11"]
    assert codes(targets.deadline_past, plan(task(indicators=(one,)))) == []


def test_a_task_that_nothing_holds() -> None:
    loose = target(said("正文", "推广走路", 11))
    monthly = target(said("正文", "每月走路", 12, recurrence="monthly"))
    draft = plan(task(1, indicators=(loose,)), task(2, indicators=(monthly,)), task(3))
    assert [found.task_no for found in targets.task_without_indicator(draft)] == [1, 3]


def test_amounts_by_the_year_name_no_thing() -> None:
    total = target(said("正文", "新建公园30个", 11, value=30, unit="个", deadline_year=2027))
    bare = target(said("附件1", "10个", 61, value=10, unit="个", deadline_year=2026))
    draft = plan(task(text="利用边角地新建公园。", indicators=(total, bare), roadmap=(item("10个", 2026, 61),)))
    assert codes(targets.missing_in_roadmap, draft) == []
    assert codes(targets.missing_in_body, draft) == []
