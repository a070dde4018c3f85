"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from procrastinate.contrib.django import app

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import NotFound
from tanhui.rewards import services
from tanhui.rewards.types import DraftMonth, FundsDetails, NothingToClear, TooEarly

_log = structlog.get_logger()


@app.periodic(cron="15 17 * * *")
@app.task(queueing_lock="rewards.expire", name="rewards.expire", pass_context=False)
def expire(timestamp: int) -> None:
    """Every night (01:15 in the county): return the points of unused vouchers. `timestamp` is the planned time."""
    done = services.expire(at=datetime.now(UTC))
    _log.info("rewards.expired", planned=timestamp, vouchers=done)


@app.periodic(cron="30 16 3-5 * *")
@app.task(queueing_lock="rewards.draft_month", name="rewards.draft_month", pass_context=False)
def draft_month(timestamp: int) -> None:
    """On the 4th, 5th and 6th (00:30 in the county): draft the statements of the month that ended last, once."""
    at = datetime.now(UTC)
    ended = local_day(at).replace(day=1) - timedelta(days=1)
    try:
        month = services.clear(details=DraftMonth(ended.replace(day=1)), at=at)
    except (NothingToClear, TooEarly) as nothing:
        _log.info("rewards.month_not_drafted", planned=timestamp, reason=nothing.message)
        return
    _log.info("rewards.month_drafted", planned=timestamp, month=month)


@app.periodic(cron="45 17 * * *")
@app.task(queueing_lock="rewards.sign_funds", name="rewards.sign_funds", pass_context=False)
def sign_funds(timestamp: int) -> None:
    """Every night (01:45 in the county): sign the statement of the month that ended last; it is signed once."""
    at = datetime.now(UTC)
    ended = local_day(at).replace(day=1) - timedelta(days=1)
    try:
        number = services.clear(details=FundsDetails(ended.replace(day=1)), at=at)
    except NotFound as missing:  # a county without a document of its mall's money
        _log.info("rewards.funds_not_signed", planned=timestamp, reason=missing.message)
        return
    _log.info("rewards.funds_signed", planned=timestamp, statement=number)
