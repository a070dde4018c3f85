"""The database itself keeps facts as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from tanhui.kernel.constraints import append_only


@pytest.fixture
def planted(db: None) -> Iterator[None]:
    """A table under the rule, made and removed within the test's transaction."""
    operation = append_only("kernel_planted")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kernel_planted (id int)")
        cursor.execute(str(operation.sql))
        cursor.execute("INSERT INTO kernel_planted VALUES (1), (2)")
    yield
    with connection.cursor() as cursor:
        cursor.execute(str(operation.reverse_sql))
        cursor.execute("DELETE FROM kernel_planted")
        cursor.execute("DROP TABLE kernel_planted")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_planted SET id = 3",
        "UPDATE kernel_planted SET id = 3 WHERE false",
        "DELETE FROM kernel_planted",
        "TRUNCATE kernel_planted",
    ],
)
@pytest.mark.usefixtures("planted")
def test_facts_are_not_edited(statement: str) -> None:
    with pytest.raises(IntegrityError, match="只可追加"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM kernel_planted")
        assert cursor.fetchone() == ([1, 2],)


@pytest.mark.parametrize("name", ["", "Planted", "a b", "a;drop table b", "1a", 'a"b', "表"])
def test_only_table_names(name: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        append_only(name)
