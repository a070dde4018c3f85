"""Small plans built by hand, for one rule each. All invented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tanhui_plandoc.draft import (
    AnnexRow,
    Department,
    Diagnostic,
    Draft,
    Group,
    Indicator,
    Kind,
    Measure,
    Occurrence,
    Source,
    Task,
)

SOURCES = {"正": Source.BODY, "专": Source.BOX, "附": Source.ANNEX}


def plan(*tasks: Task, **fields: Any) -> Draft:
    return Draft(title=fields.pop("title", "示例县步行方案"), groups=(Group(1, "走路", tasks),), **fields)


def task(no: int = 1, title: str = "修步行道", text: str = "把断头的步行道修通。", **fields: Any) -> Task:
    return Task(no=no, title=title, text=text, lines=(no * 10,), **fields)


def said(section: str, quote: str, line: int, **measure: Any) -> Occurrence:
    """An occurrence; a whole number is given for its value."""
    for name in ("value", "value_max"):
        if name in measure:
            measure[name] = Decimal(measure[name])
    return Occurrence(SOURCES[section[0]], section, quote, (line,), Measure(**measure))


def target(*occurrences: Occurrence, text: str | None = None, **fields: Any) -> Indicator:
    """An indicator that says what its first occurrence says."""
    first = occurrences[0]
    measure = vars(first.measure) | fields
    kind = Kind.QUANTITATIVE if measure["value"] is not None else Kind.MILESTONE
    kind = Kind.RECURRING if measure["recurrence"] else kind
    return Indicator(
        id=f"i-{first.lines[0]}",
        text=text or first.quote,
        kind=kind,
        source=first.source,
        lines=first.lines,
        occurrences=occurrences,
        **measure,
    )


def departments(names: str, line: int = 5) -> tuple[Department, ...]:
    """Departments parted by spaces; `name=code` gives a code of the alias table."""
    pieces = [name.partition("=") for name in names.split()]
    return tuple(Department(name, name, code, (line,)) for name, _, code in pieces)


def row(leads: str, supporters: str = "", line: int = 50, **fields: Any) -> AnnexRow:
    return AnnexRow("附件1", departments(leads, line), departments(supporters, line), lines=(line,), **fields)


def codes(rule: Callable[[Draft], Iterator[Diagnostic]], draft: Draft) -> list[str]:
    return [one.code for one in rule(draft)]
