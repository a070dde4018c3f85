"""Numbers as plans write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tanhui_plandoc.numbers import chinese_number, quantities


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("1,200", "1200"),
        ("0.65亿", "65000000"),
        ("36.5万", "365000"),
        ("3千", "3000"),
        ("2万亿", "2000000000000"),
        ("十", "10"),
        ("十五", "15"),
        ("二十三", "23"),
        ("一百零五", "105"),
        ("一千二百", "1200"),
        ("两万五千", "25000"),
        ("三亿二千万", "320000000"),
        ("二〇二五", "2025"),
        ("两", "2"),
        ("两百", "200"),
        ("", None),
        ("几十", None),
        ("1.2.3", None),
        ("一" * 60, None),
    ],
)
def test_a_number_by_itself(text: str, value: str | None) -> None:
    assert chinese_number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "comparator", "value", "value_max", "unit", "said"),
    [
        ("建成39个示范点", "=", 39, None, "个", "39个"),
        ("至少举办1场培训", ">=", 1, None, "场", "1场"),
        ("至少完成一套课程、一批海报", ">=", 1, None, "套", "一套"),
        ("不少于2场", ">=", 2, None, "场", "2场"),
        ("参与者不低于300人次", ">=", 300, None, "人次", "300人次"),
        ("比例达50%", ">=", 50, None, "%", "50%"),
        ("比例达到百分之五十", ">=", 50, None, "%", "百分之五十"),
        ("覆盖率80%以上", ">=", 80, None, "%", "80%"),
        ("减少三成以上", ">=", 30, None, "%", "三成"),
        ("面积稳定发展到4万亩", ">=", 40000, None, "亩", "4万亩"),
        ("基地22万亩", "=", 220000, None, "亩", "22万亩"),
        ("投入0.65亿元", "=", 65000000, None, "元", "0.65亿元"),
        ("清淤水塘1,200口", "=", 1200, None, "口", "1,200口"),
        ("超过30家", ">", 30, None, "家", "30家"),
        ("突破5万户", ">", 50000, None, "户", "5万户"),
        ("新增30余座", ">", 30, None, "座", "30余座"),
        ("不超过800亩", "<=", 800, None, "亩", "800亩"),
        ("漏损率控制在9%以下", "<=", 9, None, "%", "9%"),
        ("控制在1200千瓦时以内", "<=", 1200, None, "千瓦时", "1200千瓦时"),
        ("降到1.5毫克/升以下", "<=", Decimal("1.5"), None, "毫克/升", "1.5毫克/升"),
        ("能耗低于40吨标准煤", "<", 40, None, "吨标准煤", "40吨标准煤"),
        ("推出8-10个产品", "range", 8, 10, "个", "8-10个"),
        ("建设3至5个", "range", 3, 5, "个", "3至5个"),
        ("商户80—100户", "range", 80, 100, "户", "80—100户"),
        ("新建3~5座", "range", 3, 5, "座", "3~5座"),
        ("三到五场", "range", 3, 5, "场", "三到五场"),
        ("种植3—5万亩", "range", 30000, 50000, "亩", "3—5万亩"),
        ("占20%-30%", "range", 20, 30, "%", "20%-30%"),
        ("恢复老井十五口", "=", 15, None, "口", "十五口"),
        ("引入两大场景", "=", 2, None, "场景", "两大场景"),
        ("下降5个百分点", "=", 5, None, "个百分点", "5个百分点"),
        ("每亩用药次数控制在3次以内", "<=", 3, None, "次", "3次"),
    ],
)
def test_a_quantity(
    text: str, comparator: str, value: int | Decimal, value_max: int | None, unit: str, said: str
) -> None:
    (found,) = quantities(text)
    assert (found.comparator, found.value, found.value_max, found.unit) == (comparator, value, value_max, unit)
    assert found.text == said
    assert text[found.start : found.end].startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "一批海报",
        "一系列产品",
        "减少一次性用品",
        "建立统一平台",
        "推进一体化",
        "“一乡一特”、“一村一品”建设",
        "最后“一公里”",
        "一户一档",
        "到2025年",
        "2025年6月底前",
        "第3项",
        "进一步健全",
        "《反食品浪费20条》",
        "万一",
        "十分重要",
        "同一个目标",
        "9999999999999999999999个",
        "",
    ],
)
def test_no_quantity(text: str) -> None:
    assert quantities(text) == ()


def test_several_in_one_clause() -> None:
    found = quantities("针对3个镇至少举办5场培训，覆盖80%以上的村")
    assert [(each.value, each.unit, each.comparator) for each in found] == [
        (3, "个", "="),
        (5, "场", ">="),
        (80, "%", ">="),
    ]
