"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from tanhui.plan import _figures, _reminders

_log = structlog.get_logger()


@app.periodic(cron="30 22 * * *")
@app.task(queueing_lock="plan.remind", name="plan.remind", pass_context=False)
def remind(timestamp: int) -> None:
    """Every morning (06:30 in the county): remind of deadlines and stale figures. `timestamp` is the planned time."""
    made = _reminders.remind(at=datetime.now(UTC))
    _log.info("plan.reminded", planned=timestamp, made=made)


@app.periodic(cron="0 22 * * *")
@app.task(queueing_lock="plan.refresh_sources", name="plan.refresh_sources", pass_context=False)
def refresh_sources(timestamp: int) -> None:
    """Every morning (06:00 in the county): count anew what comes from other rooms."""
    _figures.refresh_sources(at=datetime.now(UTC))
    _log.info("plan.refreshed", planned=timestamp)
