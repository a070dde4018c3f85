"""Queues that end, since when a merchant stands as it does, and the ways into stock, budget and queues (`sql`)."""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parents[1] / "sql"

REMOVE = """
DROP FUNCTION rewards_buy, rewards_free, rewards_serve, rewards_lock, rewards_take, rewards_room;
DROP TYPE rewards_freed;
"""

GUARDS = """
CREATE FUNCTION rewards_voucher_marks() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF NEW.handled_by <> OLD.handled_by OR (NEW.device_key IS NOT NULL AND NEW.device_key IS DISTINCT FROM OLD.device_key)
  THEN
    RAISE EXCEPTION '代办人和设备摘要不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_voucher_marks BEFORE UPDATE OF handled_by, device_key ON rewards_voucher
  FOR EACH ROW EXECUTE FUNCTION rewards_voucher_marks();

CREATE FUNCTION rewards_waiting_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'rewards_waiting 不可删除' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.number, NEW.offer_id, NEW.party_id, NEW.entered_at)
     IS DISTINCT FROM (OLD.id, OLD.number, OLD.offer_id, OLD.party_id, OLD.entered_at) THEN
    RAISE EXCEPTION '排队的内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (OLD.state, NEW.state) NOT IN (('waiting', 'reserved'), ('waiting', 'left'), ('waiting', 'closed'),
      ('reserved', 'taken'), ('reserved', 'lapsed'), ('reserved', 'left'), ('reserved', 'closed')) THEN
    RAISE EXCEPTION 'rewards_waiting 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_waiting_guard BEFORE UPDATE OR DELETE ON rewards_waiting
  FOR EACH ROW EXECUTE FUNCTION rewards_waiting_guard();
CREATE TRIGGER rewards_waiting_keep BEFORE TRUNCATE ON rewards_waiting
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_waiting_guard();

CREATE FUNCTION rewards_hold_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'rewards_hold 不可删除：解除即可' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.number, NEW.party_id, NEW.reason, NEW."case", NEW.began_at, NEW.until)
     IS DISTINCT FROM (OLD.id, OLD.number, OLD.party_id, OLD.reason, OLD."case", OLD.began_at, OLD.until)
     OR OLD.lifted_at IS NOT NULL THEN
    RAISE EXCEPTION '暂停兑换的决定不可修改，只能解除一次' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_hold_guard BEFORE UPDATE OR DELETE ON rewards_hold
  FOR EACH ROW EXECUTE FUNCTION rewards_hold_guard();
CREATE TRIGGER rewards_hold_keep BEFORE TRUNCATE ON rewards_hold
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_hold_guard();

ALTER TABLE rewards_budget_line SET (fillfactor = 50);
"""

GUARDS_UNDONE = """
ALTER TABLE rewards_budget_line RESET (fillfactor);
DROP TRIGGER rewards_hold_keep ON rewards_hold;
DROP TRIGGER rewards_hold_guard ON rewards_hold;
DROP FUNCTION rewards_hold_guard();
DROP TRIGGER rewards_waiting_keep ON rewards_waiting;
DROP TRIGGER rewards_waiting_guard ON rewards_waiting;
DROP FUNCTION rewards_waiting_guard();
DROP TRIGGER rewards_voucher_marks ON rewards_voucher;
DROP FUNCTION rewards_voucher_marks();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0004_finance_role"),
        ("rewards", "0005_clearing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("waiting", "rewards_waiting_state"),
        migrations.AddField(
            "merchant",
            "state_at",
            models.DateTimeField(
                blank=True, help_text="暂停、恢复、退出的时间", null=True, verbose_name="状态起始时间"
            ),
        ),
        migrations.AlterField(
            "waiting",
            "state",
            models.CharField(
                choices=[
                    ("waiting", "排队中"),
                    ("reserved", "已为您保留"),
                    ("taken", "已兑换"),
                    ("lapsed", "保留已过期"),
                    ("left", "已退出排队"),
                    ("closed", "权益下架，排队结束"),
                ],
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AddIndex(
            "redemption",
            models.Index(
                condition=models.Q(("outcome__in", ["bad_check_digit", "bad_signature", "unknown_code"])),
                fields=["staff", "recorded_at"],
                name="rewards_redemption_guesses",
            ),
        ),
        migrations.AddConstraint(
            "waiting",
            models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "reserved", "taken", "lapsed", "left", "closed"])),
                name="rewards_waiting_state",
            ),
        ),
        migrations.RunSQL(GUARDS, GUARDS_UNDONE),
        migrations.RunSQL((SQL / "exchange.sql").read_text(encoding="utf-8"), REMOVE),
    ]
