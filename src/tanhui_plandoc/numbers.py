"""Numbers in Chinese text: 3场, 22万亩, 0.65亿元, 十五口, 80—100户, 30%以上, 三成, 不超过5个."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}

_ARABIC = r"(?<![\d.,])(?<!\d/)(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,10})?(?![\d])(?!/\d)(?:[百千]?[万亿]{1,2})?"
_HAN = r"[一二三四五六七八九十两][零〇一二三四五六七八九十百千两万亿]{0,11}"
_DASH = "(?:[-—–―~～]{1,2}|至|到)"

# Longest first, so that 人次 is not read as 人.
_UNIT_NAMES = """
吨标准煤 吨二氧化碳当量 吨二氧化碳 万千瓦时 兆瓦时 千伏安 蒸吨/小时 蒸吨
立方米/日 立方米/天 吨/日 吨/天 公斤/亩 台次 台套 台（套） 车位
平方公里 平方千米 立方米 平方米 千瓦时 毫克/升 毫克/立方米 微克/立方米 吨/年 个百分点 人次
批次 车次 班次 千瓦 兆瓦 公里 千米 公顷 公斤 千克 毫克 毫升 工作日 小时 分钟 家次 场次 户次 亩次 件次 MW kW kWh
km GW 个 家 条 场 套 项 所 名 人 户 亩 吨 辆 座 处 只 台 篇 期 次 种 类 支 元 张 份 门 堂 幅 栋 间 组 棵 株
件 款 轮 届 宗 例 站 桩 趟 册 本 部 首 集 块 片 头 尾 羽 斤 克 升 米 里 口 盏 艘 架 眼 孔 字 对 队 村 镇 乡
袋 瓶 箱 桶 副 双 县 校 企 点 街 景区 社区 村庄 乡镇 天 日 年 月 倍 度 摄氏度 ℃
"""
_UNITS = "|".join(sorted((re.escape(name) for name in _UNIT_NAMES.split()), key=len, reverse=True))
_WORDS_AFTER_HAN = "(?!性|体|流|线|定|些|样|致|般|起|直|旦|系列|批|律|切|方面|边|面|部分)"
_QUANTITY = re.compile(
    f"(?P<first>{_ARABIC}|{_HAN})(?P<percent>%|‰)?"
    f"(?:{_DASH}(?P<second>{_ARABIC}|{_HAN})(?P<percent2>%|‰)?)?"
    f"(?P<over>余|多)?(?:(?P<big>大)(?P<noun>[\u4e00-\u9fff]{{1,4}}(?![\u4e00-\u9fff]))?|(?P<unit>成|{_UNITS}))?{_WORDS_AFTER_HAN}"
    "(?P<after>及?以上|及?以下|以内|之内|左右)?"
)
_HUNDREDTHS = re.compile(
    f"(?P<whole>[百千二三四五六七八九十])分之(?P<first>{_HAN}|{_ARABIC})(?P<after>及?以上|及?以下|以内|左右)?"
)

# Prefixes that hold over a verb (至少举办1场) and those that stand right before the number (达到50%).
_FAR = re.compile("至少|最少|不少于|不低于|不小于|不超过|不高于|不多于|不大于|不得超过|不得低于|不得少于|至多|最多")
_NEAR = re.compile(
    "(?:(?P<ge>(?:达|发展|提高|提升|增加|增长|扩大|上升|恢复)(?:到|至)|达)|(?P<gt>超过|超出|突破|高于|大于|多于|超)"
    "|(?P<le>控制(?:在|到)|(?:降低|下降|减少|压减|压缩|缩短|降)(?:到|至))|(?P<lt>低于|少于|小于)"
    "|(?P<eq>(?:保持|稳定|维持)在?|(?:率|占比|比例|比重)为?))(?:了|约|全县|总共|共)?$"
)
_AT_LEAST = {"至少", "最少", "不少于", "不低于", "不小于", "不得低于", "不得少于"}
_NOT_BEFORE_HAN = set("第统同唯单万专不初逐十每近归定划进")
_QUOTED = re.compile("“[^“”]*”|《[^《》]*》|「[^「」]*」|‘[^‘’]*’")
_WINDOW = 24


@dataclass(frozen=True)
class Quantity:
    """A number with what is counted, and the offsets of `text` (22万亩) in what was read.

    `comparator` is one of `draft.COMPARATORS`; `is_said` tells that a word such as 至少 or 以上 gave it.
    """

    start: int
    end: int
    comparator: str
    value: Decimal
    value_max: Decimal | None
    unit: str | None
    text: str
    is_said: bool
    is_digits: bool


def chinese_number(text: str) -> Decimal | None:
    """The number that a text is: 12, 1,200, 0.65亿, 二十三, 一千二百, 二〇二五, 10万. None where it is none."""
    if not text or len(text) > 40:
        return None
    match = re.fullmatch(r"((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)([十百千]?)([万亿]*)", text)
    if match:
        value = Decimal(match.group(1).replace(",", "")) * _SMALL.get(match.group(2), 1)
        for sign in match.group(3):
            value *= _LARGE[sign]
        return Decimal(int(value)) if value == value.to_integral_value() else value
    if all(sign in _DIGITS for sign in text):
        return Decimal("".join(str(_DIGITS[sign]) for sign in text))
    return _spelled(text)


def _spelled(text: str) -> Decimal | None:
    total = part = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _SMALL:
            part += (digit or (0 if part else 1)) * _SMALL[sign]
            digit = 0
        elif sign == "万":
            total += (part + digit) * _LARGE[sign]
            part = digit = 0
        elif sign == "亿":
            total = (total + part + digit) * _LARGE[sign]
            part = digit = 0
        else:
            return None
    return Decimal(total + part + digit)


@lru_cache(maxsize=256)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The counted things of a text, in order. What stands in quotation marks is a name and not counted."""
    masked = masked_names(text)
    found = [_hundredths(masked, match) for match in _HUNDREDTHS.finditer(masked)]
    if found:
        masked = _HUNDREDTHS.sub(lambda match: "\0" * len(match.group()), masked)
    for match in _QUANTITY.finditer(masked):
        quantity = _quantity(masked, match, found[-1].end if found else 0)
        if quantity:
            found.append(quantity)
    return tuple(sorted(found, key=lambda each: each.start))


def masked_names(text: str) -> str:
    """The text with what stands in quotation marks blanked out, of equal length."""
    return _QUOTED.sub(lambda match: "\0" * len(match.group()), text)


def _hundredths(text: str, match: re.Match[str]) -> Quantity:
    """百分之五, 三分之二: in percent, rounded to two digits where it does not come out even."""
    part = chinese_number(match["first"]) or Decimal(0)
    value = part if match["whole"] == "百" else round(part * 100 / (_DIGITS | _SMALL)[match["whole"]], 2)
    comparator, is_said = _comparator(text, match.start(), match["after"] or "", 0)
    said = match.group().removesuffix(match["after"] or "")
    return Quantity(*match.span(), comparator, value, None, "%", said, is_said, is_digits=True)


def _quantity(text: str, match: re.Match[str], after_the_last: int) -> Quantity | None:
    first, second = match["first"], match["second"]
    is_digits = first[0].isdigit()
    value = chinese_number(first)
    top = chinese_number(second) if second else None
    unit = match["unit"]
    percent = match["percent"] or match["percent2"]
    if value is None or (second and top is None) or _is_a_name(text, match, is_digits):
        return None
    if percent:
        unit = percent
    elif unit == "成":
        value, top, unit = value * 10, top and top * 10, "%"
    elif match["big"]:
        unit = match["noun"]
    if unit in {"年", "月", "日"} or (unit is None and not is_digits):
        return None
    if second and re.search("[百千万亿]+$", second) and not re.search("[万亿]$", first) and is_digits:
        value *= (chinese_number("1" + re.sub(r"^[\d.,]+", "", second)) or 1) if second[0].isdigit() else 1
    comparator, is_said = _comparator(text, match.start(), match["after"] or "", after_the_last)
    if top is not None and top > value:
        comparator, is_said = "range", True
    elif match["over"] and not is_said:
        comparator, is_said = ">", True
    said = match.group()[: len(match.group()) - len(match["after"] or "")]
    return Quantity(*match.span(), comparator, value, top, unit, said, is_said, is_digits)


def _is_a_name(text: str, match: re.Match[str], is_digits: bool) -> bool:
    """一次性, 统一, 一村一品, 第3, 2025年: no quantity."""
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 2]
    if before == "第" or (is_digits and before.isascii() and before.isalpha()):
        return True
    if is_digits:
        return False
    return (
        before in _NOT_BEFORE_HAN
        or after[:1] == "一"
        or after == "一品"
        or text[match.start() - 2 : match.start()] == "一村"
    )


def _comparator(text: str, start: int, after: str, after_the_last: int) -> tuple[str, bool]:
    """What the words around a number make of it, and whether they say so."""
    if after.endswith("以上"):
        return ">=", True
    if after.endswith(("以下", "以内", "之内")):
        return "<=", True
    if after == "左右":
        return "=", True
    before = text[max(after_the_last, start - _WINDOW) : start]
    before = re.split("[，；。：]", before)[-1]
    far = list(_FAR.finditer(before))
    if far:
        return (">=" if far[-1].group() in _AT_LEAST else "<="), True
    near = _NEAR.search(before)
    if near:
        return {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "="}[near.lastgroup or "ge"], True
    return "=", False
