"""Work of the background process. Each task may run twice without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from django.db import transaction
from procrastinate.contrib.django import app

from tanhui.parties._sealed import reseal_stale

_log = structlog.get_logger()


@app.periodic(cron="30 3 * * *")
@app.task(queueing_lock="parties.reseal", name="parties.reseal", pass_context=False)
def reseal(timestamp: int) -> None:
    """Every night: encrypt again, under the active key, what retired keys still hold; nothing to do otherwise."""
    total = 0
    while True:
        with transaction.atomic():
            done = reseal_stale(datetime.now(UTC))
        total += done
        if not done:
            break
    if total:
        _log.info("parties.resealed", planned=timestamp, values=total)
