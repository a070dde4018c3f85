"""The steps that make a demo county complete, each safe to repeat. Imported only once Django is ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import connection

from tanhui.kernel.days import day_start
from tanhui.kernel.errors import Conflict
from tanhui.office.second_factor import demo_secret, enrol_demo
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import queries as plan
from tanhui.project import county
from tanhui.project.community import load_community
from tanhui.project.demo import MERCHANT_STAFF, STAFF, DemoState, Say, identity_of, write_state
from tanhui.project.mall import has_mall, load_mall, read_merchants
from tanhui.project.plan import load_plan
from tanhui.project.prepare import bring_tables_up_to_date
from tanhui.project.simulator.clearing_story import ClearingStory, Offices
from tanhui.project.simulator.county import simulate
from tanhui.project.simulator.mall_story import MallStory, hire
from tanhui.project.simulator.people import SimulatedResident
from tanhui.project.simulator.plan_story import play_plan
from tanhui.project.simulator.play import play
from tanhui.project.simulator.village_goods import VillageGoods, actor_of
from tanhui.project.simulator.village_story import Hands, VillageStory, scene
from tanhui.project.staff import staff_with_role, staff_without_role
from tanhui.scenarios import queries as scenarios

SYSTEM = Actor.system("demo")
CLERKS = ("demo-clerk", "demo-clerk-2")
VILLAGE_SHARE = 33
"""One in so many of the invented residents lives in the village where most of the recycling is played."""

OpenProgress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def logins() -> list[tuple[str, str, str]]:
    """Name, title and second factor (for an authenticator app) of every member of the demo's staff."""
    hired = MERCHANT_STAFF if has_mall(county.this_county()) else ()
    return [(username, title, demo_secret(username)) for username, title, *_ in (*STAFF, *hired)]


def build(state: DemoState, *, var: Path, at: datetime, say: Say, progress: OpenProgress) -> DemoState:
    """Make the demo complete and keep its state in `var`; nothing is done twice. Returns the new state.

    `progress(title)` opens a display that is called with (done, total). Raises Conflict where the database holds
    anything that is no demo.
    """
    applied = bring_tables_up_to_date()
    if applied:
        say(f"表结构已更新（{len(applied)} 项）")
    connection.ensure_connection()
    here = identity_of(connection.connection)
    if state.database != here:
        _refuse_foreign_data()
        state = replace(state, database=here, done=False)
        write_state(var, state)
    if not state.done:
        _load(state, at=at, say=say)
        _play(state, staff=_hire(state, at=at), at=at, say=say, progress=progress)
        _play_plan(state, say=say, progress=progress)
    state = replace(state, done=True, logins=tuple(logins()))
    write_state(var, state)
    return state


def _load(state: DemoState, *, at: datetime, say: Say) -> None:
    for username, title, role, scope in STAFF:
        staff_with_role(
            username=username,
            display_name=title,
            password=state.password,
            role=Role(role),
            scope=Scope.parse(scope),
            at=at,
        )
        enrol_demo(username)
    committee = parties.staff("demo-committee")
    loaded = county.load(at=at, say=say, committee=Actor(name=f"staff:{committee.username}", user_id=committee.id))
    say(
        f"{loaded.county}：{loaded.organizations} 个单位、{loaded.sources} 个接入方、{loaded.scenarios} 个场景、"
        f"{loaded.methods_in_force} 个生效的方法学"
    )
    load_plan(county.this_county(), at=at, say=say)
    load_mall(county.this_county(), at=at, say=say)
    load_community(county.this_county(), at=day_start(state.end_on - timedelta(days=state.days)), say=say)


def _hire(state: DemoState, *, at: datetime) -> dict[str, Actor]:
    """Accounts for the merchants of the mall; who redeems for whom. Nobody where the county has no mall."""
    here = county.this_county()
    if not has_mall(here):
        return {}
    people = [
        staff_without_role(username=username, display_name=title, password=state.password, at=at)
        for username, title in MERCHANT_STAFF
    ]
    for person in people:
        enrol_demo(person.username)
    manager, cashier = people
    return hire(manager, cashier, read_merchants(here)[0].title, at=at)


def _play(state: DemoState, *, staff: Mapping[str, Actor], at: datetime, say: Say, progress: OpenProgress) -> None:
    homes = parties.divisions("village") or parties.divisions("township")
    codes = [division.statistical_code for division in homes]
    place = scene()
    if place is not None:
        codes += [place.division_code] * (len(codes) // VILLAGE_SHARE)
    say(f"虚构 {state.residents:,} 位居民在 {state.days} 天里的低碳行为（种子 {state.seed}）……")
    simulation = simulate(
        state.seed, residents=state.residents, days=state.days, end_on=state.end_on, division_codes=codes
    )
    first_day = simulation.sky[0].day
    mall = MallStory(state.seed, residents=state.residents, first_day=first_day, end_on=state.end_on, staff=staff)
    village = _village(state, simulation.residents, first_day, at=at)
    clearing = _clearing(state, staff, first_day)

    def evening(now: datetime, party_ids: Mapping[int, int]) -> None:
        for story in (village, mall, clearing):
            story.evening(now, party_ids)

    with progress("演示数据（天）") as report:
        played = play(simulation, on_progress=report, on_evening=evening, until=state.end_on)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rows = played.rows
    say(
        f"接入方送来 {rows['rows_read']:,} 行：接受 {rows['rows_accepted']:,}，等待绑定 {rows['rows_waiting']:,}，"
        f"重复 {rows['rows_duplicate']:,}，退回 {rows['rows_refused']:,}"
    )
    say(f"结算：减排 {played.settled.reduction_g:,} 克二氧化碳当量，积分 {played.settled.points:,} 分")
    vouchers, attempts = mall.played.vouchers, mall.played.attempts
    say(f"商城：兑换 {vouchers['exchanged']:,} 张，核销 {attempts['redeemed']:,} 张，取消 {vouchers['cancelled']:,} 张")
    say(
        f"村里：活动 {village.played.occasions.total()} 场，称重和签到 {village.played.check_ins.total():,} 次，"
        f"答题 {village.played.quizzes.total()} 次；结算单支付 {clearing.done['paid']} 张"
    )


def _village(
    state: DemoState, residents: Sequence[SimulatedResident], first_day: date, *, at: datetime
) -> VillageStory:
    clerks = [parties.staff(username) for username in CLERKS]
    hands = Hands(actor_of(clerks[0]), actor_of(clerks[1]), clerks[0].username)
    place = scene()
    goods = VillageGoods(place.division_code, clerks, at=at) if place else None
    return VillageStory(
        state.seed,
        residents=residents,
        first_day=first_day,
        end_on=state.end_on,
        hands=hands,
        serve=goods.serve if goods else None,
    )


def _clearing(state: DemoState, staff: Mapping[str, Actor], first_day: date) -> ClearingStory:
    manager = actor_of(parties.staff(MERCHANT_STAFF[0][0])) if staff else SYSTEM
    offices = Offices(actor_of(parties.staff("demo-operator")), actor_of(parties.staff("demo-finance")), manager)
    managed = next((number for number, actor in staff.items() if actor.user_id == manager.user_id), "")
    return ClearingStory(first_day=first_day, end_on=state.end_on, offices=offices, managed=managed)


def _play_plan(state: DemoState, *, say: Say, progress: OpenProgress) -> None:
    say("行动方案：虚构台账、调度、督办与报告……")
    documents = plan.county_registers(county.this_county())
    with progress("行动方案（事项）") as report:
        played = play_plan(documents, seed=state.seed, end_on=state.end_on, on_progress=report)
    say(f"台账 {played.rows:,} 行示例，已审核 {played.approved:,} 行；发布报告 {played.reports} 期")


def _refuse_foreign_data() -> None:
    if scenarios.sources():
        fix = "演示县需要一个空的数据库；换一个数据库，或设置 TANHUI_VAR 使用另一个文件夹"
        raise Conflict("数据库中已有不属于演示县的数据", where="DATABASE_URL 或 var/", fix=fix)
