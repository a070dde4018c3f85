"""The county's `integrity.toml`: which rules look, with which numbers."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from tanhui.integrity.rules import KINDS
from tanhui.integrity.types import RulesView, RuleView
from tanhui.kernel.county import load_county
from tanhui.kernel.errors import BadInput, NotFound

FILE = "integrity.toml"
_WORDS = ("code", "title", "why")


def rules_in_force() -> RulesView:
    """The county's rules; none where the county has no such file. Raises BadInput where it is wrong."""
    return read(settings.TANHUI_COUNTY)


@lru_cache(maxsize=8)
def read(county: str) -> RulesView:
    """The rules of that county."""
    try:
        table = load_county(county).table(FILE)
    except NotFound:
        return RulesView((), 15, 90, "", "")
    found = tuple(_rule(row) for row in table.get("rules", []))
    codes = [rule.code for rule in found]
    if len(set(codes)) != len(codes):
        raise BadInput("同一条规则写了两次", where=FILE, fix="每个 code 只写一次")
    appeal_days, hold_days = table.get("appeal_days"), table.get("hold_days")
    if not (type(appeal_days) is int and type(hold_days) is int and appeal_days > 0 and hold_days > 0):
        raise BadInput("appeal_days 和 hold_days 须为正整数", where=FILE)
    return RulesView(found, appeal_days, hold_days, str(table.get("status", "")), str(table.get("source", "")))


def _rule(row: dict[str, object]) -> RuleView:
    code = str(row.get("code", ""))
    if code not in KINDS:
        raise BadInput(f"没有“{code[:40]}”这种规则", where=FILE, fix=f"可用：{'、'.join(KINDS)}")
    kind = KINDS[code]
    if set(row) != {*_WORDS, *kind.limits}:
        raise BadInput(f"规则 {code} 须正好有这几项：{'、'.join((*_WORDS, *kind.limits))}", where=FILE)
    limits = {name: row[name] for name in kind.limits}
    if any(type(value) is not int or value < 1 for value in limits.values()):
        raise BadInput(f"规则 {code} 的数值须为正整数", where=FILE)
    return RuleView(code, kind.on, str(row["title"]), str(row["why"]), limits)  # type: ignore[arg-type]
