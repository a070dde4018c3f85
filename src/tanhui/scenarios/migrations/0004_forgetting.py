"""Facts stay append-only, but words may be forgotten: a resident's own after erasure, a refused row's after its time."""

from django.db import migrations

# For each table what an UPDATE may do, and nothing else: the words go, all other columns stay as they are.
FORGETS = {
    "scenarios_contest": ("text", "NEW.text = ''"),
    "scenarios_behavior": ("details", "NEW.details = OLD.details - 'sealed_note'"),
    "scenarios_refused_row": ("content", "NEW.content = ''"),
}

FORGET_ONLY = """
DROP TRIGGER {table}_append_only ON {table};
CREATE TRIGGER {table}_append_only BEFORE DELETE OR TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();
CREATE FUNCTION {table}_forget_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF {condition} AND to_jsonb(NEW) - '{column}' = to_jsonb(OLD) - '{column}' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '{table} 只可追加：更正请追加一条新的记录，不要修改原记录' USING ERRCODE = 'restrict_violation';
END $body$;
CREATE TRIGGER {table}_forget_only BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_forget_only();
"""

APPEND_ONLY = """
DROP TRIGGER {table}_forget_only ON {table};
DROP FUNCTION {table}_forget_only();
DROP TRIGGER {table}_append_only ON {table};
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0003_day_summary")]

    operations = [
        migrations.RunSQL(
            FORGET_ONLY.format(table=table, column=column, condition=condition),
            APPEND_ONLY.format(table=table),
        )
        for table, (column, condition) in FORGETS.items()
    ]
