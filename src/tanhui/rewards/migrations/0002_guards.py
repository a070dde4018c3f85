"""What the database itself keeps: frozen offers, the life of a voucher, points that add up, redemptions that stand."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

OFFER = """
CREATE FUNCTION rewards_offer_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION '权益先写成草稿，再上架' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  ELSIF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'rewards_offer 不可删除：不用的下架' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> 'draft' AND
     (NEW.id, NEW.number, NEW.kind, NEW.title, NEW.terms, NEW.price_points, NEW.face_value_fen, NEW.sale_from,
      NEW.sale_to, NEW.valid_days, NEW.valid_until, NEW.per_person_limit, NEW.per_person_day_limit, NEW.per_day_limit,
      NEW.cancel_hours, NEW.stock_id, NEW.created_at)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.kind, OLD.title, OLD.terms, OLD.price_points, OLD.face_value_fen, OLD.sale_from,
      OLD.sale_to, OLD.valid_days, OLD.valid_until, OLD.per_person_limit, OLD.per_person_day_limit, OLD.per_day_limit,
      OLD.cancel_hours, OLD.stock_id, OLD.created_at) THEN
    RAISE EXCEPTION '已上架的权益不可修改：请新建一项权益' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
      (('draft', 'published'), ('draft', 'withdrawn'), ('published', 'withdrawn')) THEN
    RAISE EXCEPTION 'rewards_offer 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'published' AND OLD.state = 'draft' AND (NEW.kind IN ('honor', 'donation'))
      = EXISTS (SELECT FROM rewards_offer_merchant m WHERE m.offer_id = NEW.id) THEN
    RAISE EXCEPTION '荣誉和捐赠没有核销商户，其他权益至少有一家' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_offer_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_offer
  FOR EACH ROW EXECUTE FUNCTION rewards_offer_guard();
CREATE TRIGGER rewards_offer_whole BEFORE TRUNCATE ON rewards_offer
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_offer_guard();

CREATE FUNCTION rewards_offer_merchant_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_state text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'rewards_offer_merchant 不可清空' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT state INTO v_state FROM rewards_offer
    WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.offer_id ELSE NEW.offer_id END FOR UPDATE;
  IF TG_OP = 'UPDATE' OR v_state <> 'draft' THEN
    RAISE EXCEPTION '已上架的权益不可增减核销商户：请新建一项权益' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $body$;
CREATE TRIGGER rewards_offer_merchant_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_offer_merchant
  FOR EACH ROW EXECUTE FUNCTION rewards_offer_merchant_guard();
CREATE TRIGGER rewards_offer_merchant_keep BEFORE TRUNCATE ON rewards_offer_merchant
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_offer_merchant_guard();
"""

OFFER_UNDONE = """
DROP TRIGGER rewards_offer_merchant_keep ON rewards_offer_merchant;
DROP TRIGGER rewards_offer_merchant_guard ON rewards_offer_merchant;
DROP FUNCTION rewards_offer_merchant_guard();
DROP TRIGGER rewards_offer_whole ON rewards_offer;
DROP TRIGGER rewards_offer_guard ON rewards_offer;
DROP FUNCTION rewards_offer_guard();
"""

VOUCHER = """
CREATE FUNCTION rewards_voucher_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_at_once boolean;
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION 'rewards_voucher 不可删除' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    SELECT kind IN ('honor', 'donation') INTO v_at_once FROM rewards_offer WHERE id = NEW.offer_id;
    IF NEW.state <> (CASE WHEN v_at_once THEN 'redeemed' ELSE 'open' END) THEN
      RAISE EXCEPTION '新的代金券不能是 %', NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.number, NEW.offer_id, NEW.party_id, NEW.code_hash, NEW.price_points, NEW.face_value_fen,
      NEW.valid_from, NEW.valid_to, NEW.exchanged_at, NEW.key, NEW.input_hash)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.offer_id, OLD.party_id, OLD.code_hash, OLD.price_points, OLD.face_value_fen,
      OLD.valid_from, OLD.valid_to, OLD.exchanged_at, OLD.key, OLD.input_hash) THEN
    RAISE EXCEPTION '代金券的内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (OLD.state, NEW.state) NOT IN
      (('open', 'redeemed'), ('open', 'cancelled'), ('open', 'expired'), ('redeemed', 'open')) THEN
    RAISE EXCEPTION 'rewards_voucher 的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_voucher_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_voucher
  FOR EACH ROW EXECUTE FUNCTION rewards_voucher_guard();
CREATE TRIGGER rewards_voucher_keep BEFORE TRUNCATE ON rewards_voucher
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_voucher_guard();

-- At the end of a transaction: the points are the price, and a voucher is redeemed exactly while one redemption stands.
CREATE FUNCTION rewards_voucher_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  v_voucher bigint;
  v_row record;
BEGIN
  IF TG_TABLE_NAME = 'rewards_voucher' THEN
    v_voucher := NEW.id;
  ELSE
    v_voucher := NEW.voucher_id;
  END IF;
  SELECT v.number, v.state, v.price_points, o.kind IN ('honor', 'donation') AS at_once,
      (SELECT sum(p.points) FROM rewards_voucher_points p WHERE p.voucher_id = v.id) AS paid,
      (SELECT count(*) FROM rewards_redemption r WHERE r.voucher_id = v.id AND r.outcome = 'redeemed'
        AND NOT EXISTS (SELECT FROM rewards_redemption u WHERE u.undo_of_id = r.id)) AS standing
    INTO v_row FROM rewards_voucher v JOIN rewards_offer o ON o.id = v.offer_id WHERE v.id = v_voucher;
  IF v_row.paid IS DISTINCT FROM v_row.price_points THEN
    RAISE EXCEPTION '代金券 % 所用积分合计 %，价格 %', v_row.number, v_row.paid, v_row.price_points
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF v_row.standing <> (CASE WHEN v_row.state = 'redeemed' AND NOT v_row.at_once THEN 1 ELSE 0 END) THEN
    RAISE EXCEPTION '代金券 % 的状态为 %，有效核销 % 次', v_row.number, v_row.state, v_row.standing
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER rewards_voucher_whole AFTER INSERT OR UPDATE ON rewards_voucher
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_voucher_whole();
CREATE CONSTRAINT TRIGGER rewards_voucher_points_whole AFTER INSERT ON rewards_voucher_points
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_voucher_whole();
CREATE CONSTRAINT TRIGGER rewards_redemption_whole AFTER INSERT ON rewards_redemption
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.outcome IN ('redeemed', 'undone'))
  EXECUTE FUNCTION rewards_voucher_whole();
"""

VOUCHER_UNDONE = """
DROP TRIGGER rewards_redemption_whole ON rewards_redemption;
DROP TRIGGER rewards_voucher_points_whole ON rewards_voucher_points;
DROP TRIGGER rewards_voucher_whole ON rewards_voucher;
DROP FUNCTION rewards_voucher_whole();
DROP TRIGGER rewards_voucher_keep ON rewards_voucher;
DROP TRIGGER rewards_voucher_guard ON rewards_voucher;
DROP FUNCTION rewards_voucher_guard();
"""

REDEMPTION = """
CREATE FUNCTION rewards_redemption_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_first rewards_redemption;
BEGIN
  IF NEW.outcome = 'redeemed' AND NOT EXISTS (
      SELECT FROM rewards_voucher v JOIN rewards_offer_merchant m ON m.offer_id = v.offer_id
      WHERE v.id = NEW.voucher_id AND m.merchant_id = NEW.merchant_id) THEN
    RAISE EXCEPTION '代金券不在这家商户使用' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.shop_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM rewards_shop s WHERE s.id = NEW.shop_id AND s.merchant_id = NEW.merchant_id) THEN
    RAISE EXCEPTION '门店不属于这家商户' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.outcome = 'undone' THEN
    SELECT * INTO v_first FROM rewards_redemption WHERE id = NEW.undo_of_id;
    IF v_first.outcome <> 'redeemed' OR (v_first.voucher_id, v_first.merchant_id, v_first.turn)
        IS DISTINCT FROM (NEW.voucher_id, NEW.merchant_id, NEW.turn) THEN
      RAISE EXCEPTION '撤销须对应同一商户、同一张券的一次核销' USING ERRCODE = 'restrict_violation';
    END IF;
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER rewards_redemption_guard BEFORE INSERT ON rewards_redemption
  FOR EACH ROW EXECUTE FUNCTION rewards_redemption_guard();
"""

REDEMPTION_UNDONE = """
DROP TRIGGER rewards_redemption_guard ON rewards_redemption;
DROP FUNCTION rewards_redemption_guard();
"""

# Half of each page stays free: a hot counter changes within its page and no index is touched.
ROOM_TO_MOVE = """
ALTER TABLE rewards_stock SET (fillfactor = 50);
ALTER TABLE rewards_offer_day SET (fillfactor = 50);
ALTER TABLE rewards_voucher SET (fillfactor = 80);
"""

ROOM_TO_MOVE_UNDONE = """
ALTER TABLE rewards_stock RESET (fillfactor);
ALTER TABLE rewards_offer_day RESET (fillfactor);
ALTER TABLE rewards_voucher RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0001_initial")]

    operations = [
        append_only("rewards_voucher_points"),
        append_only("rewards_redemption"),
        migrations.RunSQL(OFFER, OFFER_UNDONE),
        migrations.RunSQL(VOUCHER, VOUCHER_UNDONE),
        migrations.RunSQL(REDEMPTION, REDEMPTION_UNDONE),
        migrations.RunSQL(ROOM_TO_MOVE, ROOM_TO_MOVE_UNDONE),
    ]
