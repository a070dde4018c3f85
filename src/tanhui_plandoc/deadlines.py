"""By when: 到2025年, 2025年6月底前, 12月底前, 到“十四五”末, 5年内, 年内, 2023—2025年."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

from tanhui_plandoc.numbers import chinese_number

_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"
_UNTIL = "(?:力争|争取|确保|计划|预计|拟)?(?:到|至|截至|截止到|在|于)?"
_BEFORE = "(?:年?底之?以?前|年?底|年?末之?以?前|年?末|之前|以前|前|内)?"
_COMMA = "[，、,]?"
_PATTERNS = (
    ("day", rf"{_UNTIL}(?P<year>{_YEAR})年(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日(?:之?以?前)?"),
    ("month", rf"{_UNTIL}(?P<year>{_YEAR})年(?P<month>\d{{1,2}})月份?{_BEFORE}"),
    ("half", rf"{_UNTIL}(?P<year>{_YEAR})年(?P<half>[上下])半年{_BEFORE}"),
    ("quarter", rf"{_UNTIL}(?P<year>{_YEAR})年第?(?P<quarter>[一二三四])季度{_BEFORE}"),
    ("span", rf"{_UNTIL}{_YEAR}年?[-—–―~～至到]{{1,2}}(?P<year>{_YEAR})年{_BEFORE}(?:期间)?"),
    ("year", rf"{_UNTIL}(?P<year>{_YEAR})年{_BEFORE}"),
    ("bare", rf"(?:到|至|截至)(?P<year>{_YEAR})(?=[，、,；]|底|末|$){_BEFORE}"),
    ("plan", f"{_UNTIL}“?十(?P<plan>[三四五六七八九])五”?(?:规划)?(?:时期|期间)?{_BEFORE}(?:期间)?"),
    (
        "within",
        r"(?:力争|争取|通过|经过)?用?(?:未来|今后)?(?P<count>\d{1,2}|[一二三四五六七八九十两])年(?:之内|以内|内|时间)",
    ),
    ("this", "(?:力争|争取|确保)?(?:今|本)?年(?:底之?前|末之?前|内|底)"),
    ("this_half", "(?<!每年)(?P<half>[上下])半年(?:底前|末前|前|内)?(?!度)"),
    ("this_day", rf"(?<!每年)(?<!\d){_UNTIL}(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日之?以?前"),
    ("this_month", rf"(?<!每年)(?<!\d){_UNTIL}(?P<month>\d{{1,2}})月(?:底之?以?前|底|前|末)"),
)


def _named(name: str, pattern: str) -> str:
    """A pattern as a group of that name, and its own groups with the name in front."""
    return f"(?P<{name}>" + pattern.replace("(?P<", f"(?P<{name}_") + ")"


_DEADLINE = re.compile("|".join(_named(name, pattern) for name, pattern in _PATTERNS))
_NAMES = tuple(name for name, _ in _PATTERNS)
_BASE_BEFORE = re.compile("(?:比|较|与|以|自|从|相比|同比|对比)$")
_BASE_AFTER = re.compile("以来|相比|基础上|为基|基期|水平|度|版|印发的|全国|以后|起|间")
_SIGNS = ("年", "月", "五", "20", "19")  # one of these is in every deadline
_IN_TITLES = re.compile("《[^《》]*》|〔[^〔〕]*〕")


@dataclass(frozen=True)
class Deadline:
    """A day by which something is due, as exact as the text is. `iso` is a year, a month or a day."""

    start: int
    end: int
    year: int
    iso: str


def deadlines(text: str, issued: str = "", year: int | None = None) -> list[Deadline]:
    """The deadlines of a text, in order. `issued` is the plan's own date (ISO), from which 5年内 counts; `year` the
    year that a month without one belongs to. What cannot be dated is left out."""
    if not any(sign in text for sign in _SIGNS):
        return []
    masked = _IN_TITLES.sub(lambda match: "\0" * len(match.group()), text)
    found = []
    for match in _DEADLINE.finditer(masked):
        name = next(each for each in _NAMES if match[each] is not None)
        if _is_a_base(masked, match, name):
            continue
        dated = _dated(name, match, issued, year)
        if dated:
            found.append(Deadline(match.start(), match.end(), *dated))
            year = dated[0]
    return found


def _is_a_base(text: str, match: re.Match[str], name: str) -> bool:
    """与2020年相比, 2023年度: a year to compare with, or part of a name."""
    if name not in {"year", "month", "span", "bare"}:
        return False
    before, after = text[max(0, match.start() - 2) : match.start()], text[match.end() : match.end() + 3]
    return bool(_BASE_BEFORE.search(before) or _BASE_AFTER.match(after))


def _dated(name: str, match: re.Match[str], issued: str, year: int | None) -> tuple[int, str] | None:
    def part(of: str) -> str:
        return match[f"{name}_{of}"]

    if name in {"year", "span", "bare"}:
        return int(part("year")), part("year")
    if name == "plan":
        due = 2025 + 5 * ("三四五六七八九".index(part("plan")) - 1)
        return due, str(due)
    if name == "within":
        count = chinese_number(part("count"))
        due = int(issued[:4] or 0) + int(count or 0)
        return (due, str(due)) if issued and count else None
    if name == "this":
        return (int(issued[:4]), issued[:4]) if issued else None
    if name == "this_half":
        known = year or (int(issued[:4]) if issued else None)
        return _month(known, 6 if part("half") == "上" else 12) if known else None
    if name == "this_half":
        known = year or (int(issued[:4]) if issued else None)
        return _month(known, 6 if part("half") == "上" else 12) if known else None
    if name == "this_day":
        known = year or (int(issued[:4]) if issued else None)
        return _day(known, int(part("month")), int(part("day"))) if known else None
    if name == "this_month":
        known = year or (int(issued[:4]) if issued else None)
        return _month(known, int(part("month"))) if known else None
    if name == "half":
        return _month(int(part("year")), 6 if part("half") == "上" else 12)
    if name == "quarter":
        return _month(int(part("year")), 3 * ("一二三四".index(part("quarter")) + 1))
    if name == "day":
        return _day(int(part("year")), int(part("month")), int(part("day")))
    return _month(int(part("year")), int(part("month")))


def _day(year: int, month: int, day: int) -> tuple[int, str]:
    exact = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    return (year, f"{year}-{month:02d}-{day:02d}") if exact else (year, str(year))


def _month(year: int, month: int) -> tuple[int, str]:
    return year, f"{year}-{month:02d}" if 1 <= month <= 12 else str(year)


_ONE_TO_NINE = "一二三四五六七八九"
_WRITTEN_DAY = re.compile(
    rf"(?P<year>[12]\d{{3}}|[一二][{_ONE_TO_NINE}〇零○O]{{3}})年(?P<month>\d{{1,2}}|[{_ONE_TO_NINE}十]{{1,2}})月"
    rf"(?:(?P<day>\d{{1,2}}|[{_ONE_TO_NINE}十]{{1,3}})日)?"
)


def written_date(text: str) -> str:
    """The date that a short text gives, such as 2023年08月 or 二〇二五年二月一日, as ISO; empty where there is none."""
    match = _WRITTEN_DAY.search(text)
    if not match:
        return ""
    year, month, day = (
        chinese_number((match[name] or "").replace("○", "〇").replace("O", "〇")) for name in ("year", "month", "day")
    )
    if not year or not month or not 1 <= month <= 12:
        return ""
    iso = f"{int(year)}-{int(month):02d}"
    return f"{iso}-{int(day):02d}" if day and 1 <= day <= 31 else iso
