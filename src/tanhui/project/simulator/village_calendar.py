"""What is held in the invented village, day by day: decided by the first and the last day alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tanhui.community.types import OccasionKind
from tanhui.kernel.days import day_start

TUESDAY, SATURDAY, SUNDAY = 1, 5, 6
RECYCLER, TOWN, EDUCATION = "demo-recycler", "urban-management", "education"
ENVIRONMENT, REFORM = "ecology-environment", "development-reform"
INVENTED = "示例活动，人和单位都是虚构的。"


@dataclass(frozen=True)
class Held:
    """An occasion of the calendar. `name` names the keys of what happens there; `host` is a code of the county's
    organizations; `comers` in a hundred of those who may; `collects`: things are weighed there."""

    name: str
    kind: OccasionKind
    title: str
    host: str
    starts_at: datetime
    ends_at: datetime
    comers: int
    summary: str = INVENTED
    bookable: bool = True
    capacity: int | None = None
    audience: str = ""
    minutes: int | None = None
    collects: bool = False

    @property
    def announced_at(self) -> datetime:
        """When it is put up: a week before."""
        return self.starts_at - timedelta(days=7)


def hour(day: date, hours: float) -> datetime:
    """That hour of the county's day."""
    return day_start(day) + timedelta(hours=hours)


def held_between(first_day: date, end_on: date) -> list[Held]:
    """Everything over by the end of `end_on`, in order of time."""
    found: list[Held] = []
    for offset in range(5, (end_on - first_day).days + 1):
        day = first_day + timedelta(days=offset)
        week = offset // 7
        if day.weekday() == SATURDAY:
            found.append(_exchange_day(day) if last_of_quarter(day) else _saturday(day))
        elif day.weekday() == TUESDAY and week % 2 == 1:
            found.append(_pickup(day))
        elif day.weekday() == SUNDAY and week % 3 == 2:
            found.append(_river(day))
        found += _lessons(day, offset)
    return found


def coming_after(end_on: date) -> Iterator[Held]:
    """What can be booked now, and two that go on all day long for a month, to be tried at any time."""
    today = end_on + timedelta(days=1)
    yield from _standing(today)
    saturday = _next(today, SATURDAY, 1)
    yield _saturday(saturday)
    yield _pickup(_next(today, TUESDAY, 2))
    yield _river(_next(today, SUNDAY, 3))
    day = _next(today, SATURDAY, 8)
    while not last_of_quarter(day):
        day += timedelta(days=7)
    yield _exchange_day(day)
    yield _lesson(today + timedelta(days=5), "村民垃圾分类小课堂", TOWN, "villagers", 30)
    yield _lesson(today + timedelta(days=12), "餐饮单位节约用餐培训", ENVIRONMENT, "catering", 40)
    trip = today + timedelta(days=9)
    yield Held(
        name=f"trip-{trip:%y%m%d}",
        kind=OccasionKind.STUDY_VISIT,
        title=f"示例：走进回收分拣中心研学（{trip.month}月{trip.day}日，虚构）",
        host=EDUCATION,
        starts_at=hour(trip, 9),
        ends_at=hour(trip, 11.5),
        comers=20,
        capacity=25,
        audience="students",
    )
    run = _next(today, SUNDAY, 10)
    yield Held(
        name=f"run-{run:%y%m%d}",
        kind=OccasionKind.RUN,
        title=f"示例：汨罗江畔健康跑（{run.month}月{run.day}日，虚构）",
        host=ENVIRONMENT,
        starts_at=hour(run, 7.5),
        ends_at=hour(run, 10),
        comers=30,
        capacity=200,
        audience="public",
    )


def last_of_quarter(day: date) -> bool:
    """Whether a Saturday is the last one of its quarter."""
    return day.month % 3 == 0 and (day + timedelta(days=7)).month != day.month


def _next(day: date, weekday: int, at_least: int) -> date:
    soon = day + timedelta(days=at_least)
    return soon + timedelta(days=(weekday - soon.weekday()) % 7)


def _saturday(day: date) -> Held:
    return Held(
        name=f"sat-{day:%y%m%d}",
        kind=OccasionKind.COLLECTION,
        title=f"示例：周六回收日（{day.month}月{day.day}日，虚构）",
        host=RECYCLER,
        starts_at=hour(day, 8),
        ends_at=hour(day, 11.5),
        comers=28,
        bookable=False,
        collects=True,
    )


def _exchange_day(day: date) -> Held:
    return Held(
        name=f"exc-{day:%y%m%d}",
        kind=OccasionKind.EXCHANGE_DAY,
        title=f"示例：村组集中兑换日（{day.month}月{day.day}日，虚构）",
        host=TOWN,
        starts_at=hour(day, 8),
        ends_at=hour(day, 12),
        comers=60,
        summary=f"{INVENTED}带上分好的可回收物过秤，当场用积分换肥皂、食盐和复合肥。",
        bookable=False,
        collects=True,
    )


def _pickup(day: date) -> Held:
    return Held(
        name=f"pick-{day:%y%m%d}",
        kind=OccasionKind.PICKUP,
        title=f"示例：上门回收（{day.month}月{day.day}日下午，虚构）",
        host=RECYCLER,
        starts_at=hour(day, 14),
        ends_at=hour(day, 17),
        comers=15,
        summary=f"{INVENTED}大件、行动不便的可以预约上门；预约满了可以候补。",
        capacity=5,
        collects=True,
    )


def _river(day: date) -> Held:
    return Held(
        name=f"river-{day:%y%m%d}",
        kind=OccasionKind.VOLUNTEER,
        title=f"示例：巡河捡拾（{day.month}月{day.day}日，虚构）",
        host=ENVIRONMENT,
        starts_at=hour(day, 9),
        ends_at=hour(day, 11),
        comers=25,
        capacity=20,
        minutes=120,
    )


def _lessons(day: date, offset: int) -> Iterator[Held]:
    """Trainings on fixed days of the story, each for its own audience."""
    plans = {
        16: ("村民垃圾分类小课堂", TOWN, "villagers"),
        31: ("志愿者劝导方法培训", ENVIRONMENT, "volunteers"),
        44: ("中小学教师低碳课程培训", EDUCATION, "school-teachers"),
        58: ("职能部门双碳专题培训", REFORM, "department-cadres"),
        72: ("民宿节能与分类培训", ENVIRONMENT, "homestays"),
    }
    if offset in plans:
        yield _lesson(day, *plans[offset], 30)


def _lesson(day: date, title: str, host: str, audience: str, capacity: int) -> Held:
    return Held(
        name=f"class-{day:%y%m%d}",
        kind=OccasionKind.TRAINING,
        title=f"示例：{title}（{day.month}月{day.day}日，虚构）",
        host=host,
        starts_at=hour(day, 14.5),
        ends_at=hour(day, 16.5),
        comers=35,
        capacity=capacity,
        audience=audience,
    )


def _standing(today: date) -> Iterator[Held]:
    """Open from today for a month, so that whoever looks at the demonstration can weigh, exchange and check in now."""
    until = today + timedelta(days=30)
    common = {"starts_at": day_start(today), "ends_at": day_start(until), "comers": 0, "bookable": False}
    yield Held(
        name=f"try-weigh-{today:%y%m%d}",
        kind=OccasionKind.COLLECTION,
        title="示例：回收点日常投放（随时可试，虚构）",
        host=RECYCLER,
        summary=f"{INVENTED}供试用称重、二维码卡和没有网络的半天。",
        collects=True,
        **common,  # type: ignore[arg-type]
    )
    yield Held(
        name=f"try-exchange-{today:%y%m%d}",
        kind=OccasionKind.EXCHANGE_DAY,
        title="示例：集中兑换演练（随时可试，虚构）",
        host=TOWN,
        summary=f"{INVENTED}供试用集中兑换。",
        collects=True,
        **common,  # type: ignore[arg-type]
    )
    yield Held(
        name=f"try-lecture-{today:%y%m%d}",
        kind=OccasionKind.LECTURE,
        title="示例：低碳生活宣讲（随时可试签到，虚构）",
        host=ENVIRONMENT,
        summary=f"{INVENTED}供试用动态二维码签到。",
        audience="public",
        **common,  # type: ignore[arg-type]
    )
