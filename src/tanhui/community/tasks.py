"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from tanhui.community._forget import forget_erased
from tanhui.community._occasions import close_ended

_log = structlog.get_logger()


@app.periodic(cron="25 17 * * *")
@app.task(queueing_lock="community.close", name="community.close", pass_context=False)
def close(timestamp: int) -> None:
    """Every night (01:25 in the county): close what ended three days ago. `timestamp` is the planned time."""
    closed = close_ended(datetime.now(UTC))
    _log.info("community.closed", planned=timestamp, occasions=closed)


@app.periodic(cron="*/15 * * * *")
@app.task(queueing_lock="community.forget", name="community.forget", pass_context=False)
def forget(timestamp: int) -> None:
    """Every quarter of an hour: forget what erased residents wrote."""
    forgotten = forget_erased(at=datetime.now(UTC))
    if forgotten:
        _log.info("community.forgot", planned=timestamp, residents=forgotten)
