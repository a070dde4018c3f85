"""For commands that need the house: the database, Django, the rooms."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click


def var_folder() -> Path:
    """The folder of everything made at run time, as in the settings."""
    county = importlib.import_module("tanhui.kernel.county")
    return Path(os.environ.get("TANHUI_VAR") or county.PROJECT_ROOT / "var")


@contextmanager
def open_house() -> Iterator[None]:
    """Start Django, and the embedded database where no `DATABASE_URL` is given, for as long as the command runs."""
    with ExitStack() as stack:
        database = importlib.import_module("tanhui.project.database")
        if database.uses_embedded(os.environ):
            stack.enter_context(database.embedded_cluster(var_folder(), say=say).leased())
        importlib.import_module("django").setup()
        connections = importlib.import_module("django.db").connections
        stack.callback(connections.close_all)
        yield


def room(name: str) -> Any:
    """A public module of a room, such as `ledger.queries`; only inside `open_house`."""
    return importlib.import_module(f"tanhui.{name}")


def acting(username: str) -> Any:
    """The member of staff of that user name, as verbs and the audit trail know it; only inside `open_house`."""
    found = room("parties.queries").staff(username)
    return room("parties.types").Actor(name=f"staff:{found.username}", user_id=found.id)


def now() -> datetime:
    """The wall clock, which the rooms never read themselves."""
    return datetime.now(UTC)


def say(text: str) -> None:
    """One line for people, on stderr."""
    click.echo(text, err=True)
