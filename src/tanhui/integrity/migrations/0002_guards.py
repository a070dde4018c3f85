"""What the database itself keeps: the steps of a case, what is only appended, and who may rule."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

CASE = """
CREATE FUNCTION integrity_case_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION 'integrity_case 不可删除' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' THEN
      RAISE EXCEPTION '新的案件须待核查' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.number, NEW.kind, NEW.subject, NEW.party_id, NEW.opened_at)
     IS DISTINCT FROM (OLD.id, OLD.number, OLD.kind, OLD.subject, OLD.party_id, OLD.opened_at) THEN
    RAISE EXCEPTION '案件的内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('open', 'decided'), ('decided', 'appealed'), ('appealed', 'closed')) THEN
    RAISE EXCEPTION 'integrity_case 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER integrity_case_guard BEFORE INSERT OR UPDATE OR DELETE ON integrity_case
  FOR EACH ROW EXECUTE FUNCTION integrity_case_guard();
CREATE TRIGGER integrity_case_keep BEFORE TRUNCATE ON integrity_case
  FOR EACH STATEMENT EXECUTE FUNCTION integrity_case_guard();

-- At the end of a transaction a case has exactly what its state says.
CREATE FUNCTION integrity_case_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_row record;
BEGIN
  SELECT c.number, c.state,
      EXISTS (SELECT FROM integrity_decision d WHERE d.case_id = c.id) AS decided,
      EXISTS (SELECT FROM integrity_appeal a WHERE a.case_id = c.id) AS appealed,
      EXISTS (SELECT FROM integrity_ruling r WHERE r.case_id = c.id) AS ruled
    INTO v_row FROM integrity_case c WHERE c.id = (CASE TG_TABLE_NAME WHEN 'integrity_case' THEN (to_jsonb(NEW)->>'id')
      ELSE to_jsonb(NEW)->>'case_id' END)::bigint;
  IF (v_row.decided, v_row.appealed, v_row.ruled) IS DISTINCT FROM
      (v_row.state <> 'open', v_row.state IN ('appealed', 'closed'), v_row.state = 'closed') THEN
    RAISE EXCEPTION '案件 % 的状态为 %，与决定、申诉、复核不符', v_row.number, v_row.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER integrity_case_whole AFTER INSERT OR UPDATE ON integrity_case
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION integrity_case_whole();
CREATE CONSTRAINT TRIGGER integrity_decision_whole AFTER INSERT ON integrity_decision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION integrity_case_whole();
CREATE CONSTRAINT TRIGGER integrity_appeal_whole AFTER INSERT ON integrity_appeal
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION integrity_case_whole();
CREATE CONSTRAINT TRIGGER integrity_ruling_whole AFTER INSERT ON integrity_ruling
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION integrity_case_whole();
"""

CASE_UNDONE = """
DROP TRIGGER integrity_ruling_whole ON integrity_ruling;
DROP TRIGGER integrity_appeal_whole ON integrity_appeal;
DROP TRIGGER integrity_decision_whole ON integrity_decision;
DROP TRIGGER integrity_case_whole ON integrity_case;
DROP FUNCTION integrity_case_whole();
DROP TRIGGER integrity_case_keep ON integrity_case;
DROP TRIGGER integrity_case_guard ON integrity_case;
DROP FUNCTION integrity_case_guard();
"""

RULING = """
CREATE FUNCTION integrity_ruling_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (SELECT FROM integrity_decision d WHERE d.case_id = NEW.case_id AND d.decided_by = NEW.ruled_by) THEN
    RAISE EXCEPTION '复核人不能是作出决定的人' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER integrity_ruling_guard BEFORE INSERT ON integrity_ruling
  FOR EACH ROW EXECUTE FUNCTION integrity_ruling_guard();

-- The words of an appeal may be forgotten; nothing else of it ever changes.
CREATE FUNCTION integrity_appeal_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.sealed_text = ''::bytea AND to_jsonb(NEW) - 'sealed_text' = to_jsonb(OLD) - 'sealed_text' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'integrity_appeal 只可追加' USING ERRCODE = 'restrict_violation';
END $body$;
CREATE TRIGGER integrity_appeal_guard BEFORE UPDATE OR DELETE ON integrity_appeal
  FOR EACH ROW EXECUTE FUNCTION integrity_appeal_guard();
CREATE TRIGGER integrity_appeal_keep BEFORE TRUNCATE ON integrity_appeal
  FOR EACH STATEMENT EXECUTE FUNCTION integrity_appeal_guard();
"""

RULING_UNDONE = """
DROP TRIGGER integrity_appeal_keep ON integrity_appeal;
DROP TRIGGER integrity_appeal_guard ON integrity_appeal;
DROP FUNCTION integrity_appeal_guard();
DROP TRIGGER integrity_ruling_guard ON integrity_ruling;
DROP FUNCTION integrity_ruling_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0001_initial")]

    operations = [
        append_only("integrity_finding"),
        append_only("integrity_decision"),
        append_only("integrity_ruling"),
        migrations.RunSQL(CASE, CASE_UNDONE),
        migrations.RunSQL(RULING, RULING_UNDONE),
    ]
