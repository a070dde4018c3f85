"""What every test may ask for: a real PostgreSQL of the session's own, and several real connections for races.

Unless `DATABASE_URL` points to another server, the session starts a throw-away cluster; under pytest-xdist each
worker has its own. pytest-django's `db` and `transactional_db` work on it. (A server of one's own needs a role that
may create databases and set session_replication_role.)
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection, connections, transaction

from tanhui.project.database import django_database, uses_embedded
from tanhui.project.postgres import Cluster
from tanhui.project.secrets import NAMES

# Tests encrypt and sign with keys that everybody knows: what they compute is the same on every machine.
settings.TANHUI_SECRETS = {name: name.encode().ljust(32, b".") for name in NAMES}
settings.SECRET_KEY = "known-to-everybody-because-only-tests-use-it-0123456789"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def throw_away_cluster() -> Iterator[Cluster | None]:
    """The session's own server; None where `DATABASE_URL` names one."""
    if not uses_embedded(os.environ):
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="tanhui-test-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "postgres", throw_away=True, settings={"shared_buffers": "128MB"})
    try:
        with cluster.leased(die_with_parent=True):
            yield cluster
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    throw_away_cluster: Cluster | None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Point Django to the session's server before pytest-django makes the test database."""
    if throw_away_cluster is None:
        return
    fresh = django_database(throw_away_cluster.url)
    kept = connections.databases["default"]
    kept.update({key: fresh[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")})


@pytest.fixture(autouse=True, scope="session")
def _flush_past_append_only_triggers() -> Iterator[None]:
    """Emptying the tables between transactional tests is the one TRUNCATE that append-only tables must bear."""
    patch = pytest.MonkeyPatch()
    emptied = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
            emptied(self, **options)

    patch.setattr(flush.Command, "handle", handle)
    yield
    patch.undo()


@pytest.fixture
def pg_url(db: None) -> str:
    """The URL of the test database, for code that connects by itself (psycopg, ibis, another process)."""
    parts = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname")
    return psycopg.conninfo.make_conninfo(**{key: parts[key] for key in wanted if parts.get(key)})


@pytest.fixture
def open_connection(transactional_db: None, pg_url: str) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """Opens further real connections to the test database, closed after the test: for races."""
    with ExitStack() as stack:

        def open_one(*, autocommit: bool = True) -> psycopg.Connection[Any]:
            return stack.enter_context(psycopg.connect(pg_url, autocommit=autocommit))

        yield open_one


@pytest.fixture
def in_threads(transactional_db: None) -> Callable[..., list[Any]]:
    """Runs functions at once, each in a thread with its own Django connection, released together by a barrier.

    Returns for each function, in order, its value or the exception that it raised.
    """

    def run(*functions: Callable[[], Any], timeout: float = 60) -> list[Any]:
        barrier = threading.Barrier(len(functions))

        def one(function: Callable[[], Any]) -> Any:
            try:
                barrier.wait(timeout)
                return function()
            except Exception as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as pool:
            return [future.result(timeout) for future in [pool.submit(one, each) for each in functions]]

    return run
