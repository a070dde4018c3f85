"""Rules that the database itself keeps: facts are appended only, records keep their content, what is ended is frozen."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

FACTS = (
    "plan_finding",
    "plan_finding_decision",
    "plan_version",
    "plan_register_edition",
    "plan_evidence",
    "plan_figure",
    "plan_override",
    "plan_funding_entry",
    "plan_report",
    "plan_reminder",
)

RECORD = """
CREATE FUNCTION plan_record_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'plan_record 不可删除：未审核的撤回，已审核的更正' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.number, NEW.register_id, NEW.edition_id, NEW.indicator_id, NEW."values", NEW.happened_on,
      NEW.division_code, NEW.longitude_e6, NEW.latitude_e6, NEW.department_id, NEW.corrects_id, NEW.void, NEW.note,
      NEW.sample, NEW.filed_by_id, NEW.filed_at)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.register_id, OLD.edition_id, OLD.indicator_id, OLD."values", OLD.happened_on,
      OLD.division_code, OLD.longitude_e6, OLD.latitude_e6, OLD.department_id, OLD.corrects_id, OLD.void, OLD.note,
      OLD.sample, OLD.filed_by_id, OLD.filed_at) THEN
    RAISE EXCEPTION 'plan_record 的内容不可修改：请填报一条更正' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND NOT (
      (OLD.state = 'filed' AND NEW.state IN ('approved', 'returned', 'withdrawn'))
      OR (OLD.state = 'approved' AND NEW.state = 'corrected')) THEN
    RAISE EXCEPTION 'plan_record 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> 'filed' AND (NEW.reviewed_by_id, NEW.reviewed_at, NEW.review_note)
      IS DISTINCT FROM (OLD.reviewed_by_id, OLD.reviewed_at, OLD.review_note) THEN
    RAISE EXCEPTION 'plan_record 的审核意见不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.live_key IS NOT NULL AND NEW.live_key IS NOT NULL AND NEW.live_key <> OLD.live_key THEN
    RAISE EXCEPTION 'plan_record 的唯一键不可改成别的' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER plan_record_guard BEFORE UPDATE OR DELETE ON plan_record
  FOR EACH ROW EXECUTE FUNCTION plan_record_guard();
CREATE TRIGGER plan_record_whole BEFORE TRUNCATE ON plan_record
  FOR EACH STATEMENT EXECUTE FUNCTION plan_record_guard();
"""

RECORD_UNDONE = """
DROP TRIGGER plan_record_whole ON plan_record;
DROP TRIGGER plan_record_guard ON plan_record;
DROP FUNCTION plan_record_guard();
"""

DOCUMENT = """
CREATE FUNCTION plan_document_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'plan_document 不可删除：不用的作废' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.number, NEW.name, NEW.title, NEW.status, NEW.text, NEW.draft, NEW.draft_hash, NEW.received_by,
      NEW.received_at)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.name, OLD.title, OLD.status, OLD.text, OLD.draft, OLD.draft_hash, OLD.received_by,
      OLD.received_at) THEN
    RAISE EXCEPTION 'plan_document 的内容不可修改：更正写在疑点的决定里' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND OLD.state <> 'open' THEN
    RAISE EXCEPTION 'plan_document 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER plan_document_guard BEFORE UPDATE OR DELETE ON plan_document
  FOR EACH ROW EXECUTE FUNCTION plan_document_guard();
"""

DOCUMENT_UNDONE = """
DROP TRIGGER plan_document_guard ON plan_document;
DROP FUNCTION plan_document_guard();
"""


def frozen_once(table, column):
    """Refuse to change or delete a row of `table` whose `column` is set: it was ended or published."""
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {table}_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
          IF OLD.{column} IS NOT NULL THEN
            RAISE EXCEPTION '{table} 已办结或公布，不可改动' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $body$;
        CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}
          FOR EACH ROW EXECUTE FUNCTION {table}_frozen();
        """,
        f"DROP TRIGGER {table}_frozen ON {table}; DROP FUNCTION {table}_frozen();",
    )


class Migration(migrations.Migration):
    dependencies = [("plan", "0001_initial")]

    operations = [
        *[append_only(table) for table in FACTS],
        migrations.RunSQL(RECORD, RECORD_UNDONE),
        migrations.RunSQL(DOCUMENT, DOCUMENT_UNDONE),
        frozen_once("plan_appraisal", "published_at"),
        frozen_once("plan_notice", "closed_at"),
        frozen_once("plan_good_case", "published_at"),
    ]
