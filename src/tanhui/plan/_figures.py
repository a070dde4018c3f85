"""Counting: an indicator's value from a register's approved rows, a named source, or the latest value by hand.

Counting happens in SQL, with exact decimals, in the transaction that changes the rows; the indicator's row is locked
meanwhile, so that two reviewers at once cannot both count without the other's rows. A figure with `rows` of 0 that is
not from a source says that nothing stands behind it any more: it counts as no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput
from tanhui.plan import _county, _sources, rules
from tanhui.plan._register_document import kept_register
from tanhui.plan.models import Figure, Indicator, Record, Register, RegisterEdition
from tanhui.plan.types import FeedSpec, RegisterDocument

PLACES = Decimal("0.000001")  # as a figure is stored
TOO_MUCH = Decimal(10) ** 18
_IDS = 1 << 40  # more than a table of records ever has
_BY_DAY_THEN_ID = f"(happened_on - DATE '0001-01-01')::bigint * {_IDS} + id"
"""One number that orders rows by day, then id, and gives the id back: the latest row of each group without sorting."""


@dataclass(frozen=True)
class Count:
    """What was counted: the value, by how many rows, as of which day."""

    value: Decimal
    rows: int
    as_of: date


def factual(rows: QuerySet[Record]) -> QuerySet[Record]:
    """Of some records those that may count and be shown as facts: invented ones only in a demonstration."""
    return rows if _county.is_demo() else rows.filter(sample=False)


def rows_behind(feed: FeedSpec, register_id: int) -> tuple[str, list[Any]]:
    """A SELECT of the rows (id, values, happened_on) that make up a figure, with its parameters."""
    wanted = ["register_id = %s", "state = 'approved'", "NOT void", *([] if _county.is_demo() else ["NOT sample"])]
    parameters: list[Any] = [register_id]
    for name, values in feed.where.items():
        wanted.append('"values"->>%s = ANY(%s)')
        parameters += [name, [_as_text(value) for value in values]]
    for name in (feed.field, feed.total):
        if name:
            wanted.append('"values" ? %s')
            parameters.append(name)
    select, where = 'SELECT id, "values", happened_on FROM plan_record', " AND ".join(wanted)
    if feed.latest_per:
        keys = ", ".join('"values"->>%s' for _ in feed.latest_per)
        latest = f"SELECT mod(max({_BY_DAY_THEN_ID}), {_IDS}) FROM plan_record WHERE {where} GROUP BY {keys}"
        return f"{select} WHERE id IN ({latest})", [*parameters, *feed.latest_per]
    if feed.how == "latest":
        return f"{select} WHERE {where} ORDER BY happened_on DESC, id DESC LIMIT 1", parameters
    return f"{select} WHERE {where}", parameters


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def count_register(feed: FeedSpec, register_id: int, document: RegisterDocument, rhythm: str, today: date) -> Count:
    """Count a register for one indicator. A duty with a rhythm is counted within the latest period that has rows."""
    inner, parameters = rows_behind(feed, register_id)
    as_of = today
    within = ""
    limits: list[Any] = []
    if rules.period(rhythm, today) is not None:
        last = _one(f"SELECT max(happened_on) FROM ({inner}) r WHERE happened_on <= %s", [*parameters, today])[0]
        days = rules.period(rhythm, last or today)
        if days is not None:
            as_of = min(today, days[1])
            within, limits = "WHERE happened_on BETWEEN %s AND %s", list(days)
    amount, amount_parameters = _amount(feed)
    if feed.per:
        grouped = rows_of(
            f'SELECT "values"->>%s, {amount}, count(*) FROM ({inner}) r {within} GROUP BY 1',
            [feed.per, *amount_parameters, *parameters, *limits],
        )
        choices = next(field.choices for field in document.fields if field.name == feed.per)
        amounts = {name: value for name, value, _ in grouped}
        value = min(Fraction(amounts.get(choice, 0)) for choice in choices)
        return Count(_exact(value * Fraction(feed.factor)), sum(rows for *_, rows in grouped), as_of)
    if feed.how == "distinct":
        groups = f'SELECT count(*) AS rows FROM ({inner}) r {within} GROUP BY "values"->>%s'
        value, rows = _one(
            f"SELECT count(*), coalesce(sum(rows), 0) FROM ({groups}) g", [*parameters, *limits, feed.field]
        )
        return Count(_exact(Fraction(value) * Fraction(feed.factor)), int(rows), as_of)
    total = 'sum(("values"->>%s)::numeric)' if feed.total else "NULL"
    total_parameters = [feed.total] if feed.total else []
    value, whole, rows = _one(
        f"SELECT {amount}, {total}, count(*) FROM ({inner}) r {within}",
        [*amount_parameters, *total_parameters, *parameters, *limits],
    )
    result = Fraction(value or 0)
    if feed.total:
        result = 100 * result / Fraction(whole) if whole else Fraction(0)
    return Count(_exact(result * Fraction(feed.factor)), rows, as_of)


def _amount(feed: FeedSpec) -> tuple[str, list[Any]]:
    if feed.how == "count":
        return "count(*)", []
    return 'sum(("values"->>%s)::numeric)', [feed.field]


def _exact(value: Fraction) -> Decimal:
    """To six places, rounded down: a share is never shown higher than it is."""
    scaled = value * 1_000_000
    number = Decimal(scaled.numerator // scaled.denominator).scaleb(-6)
    if abs(number) >= TOO_MUCH:
        raise BadInput("合计太大，无法保存", where="figure", fix="核对记录中的数值和单位")
    return number.quantize(PLACES, ROUND_DOWN) if number.adjusted() < 18 else number


def _one(sql: str, parameters: Sequence[Any]) -> Any:
    return rows_of(sql, parameters)[0]


def rows_of(sql: str, parameters: Sequence[Any]) -> list[Any]:
    """What the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def recount(indicator_ids: Iterable[int], *, at: datetime, only_changes: bool = False) -> None:
    """Append a figure to each indicator; with `only_changes` where value, rows or origin differ from the latest.

    Locks the indicators in order of id until the transaction ends.
    """
    wanted = Indicator.objects.filter(id__in=sorted(set(indicator_ids)))
    indicators = list(wanted.select_for_update(no_key=True).order_by("id"))
    today = local_day(at)
    documents = registers({each.source for each in indicators if each.by == Indicator.By.REGISTER})
    latest = {pk: found[0] for pk, found in recent([each.pk for each in indicators], 1, with_empty=True).items()}
    fresh = []
    for each in indicators:
        count, origin = _count(each, documents, today)
        before = latest.get(each.pk)
        if count is None or (count.rows == 0 and each.by != Indicator.By.SOURCE and before is None):
            continue
        same = before and (before.value, before.rows, before.counted_from) == (count.value, count.rows, origin)
        if same and (only_changes or origin == "hand:"):
            continue
        fresh.append(
            Figure(
                indicator=each,
                value=count.value,
                rows=count.rows,
                as_of=count.as_of,
                counted_from=origin,
                counted_at=at,
            )
        )
    Figure.objects.bulk_create(fresh)


def registers(codes: set[str]) -> dict[str, tuple[int, RegisterDocument]]:
    """Registers by code: the id, and the document in force."""
    editions = RegisterEdition.objects.filter(register__code__in=codes).select_related("register")
    return {
        each.register.code: (each.register_id, kept_register(each.content_hash, each.content))
        for each in editions.order_by("register", "-id").distinct("register")
    }


def _count(
    each: Indicator, documents: dict[str, tuple[int, RegisterDocument]], today: date
) -> tuple[Count | None, str]:
    if each.by == Indicator.By.SOURCE:
        return Count(_exact(Fraction(_sources.named(each.source).count(today))), 0, today), f"source:{each.source}"
    if each.by == Indicator.By.HAND:
        standing = factual(Record.objects.filter(indicator=each, state=Record.State.APPROVED, void=False))
        row = standing.order_by("-happened_on", "-id").first()
        if row is None:
            return Count(Decimal(0).quantize(PLACES), 0, today), "hand:"
        return Count(_exact(Fraction(row.values["value"])), 1, row.happened_on), f"hand:{row.number}"
    if each.source not in documents:
        return None, ""
    register_id, document = documents[each.source]
    feed = next((feed for feed in document.feeds if feed.indicator == each.code), None)
    if feed is None:
        return None, ""
    rhythm = each.recurrence if each.kind == "recurring" else ""
    return count_register(feed, register_id, document, rhythm, today), f"register:{each.source}"


def recount_registers(register_ids: Iterable[int], *, at: datetime) -> None:
    """Count anew what these registers feed."""
    codes = list(Register.objects.filter(id__in=list(register_ids)).values_list("code", flat=True))
    fed = Indicator.objects.filter(by=Indicator.By.REGISTER, source__in=codes).values_list("id", flat=True)
    recount(fed, at=at)


def refresh_sources(*, at: datetime) -> None:
    """Count anew what comes from other rooms: a figure a day, so that it does not grow stale while it stands still."""
    today = local_day(at)
    rows = Indicator.objects.filter(by=Indicator.By.SOURCE, dropped=False)
    seen = set(Figure.objects.filter(indicator__in=rows, as_of=today).values_list("indicator_id", flat=True))
    ids = set(rows.values_list("id", flat=True))
    recount(ids - seen, at=at)
    recount(ids & seen, at=at, only_changes=True)
    if not _county.is_demo():
        recount(_fed_by_invented_rows(), at=at, only_changes=True)


def _fed_by_invented_rows() -> set[int]:
    """Indicators whose figure may still count invented rows: the county was a demonstration before."""
    invented = Record.objects.filter(sample=True, state=Record.State.APPROVED)
    codes = invented.exclude(register=None).values("register__code")
    by_register = Indicator.objects.filter(by=Indicator.By.REGISTER, source__in=codes)
    by_hand = Indicator.objects.filter(
        by=Indicator.By.HAND, pk__in=invented.exclude(indicator=None).values("indicator")
    )
    return {*by_register.values_list("pk", flat=True), *by_hand.values_list("pk", flat=True)}


_RECENT = """
SELECT f.id, f.indicator_id, f.value, f.rows, f.as_of, f.counted_from, f.counted_at
FROM unnest(%s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (
    SELECT * FROM plan_figure WHERE indicator_id BETWEEN wanted.id AND wanted.id
    ORDER BY indicator_id, id DESC LIMIT %s
) f ORDER BY f.indicator_id, f.id DESC
"""
"""BETWEEN and the order keep the planner on the index of the one indicator; see `_figure_views`."""


def recent(indicator_ids: Iterable[int], limit: int = 2, *, with_empty: bool = False) -> dict[int, list[Figure]]:
    """The latest figures of each indicator, newest first, in one query. Those that nothing stands behind end the
    list, unless they are asked for: what was counted before them holds no longer."""
    found: dict[int, list[Figure]] = {}
    ended: set[int] = set()
    for row in Figure.objects.raw(_RECENT, [list(indicator_ids), limit]):
        empty = row.rows == 0 and not row.counted_from.startswith("source:")
        if empty and not with_empty:
            ended.add(row.indicator_id)
        if row.indicator_id not in ended:
            found.setdefault(row.indicator_id, []).append(row)
    return found
