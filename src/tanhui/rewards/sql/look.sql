-- All that an exchange must know, read under the lock of the person (and of the phone): one row. `known_id` where the
-- key was used before; then the rest is empty.
CREATE FUNCTION rewards_look(
  p_party bigint, p_key text, p_offer bigint, p_code bytea, p_device bytea,
  p_from timestamptz, p_to timestamptz, p_at timestamptz, p_year integer,
  OUT known_id bigint, OUT known_hash bytea, OUT person_kind text, OUT person_erased boolean, OUT offer_state text, OUT room text, OUT code_taken boolean,
  OUT hold_reason text, OUT hold_case text, OUT hold_until timestamptz,
  OUT place_id bigint, OUT place_state text, OUT place_until timestamptz, OUT others_wait boolean,
  OUT ever bigint, OUT today bigint, OUT anything_today bigint, OUT others_on_device bigint)
LANGUAGE plpgsql AS $$
DECLARE
  v_stock bigint;
  v_face bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('rewards:person:' || p_party, 0));
  SELECT v.id, v.input_hash INTO known_id, known_hash FROM rewards_voucher v WHERE v.party_id = p_party AND v.key = p_key;
  IF FOUND OR p_offer IS NULL THEN
    RETURN;
  END IF;
  SELECT p.kind, p.erased_at IS NOT NULL INTO person_kind, person_erased FROM parties_party p WHERE p.id = p_party;
  IF p_device IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('rewards:device:' || encode(p_device, 'hex'), 0));
    SELECT count(DISTINCT v.party_id) INTO others_on_device FROM rewards_voucher v
      WHERE v.device_key = p_device AND v.exchanged_at >= p_from AND v.exchanged_at < p_to AND v.party_id <> p_party;
  END IF;
  -- Shared until the transaction ends: who withdraws the offer waits for the exchanges under way.
  SELECT o.state, o.stock_id, o.face_value_fen INTO offer_state, v_stock, v_face
    FROM rewards_offer o WHERE o.id = p_offer FOR SHARE;
  room := rewards_room(p_offer, v_stock, v_face, p_year);
  code_taken := EXISTS (SELECT FROM rewards_voucher v WHERE v.code_hash = p_code);
  SELECT h.reason, h."case", h.until INTO hold_reason, hold_case, hold_until FROM rewards_hold h
    WHERE h.party_id = p_party AND h.lifted_at IS NULL AND h.began_at <= p_at AND (h.until IS NULL OR h.until > p_at)
    ORDER BY h.until DESC NULLS FIRST LIMIT 1;
  SELECT w.id, w.state, w.reserved_until INTO place_id, place_state, place_until FROM rewards_waiting w
    WHERE w.party_id = p_party AND w.offer_id = p_offer AND w.state IN ('waiting', 'reserved');
  others_wait := EXISTS (SELECT FROM rewards_waiting w
    WHERE w.offer_id = p_offer AND w.state = 'waiting' AND w.party_id <> p_party);
  -- Cancelled ones count against speed, not against what one may have.
  SELECT count(*) FILTER (WHERE v.offer_id = p_offer AND v.state <> 'cancelled'),
      count(*) FILTER (WHERE v.offer_id = p_offer AND v.state <> 'cancelled' AND v.exchanged_at >= p_from AND v.exchanged_at < p_to),
      count(*) FILTER (WHERE v.exchanged_at >= p_from AND v.exchanged_at < p_to)
    INTO ever, today, anything_today FROM rewards_voucher v WHERE v.party_id = p_party;
END $$;
