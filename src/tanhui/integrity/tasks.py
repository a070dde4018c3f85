"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from procrastinate.contrib.django import app

from tanhui.integrity import services
from tanhui.kernel.days import local_day

_log = structlog.get_logger()
DAYS_BACK = 4
"""Redemptions and weighings made without network may arrive three days later, so these days are looked at again."""


@app.periodic(cron="45 17 * * *")
@app.task(queueing_lock="integrity.scan", name="integrity.scan", pass_context=False)
def scan(timestamp: int) -> None:
    """Every night (01:45 in the county): look at the last days, and forget who was erased."""
    at = datetime.now(UTC)
    found = sum(services.scan(day=local_day(at) - timedelta(days=back), at=at) for back in range(DAYS_BACK, 0, -1))
    _log.info("integrity.scanned", planned=timestamp, findings=found, forgotten=services.forget(at=at))
