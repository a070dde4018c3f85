"""One fault planted in the plan without faults: it is found, and no other grave one is reported beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanhui_plandoc import read
from tanhui_plandoc.draft import Severity

CLEAN = (Path(__file__).parent / "corpus/clean.txt").read_text(encoding="utf-8")

FAULTS = [
    (
        "value-differs",
        2,
        "至少改造30个路口的过街设施，夜间照明达标率达到95%。（公",
        "至少改造40个路口的过街设施，夜间照明达标率达到95%。（公",
    ),
    ("value-differs", 2, "夜间照明达标率达到95%（▲）", "夜间照明达标率达到90%（▲）"),
    ("value-differs", 3, "不少于2万人次。（教", "不少于3万人次。（教"),
    ("deadline-differs", 1, "到2026年，连通断头步行道12处。\n", "到2027年，连通断头步行道12处。\n"),
    (
        "deadline-differs",
        3,
        "到2027年，参加走路活动的居民不少于2万人次。\n",
        "到2026年，参加走路活动的居民不少于2万人次。\n",
    ),
    ("missing-in-annex", 1, "；连通断头步行道12处（▲）", ""),
    ("missing-in-annex", 2, "，夜间照明达标率达到95%。\n（二）", "。\n（二）"),
    ("number-missing", 1, "；连通断头步行道12处（▲）", "；连通断头步行道（▲）"),
    (
        "deadline-against-overall",
        3,
        "到2027年，步行道连成网络",
        "到2026年，参加走路活动的居民不少于2万人次，步行道连成网络",
    ),
    (
        "value-against-overall",
        3,
        "到2027年，步行道连成网络",
        "到2027年，参加走路活动的居民不少于3万人次，步行道连成网络",
    ),
    ("goal-unserved", None, "，居民愿意走路。", "，居民愿意走路，湖面游船更换电机。"),
    ("leads-differ", 2, "（公安局牵头", "（交通运输局牵头"),
    ("lead-order-differs", 3, "（教育局、城管局牵头", "（城管局、教育局牵头"),
    ("supporters-differ", 1, "城管局、教育局按职责", "城管局按职责"),
    ("task-without-lead", 2, "（公安局牵头，住建局、城管局按职责分工负责）", ""),
    ("roadmap-unmarked", 2, "过街设施（▲）", "过街设施"),
    ("mark-against-legend", 1, "完成断点地图的绘制（★）", "主动完成断点地图的绘制（▲）"),
    (
        "recurring-without-rhythm",
        3,
        "每月组织一次全县居民走路活动，",
        "定期通报走路情况，每月组织一次全县居民走路活动，",
    ),
    ("body-without-owner", 2, "保障过街安全。到", "保障过街安全。成立过街安全工作专班。到"),
    ("unmeasurable", 1, "修补路面：每年", "修补路面：添置一批工具。每年"),
    ("recurrence-differs", 3, "每月组织一次全县居民走路活动（▲）", "每季度组织一次全县居民走路活动（▲）"),
    (
        "task-without-indicator",
        4,
        "\n三、组织保障",
        "\n4.修好长椅。把旧长椅修好。（城管局牵头，公安局按职责分工负责）\n\n三、组织保障",
    ),
    ("deadline-past", 1, "2025年3月", "2026年3月"),
]
SMALL = [
    ("department-two-names", None, "住建局、城管局按职责", "住房城乡建设局、城管局按职责"),
    ("box-title-differs", 1, "\t专栏1 步行道连通行动\t", "\t专栏1 步行路连通行动\t"),
    ("whole-city", 3, "每月组织一次全县居民", "每月组织一次全市居民"),
    ("repeated-word", 1, "补上断头的步行道", "补上断头的的步行道"),
    ("repeated-word", 2, "住建局、城管局按职责", "住建局、城管局、住建局按职责"),
    ("year-character-missing", 1, "到2026年，连通断头步行道12处。（", "到2026，连通断头步行道12处。（"),
    ("bracket-unpaired", 1, "补上断头的步行道", "补上“断头的步行道"),
    ("box-number", 1, "专栏1 步", "专栏2 步"),
    ("wording-differs", 1, "；连通断头步行道12处（▲）", "；连通断头人行道12处（▲）"),
]


def changed(before: str, after: str) -> str:
    assert before in CLEAN, before
    return CLEAN.replace(before, after)


@pytest.mark.parametrize(("code", "task_no", "before", "after"), FAULTS)
def test_a_grave_fault(code: str, task_no: int | None, before: str, after: str) -> None:
    found = [one for one in read(changed(before, after)).diagnostics if one.severity is Severity.SUBSTANTIVE]
    assert (code, task_no) in [(one.code, one.task_no) for one in found], [one.message for one in found]
    assert {one.code for one in found} == {code}, [one.message for one in found]


@pytest.mark.parametrize(("code", "task_no", "before", "after"), SMALL)
def test_a_small_fault(code: str, task_no: int | None, before: str, after: str) -> None:
    found = read(changed(before, after)).diagnostics
    assert (code, task_no) in [(one.code, one.task_no) for one in found], [one.message for one in found]
    assert [one.message for one in found if one.severity is Severity.SUBSTANTIVE] == []
