"""What the database itself keeps: places that add up, the life of bookings and check-ins, corrections that meet."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

OCCASION = """
CREATE FUNCTION community_occasion_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '活动不可删除：不办的取消' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION '活动先写成草稿，再开放' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'draft' AND
     (NEW.id, NEW.number, NEW.kind, NEW.host_id, NEW.division_code, NEW.bookable, NEW.materials, NEW.audience,
      NEW.minutes, NEW.created_at)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.kind, OLD.host_id, OLD.division_code, OLD.bookable, OLD.materials, OLD.audience,
      OLD.minutes, OLD.created_at) THEN
    RAISE EXCEPTION '已开放的活动只能改时间、地点、说明和名额' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state IN ('closed', 'cancelled') AND OLD IS DISTINCT FROM NEW THEN
    RAISE EXCEPTION '已结束的活动不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
      (('draft', 'open'), ('draft', 'cancelled'), ('open', 'closed'), ('open', 'cancelled')) THEN
    RAISE EXCEPTION '活动的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_occasion_guard BEFORE INSERT OR UPDATE OR DELETE ON community_occasion
  FOR EACH ROW EXECUTE FUNCTION community_occasion_guard();
CREATE TRIGGER community_occasion_keep BEFORE TRUNCATE ON community_occasion
  FOR EACH STATEMENT EXECUTE FUNCTION community_occasion_guard();
"""

OCCASION_UNDONE = """
DROP TRIGGER community_occasion_keep ON community_occasion;
DROP TRIGGER community_occasion_guard ON community_occasion;
DROP FUNCTION community_occasion_guard();
"""

BOOKING = """
CREATE FUNCTION community_booking_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '预约不可删除：不来的取消' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('booked', 'waiting') THEN
      RAISE EXCEPTION '新的预约不能是 %', NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.number, NEW.occasion_id, NEW.party_id, NEW.key, NEW.input_hash, NEW.booked_at, NEW.by_user_id,
      NEW.by_party_id)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.occasion_id, OLD.party_id, OLD.key, OLD.input_hash, OLD.booked_at, OLD.by_user_id,
      OLD.by_party_id) OR (NEW.note <> OLD.note AND NEW.note <> '') THEN
    RAISE EXCEPTION '预约的内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
      (('booked', 'released'), ('booked', 'attended'), ('booked', 'no_show'), ('waiting', 'booked'),
       ('waiting', 'released'), ('no_show', 'attended')) THEN
    RAISE EXCEPTION '预约的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_booking_guard BEFORE INSERT OR UPDATE OR DELETE ON community_booking
  FOR EACH ROW EXECUTE FUNCTION community_booking_guard();
CREATE TRIGGER community_booking_keep BEFORE TRUNCATE ON community_booking
  FOR EACH STATEMENT EXECUTE FUNCTION community_booking_guard();

-- At the end of a transaction: the places taken are the bookings that hold one, and nobody waits before a free one.
CREATE FUNCTION community_places_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_row record;
BEGIN
  SELECT p.capacity, p.taken, o.number, o.state,
      (SELECT count(*) FROM community_booking b WHERE b.occasion_id = p.occasion_id
        AND b.state IN ('booked', 'attended', 'no_show')) AS held,
      EXISTS (SELECT FROM community_booking b WHERE b.occasion_id = p.occasion_id AND b.state = 'waiting') AS waits
    INTO v_row FROM community_places p JOIN community_occasion o ON o.id = p.occasion_id
    WHERE p.occasion_id = NEW.occasion_id;
  IF v_row.held IS DISTINCT FROM v_row.taken THEN
    RAISE EXCEPTION '活动 % 的名额记为已占 %，预约 % 个', v_row.number, v_row.taken, v_row.held
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF v_row.waits AND (v_row.state <> 'open' OR v_row.capacity IS NULL OR v_row.taken < v_row.capacity) THEN
    RAISE EXCEPTION '活动 % 还有名额，却有人候补', v_row.number USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER community_places_whole AFTER INSERT OR UPDATE ON community_places
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION community_places_whole();
CREATE CONSTRAINT TRIGGER community_booking_whole AFTER INSERT OR UPDATE OF state ON community_booking
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION community_places_whole();
"""

BOOKING_UNDONE = """
DROP TRIGGER community_booking_whole ON community_booking;
DROP TRIGGER community_places_whole ON community_places;
DROP FUNCTION community_places_whole();
DROP TRIGGER community_booking_keep ON community_booking;
DROP TRIGGER community_booking_guard ON community_booking;
DROP FUNCTION community_booking_guard();
"""

CHECK_IN = """
CREATE FUNCTION community_check_in_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_first community_check_in;
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '签到不可删除：有误的另作更正' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ('counted', 'pending') OR NEW.confirmed_by_id IS NOT NULL THEN
      RAISE EXCEPTION '新的签到不能是 %', NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.corrects_id IS NOT NULL THEN
      SELECT * INTO v_first FROM community_check_in WHERE id = NEW.corrects_id;
      IF (v_first.occasion_id, v_first.party_id) IS DISTINCT FROM (NEW.occasion_id, NEW.party_id) THEN
        RAISE EXCEPTION '更正须对应同一活动、同一居民的签到' USING ERRCODE = 'restrict_violation';
      END IF;
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.number, NEW.occasion_id, NEW.party_id, NEW.by_user_id, NEW.by_party_id, NEW.nonce, NEW.input_hash,
      NEW.happened_at, NEW.recorded_at, NEW.offline, NEW.card_id, NEW.serial, NEW.minutes, NEW.score, NEW.score_of,
      NEW.corrects_id, NEW.reason)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.occasion_id, OLD.party_id, OLD.by_user_id, OLD.by_party_id, OLD.nonce, OLD.input_hash,
      OLD.happened_at, OLD.recorded_at, OLD.offline, OLD.card_id, OLD.serial, OLD.minutes, OLD.score, OLD.score_of,
      OLD.corrects_id, OLD.reason) THEN
    RAISE EXCEPTION '签到的内容不可修改：另作更正' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = OLD.state OR (OLD.state, NEW.state) NOT IN
      (('pending', 'counted'), ('pending', 'refused'), ('pending', 'corrected'), ('counted', 'corrected')) THEN
    RAISE EXCEPTION '签到的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state IN ('counted', 'refused') AND (NEW.confirmed_by_id IS NULL OR NEW.confirmed_at IS NULL) THEN
    RAISE EXCEPTION '待确认的签到须由第二人确认' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'corrected' AND (NEW.confirmed_by_id, NEW.confirmed_at, NEW.refusal)
      IS DISTINCT FROM (OLD.confirmed_by_id, OLD.confirmed_at, OLD.refusal) THEN
    RAISE EXCEPTION '签到的内容不可修改：另作更正' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_check_in_guard BEFORE INSERT OR UPDATE OR DELETE ON community_check_in
  FOR EACH ROW EXECUTE FUNCTION community_check_in_guard();
CREATE TRIGGER community_check_in_keep BEFORE TRUNCATE ON community_check_in
  FOR EACH STATEMENT EXECUTE FUNCTION community_check_in_guard();

-- At the end of a transaction: corrected is what a counted correction names, and every state is told as news.
CREATE FUNCTION community_check_in_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE v_row community_check_in;
BEGIN
  SELECT * INTO v_row FROM community_check_in WHERE id = NEW.id;
  IF (v_row.state = 'corrected') <> EXISTS (SELECT FROM community_check_in c
      WHERE c.corrects_id = v_row.id AND c.state IN ('counted', 'corrected')) THEN
    RAISE EXCEPTION '签到 % 的状态为 %，与它的更正不符', v_row.number, v_row.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF v_row.corrects_id IS NOT NULL AND v_row.state IN ('counted', 'corrected') AND NOT EXISTS (
      SELECT FROM community_check_in f WHERE f.id = v_row.corrects_id AND f.state = 'corrected') THEN
    RAISE EXCEPTION '签到 % 已计入，它所更正的签到仍然有效', v_row.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT EXISTS (SELECT FROM community_check_in_news n WHERE n.check_in_id = v_row.id AND n.state = v_row.state) THEN
    RAISE EXCEPTION '签到 % 的状态 % 没有消息', v_row.number, v_row.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $body$;
CREATE CONSTRAINT TRIGGER community_check_in_whole AFTER INSERT OR UPDATE ON community_check_in
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION community_check_in_whole();
"""

CHECK_IN_UNDONE = """
DROP TRIGGER community_check_in_whole ON community_check_in;
DROP FUNCTION community_check_in_whole();
DROP TRIGGER community_check_in_keep ON community_check_in;
DROP TRIGGER community_check_in_guard ON community_check_in;
DROP FUNCTION community_check_in_guard();
"""

CARD = """
CREATE FUNCTION community_card_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION '二维码卡不可删除：不用的作废' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL OR NEW.reason = '' OR
     (NEW.id, NEW.number, NEW.party_id, NEW.division_code, NEW.serials, NEW.valid_until, NEW.issued_at,
      NEW.issued_by_id, NEW.witness_id)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.party_id, OLD.division_code, OLD.serials, OLD.valid_until, OLD.issued_at,
      OLD.issued_by_id, OLD.witness_id) THEN
    RAISE EXCEPTION '二维码卡只能作废，不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_card_guard BEFORE UPDATE OR DELETE ON community_card
  FOR EACH ROW EXECUTE FUNCTION community_card_guard();
CREATE TRIGGER community_card_keep BEFORE TRUNCATE ON community_card
  FOR EACH STATEMENT EXECUTE FUNCTION community_card_guard();

CREATE FUNCTION community_serial_guard() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF NOT EXISTS (SELECT FROM community_card c WHERE c.id = NEW.card_id AND c.party_id = NEW.party_id
      AND NEW.serial <= c.serials AND c.revoked_at IS NULL) THEN
    RAISE EXCEPTION '二维码卡不是这位居民的，已作废，或没有这个序号' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_serial_guard BEFORE INSERT ON community_check_in
  FOR EACH ROW WHEN (NEW.card_id IS NOT NULL) EXECUTE FUNCTION community_serial_guard();
"""

CARD_UNDONE = """
DROP TRIGGER community_serial_guard ON community_check_in;
DROP FUNCTION community_serial_guard();
DROP TRIGGER community_card_keep ON community_card;
DROP TRIGGER community_card_guard ON community_card;
DROP FUNCTION community_card_guard();
"""

# Half of each page stays free: the row that many want changes within its page and no index is touched.
ROOM_TO_MOVE = "ALTER TABLE community_places SET (fillfactor = 50)"
ROOM_TO_MOVE_UNDONE = "ALTER TABLE community_places RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("community", "0001_initial")]

    operations = [
        append_only("community_material_price"),
        append_only("community_measurement"),
        append_only("community_check_in_news"),
        append_only("community_quiz_attempt"),
        migrations.RunSQL(OCCASION, OCCASION_UNDONE),
        migrations.RunSQL(BOOKING, BOOKING_UNDONE),
        migrations.RunSQL(CHECK_IN, CHECK_IN_UNDONE),
        migrations.RunSQL(CARD, CARD_UNDONE),
        migrations.RunSQL(ROOM_TO_MOVE, ROOM_TO_MOVE_UNDONE),
    ]
