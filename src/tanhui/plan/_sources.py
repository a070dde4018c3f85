"""Named figures of other rooms that an indicator may be counted by. Each says what it counts and in which unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tanhui.community import queries as community
from tanhui.kernel.errors import BadInput
from tanhui.parties import queries as parties
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import MerchantState
from tanhui.scenarios import queries as scenarios

YEAR = timedelta(days=365)
BEGINNING = date(2000, 1, 1)
"""Before anything that any county recorded."""


@dataclass(frozen=True)
class Source:
    """A figure of another room. `count` gives its value at the end of a day, today's, exactly, in `unit`."""

    name: str
    title: str
    unit: str
    count: Callable[[date], Decimal]


def _families_open(today: date) -> Decimal:
    return Decimal(len({view.settings["family"] for view in scenarios.scenarios() if view.settings.get("family")}))


def _travel_and_consumption(today: date) -> Decimal:
    families = {view.settings.get("family") for view in scenarios.scenarios()}
    return Decimal(len(families & {"transport", "consumption"}))


def _exchange_villages(today: date) -> Decimal:
    """Divisions that held an exchange day within a year."""
    figures = community.village_figures(today - YEAR, _after(today))
    return Decimal(sum(1 for each in figures if each.exchange_days))


def _exchange_days(today: date) -> Decimal:
    figures = community.village_figures(today.replace(month=1, day=1), _after(today))
    return Decimal(sum(each.exchange_days for each in figures))


def _collected_kg(today: date) -> Decimal:
    figures = community.village_figures(BEGINNING, _after(today))
    return Decimal(sum(sum(each.mass_g.values()) for each in figures)).scaleb(-3)


def _trainings(today: date, audience: str = "") -> Decimal:
    """Trainings, lectures and study visits that are over; for one audience, or for all."""
    figures = community.training_figures(BEGINNING, _after(today))
    return Decimal(sum(each.occasions for each in figures if audience in ("", each.audience)))


def _service_hours(today: date) -> Decimal:
    """Whole hours of voluntary service."""
    return Decimal(sum(each.minutes for each in community.volunteer_figures(BEGINNING, _after(today))) // 60)


def _after(today: date) -> date:
    return today + timedelta(days=1)


SOURCES = {
    source.name: source
    for source in (
        Source(
            "parties.residents", "已开通个人碳账户的居民", "人", lambda today: Decimal(parties.residents_registered())
        ),
        Source("scenarios.open", "已开通的低碳场景", "个", lambda today: Decimal(len(scenarios.scenarios()))),
        Source("scenarios.families_open", "已开通场景的大类", "类", _families_open),
        Source("scenarios.travel_and_consumption", "已开通的出行、消费两大类场景", "大", _travel_and_consumption),
        Source(
            "scenarios.participants",
            "有低碳行为记录的居民",
            "人",
            lambda today: Decimal(scenarios.county_figures().residents),
        ),
        Source(
            "scenarios.behaviors", "计入的低碳行为", "次", lambda today: Decimal(scenarios.county_figures().behaviors)
        ),
        Source(
            "scenarios.reduction_kg",
            "个人减排量",
            "千克",
            lambda today: Decimal(scenarios.county_figures().reduction_g).scaleb(-3),
        ),
        Source("scenarios.points", "已发放的碳积分", "分", lambda today: Decimal(scenarios.county_figures().points)),
        Source(
            "scenarios.methods_in_force",
            "生效的方法学",
            "个",
            lambda today: Decimal(len({view.name for view in scenarios.method_versions() if view.in_force})),
        ),
        Source("community.exchange_villages", "近一年办过集中兑换的村", "家", _exchange_villages),
        Source("community.exchange_days", "今年办过的集中兑换", "场", _exchange_days),
        Source("community.collected_kg", "现场称重的可回收物", "千克", _collected_kg),
        Source("community.trainings", "平台上办过的培训、宣讲和研学", "场", _trainings),
        Source("community.teams", "平台上的志愿服务队伍", "支", lambda today: Decimal(len(community.teams()))),
        Source("community.service_hours", "平台上的志愿服务时长", "小时", _service_hours),
        Source(
            "rewards.merchants",
            "合作中的联盟商户",
            "家",
            lambda today: Decimal(len(rewards.merchants(MerchantState.ACTIVE))),
        ),
        Source("rewards.offers", "在架的权益", "项", lambda today: Decimal(len(rewards.offers()))),
    )
}
TRAININGS = "community.trainings."
"""What the name of the trainings for one audience begins with; the county's code of the audience follows."""


def sources() -> dict[str, Source]:
    """All of them by name, with the trainings for each of the county's audiences."""
    return SOURCES | {TRAININGS + each.code: _training_source(each.code, each.title) for each in community.audiences()}


def _training_source(code: str, title: str) -> Source:
    return Source(
        TRAININGS + code, f"平台上办过的面向{title}的培训、宣讲和研学", "场", lambda today: _trainings(today, code)
    )


def named(name: str) -> Source:
    """The source of that name. Raises BadInput with the names there are."""
    known = sources()
    if name not in known:
        raise BadInput(f"没有“{name[:60]}”这个数据来源", where="source", fix=f"可用：{'、'.join(known)}")
    return known[name]
