"""Small invented plans, each of one more shape, beside the corpus."""

from __future__ import annotations

from typing import Any

import pytest

from tanhui_plandoc import Aliases, Draft, read
from tanhui_plandoc.draft import Task

NOTICE = """江口县人民政府办公室文件
江政办发〔2024〕12号
江口县人民政府办公室
关于印发《江口县塑料污染治理行动方案（2024—2026年）》的通知

各乡镇人民政府，县直各单位：
《江口县塑料污染治理行动方案（2024—2026年）》已经同意，现印发给你们。
江口县人民政府办公室
2024年3月20日

江口县塑料污染治理行动方案
（2024—2026年）
一、总体要求
（一）指导思想。坚持源头减量。
（二）主要目标。到2024年底，建立工作机制；到2026年底，回收网点覆盖率达到95%。
二、源头减量
（三）推行绿色设计。引导企业，2025年底前培育示范企业10家以上。（县工信局牵头，县商务局按职责分工负责）
（四）禁止过度包装。每年开展检查不少于4次，回收率到2026年达到85%。（县市场监管局牵头，县邮政管理局配合）
三、回收利用
（五）完善回收网络。2024年、2025年分别新建回收站20个、30个。（县商务局、县供销社牵头，各乡镇（街道）负责）
四、保障措施
（六）强化组织领导。建立联席会议制度。

附件：重点任务清单

附件
重点任务清单
序号\t重点任务\t工作内容\t责任单位\t完成时限
1\t推行绿色设计\t培育示范企业8家\t县工信局、县商务局\t2025年12月底
2\t完善回收网络\t新建回收站30个\t县商务局、县供销社\t2025年底
"""

ARTICLES = """东川区绿色建筑创建行动计划
第一章 总则
第一条 为推进绿色建筑，制定本计划。
第二条 到2027年，绿色建筑占比达到100%。
第二章 主要任务
第三条【提高设计标准】2025年6月底前，出台导则1部。责任单位：区住建局、区自然资源分局
第四条【推广装配式建筑】装配式建筑比例2026年达到30%，2027年达到40%。责任单位：区住建局
第五条【改造既有建筑】三年内改造公共建筑12万平方米。责任单位：区机关事务中心、区教育局等部门
东川区住房和城乡建设局
2024年7月1日
"""

PARAGRAPHS = """# 安平县农村生活污水治理实施方案
（报批稿）
## 一、工作目标
力争用三年时间，治理率达到60%以上。
## 二、重点任务
1、摸清底数
2024年6月底前完成1200个自然村的台账。
牵头单位：县生态环境局
配合单位：县农业农村局、县住建局
2、建设设施
（1）新建处理设施30座，2025年12月底前全部建成投运。
（2）铺设管网180公里。
牵头单位：县住建局；责任单位：县水务集团
三、保障措施
一要加强领导。
附表1 任务分解表
主要任务\t2024年目标\t2025年目标\t牵头单位
摸清底数\t完成台账★\t\t县生态环境局
建设设施\t新建12座▲\t新建30座、铺设管网180公里▲\t县住建局
注：★为创新做，▲为常规做
"""

BRACKETS = """南湖县零碳园区建设方案（试行）
2025年9月
一、建设目标
到2028年，绿电占比提高到60%。
二、主要任务
（一）能源替代
1. 建设光伏。2026年底前装机容量达到50兆瓦。【园区管委会、国网南湖供电公司】
2. 推广储能。建成储能电站1—2座（2026年底前）。【责任单位：园区管委会】
（二）节能改造
1. 一是开展能源审计，每年不少于10家；二是建设能管中心，2026年前建成。（责任单位：县发改局；配合单位：县统计局）
三、保障机制
（一）加强组织协调。成立领导小组。
"""

POINTS = """松山县护鸟行动方案
一、主要任务
（一）保护。一是修复湿地，到2026年修复湿地1.5万亩（县林业局牵头，县水利局配合）；二是护鸟，每季度巡护至少1次（县公安局牵头）。
（二）宣传。一是编印手册5000册（县教育局牵头）；二是办好爱鸟周（团县委牵头，县教育局、县林业局配合）。
"""

NAMED = """青山县无废城市建设方案
二〇二四年十月
工作目标
到2027年，回收利用率达到38%以上。
重点任务
行动一：水质提升行动
到2027年新建管网不低于45公里，整治率2026年达80％、2027年达100％。
（牵头部门：县水利局；协办部门：县城管局、各镇政府）
行动二：回收行动
新建分拣中心1座，2026年底前完成。每户发放垃圾桶2只。
（牵头部门：县商务局）
保障措施
加强领导。成立领导小组。
附件1
任务分工表
序号\t任务\t具体措施\t完成时限\t牵头单位\t责任单位
1\t水质提升行动\t新建管网40公里\t2027年12月\t县水利局\t县城管局
2\t回收行动\t新建分拣中心1座\t2026年6月\t县商务局
\t\t添置清运车5辆\t2025年底\t\t
附件2
任务路线图
任务\t行动\t完成时限\t标记
回收行动\t建立台账\t2025年\t●
回收行动\t建成分拣中心\t2026年\t○
注：●指创新实施，○指常规实施
"""


def said(task: Task) -> list[tuple[Any, ...]]:
    return [(one.deadline, one.comparator, one.value, one.unit, one.recurrence) for one in task.indicators]


def owners(draft: Draft) -> list[tuple[str, str]]:
    return [
        ("、".join(one.name for one in task.leads), "、".join(one.name for one in task.supporters))
        for task in draft.tasks
    ]


def test_a_notice_with_numbers_that_run_through_the_chapters() -> None:
    draft = read(NOTICE)
    assert (draft.title, draft.date) == ("江口县塑料污染治理行动方案（2024—2026年）", "2024-03-20")
    assert [(one.text, one.deadline_year) for one in draft.overall_targets] == [
        ("建立工作机制", 2024),
        ("回收网点覆盖率达到95%", 2026),
    ]
    assert [(task.no, task.title) for task in draft.tasks] == [
        (3, "推行绿色设计"),
        (4, "禁止过度包装"),
        (5, "完善回收网络"),
    ]
    assert [group.title for group in draft.groups] == ["源头减量", "回收利用"]
    assert owners(draft) == [
        ("县工信局", "县商务局"),
        ("县市场监管局", "县邮政管理局"),
        ("县商务局、县供销社", "各乡镇（街道）"),
    ]
    design, packing, network = draft.tasks
    assert said(design) == [("2025", ">=", 10, "家", None)]
    assert [(one.section, one.measure.value) for one in design.indicators[0].occurrences] == [("正文", 10), ("附件", 8)]
    assert said(packing) == [(None, ">=", 4, "次", "yearly"), ("2026", ">=", 85, "%", None)]
    assert said(network) == [("2024", "=", 20, "个", None), ("2025", "=", 30, "个", None)]
    assert [len(one.occurrences) for one in network.indicators] == [1, 2]
    assert [one.title for one in draft.safeguards] == ["强化组织领导"]


def test_articles_with_goals_in_the_general_chapter() -> None:
    draft = read(ARTICLES)
    assert draft.date == "2024-07-01"
    assert [(one.text, one.deadline_year) for one in draft.overall_targets] == [("绿色建筑占比达到100%", 2027)]
    assert [task.title for task in draft.tasks] == ["提高设计标准", "推广装配式建筑", "改造既有建筑"]
    assert owners(draft) == [("区住建局", "区自然资源分局"), ("区住建局", ""), ("区机关事务中心", "区教育局")]
    assert said(draft.tasks[1]) == [("2026", ">=", 30, "%", None), ("2027", ">=", 40, "%", None)]
    assert [one.text for one in draft.tasks[1].indicators] == ["装配式建筑比例达到30%", "装配式建筑比例达到40%"]
    assert said(draft.tasks[2]) == [("2027", "=", 120_000, "平方米", None)]


def test_responsibility_in_lines_of_its_own_and_a_table_of_years() -> None:
    draft = read(PARAGRAPHS)
    assert (draft.title, draft.status) == ("安平县农村生活污水治理实施方案", "报批稿")
    assert [task.title for task in draft.tasks] == ["摸清底数", "建设设施"]
    assert owners(draft) == [("县生态环境局", "县农业农村局、县住建局"), ("县住建局", "县水务集团")]
    assert said(draft.tasks[1])[0] == ("2025-12", "=", 30, "座", None)
    assert [(item.period, item.text, item.mark) for item in draft.tasks[0].roadmap] == [
        ("2024年目标", "完成台账", "proactive")
    ]
    assert [item.mark for item in draft.tasks[1].roadmap] == ["routine", "routine"]
    assert {row.section for task in draft.tasks for row in task.annex_rows} == {"附表1"}


def test_brackets_with_nothing_but_departments() -> None:
    draft = read(BRACKETS)
    assert (draft.title, draft.status, draft.date) == ("南湖县零碳园区建设方案", "试行", "2025-09")
    assert owners(draft) == [("园区管委会", "国网南湖供电公司"), ("园区管委会", ""), ("县发改局", "县统计局")]
    assert [task.no for task in draft.tasks] == [1, 2, 3]
    assert said(draft.tasks[1]) == [("2026", "range", 1, "座", None)]
    assert said(draft.tasks[2]) == [(None, ">=", 10, "家", "yearly"), ("2026", None, None, None, None)]


def test_points_with_owners_of_their_own_are_tasks() -> None:
    draft = read(POINTS)
    assert [group.title for group in draft.groups] == ["保护", "宣传"]
    assert [task.title for task in draft.tasks] == ["修复湿地", "护鸟", "编印手册5000册", "办好爱鸟周"]
    assert owners(draft)[3] == ("团县委", "县教育局、县林业局")
    assert said(draft.tasks[0]) == [("2026", "=", 15_000, "亩", None)]


def test_headings_with_names_and_a_task_over_two_rows() -> None:
    draft = read(NAMED)
    assert [task.title for task in draft.tasks] == ["水质提升行动", "回收行动"]
    assert owners(draft) == [("县水利局", "县城管局、各镇政府"), ("县商务局", "")]
    water, waste = draft.tasks
    assert said(water) == [
        ("2027", ">=", 45, "公里", None),
        ("2026", ">=", 80, "%", None),
        ("2027", ">=", 100, "%", None),
    ]
    assert [(one.section, one.measure.value) for one in water.indicators[0].occurrences] == [
        ("正文", 45),
        ("附件1", 40),
    ]
    assert said(waste) == [("2026", "=", 1, "座", None), ("2025", "=", 5, "辆", None)]
    assert waste.indicators[0].occurrences[1].measure.deadline == "2026-06"
    (row,) = waste.annex_rows
    assert row.targets == "新建分拣中心1座；添置清运车5辆"
    assert [(item.period, item.mark) for item in waste.roadmap] == [("2025年", "proactive"), ("2026年", "routine")]
    assert [one.title for one in draft.safeguards] == ["加强领导"]


def test_names_are_resolved_and_kept_as_written() -> None:
    rows = [
        {"code": "tourism", "name": "示例县文化旅游局", "aliases": "文旅局;文旅广体局"},
        {"code": "roads", "name": "示例县交通局", "aliases": "交通局"},
    ]
    text = "示例县方案\n一、重点任务\n1.修路。修好路。（文旅广体局牵头，交通局、示例县交通局、无名局配合）"
    (task,) = read(text, aliases=Aliases.of(rows)).tasks
    assert [(one.code, one.name, one.raw) for one in (*task.leads, *task.supporters)] == [
        ("tourism", "示例县文化旅游局", "文旅广体局"),
        ("roads", "示例县交通局", "交通局"),
        ("roads", "示例县交通局", "示例县交通局"),
        ("", "无名局", "无名局"),
    ]
    assert all(one.lines == (3,) for one in (*task.leads, *task.supporters))


@pytest.mark.parametrize(
    ("body", "leads", "supporters"),
    [
        ("修路。（甲局牵头，乙局、丙局等按职责分工负责）", "甲局", "乙局 丙局"),
        ("修路。（甲局、乙局牵头）", "甲局 乙局", ""),
        ("修路。（牵头单位：甲局，配合单位：乙局、丙委）", "甲局", "乙局 丙委"),
        ("修路。（牵头单位：甲局；责任单位：乙局）", "甲局", "乙局"),
        ("修路。〔责任单位：甲局、乙局等〕", "甲局", "乙局"),
        ("修路。【甲局、乙局】", "甲局", "乙局"),
        ("修路。由甲局牵头，乙局配合。", "甲局", "乙局"),
        ("修路。本项工作由甲局负责，乙局和丙办协助。", "甲局", "乙局 丙办"),
        ("修路。（甲局和乙局按职责分工负责）", "甲局", "乙局"),
        ("修路。（甲局牵头，各乡镇（街道、园区）配合）", "甲局", "各乡镇（街道、园区）"),
        ("修路。（含便道）", "", ""),
        ("修路。各牵头单位要认真负责。", "", ""),
        ("修路。由专人负责。", "", ""),
    ],
)
def test_ways_to_say_who(body: str, leads: str, supporters: str) -> None:
    (task,) = read(f"示例县方案\n一、重点任务\n1.修好路。{body}").tasks
    assert [one.name for one in task.leads] == leads.split()
    assert [one.name for one in task.supporters] == supporters.split()
    assert "修路" in task.text
    assert "牵头，" not in task.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("示例县方案\n一、重点任务\n1.修路。修好。（牵头单位：，配合单位：甲局）", 3),
        ("示例县方案\n一、重点任务\n1.修路。修好。（甲局牵头）\n附件1\n任务\t牵头单位\n架桥\t乙局", 6),
        ("示例县方案\n一、重点任务\n1.修路。修好。（甲局牵头）\n附件1\n年份\t说明\n某年\t某事", 5),
        ("示例县方案\n一、重点任务\n1.修路。修好。（甲局牵头）\n附件1\n任务\t2025年\n修路\t修好◆\n注：★代表主动做", 6),
    ],
    ids=["responsibility", "row of no task", "table without known columns", "unknown sign"],
)
def test_what_is_not_understood_is_said(text: str, line: int) -> None:
    unread = [one for one in read(text).diagnostics if one.code == "unread"]
    assert [one.places[0].lines[0] for one in unread] == [line]


def test_actions_of_a_box_may_be_numbered_as_tasks_are() -> None:
    text = (
        "示例县方案\n一、重点任务\n1.修路。修好路。（甲局牵头）\n专栏1 修路\n1.查找：查找断点。\n2.修补：修补路面。\n"
        "2.架桥。架好桥。（乙局牵头）"
    )
    draft = read(text)
    assert [task.title for task in draft.tasks] == ["修路", "架桥"]


def test_text_without_any_plan_gives_an_empty_draft() -> None:
    draft = read("")
    assert (draft.title, draft.groups, draft.overall_targets) == ("", (), ())
