"""The fields in which the county publishes progress regularly, with the tasks and registers that report on them."""

from __future__ import annotations

from datetime import date

from tanhui.plan import _county, _plan, _registers
from tanhui.plan.types import TopicView


def topics(on: date) -> list[TopicView]:
    """The fields in the county's order; a field on which nothing reports says so in its note. Raises BadInput."""
    tasks = {each.no: each for each in _plan.task_views(on, _plan.starts_on(on))}
    registers = _registers.views()
    named = {code: each.document.topics for code, each in _registers.in_force().items()}
    return [
        TopicView(
            code=each.code,
            title=each.title,
            tasks=tuple(tasks[number] for number in each.tasks if number in tasks),
            registers=tuple(row for row in registers if each.title in named[row.code] or each.code in named[row.code]),
            note=each.note,
        )
        for each in _county.topics(_registers.county())
    ]
