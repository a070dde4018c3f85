"""How often: 每季度, 每半年, 按月, 定期."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanhui_plandoc.numbers import masked_names

_DUTY = "(?=考核|评估|监测|检查|通报|评价|报告|总结|培训|调度|公布|发布|开展|组织|演练|督查)"
_WORDS = (
    ("half_yearly", "每半年度?|半年度?(?=一次)"),
    ("irregular", f"不?定期|每[两二三四五六七八九十]年|每逢|常态化{_DUTY.replace('考核', '考核|处置|推进|实施')}"),
    ("yearly", f"每年度?|逐年(?=开展|组织|公布)|按年度?|一年一度|年度{_DUTY}"),
    ("quarterly", f"每个?季度?|按季度?|逐季|季度{_DUTY}"),
    ("monthly", f"每个?月|按月|逐月|月度{_DUTY}"),
    ("weekly", "每个?(?:周|星期)(?!末|边)|按周"),
    ("daily", "每[天日]|按日"),
)
_RHYTHM = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _WORDS))


@dataclass(frozen=True)
class Rhythm:
    """A word that says how often, with its offsets. `name` is one of `draft.RECURRENCES`."""

    start: int
    end: int
    name: str


def rhythm(text: str) -> Rhythm | None:
    """The first rhythm of a text, unless it stands in the name of something."""
    match = _RHYTHM.search(masked_names(text))
    return Rhythm(*match.span(), match.lastgroup or "irregular") if match else None
