"""The columnar compiler: a method and a table of events become one ibis expression.

The same expression runs on DuckDB, PostgreSQL and Spark and gives the same integers as the interpreter. `events`
needs the columns `event_id` int64, `person` int64, `day` date, `at` int64, `tie` text, `grade` int, `exclude`
text, and the method's inputs (int64 or text). The order of `tie` must be by code point: on PostgreSQL with
another collation give the column `COLLATE "C"`. Columns beyond these are ignored.

Two plans, chosen by proof and equal in result:

* *layered*: each kind of cap is a window over the outcome of the one before;
* *single sort*: where all caps are by day and whatever was cut once leaves nothing for what comes later that day,
  all running totals may be taken over the uncut events, so that every window shares one sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import ibis

from tanhui_methods.emitting import INT64, NARROW_BELOW, WIDE, Column, Emitter, bigint, by_day, floor_divide, integer
from tanhui_methods.errors import MethodError
from tanhui_methods.integers import Lowering, Node
from tanhui_methods.model import Cap, Entry, Input, Method, Parameter
from tanhui_methods.row_rules import RowRule, RuleSet, compile_conditions
from tanhui_methods.syntax import names

MOST_EVENTS_A_PERIOD: Final = 2**16
"""Running totals are proved for this many events of a person in one period."""
_INT32_BELOW: Final = 2**31
_FACTS: Final = ("event_id", "person", "day", "at", "tie")
_DUPLICATE: Final = "duplicate"
RESULT_COLUMNS: Final = ("event_id", "reduction_g", "points", "grade", "outcome", "cap")


def compile_method(method: Method, events: Any, *, single_sort: bool | None = None) -> Any:
    """The results of all events of an ibis table: one row an event, columns `RESULT_COLUMNS`.

    A missing input or factor sets the event aside (`excluded:missing:…`, `excluded:factor:…`), like
    `evaluate(…, strict=False)`. Raises MethodError when the table lacks a column.
    """
    return _Compiler(method, events, single_sort=single_sort).compile()


class _Compiler:
    def __init__(self, method: Method, events: Any, *, single_sort: bool | None = None) -> None:
        self.method = method
        self.events = events
        self.lowering = Lowering(method)
        self.breaks = self.lowering.days
        self.product, self.grams = self._lower()
        self.reasons: list[str] = []
        single = self.can_sort_once() if single_sort is None else single_sort
        self.plan = self.single_sort if single else self.layered
        missing = [name for name in (*_FACTS, "grade", *method.inputs) if name not in events.columns]
        if missing:
            raise MethodError(
                f"行为表缺少列：{'、'.join(missing)}", fix="按 docs/reference/method-format.md 补上这些列"
            )

    def _lower(self) -> tuple[Node, Node]:
        self.conditions = [self.lowering.truth(condition.rule) for condition in self.method.conditions]
        return self.lowering.reduction(self.method)

    def compile(self) -> Any:
        screened = self.screened()
        # What is set aside never enters a sort; what counts carries no reasons through it.
        living = screened.filter(screened.reason == 0).drop("reason", "exclude").mutate(alive=ibis.literal(True))
        if self.method.dedup is not None:
            living = self.without_duplicates(living)
        return self.told(self.plan(living)).union(self.set_aside(screened.filter(screened.reason != 0)))

    def told(self, table: Any) -> Any:
        """The results of the living."""
        return table.select(
            "event_id",
            reduction_g=bigint(table.grams),
            points=bigint(table.points),
            grade=bigint(table.effective),
            outcome=self.outcome(table),
            cap=self.cap_name(table),
        )

    def set_aside(self, table: Any) -> Any:
        """The results of events that a reason keeps out."""
        labels = [
            (
                table.reason == index,
                ibis.literal("excluded:") + table.exclude if label == "excluded" else ibis.literal(label),
            )
            for index, label in enumerate(self.reasons, 1)
        ]
        return table.select(
            "event_id",
            reduction_g=bigint(ibis.literal(0)),
            points=bigint(ibis.literal(0)),
            grade=bigint(table.effective),
            outcome=ibis.cases(*labels),
            cap=ibis.null("string"),
        )

    # screening

    def screened(self) -> Any:
        """The events with clipped inputs, effective grade and the number of the reason that sets them aside."""
        events, method = self.events, self.method
        # Conditions see clipped values: arithmetic stays in range on rows that are set aside anyway.
        inputs = {name: clipped(each, events[name]) for name, each in method.inputs.items()}
        given = ibis.coalesce(events.grade.cast(INT64), integer(0))
        expired = self.expired(inputs)
        grade = given if expired is None else ibis.ifelse(expired & (given < 4), given + 1, given)
        reason = self.reason(inputs, grade)
        outside = len(self.reasons) - len(method.conditions) - self.refuses_grades
        table = events.select(
            *(events[name].cast(INT64) if name in {"event_id", "person", "at"} else events[name] for name in _FACTS),
            **{
                name: events[name].cast(INT64) if each.kind == "integer" else events[name]
                for name, each in method.inputs.items()
            },
            given=given,
            lowered=grade,
            exclude=events["exclude"] if "exclude" in events.columns else ibis.null("string"),
            reason=reason,
        )
        # The grade is lowered only for events that got as far as the parameters.
        stopped = (table.reason > 0) & (table.reason <= outside)
        return table.mutate(effective=ibis.ifelse(stopped, table.given, table.lowered)).drop("given", "lowered")

    def reason(self, inputs: dict[str, Column], grade: Column) -> Column:
        """0 for an event that counts so far, else the number (from 1) of the first reason that holds."""
        events, method = self.events, self.method
        emit = Emitter(inputs, events.day, grade, self.breaks)
        tests: list[tuple[str, Column]] = []
        if "exclude" in events.columns:
            tests.append(("excluded", events["exclude"].notnull()))
        tests.append(("excluded:missing:grade", events.grade.isnull()))
        tests.append(("excluded:bounds:grade", (events.grade < 1) | (events.grade > 4)))
        for name, given in method.inputs.items():
            tests.append((f"excluded:missing:{name}", events[name].isnull()))
            if given.kind == "integer":
                outside = (events[name] < integer(given.low)) | (events[name] > integer(given.high))
                tests.append((f"excluded:bounds:{name}", outside))
            elif given.kind == "choice":
                tests.append((f"excluded:bounds:{name}", events[name].notin(list(given.choices))))
        for name in method.used:
            lacking = self.by_entry([method.parameters[name]], inputs, lambda segment, day: segment is None)
            if lacking is not None:
                tests.append((f"excluded:factor:{name}", lacking))
        for condition, node in zip(method.conditions, self.conditions, strict=True):
            tests.append((f"not_applicable:{condition.name}", ~emit.truth(node)))
        refused = [at for at, value in enumerate(method.grades.multipliers, 1) if value is None]
        self.refuses_grades = bool(refused)
        if refused:
            tests.append(("not_applicable:grade", grade.isin(refused)))
        self.reasons = [label for label, _ in tests]
        return ibis.cases(*((test, index) for index, (_, test) in enumerate(tests, 1)), else_=0).cast("int16")

    def expired(self, inputs: dict[str, Column]) -> Column | None:
        def stale(segment: Any, day: Any) -> bool:
            return segment is not None and segment.best_before is not None and segment.best_before < day

        used = [self.method.parameters[name] for name in self.method.used]
        return self.by_entry(used, inputs, stale)

    def by_entry(self, parameters: list[Parameter], inputs: dict[str, Column], holds: Any) -> Column | None:
        """Whether `holds(segment, day)` for a row that the event uses of any parameter; None if it never does."""
        always = [False] * len(self.lowering.samples)
        tests: list[Column] = []
        for parameter in parameters:
            rows: list[tuple[Entry, list[bool]]] = [
                (entry, [bool(holds(entry.at(day), day)) for day in self.lowering.samples])
                for entry in parameter.entries
            ]
            if parameter.by is None:
                always = [one or other for one, other in zip(always, rows[0][1], strict=True)]
            elif any(any(flags) for _, flags in rows):
                tests.append(self.by_row(parameter.by, rows, inputs))
        if any(always):
            tests.append(self.on_days(always))
        whole = tests[0] if tests else None
        for test in tests[1:]:
            whole = whole | test
        return whole

    def by_row(self, by: str, rows: list[tuple[Entry, list[bool]]], inputs: dict[str, Column]) -> Column:
        value = inputs[by]
        if self.method.inputs[by].kind == "integer":
            cases = [(value >= integer(int(entry.key or 0)), self.on_days(flags)) for entry, flags in reversed(rows)]
            return ibis.cases(*cases, else_=self.on_days(rows[0][1]))
        cases = [(value == entry.key, self.on_days(flags)) for entry, flags in rows]
        return ibis.cases(*cases, else_=ibis.literal(False))

    def on_days(self, flags: list[bool]) -> Column:
        truths = (ibis.literal(False), ibis.literal(True))
        return by_day(self.events.day, self.breaks, [truths[flag] for flag in flags])

    # windows

    def running(self, table: Any, column: Column, largest: int, per: str) -> Column:
        """The running total of a column over a person's period, this event included.

        Totals of int4 are bigint on PostgreSQL, those of bigint are numeric and cost several times as much.
        """
        narrow = column.cast("int32") if largest < _INT32_BELOW else column
        return bigint(narrow.sum().over(self.window(table, per)))

    def period(self, table: Any, per: str) -> list[Column]:
        if per == "day":
            return [table.day]
        if per == "month":
            return [table.day.year(), table.day.month()]
        return [table.day.year()]

    def without_duplicates(self, table: Any) -> Any:
        dedup = self.method.dedup
        assert dedup is not None
        keys = [table[name] for name in dedup.key]
        table = table.mutate(rank=self.rank(table, dedup.within, *keys))
        return table.mutate(alive=table["rank"] == 0)

    def rank(self, table: Any, per: str, *extra: Column) -> Column:
        """How many events of the person's period come before this one."""
        # A count, not a row number: with the frame of the totals it shares their pass over the sorted rows.
        return table.event_id.count().over(self.window(table, per, *extra)) - 1

    def window(self, table: Any, per: str, *extra: Column) -> Any:
        group = [table.person, *self.period(table, per), *extra]
        return ibis.cumulative_window(group_by=group, order_by=[table.at, table.tie, table.event_id])

    # the layered plan

    def layered(self, table: Any) -> Any:
        table = table.mutate(first=table.alive, hit=ibis.literal(0, type="int16"))
        for cap in self.caps("count"):
            table = self.layer(table, cap, integer(1), 1)
        for cap in self.method.caps:
            if cap.of in self.method.inputs:
                table = self.layer(table, cap, table[cap.of], self.method.inputs[cap.of].high, kept=cap.of)
        emit = Emitter({name: table[name] for name in self.method.inputs}, table.day, table.effective, self.breaks)
        table = table.mutate(grams=ibis.ifelse(table.alive, emit(self.grams), integer(0)))
        for cap in self.caps("reduction"):
            table = self.layer(table, cap, table.grams, self.grams.high, kept="grams")
        table = table.mutate(points=self.points(table))
        for cap in self.caps("points"):
            table = self.layer(table, cap, table.points, self.most_points(), kept="points")
        return table

    def caps(self, of: str) -> list[Cap]:
        return [cap for cap in self.method.caps if cap.of == of]

    def layer(self, table: Any, cap: Cap, asked: Column, largest: int, kept: str = "") -> Any:
        """Apply one cap to what the caps before it have left."""
        table = table.mutate(asked=ibis.ifelse(table.alive, asked, integer(0)))
        table = table.mutate(used=self.running(table, table.asked, largest, cap.per) - table.asked)
        left = ibis.greatest(integer(cap.limit) - table.used, integer(0))
        table = table.mutate(allowed=ibis.least(table.asked, left))
        cut = table.allowed < table.asked
        changes: dict[str, Column] = {"hit": self.first_hit(table, cap, cut)}
        if cap.of not in {"reduction", "points"}:
            changes["alive"] = table.alive & ~(cut & (table.allowed == 0))
        if kept:
            changes[kept] = ibis.ifelse(table.alive, table.allowed, table[kept])
        return table.mutate(**changes)

    def first_hit(self, table: Any, cap: Cap, cut: Column) -> Column:
        number = self.method.caps.index(cap) + 1
        return ibis.ifelse((table.hit == 0) & cut, number, table.hit).cast("int16")

    def points(self, table: Any) -> Column:
        points = self.method.points
        if not points.rate:
            return ibis.ifelse(table.grams > 0, integer(points.fixed), integer(0))
        total = self.running(table, table.grams, self.grams.high, "day")
        return self.points_of(total) - self.points_of(total - table.grams)

    def most_points(self) -> int:
        """No event earns more: its grams at the rate, and one for the rounding of the day's total."""
        return max(self.method.points.fixed, int(self.grams.high * self.method.points.rate) + 1)

    def points_of(self, grams: Column) -> Column:
        """The points for a day's grams, rounded down."""
        rate = self.method.points.rate
        largest = max(self.grams.high, 1) * MOST_EVENTS_A_PERIOD * rate.numerator
        if largest >= NARROW_BELOW:
            product = grams.cast(WIDE) * integer(rate.numerator).cast(WIDE)
            return floor_divide(product.cast(WIDE), largest, rate.denominator, wide=True).cast(INT64)
        return floor_divide(grams * integer(rate.numerator), largest, rate.denominator)

    # the plan with a single sort

    def can_sort_once(self) -> bool:
        """Whether an event that comes after a cut one of the same day can be worth nothing."""
        caps = self.method.caps
        quantities = [cap for cap in caps if cap.of in self.method.inputs]
        points_caps = self.caps("points")
        if any(cap.per != "day" for cap in caps) or len(quantities) > 1 or (points_caps and self.method.points.fixed):
            return False
        if len({cap.of for cap in caps}) < len(caps):
            return False
        worth = (Lowering(self.method, zeros=[cap.of]).reduction(self.method)[1] for cap in quantities)
        return all(grams.high <= 0 for grams in worth)

    def single_sort(self, table: Any) -> Any:
        zero = integer(0)
        counts, grams_caps = self.caps("count"), self.caps("reduction")
        quantities = [cap for cap in self.method.caps if cap.of in self.method.inputs]
        emit = Emitter({name: table[name] for name in self.method.inputs}, table.day, table.effective, self.breaks)
        table = table.mutate(first=table.alive, g=self.where(table.alive, emit(self.grams)))
        sums: dict[str, Column] = {}
        if counts:
            sums["before_count"] = self.alive_before(table)
        if quantities:
            q = self.where(table.alive, table[quantities[0].of])
            sums["before_q"] = self.running(table, q, self.method.inputs[quantities[0].of].high, "day") - q
        if grams_caps or self.method.points.rate:
            sums["before_g"] = self.running(table, table.g, self.grams.high, "day") - table.g
        table = table.mutate(hit=ibis.literal(0, type="int16"), **sums)
        over = table.before_count >= integer(counts[0].limit) if counts else ibis.literal(False)
        if counts:
            table = table.mutate(hit=self.first_hit(table, counts[0], self.only(table.alive, over)))
        if quantities:
            table = self.cut_quantity(table, quantities[0], over)
        else:
            table = table.mutate(grams=ibis.ifelse(over, zero, table.g) if counts else table.g)
        if grams_caps:
            left = ibis.greatest(integer(grams_caps[0].limit) - table.before_g, zero)
            cut = table.grams > left
            table = table.mutate(hit=self.first_hit(table, grams_caps[0], cut), grams=ibis.least(table.grams, left))
        return self.award_once(table, self.caps("points"))

    def where(self, alive: Column, value: Column) -> Column:
        """The value of the living, else 0."""
        return value if self.method.dedup is None else ibis.ifelse(alive, value, integer(0))

    def alive_before(self, table: Any) -> Column:
        if self.method.dedup is None:
            return self.rank(table, "day")
        one = as_count(table.alive)
        return self.running(table, one, 1, "day") - one

    def only(self, alive: Column, truth: Column) -> Column:
        """What is true of the living."""
        return truth if self.method.dedup is None else alive & truth

    def cut_quantity(self, table: Any, cap: Cap, over: Column) -> Any:
        """Cut quantities to what is left of the day; nothing left is worth nothing (see `can_sort_once`)."""
        zero, asked = integer(0), table[cap.of]
        kept = ibis.greatest(ibis.least(asked, integer(cap.limit) - table.before_q), zero)
        dead = over if self.method.dedup is None else over | ~table.alive
        columns = {name: table[name] for name in self.method.inputs}
        worth = Emitter(columns | {cap.of: ibis.ifelse(dead, zero, kept)}, table.day, table.effective, self.breaks)
        hit = self.first_hit(table, cap, self.only(table.alive, kept < asked))
        return table.mutate(hit=hit, grams=worth(self.grams))

    def award_once(self, table: Any, points_caps: list[Cap]) -> Any:
        points, zero = self.method.points, integer(0)
        if not points.rate:
            return table.mutate(points=ibis.ifelse(table.grams > 0, integer(points.fixed), zero))
        before = table.before_g
        table = table.mutate(points=self.points_of(before + table.grams) - self.points_of(before))
        for cap in points_caps:
            left = ibis.greatest(integer(cap.limit) - self.points_of(before), zero)
            cut = table.points > left
            table = table.mutate(hit=self.first_hit(table, cap, cut), points=ibis.least(table.points, left))
        return table

    # the result in words

    def outcome(self, table: Any) -> Column:
        points_caps = [self.method.caps.index(cap) + 1 for cap in self.caps("points")]
        capped = table.hit > 0
        if points_caps:
            capped = capped & table.hit.notin(points_caps)
        words = ibis.ifelse(capped, "capped", "counted")
        return words if self.method.dedup is None else ibis.ifelse(table.first, words, _DUPLICATE)

    def cap_name(self, table: Any) -> Column:
        names = [(table.hit == index, ibis.literal(cap.name)) for index, cap in enumerate(self.method.caps, 1)]
        return ibis.cases(*names, else_=ibis.null("string")) if names else ibis.null("string")


def compile_row_rules(rules: Sequence[RowRule], method: Method, events: Any) -> Any:
    """For every event the code of the first row rule that it breaks: columns `event_id`, `reason` (null if none).

    A rule that mentions an absent or out-of-bounds value says nothing: that is told by the method itself. Raises
    MethodErrors for a rule that does not fit the method's inputs.
    """
    book = RuleSet("", method.inputs, {})
    lowering = Lowering(book)
    columns = {name: clipped(given, events[name]) for name, given in method.inputs.items() if name in events.columns}
    emit = Emitter(columns, ibis.null("date"), integer(0), ())
    cases = []
    for rule, expression in compile_conditions(rules, method.inputs):
        broken = ~emit.truth(lowering.truth(expression))
        for name in sorted({each.name for each in names(expression)}):
            if name not in events.columns:
                raise MethodError(f"行为表缺少列：{name}", fix="按方法学的输入补上这一列")
            broken = broken & sound(method.inputs[name], events[name])
        cases.append((broken, ibis.literal(rule.code)))
    reason = ibis.cases(*cases, else_=ibis.null("string")) if cases else ibis.null("string")
    return events.select("event_id", reason=reason)


def as_count(truth: Column) -> Column:
    """1 or 0: PostgreSQL does not cast a truth value to a wide integer."""
    return ibis.ifelse(truth, integer(1), integer(0))


def clipped(given: Input, column: Column) -> Column:
    """An integer input held within its bounds."""
    if given.kind != "integer":
        return column
    return ibis.least(ibis.greatest(column.cast(INT64), integer(given.low)), integer(given.high))


def sound(given: Input, column: Column) -> Column:
    if given.kind != "integer":
        return column.notnull()
    return column.notnull() & (column >= integer(given.low)) & (column <= integer(given.high))
