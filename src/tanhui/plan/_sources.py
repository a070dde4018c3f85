"""Named figures of other rooms that an indicator may be counted by. Each says what it counts and in which unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tanhui.kernel.errors import BadInput
from tanhui.parties import queries as parties
from tanhui.scenarios import queries as scenarios


@dataclass(frozen=True)
class Source:
    """A figure of another room. `count` gives its value now, exactly, in `unit`."""

    name: str
    title: str
    unit: str
    count: Callable[[], Decimal]


def _families_open() -> Decimal:
    return Decimal(len({view.settings["family"] for view in scenarios.scenarios() if view.settings.get("family")}))


def _travel_and_consumption() -> Decimal:
    families = {view.settings.get("family") for view in scenarios.scenarios()}
    return Decimal(len(families & {"transport", "consumption"}))


SOURCES = {
    source.name: source
    for source in (
        Source("parties.residents", "已开通个人碳账户的居民", "人", lambda: Decimal(parties.residents_registered())),
        Source("scenarios.open", "已开通的低碳场景", "个", lambda: Decimal(len(scenarios.scenarios()))),
        Source("scenarios.families_open", "已开通场景的大类", "类", _families_open),
        Source("scenarios.travel_and_consumption", "已开通的出行、消费两大类场景", "大", _travel_and_consumption),
        Source(
            "scenarios.participants",
            "有低碳行为记录的居民",
            "人",
            lambda: Decimal(scenarios.county_figures().residents),
        ),
        Source("scenarios.behaviors", "计入的低碳行为", "次", lambda: Decimal(scenarios.county_figures().behaviors)),
        Source(
            "scenarios.reduction_kg",
            "个人减排量",
            "千克",
            lambda: Decimal(scenarios.county_figures().reduction_g).scaleb(-3),
        ),
        Source("scenarios.points", "已发放的碳积分", "分", lambda: Decimal(scenarios.county_figures().points)),
        Source(
            "scenarios.methods_in_force",
            "生效的方法学",
            "个",
            lambda: Decimal(len({view.name for view in scenarios.method_versions() if view.in_force})),
        ),
    )
}


def named(name: str) -> Source:
    """The source of that name. Raises BadInput with the names there are."""
    if name not in SOURCES:
        raise BadInput(f"没有“{name[:60]}”这个数据来源", where="source", fix=f"可用：{'、'.join(SOURCES)}")
    return SOURCES[name]
