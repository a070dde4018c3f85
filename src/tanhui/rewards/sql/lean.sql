-- What every request of a till and the end of every exchange and redemption ask; planned once for a connection.

-- The phone of that token hash, with its merchant, shop and person; no row where it is not let in (any more).
CREATE FUNCTION rewards_phone(p_token bytea)
RETURNS TABLE (
  id bigint, last_seen_at timestamptz, number text, title text, merchant text, merchant_title text, merchant_state text,
  contract_from date, contract_to date, shop text, shop_title text, shop_closed boolean, user_id bigint, username text,
  role text)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
    SELECT d.id, d.last_seen_at, d.number::text, d.title::text, m.number::text, m.title::text, m.state::text,
      m.contract_from, m.contract_to, s.number::text, s.title::text, s.closed_at IS NOT NULL, u.id::bigint, u.username::text, w.role::text
    FROM rewards_merchant_device d
    JOIN rewards_merchant m ON m.id = d.merchant_id
    JOIN rewards_shop s ON s.id = d.shop_id
    JOIN parties_user u ON u.id = d.user_id AND u.is_active
    JOIN rewards_merchant_staff w ON w.merchant_id = d.merchant_id AND w.user_id = d.user_id AND w.ended_at IS NULL
    WHERE d.token_hash = p_token AND d.ended_at IS NULL;
END $$;

-- As before, but each event asks only for what it may have changed: price and points are frozen once written, so a new
-- voucher or new points ask for their sum, a changed voucher or an attempt for the redemptions that stand.
CREATE OR REPLACE FUNCTION rewards_voucher_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row record;
  v_paid bigint;
  v_standing bigint;
BEGIN
  IF TG_TABLE_NAME = 'rewards_voucher' THEN
    SELECT v.id, v.number, v.state, v.price_points, v.offer_id INTO v_row FROM rewards_voucher v WHERE v.id = NEW.id;
  ELSE
    SELECT v.id, v.number, v.state, v.price_points, v.offer_id INTO v_row FROM rewards_voucher v WHERE v.id = NEW.voucher_id;
  END IF;
  IF TG_OP = 'INSERT' AND TG_TABLE_NAME <> 'rewards_redemption' THEN
    SELECT sum(p.points) INTO v_paid FROM rewards_voucher_points p WHERE p.voucher_id = v_row.id;
    IF v_paid IS DISTINCT FROM v_row.price_points THEN
      RAISE EXCEPTION '代金券 % 所用积分合计 %，价格 %', v_row.number, v_paid, v_row.price_points
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
  END IF;
  SELECT count(*) INTO v_standing FROM rewards_redemption r WHERE r.voucher_id = v_row.id AND r.outcome = 'redeemed'
    AND NOT EXISTS (SELECT FROM rewards_redemption u WHERE u.undo_of_id = r.id);
  IF v_row.state = 'redeemed' AND v_standing = 0 THEN
    PERFORM 1 FROM rewards_offer o WHERE o.id = v_row.offer_id AND o.kind IN ('honor', 'donation');
    IF FOUND THEN RETURN NULL; END IF;
  END IF;
  IF v_standing <> (CASE WHEN v_row.state = 'redeemed' THEN 1 ELSE 0 END) THEN
    RAISE EXCEPTION '代金券 % 的状态为 %，有效核销 % 次', v_row.number, v_row.state, v_standing
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
