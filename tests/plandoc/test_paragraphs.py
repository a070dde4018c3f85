"""Joining of what a page broke, on a plan invented here; the real plan is read where it lies."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_plandoc import normalize, paragraphs

PLAN = """云溪县蓝天碧水全民行动方案

(讨论稿)

目 录

一、总体思路\t1
二、主要任务\t2

为让全县人人都来爱护山水，结合本县实际，制定本方案。

一、总体思路

到２０２７年，全县上下普遍认识到、

- 2 -

并且乐于参加清洁行动，建成 ３０ 个清洁示范村。

二、主要任务

（一）爱护河流

1. **开展净滩活动。**每季度组织一次净滩（水务局牵头，教育

局、团县委等按职责分工负责)

专栏 1 净滩行动

活动内容:沿云溪两岸,按照“一村一段,每段一人”的办法开展净滩；到 2027 年，参加者达到 5

000 人次。

（二）落实责任。各乡镇要成立工作专班

并结合实际细化方案。

附件 1

任务分工表

任务\t牵头单位\t主要目标
1. 开展净滩活动\t水务局\t参加者达到 5000 人次 (▲)。

\t\t建成 30 个清洁示范村（★）。

注：▲代表例行做；★代表带头做。"""


def test_invented_plan() -> None:
    found = paragraphs(PLAN)
    assert [(one.text, one.lines) for one in found if not one.cells] == [
        ("云溪县蓝天碧水全民行动方案", (1,)),
        ("（讨论稿）", (3,)),
        ("目录", (5,)),
        ("为让全县人人都来爱护山水，结合本县实际，制定本方案。", (10,)),
        ("一、总体思路", (12,)),
        ("到2027年，全县上下普遍认识到、并且乐于参加清洁行动，建成30个清洁示范村。", (14, 18)),
        ("二、主要任务", (20,)),
        ("（一）爱护河流", (22,)),
        ("1.开展净滩活动。每季度组织一次净滩（水务局牵头，教育局、团县委等按职责分工负责）", (24, 26)),
        ("专栏1净滩行动", (28,)),
        (
            "活动内容：沿云溪两岸，按照“一村一段，每段一人”的办法开展净滩；到2027年，参加者达到5000人次。",
            (30, 32),
        ),
        ("（二）落实责任。各乡镇要成立工作专班并结合实际细化方案。", (34, 36)),
        ("附件1", (38,)),
        ("任务分工表", (40,)),
        ("注：▲代表例行做；★代表带头做。", (47,)),
    ]
    assert [(one.cells, one.lines) for one in found if one.cells] == [
        (("一、总体思路", "1"), (7,)),
        (("二、主要任务", "2"), (8,)),
        (("任务", "牵头单位", "主要目标"), (42,)),
        (("1.开展净滩活动", "水务局", "参加者达到5000人次（▲）。"), (43,)),
        (("", "", "建成30个清洁示范村（★）。"), (45,)),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("后来，他们说“我们愿意”\n参加活动。", ["后来，他们说“我们愿意”参加活动。"]),
        ("他们说：“我们愿意。”\n第二天就来了。", ["他们说：“我们愿意。”", "第二天就来了。"]),
        ("先学习，再推广 low\ncarbon 生活，\n人人参加。", ["先学习，再推广low carbon生活，人人参加。"]),
        ("一共有，20\n25个。", ["一共有，2025个。"]),
        ("先做宣传，\n2. 再做清理。", ["先做宣传，", "2.再做清理。"]),
        ("先做宣传，\n3.5公里的河道。", ["先做宣传，3.5公里的河道。"]),
        ("先做宣传，\n专栏3 宣传", ["先做宣传，", "专栏3宣传"]),
        ("甲、\n\t乙。", ["甲、乙。"]),
        (
            "一行没有任何标点但是长过一个标题所能有的字数所以必定是在句子当中断开的\n后半句。",
            ["一行没有任何标点但是长过一个标题所能有的字数所以必定是在句子当中断开的后半句。"],
        ),
        ("（水务局。\n财政局）\n下一段。", ["（水务局。财政局）", "下一段。"]),
        ("同一行\f，分在两页。", ["同一行", "，分在两页。"]),
        ("", []),
        ("\n\f\n \t \n", []),
    ],
)
def test_joining(source: str, expected: list[str]) -> None:
    assert [one.text for one in paragraphs(source)] == expected


@given(st.text(max_size=500))
def test_any_text_gives_paragraphs(text: str) -> None:
    lines = normalize(text)
    found = paragraphs(text)
    assert sorted({number for one in found for number in one.lines}) == sorted({one.number for one in lines})
    assert [one.cells for one in found if one.cells] == [one.cells for one in lines if one.cells]
    assert all(one.text.strip("\t") for one in found)


@given(st.lists(st.sampled_from(["甲乙，", "丙。", "（丁", "戊）", "一、", "\t", "\n", "\n\n", "1.", "**", "\f", " "])))
def test_no_ideograph_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    joined = "".join(one.text for one in paragraphs(text))
    lines = "".join(one.text for one in normalize(text))
    assert [sign for sign in joined if sign in "甲乙丙丁戊"] == [sign for sign in lines if sign in "甲乙丙丁戊"]
    if "\f" not in text:  # at page breaks running heads go
        assert [sign for sign in lines if sign in "甲乙丙丁戊"] == [sign for sign in text if sign in "甲乙丙丁戊"]


@pytest.mark.parametrize(
    "unit", [PLAN + "\n", "（" * 50 + "\n", "没有标点的一行，\n", "* " * 40, "，" * 60, " \u200b*" * 30]
)
def test_a_megabyte_takes_less_than_two_seconds(unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()) + 1)
    started = time.process_time()
    paragraphs(text)
    assert time.process_time() - started < 2


@pytest.mark.real_input
def test_real_plan() -> None:
    path = Path(__file__).parents[3] / "shared/plan/pingjiang-2023.txt"
    if not path.is_file():
        pytest.skip("no ../shared/plan")
    found = paragraphs(path.read_text(encoding="utf-8"))
    texts = [one.text for one in found if not one.cells]
    tasks = [text for text in texts if text[:1].isdigit() and "." in text[:3]]
    assert [int(text.split(".")[0]) for text in tasks] == list(range(1, 19))
    assert all(text.endswith(("）", "。")) for text in tasks)
    assert sum(text.startswith("专栏") for text in texts) == 9
    joined = [one for one in found if len(one.lines) > 1]
    assert len(joined) >= 19
    assert all(one.text.endswith(("。", "）")) for one in joined)
    assert {len(one.cells) for one in found if one.cells} == {2, 4, 5}
