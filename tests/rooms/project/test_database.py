"""The tests stand on a real PostgreSQL with the county's locale."""

from __future__ import annotations

import threading

import pytest
from django.db import connection


def one(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_server_is_recent_and_sorts_by_code_point():
    assert int(str(one("SHOW server_version_num"))) >= 150000
    assert one("SHOW server_encoding") == "UTF8"
    assert one("SELECT '碳' < '惠' COLLATE \"C\"") is one("SELECT '碳' < '惠'")


def test_own_connections_see_each_other(open_connection):
    first, second = open_connection(), open_connection()
    first.execute("CREATE TABLE seen (id int)")
    try:
        first.execute("INSERT INTO seen VALUES (1)")
        assert second.execute("SELECT count(*) FROM seen").fetchone() == (1,)
    finally:
        first.execute("DROP TABLE seen")


def test_threads_run_at_once_and_answer_in_order(in_threads):
    meeting = threading.Barrier(2)

    def meet() -> int:
        return meeting.wait(30)

    def fail() -> None:
        raise ValueError("said")

    first, second, third = in_threads(meet, meet, fail)
    assert {first, second} == {0, 1}
    assert isinstance(third, ValueError)
