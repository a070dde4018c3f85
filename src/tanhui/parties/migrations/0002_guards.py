"""What the database itself keeps: facts are only appended, the audit trail is one chain, periods end once."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

AUDIT_CHAIN = """
CREATE FUNCTION parties_audit_entry_chain() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  head parties_audit_head%ROWTYPE;
BEGIN
  SELECT * INTO head FROM parties_audit_head WHERE id = 1 FOR UPDATE;
  IF NOT FOUND OR NEW.sequence <> head.sequence + 1 OR NEW.previous_hash <> head.entry_hash
     OR octet_length(NEW.entry_hash) <> 32 THEN
    RAISE EXCEPTION '操作留痕必须接在最后一条之后' USING ERRCODE = 'restrict_violation';
  END IF;
  UPDATE parties_audit_head SET sequence = NEW.sequence, entry_hash = NEW.entry_hash WHERE id = 1;
  RETURN NEW;
END $body$;
CREATE TRIGGER parties_audit_entry_chain BEFORE INSERT ON parties_audit_entry
  FOR EACH ROW EXECUTE FUNCTION parties_audit_entry_chain();

CREATE FUNCTION parties_audit_head_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Where the head exists already, the conflict on its key answers; without it there may be no entry.
    IF NEW.sequence = 0 AND (EXISTS (SELECT 1 FROM parties_audit_head)
                             OR NOT EXISTS (SELECT 1 FROM parties_audit_entry)) THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' THEN
    IF pg_trigger_depth() > 1 AND NEW.sequence = OLD.sequence + 1 THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '操作留痕末端只能随新的留痕前移' USING ERRCODE = 'restrict_violation';
END $body$;
CREATE TRIGGER parties_audit_head_guard BEFORE INSERT OR UPDATE OR DELETE ON parties_audit_head
  FOR EACH ROW EXECUTE FUNCTION parties_audit_head_guard();
CREATE TRIGGER parties_audit_head_keep BEFORE TRUNCATE ON parties_audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION parties_audit_head_guard();
"""

AUDIT_CHAIN_REVERSE = """
DROP TRIGGER parties_audit_head_keep ON parties_audit_head;
DROP TRIGGER parties_audit_head_guard ON parties_audit_head;
DROP FUNCTION parties_audit_head_guard();
DROP TRIGGER parties_audit_entry_chain ON parties_audit_entry;
DROP FUNCTION parties_audit_entry_chain();
"""

# A binding, a relation and a grant are periods: they end once and are otherwise not rewritten.
# The one exception is erasure, which blanks the subject key of an ended binding.
PERIODS = """
CREATE FUNCTION parties_period_ends_once() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
    RAISE EXCEPTION '% 的期间只能结束一次', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.started_at <> OLD.started_at THEN
    RAISE EXCEPTION '% 的开始时间不能修改', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER parties_binding_period BEFORE UPDATE ON parties_binding
  FOR EACH ROW EXECUTE FUNCTION parties_period_ends_once();
CREATE TRIGGER parties_relation_period BEFORE UPDATE ON parties_relation
  FOR EACH ROW EXECUTE FUNCTION parties_period_ends_once();
CREATE TRIGGER parties_role_grant_period BEFORE UPDATE ON parties_role_grant
  FOR EACH ROW EXECUTE FUNCTION parties_period_ends_once();

CREATE FUNCTION parties_binding_same_person() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF NEW.party_id <> OLD.party_id OR NEW.source <> OLD.source
     OR (NEW.subject_key IS NOT NULL AND NEW.subject_key IS DISTINCT FROM OLD.subject_key) THEN
    RAISE EXCEPTION '绑定只能结束，不能改绑：请解绑后重新绑定' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER parties_binding_same_person BEFORE UPDATE ON parties_binding
  FOR EACH ROW EXECUTE FUNCTION parties_binding_same_person();

CREATE FUNCTION parties_party_stays() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.number = OLD.number AND NEW.kind = OLD.kind
       AND (OLD.erased_at IS NULL OR NEW.erased_at = OLD.erased_at) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '当事人编号长期有效：不能删除、改号或恢复已注销的当事人' USING ERRCODE = 'restrict_violation';
END $body$;
CREATE TRIGGER parties_party_stays BEFORE UPDATE OR DELETE ON parties_party
  FOR EACH ROW EXECUTE FUNCTION parties_party_stays();
"""

PERIODS_REVERSE = """
DROP TRIGGER parties_party_stays ON parties_party;
DROP FUNCTION parties_party_stays();
DROP TRIGGER parties_binding_same_person ON parties_binding;
DROP FUNCTION parties_binding_same_person();
DROP TRIGGER parties_role_grant_period ON parties_role_grant;
DROP TRIGGER parties_relation_period ON parties_relation;
DROP TRIGGER parties_binding_period ON parties_binding;
DROP FUNCTION parties_period_ends_once();
"""


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_tables")]

    operations = [
        append_only("parties_consent"),
        append_only("parties_binding_event"),
        append_only("parties_erasure"),
        append_only("parties_audit_entry"),
        migrations.RunSQL(AUDIT_CHAIN, AUDIT_CHAIN_REVERSE),
        migrations.RunSQL(PERIODS, PERIODS_REVERSE),
    ]
