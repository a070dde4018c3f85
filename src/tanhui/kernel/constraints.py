"""Migration operations for rules that the database itself keeps."""

from __future__ import annotations

import re

from django.db.migrations import RunSQL

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def append_only(table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on `table`: a mistake is corrected by a second fact."""
    if not _NAME.match(table):
        raise ValueError(f"not a table name: {table!r}")
    message = f"{table} 只可追加：更正请追加一条新的记录，不要修改或删除原记录"
    return RunSQL(
        sql=f"""
        CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
          RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation';
        END $body$;
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
          FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();
        """,
        reverse_sql=f"""
        DROP TRIGGER {table}_append_only ON {table};
        DROP FUNCTION {table}_append_only();
        """,
    )
