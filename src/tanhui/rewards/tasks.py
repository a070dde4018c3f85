"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from tanhui.rewards import services

_log = structlog.get_logger()


@app.periodic(cron="15 17 * * *")
@app.task(queueing_lock="rewards.expire", name="rewards.expire", pass_context=False)
def expire(timestamp: int) -> None:
    """Every night (01:15 in the county): return the points of unused vouchers. `timestamp` is the planned time."""
    done = services.expire(at=datetime.now(UTC))
    _log.info("rewards.expired", planned=timestamp, vouchers=done)
