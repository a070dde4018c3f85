"""The background worker: runs the rooms' tasks until told to stop."""

from __future__ import annotations

import django
from procrastinate.contrib.django import app  # stands for the app that Django's setup makes
from procrastinate.contrib.django.django_connector import DjangoConnector

GRACE_SECONDS = 20.0
"""How long a running task may finish after SIGTERM; each task may be broken off and run again."""


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    django.setup()
    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError(f"unexpected connector: {connector!r}")
    with app.replace_connector(connector.get_worker_connector()):
        app.run_worker(name="tanhui", concurrency=1, shutdown_graceful_timeout=GRACE_SECONDS)


if __name__ == "__main__":
    main()
