"""What must be done before the web server may start: tables up to date, static files gathered. A process of its own,
so that the supervisor stays small."""

from __future__ import annotations

import argparse
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def pending_migrations() -> list[str]:
    """Migrations that the database has not had, such as `ledger.0002_periods`. Needs a connection."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def bring_tables_up_to_date() -> list[str]:
    """Apply what is pending; returns what was applied."""
    pending = pending_migrations()
    if pending:
        call_command("migrate", verbosity=0, interactive=False)
    return pending


def gather_static_files() -> None:
    """Copy the doors' static files to one folder that the web server sends by itself."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)


def main() -> int:
    """Exit code 0, or 3 where migrations are pending and were not asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--migrate", action="store_true")
    arguments = parser.parse_args()
    django.setup()
    if arguments.migrate:
        bring_tables_up_to_date()
    elif pending_migrations():
        return 3
    gather_static_files()
    return 0


if __name__ == "__main__":
    sys.exit(main())
