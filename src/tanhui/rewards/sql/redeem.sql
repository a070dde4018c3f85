-- A merchant's attempt in two calls: what it must know, and what it leaves.

-- All that an attempt must know: one row, empty where there is no such merchant. `known_id` where the nonce was used
-- before; then the rest is empty. `p_code` is the keyed hash of a code that may be right, or NULL. Locks in order: the
-- merchant (shared: who suspends it waits for redemptions under way), the nonce, the voucher.
CREATE FUNCTION rewards_till(
  p_merchant text, p_user bigint, p_nonce text, p_shop text, p_code bytea, p_since timestamptz,
  OUT merchant_id bigint, OUT merchant_party bigint, OUT merchant_state text, OUT contract_from date, OUT contract_to date,
  OUT works boolean, OUT known_id bigint, OUT known_hash bytea, OUT guesses bigint, OUT shop_id bigint,
  OUT voucher_id bigint, OUT voucher_number text, OUT voucher_state text, OUT valid_from timestamptz,
  OUT valid_to timestamptz, OUT price_points integer, OUT face_value_fen integer, OUT title text, OUT named boolean,
  OUT turns bigint)
LANGUAGE plpgsql AS $$
DECLARE v_offer bigint;
BEGIN
  SELECT m.id, m.party_id, m.state, m.contract_from, m.contract_to
    INTO merchant_id, merchant_party, merchant_state, contract_from, contract_to
    FROM rewards_merchant m WHERE m.number = p_merchant FOR SHARE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  works := EXISTS (SELECT FROM rewards_merchant_staff s JOIN parties_user u ON u.id = s.user_id
    WHERE s.merchant_id = rewards_till.merchant_id AND s.user_id = p_user AND s.ended_at IS NULL AND u.is_active);
  IF NOT works THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('rewards:nonce:' || merchant_id || ':' || p_nonce, 0));
  SELECT r.id, r.input_hash INTO known_id, known_hash
    FROM rewards_redemption r WHERE r.merchant_id = rewards_till.merchant_id AND r.nonce = p_nonce;
  IF FOUND THEN
    RETURN;
  END IF;
  SELECT count(*) INTO guesses FROM rewards_redemption r WHERE r.staff_id = p_user AND r.recorded_at > p_since
    AND r.outcome IN ('bad_check_digit', 'bad_signature', 'unknown_code');
  SELECT s.id INTO shop_id FROM rewards_shop s
    WHERE s.number = p_shop AND s.merchant_id = rewards_till.merchant_id AND s.closed_at IS NULL;
  IF p_code IS NULL THEN
    RETURN;
  END IF;
  SELECT v.id, v.number, v.state, v.valid_from, v.valid_to, v.price_points, v.face_value_fen, v.offer_id
    INTO voucher_id, voucher_number, voucher_state, valid_from, valid_to, price_points, face_value_fen, v_offer
    FROM rewards_voucher v WHERE v.code_hash = p_code FOR NO KEY UPDATE;
  IF FOUND THEN
    SELECT o.title INTO title FROM rewards_offer o WHERE o.id = v_offer;
    named := EXISTS (SELECT FROM rewards_offer_merchant m
      WHERE m.offer_id = v_offer AND m.merchant_id = rewards_till.merchant_id);
    SELECT count(*) INTO turns FROM rewards_redemption r
      WHERE r.voucher_id = rewards_till.voucher_id AND r.outcome = 'redeemed';
  END IF;
END $$;

-- The attempt, whatever came of it; a voucher that was redeemed ends with it.
CREATE FUNCTION rewards_tried(
  p_number text, p_voucher bigint, p_merchant bigint, p_shop bigint, p_user bigint, p_nonce text, p_input bytea,
  p_at timestamptz, p_claimed timestamptz, p_offline boolean, p_outcome text, p_message text, p_turn integer)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO rewards_redemption (number, voucher_id, merchant_id, shop_id, staff_id, nonce, input_hash, recorded_at,
      claimed_at, offline, outcome, message, turn, reason)
    VALUES (p_number, p_voucher, p_merchant, p_shop, p_user, p_nonce, p_input, p_at, p_claimed, p_offline, p_outcome,
      p_message, p_turn, '');
  IF p_outcome = 'redeemed' THEN
    UPDATE rewards_voucher SET state = 'redeemed', ended_at = p_at WHERE id = p_voucher;
  END IF;
END $$;
