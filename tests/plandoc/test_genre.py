"""Ways of writing that county and city plans share: one small invented text for each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tanhui_plandoc import Draft, read
from tanhui_plandoc.draft import Task


def plan(body: str, title: str = "示例县方案", date: str = "2024年3月") -> Draft:
    return read(f"{title}\n{date}\n一、重点任务\n1.修路。{body}")


def task_of(body: str, **front: str) -> Task:
    (task,) = plan(body, **front).tasks
    return task


def said(task: Task) -> list[tuple[Any, ...]]:
    return [(one.text, one.deadline, one.comparator, one.value, one.unit) for one in task.indicators]


@pytest.mark.parametrize(
    ("bracket", "leads", "supporters"),
    [
        ("（甲局、乙局按职责分工负责，各乡镇、街道负责落实）", "甲局", "乙局 各乡镇 街道"),
        ("（甲局、乙局等按职责分工负责，各县市政府负责落实。以下均需各县市落实，不再列出）", "甲局", "乙局 各县市政府"),
        ("（甲局牵头，乙局按职责分工负责，丙局配合）", "甲局", "乙局 丙局"),
        ("（乙局配合，甲局负责）", "甲局", "乙局"),
        ("[牵头单位：甲局；责任单位：乙局；完成时限：2025年6月]", "甲局", "乙局"),
        ("〔责任领导：张某；责任单位：甲局；完成时限：长期坚持〕", "甲局", ""),
    ],
)
def test_who(bracket: str, leads: str, supporters: str) -> None:
    task = task_of(f"修好路{bracket}。")
    assert [one.raw for one in task.leads] == leads.split()
    assert [one.raw for one in task.supporters] == supporters.split()
    assert task.text == "修好路。"


def test_a_bracket_of_bodies_with_an_unknown_verb_is_said() -> None:
    draft = plan("修好路。（甲局、乙局多管齐下予以落实）")
    assert [one.places[0].lines for one in draft.diagnostics if one.code == "unread"] == [(4,)]


def test_a_column_of_officials_names_no_departments() -> None:
    (task,) = read(
        "示例县任务清单\n序号\t任务\t责任领导\t牵头单位\t配合单位\t完成时限\n1\t修路\t张某\t甲局\t乙局\t2025年"
    ).tasks
    assert [one.raw for one in (*task.leads, *task.supporters)] == ["甲局", "乙局"]


def test_the_deadline_of_a_row_is_that_of_its_work() -> None:
    draft = read("示例县任务清单\n序号\t任务\t措施\t牵头单位\t完成时限\n1\t修路\t新修路3条\t甲局\t2025年6月底")
    assert said(draft.tasks[0]) == [("新修路3条", "2025-06", "=", 3, "条")]
    assert not [one for one in draft.diagnostics if one.code in {"deadline-unknown", "missing-in-body"}]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("漏损率控制在8%以内。", [("漏损率控制在8%以内", None, "<=", 8, "%")]),
        ("覆盖率稳定在62%以上。", [("覆盖率稳定在62%以上", None, ">=", 62, "%")]),
        ("处理率100%。", [("处理率100%", None, "=", 100, "%")]),
        ("优良比例保持100%。", [("优良比例保持100%", None, "=", 100, "%")]),
        ("到2025年，占比达20%左右。", [("占比达20%左右", "2025", "=", 20, "%")]),
        ("开放率达到四分之三以上。", [("开放率达到四分之三以上", None, ">=", 75, "%")]),
        ("开放率达到三分之二以上。", [("开放率达到三分之二以上", None, ">=", Decimal("66.67"), "%")]),
        ("抽检不少于200台次。", [("抽检不少于200台次", None, ">=", 200, "台次")]),
        (
            "创建节水企业10家、节水园区2个。",
            [("创建节水企业10家", None, "=", 10, "家"), ("节水园区2个", None, "=", 2, "个")],
        ),
        ("三年累计改造管网60公里。", [("三年累计改造管网60公里", None, "=", 60, "公里")]),
        (
            "到2025年，甲、乙覆盖率分别达到55%和45%。",
            [("甲覆盖率达到55%", "2025", ">=", 55, "%"), ("乙覆盖率达到45%", "2025", ">=", 45, "%")],
        ),
        (
            "新建比例2024年、2025年分别达到25%和30%。",
            [("新建比例达到25%", "2024", ">=", 25, "%"), ("新建比例达到30%", "2025", ">=", 30, "%")],
        ),
    ],
)
def test_numbers(body: str, expected: list[tuple[Any, ...]]) -> None:
    assert said(task_of(body)) == expected


def test_months_belong_to_the_year_of_the_title() -> None:
    task = task_of(
        "3月底前完成排查，年内新建管网80公里；上半年完成修订。安全利用率不低于93%。每月检查不少于2次。",
        title="2025年示例县工作要点",
        date="2024年12月",
    )
    assert [(one.deadline, one.value, one.recurrence) for one in task.indicators] == [
        ("2025-03", None, None),
        ("2025", 80, None),
        ("2025-06", None, None),
        ("2025", 93, None),
        (None, 2, "monthly"),
    ]


@pytest.mark.parametrize("title", ["示例县行动方案（2024—2026年）", "示例县2030年前达峰方案", "示例县方案"])
def test_a_title_without_a_single_year_dates_nothing(title: str) -> None:
    assert said(task_of("安全利用率不低于93%。", title=title)) == [("安全利用率不低于93%", None, ">=", 93, "%")]


def test_the_deadline_of_a_task_is_that_of_its_numbers() -> None:
    draft = read(
        "示例县方案\n2024年1月\n一、重点任务\n1.添置车辆\n（1）购置专用车20辆；\n（2）建成分拣中心一座，2025年底前投运。\n"
        "责任单位：甲局\n完成时限：2024年底\n2.办好学堂\n办好学堂。\n责任单位：乙局\n完成时限：2025年6月"
    )
    cars, school = draft.tasks
    assert said(cars) == [("购置专用车20辆", "2024", "=", 20, "辆"), ("建成分拣中心一座，投运", "2025", "=", 1, "座")]
    assert "完成时限" not in cars.text
    assert said(school) == [("办好学堂", "2025-06", None, None, None)]


def test_a_list_of_problems_with_labels() -> None:
    draft = read(
        "示例县整改方案\n一、整改任务\n问题一：水质不稳。\n责任单位：甲局，各镇政府\n责任领导：王某\n整改时限：2024年9月底前\n"
        "整改目标：水质达标。\n整改措施：\n1.完成整治15个。\n问题二：扬尘超标。\n责任单位：乙局\n整改时限：2024年10月\n"
        "整改措施：\n1.安装设备30套。"
    )
    assert [(task.title, [one.raw for one in task.leads]) for task in draft.tasks] == [
        ("水质不稳", ["甲局"]),
        ("扬尘超标", ["乙局"]),
    ]
    assert said(draft.tasks[0]) == [("完成整治15个", "2024-09", "=", 15, "个")]
    assert said(draft.tasks[1]) == [("安装设备30套", "2024-10", "=", 30, "套")]


@pytest.mark.parametrize(
    "head",
    [
        "示例县人民政府办公室关于印发示例县\n护鸟三年行动实施方案\n（2024—2026年）的通知\n示政办发〔2024〕8号\n",
        "关于印发《示例县护鸟三年行动实施方案（2024—2026年）》的通知\n\n示例县护鸟三年行动实施方案\n（2024—2026年）\n",
    ],
)
def test_the_title_of_a_notice(head: str) -> None:
    draft = read(f"{head}一、重点任务\n1.护鸟。护好鸟。（甲局负责）")
    assert draft.title == "示例县护鸟三年行动实施方案（2024—2026年）"


def test_the_signature_is_no_part_of_the_last_task() -> None:
    draft = read(
        "示例县方案\n一、重点任务\n1.修路。修好路。（甲局负责）\n示例县交通局\n2024年10月15日\n（此件公开发布）"
    )
    assert draft.date == "2024-10-15"
    assert draft.tasks[0].text == "修好路。"


HEADED = (
    "示例县节水方案\n一、重点任务\n1.控水。漏损率到2025年超过\n- 1 -\n{0}示例县节水方案\n8%。（甲局、乙\n- 2 -\n"
    "{0}示例县节水方案\n局负责）\n2.修管。修好管。（甲局负责）\n- 3 -"
)


@pytest.mark.parametrize("feed", ["", "\f"])
def test_running_heads_are_no_text(feed: str) -> None:
    draft = read(HEADED.format(feed))
    control, pipes = draft.tasks
    assert draft.title == "示例县节水方案"
    assert said(control) == [("漏损率超过8%", "2025", ">", 8, "%")]
    assert [one.raw for one in (*control.leads, *control.supporters)] == ["甲局", "乙局"]
    assert pipes.text == "修好管。"


def test_articles_about_the_plan_itself_are_no_tasks() -> None:
    draft = read(
        "示例镇2024年实施细则\n第一条 为做好分类，根据有关规定，制定本细则。\n第二条 本细则适用于本镇。\n"
        "第三条 工作目标。到2024年底，回收率达到35%。\n第四条 推进分类。修好站。责任单位：镇城建办。\n"
        "第五条 加强宣传。办好课。责任单位：镇妇联。\n第六条 本细则自印发之日起施行。\n示例镇人民政府\n2024年2月6日"
    )
    assert [task.title for task in draft.tasks] == ["推进分类", "加强宣传"]
    assert [(one.text, one.deadline_year) for one in draft.overall_targets] == [("回收率达到35%", 2024)]
    assert draft.tasks[1].text == "办好课。"


def test_a_table_of_indicators_among_the_goals() -> None:
    draft = read(
        "示例县方案\n一、主要目标\n到2025年，能耗继续下降，主要目标见下表。\n专栏1 主要指标\n"
        "指标名称\t单位\t2020年\t2025年\t属性\n能源消费总量\t万吨标准煤\t380\t420\t预期性\n减排量（吨）\t\t—\t1500\t约束性\n"
        "二、重点任务\n1.修路。修好路。（甲局负责）"
    )
    assert [(one.text, one.deadline_year, one.lines) for one in draft.overall_targets] == [
        ("能耗继续下降", 2025, (3,)),
        ("能源消费总量420万吨标准煤", 2025, (6,)),
        ("减排量1500吨", 2025, (7,)),
    ]
    assert not [one for one in draft.diagnostics if one.code == "unread"]


def test_rows_among_the_goals_that_no_heading_explains_are_said() -> None:
    draft = read("示例县方案\n一、主要目标\n甲\t乙\n丙\t丁\n二、重点任务\n1.修路。修好路。（甲局负责）")
    assert [one.places[0].lines for one in draft.diagnostics if one.code == "unread"] == [(3, 4)]


def test_a_jump_in_the_numbers_of_tasks_is_said() -> None:
    draft = read("示例县方案\n一、重点任务\n1.修路。修好路。（甲局负责）\n3.架桥。架好桥。（甲局负责）")
    assert [(one.places[0].lines, "由1跳到3" in one.message) for one in draft.diagnostics if one.code == "unread"] == [
        ((4,), True)
    ]


def test_a_letter_that_names_its_annexes_first() -> None:
    draft = read(
        "关于印发《示例县护鸟行动计划》的通知\n各乡镇人民政府：\n现印发给你们。\n附件：1.主要目标分解表\n2.重点任务清单\n"
        "示例县林业局\n2024年5月20日\n示例县护鸟行动计划\n一、主要目标\n到2027年，鸟种达到300种。\n二、重点任务\n"
        "（一）护鸟。\n巡护湿地。每年巡护不少于4次。〔责任单位：甲局、乙局。列首位的为牵头单位，下同〕\n"
        "救护伤鸟。建好救护站。〔责任单位：丙局〕\n（二）宣传。\n办好课堂。办好课。〔责任单位：丁局〕\n"
        "附件1\n主要目标分解表\n指标\t2023年基期值\t2025年\t2027年\n鸟种（种）\t250\t270\t300\n"
        "附件2\n重点任务清单\n序号\t任务\t责任单位\n1\t巡护湿地\t甲局、乙局\n2\t救护伤鸟\t丙局\n3\t办好课堂\t丁局"
    )
    assert (draft.title, draft.date) == ("示例县护鸟行动计划", "2024-05-20")
    assert [(one.text, one.deadline_year) for one in draft.overall_targets] == [
        ("鸟种达到300种", 2027),
        ("鸟种270种", 2025),
        ("鸟种300种", 2027),
    ]
    assert [group.title for group in draft.groups] == ["护鸟", "宣传"]
    assert [(task.title, [one.raw for one in task.leads]) for task in draft.tasks] == [
        ("巡护湿地", ["甲局"]),
        ("救护伤鸟", ["丙局"]),
        ("办好课堂", ["丁局"]),
    ]
    assert [one.raw for one in draft.tasks[0].supporters] == ["乙局"]
    assert {row.section for task in draft.tasks for row in task.annex_rows} == {"附件2"}
    assert not [one for one in draft.diagnostics if one.code == "unread"]


def test_rows_of_groups_and_days_without_a_year() -> None:
    draft = read(
        "2024年示例县任务分解表\n序号\t任务\t目标要求\t责任领导\t牵头科室\t时间节点\n一\t防治污染\n"
        "1\t减少化肥\t覆盖率90%以上\t王某\t种植科\t10月15日前\n二\t利用废物\n2\t利用秸秆\t抽检600批次以上\t李某\t环能站\t全年"
    )
    assert [(group.title, [task.title for task in group.tasks]) for group in draft.groups] == [
        ("防治污染", ["减少化肥"]),
        ("利用废物", ["利用秸秆"]),
    ]
    assert [said(task) for task in draft.tasks] == [
        [("覆盖率90%以上", "2024-10-15", ">=", 90, "%")],
        [("抽检600批次以上", "2024", ">=", 600, "批次")],
    ]


def test_steps_are_the_tasks_where_nothing_else_is() -> None:
    draft = read(
        "示例街道方案\n一、工作目标\n通过2年时间，覆盖率达到30%。\n二、实施步骤\n（一）动员。开好会。\n（二）实施。发放手册500份。"
    )
    assert [task.title for task in draft.tasks] == ["动员", "实施"]


def test_a_text_without_tasks_says_so() -> None:
    found = [one.message for one in read("今天天气很好，我们去修路。").diagnostics if one.code == "unread"]
    assert len(found) == 1
    assert "没有找到任务" in found[0]


def test_bullets_whose_owners_end_the_sentence() -> None:
    draft = read(
        "示例县2025年度任务\n● 建设网络：2025年6月底前，建成站点46个；牵头单位——甲局，配合单位——乙局、丙局。\n"
        "● 推广包装：年内新建中心1个；牵头单位——丁局。"
    )
    assert [(task.title, [one.raw for one in (*task.leads, *task.supporters)]) for task in draft.tasks] == [
        ("建设网络", ["甲局", "乙局", "丙局"]),
        ("推广包装", ["丁局"]),
    ]
    assert [said(task)[0][1:4] for task in draft.tasks] == [("2025-06", "=", 46), ("2025", "=", 1)]


def test_points_that_are_paragraphs_of_their_own() -> None:
    draft = read(
        "示例镇方案\n一、攻坚任务\n一是压实责任。签订责任书1200份，2024年10月20日前签订到位。牵头领导：刘某；责任部门：镇应急办；配合部门：各村。\n"
        "二是加强巡查。每天巡查不少于3次。责任部门：执法队。\n二、工作要求\n要加强领导。"
    )
    assert [(task.title, [one.raw for one in (*task.leads, *task.supporters)]) for task in draft.tasks] == [
        ("压实责任", ["镇应急办", "各村"]),
        ("加强巡查", ["执法队"]),
    ]
    assert said(draft.tasks[0]) == [("签订责任书1200份，签订到位", "2024-10-20", "=", 1200, "份")]


def test_a_fraction_in_digits_is_no_count() -> None:
    assert said(task_of("到2025年，行动覆盖3/4以上企业。")) == [("行动覆盖3/4以上企业", "2025", None, None, None)]


def test_names_that_ran_together_in_a_cell() -> None:
    (task,) = read("示例县任务清单\n序号\t任务\t牵头单位\t责任单位\n1\t修路\t甲局\t县财政局县住建局").tasks
    assert [one.raw for one in task.supporters] == ["县财政局", "县住建局"]


def test_a_long_title_ends_before_its_number() -> None:
    draft = read(
        "示例市人民政府关于加快建立健全绿色低碳循环发展经济体系的实施意见\n示政发〔2022〕3号\n各县（市、区）人民政府，市政府各部门：\n"
        "为贯彻落实有关精神，提出以下意见。\n一、重点任务\n（一）修路。修好路。（甲局、示例海关等按职责分工负责）"
    )
    assert draft.title == "示例市人民政府关于加快建立健全绿色低碳循环发展经济体系的实施意见"
    assert [one.raw for one in draft.tasks[0].supporters] == ["示例海关"]


def test_roles_in_brackets_after_the_names() -> None:
    draft = read(
        "示例县任务分解方案\n2024年3月\n一、任务分解\n（一）供水工程\n1.建设内容：铺设管网120千米。\n"
        "2.责任单位：县发改局（配合），县水利局（牵头），各乡镇（配合）\n3.完成时限：2024年11月底前\n"
        "（二）食堂项目\n1.建设内容：改造食堂18所。\n2.责任单位：县教育局（牵头）\n3.完成时限：2024年8月31日前"
    )
    assert [(task.title, [one.raw for one in task.leads]) for task in draft.tasks] == [
        ("供水工程", ["县水利局"]),
        ("食堂项目", ["县教育局"]),
    ]
    assert [one.raw for one in draft.tasks[0].supporters] == ["县发改局", "各乡镇"]
    assert [said(task)[0][1:4] for task in draft.tasks] == [("2024-11", "=", 120), ("2024-08-31", "=", 18)]


def test_punctuation_of_another_script() -> None:
    draft = read(
        "示例县方案\n一、重点任务\n(一)普及理念.每季度办活动不少于1场.(甲局牵头,乙局配合)\n"
        "(二)倡导消费.使用量下降30%,2025年12月31日前推广家电2,000台以上.(甲局负责)"
    )
    assert [task.title for task in draft.tasks] == ["普及理念", "倡导消费"]
    assert said(draft.tasks[1])[-1] == ("推广家电2,000台以上", "2025-12-31", ">=", 2000, "台")


def test_a_task_as_long_as_a_book_is_read_in_part_and_said() -> None:
    draft = plan("修好路。" * 20_000)
    assert len(draft.tasks[0].text) == 60_000
    assert [one.places[0].lines for one in draft.diagnostics if one.code == "unread"] == [(4,)]
