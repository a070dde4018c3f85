"""Work of the background process. Each task calls one service and may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from procrastinate.contrib.django import app

from tanhui.scenarios import services
from tanhui.scenarios.types import SettlementBusy

_log = structlog.get_logger()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="scenarios.settle", name="scenarios.settle", pass_context=False)
def settle(timestamp: int) -> None:
    """Every ten minutes: bring the books to what the evidence says. `timestamp` is the planned time (Unix)."""
    try:
        summary = services.settle(at=datetime.now(UTC))
    except SettlementBusy:
        _log.info("settlement.busy", planned=timestamp)
        return
    _log.info("settlement.done", planned=timestamp, lines=summary.lines, transfers=summary.transfers)
