-- The ways into stock, budget and queues. One order for everybody: stocks by id, offer days, lines of offers by id,
-- lines of years, places in queues. These rows are hot and come last in a transaction, after the ledger's accounts.

-- What stands in the way of one more: '' nothing, 'stock', 'offer' or 'year' (money is out), 'none' (no line of the year).
CREATE FUNCTION rewards_room(p_offer bigint, p_stock bigint, p_face bigint, p_year integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_left bigint;
BEGIN
  IF p_stock IS NOT NULL THEN
    PERFORM 1 FROM rewards_stock WHERE id = p_stock AND taken < quantity;
    IF NOT FOUND THEN RETURN 'stock'; END IF;
  END IF;
  IF p_face > 0 THEN
    SELECT amount_fen - reserve_fen - committed_fen INTO v_left
      FROM rewards_budget_line WHERE year = p_year AND offer_id = p_offer;
    IF v_left < p_face THEN RETURN 'offer'; END IF;
    SELECT amount_fen - reserve_fen - committed_fen INTO v_left
      FROM rewards_budget_line WHERE year = p_year AND offer_id IS NULL;
    IF v_left IS NULL THEN RETURN 'none'; ELSIF v_left < p_face THEN RETURN 'year'; END IF;
  END IF;
  RETURN '';
END $$;

-- Takes one: '' where it was taken, else as above or 'day'; then the caller gives the whole transaction up.
-- `p_held`: a reserved place has taken stock and money before.
CREATE FUNCTION rewards_take(
  p_offer bigint, p_stock bigint, p_day date, p_ceiling integer, p_face bigint, p_year integer, p_held boolean)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF p_stock IS NOT NULL AND NOT p_held THEN
    UPDATE rewards_stock SET taken = taken + 1 WHERE id = p_stock AND taken < quantity;
    IF NOT FOUND THEN RETURN 'stock'; END IF;
  END IF;
  IF p_ceiling IS NOT NULL THEN
    INSERT INTO rewards_offer_day AS d (offer_id, day, ceiling, taken) VALUES (p_offer, p_day, p_ceiling, 1)
      ON CONFLICT (offer_id, day) DO UPDATE SET taken = d.taken + 1 WHERE d.taken < d.ceiling;
    IF NOT FOUND THEN RETURN 'day'; END IF;
  END IF;
  IF p_face > 0 AND NOT p_held THEN
    UPDATE rewards_budget_line SET committed_fen = committed_fen + p_face
      WHERE year = p_year AND offer_id = p_offer AND committed_fen + p_face <= amount_fen - reserve_fen;
    IF NOT FOUND THEN
      PERFORM 1 FROM rewards_budget_line WHERE year = p_year AND offer_id = p_offer;
      IF FOUND THEN RETURN 'offer'; END IF;
    END IF;
    UPDATE rewards_budget_line SET committed_fen = committed_fen + p_face
      WHERE year = p_year AND offer_id IS NULL AND committed_fen + p_face <= amount_fen - reserve_fen;
    IF NOT FOUND THEN
      PERFORM 1 FROM rewards_budget_line WHERE year = p_year AND offer_id IS NULL;
      RETURN CASE WHEN FOUND THEN 'year' ELSE 'none' END;
    END IF;
  END IF;
  RETURN '';
END $$;

-- Locks in the one order what these stocks, days and lines, and everybody who waits, may touch; the stocks locked.
CREATE FUNCTION rewards_lock(p_offers bigint[], p_stocks bigint[], p_days date[], p_years integer[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  v_stocks bigint[];
  v_offers bigint[];
BEGIN
  SELECT coalesce(array_agg(DISTINCT o.stock_id) FILTER (WHERE o.stock_id IS NOT NULL), '{}') || p_stocks,
      coalesce(array_agg(DISTINCT w.offer_id), '{}') || p_offers
    INTO v_stocks, v_offers
    FROM rewards_waiting w JOIN rewards_offer o ON o.id = w.offer_id WHERE w.state = 'waiting';
  PERFORM 1 FROM rewards_stock WHERE id = ANY (v_stocks) ORDER BY id FOR NO KEY UPDATE;
  IF cardinality(p_days) > 0 THEN
    PERFORM 1 FROM rewards_offer_day WHERE offer_id = ANY (p_offers) AND day = ANY (p_days)
      ORDER BY offer_id, day FOR NO KEY UPDATE;
  END IF;
  PERFORM 1 FROM rewards_budget_line WHERE year = ANY (p_years) AND offer_id = ANY (v_offers)
    ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM rewards_budget_line WHERE year = ANY (p_years) AND offer_id IS NULL ORDER BY year FOR NO KEY UPDATE;
  RETURN v_stocks;
END $$;

-- Reserves for whoever stands first in each queue, as far as stock and money reach, the longest waiting before others;
-- how many. The caller has locked the stocks `p_stocks` and the lines of the year; queues of other stocks wait on.
CREATE FUNCTION rewards_serve(p_stocks bigint[], p_at timestamptz, p_until timestamptz, p_year integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_head record;
  v_short bigint[] := '{}';
  v_done integer := 0;
BEGIN
  LOOP
    SELECT w.id, w.offer_id, o.stock_id, o.face_value_fen INTO v_head
      FROM rewards_waiting w JOIN rewards_offer o ON o.id = w.offer_id
      WHERE w.state = 'waiting' AND w.offer_id <> ALL (v_short) AND o.state = 'published'
        AND p_at >= o.sale_from AND p_at < o.sale_to AND (o.stock_id IS NULL OR o.stock_id = ANY (p_stocks))
      ORDER BY w.id LIMIT 1;
    EXIT WHEN NOT FOUND;
    IF rewards_room(v_head.offer_id, v_head.stock_id, v_head.face_value_fen, p_year) <> '' THEN
      v_short := v_short || v_head.offer_id;
      CONTINUE;
    END IF;
    UPDATE rewards_waiting SET state = 'reserved', reserved_at = p_at, reserved_until = p_until
      WHERE id = v_head.id AND state = 'waiting';
    IF FOUND THEN
      PERFORM rewards_take(v_head.offer_id, v_head.stock_id, NULL, NULL, v_head.face_value_fen, p_year, false);
      v_done := v_done + 1;
    END IF;
  END LOOP;
  RETURN v_done;
END $$;

-- One thing that comes back: of which offer and stock, from which day and year, and how much money.
CREATE TYPE rewards_freed AS (offer_id bigint, stock_id bigint, day date, year integer, fen bigint);

-- What these vouchers had taken comes back (`p_stock`: also stock and day), these places in queues end in `p_state`,
-- and whoever waits is served with it; how many were. Safe against others who end the same place.
CREATE FUNCTION rewards_free(
  p_vouchers bigint[], p_places bigint[], p_state text, p_stock boolean,
  p_at timestamptz, p_until timestamptz, p_year integer, p_zone text)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_freed rewards_freed[];
  v_ended rewards_freed[];
  v_stocks bigint[];
BEGIN
  SELECT coalesce(array_agg(ROW(v.offer_id, CASE WHEN p_stock THEN o.stock_id END,
      CASE WHEN p_stock AND o.per_day_limit IS NOT NULL THEN (v.exchanged_at AT TIME ZONE p_zone)::date END,
      extract(year FROM v.exchanged_at AT TIME ZONE p_zone), v.face_value_fen)::rewards_freed), '{}')
    INTO v_freed FROM rewards_voucher v JOIN rewards_offer o ON o.id = v.offer_id WHERE v.id = ANY (p_vouchers);
  SELECT v_freed || coalesce(array_agg(ROW(w.offer_id, o.stock_id, NULL,
      extract(year FROM coalesce(w.reserved_at, p_at) AT TIME ZONE p_zone), o.face_value_fen)::rewards_freed), '{}')
    INTO v_ended FROM rewards_waiting w JOIN rewards_offer o ON o.id = w.offer_id WHERE w.id = ANY (p_places);
  SELECT rewards_lock(array_agg(f.offer_id), coalesce(array_agg(f.stock_id) FILTER (WHERE f.stock_id IS NOT NULL), '{}'),
      coalesce(array_agg(DISTINCT f.day) FILTER (WHERE f.day IS NOT NULL), '{}'), array_agg(DISTINCT f.year) || p_year)
    INTO v_stocks FROM unnest(v_ended) f;
  WITH ended AS (
    UPDATE rewards_waiting w SET state = p_state, ended_at = p_at
    WHERE w.id = ANY (p_places) AND w.state IN ('waiting', 'reserved') RETURNING w.offer_id, w.reserved_at)
  SELECT v_freed || coalesce(array_agg(ROW(e.offer_id, o.stock_id, NULL,
      extract(year FROM e.reserved_at AT TIME ZONE p_zone), o.face_value_fen)::rewards_freed), '{}')
    INTO v_freed FROM ended e JOIN rewards_offer o ON o.id = e.offer_id WHERE e.reserved_at IS NOT NULL;
  UPDATE rewards_stock s SET taken = s.taken - f.number
    FROM (SELECT stock_id, count(*) AS number FROM unnest(v_freed) WHERE stock_id IS NOT NULL GROUP BY 1) f
    WHERE s.id = f.stock_id;
  UPDATE rewards_offer_day d SET taken = d.taken - f.number
    FROM (SELECT offer_id, day, count(*) AS number FROM unnest(v_freed) WHERE day IS NOT NULL GROUP BY 1, 2) f
    WHERE d.offer_id = f.offer_id AND d.day = f.day;
  UPDATE rewards_budget_line b SET committed_fen = b.committed_fen - f.fen
    FROM (SELECT offer_id, year, sum(fen) AS fen FROM unnest(v_freed) GROUP BY 1, 2) f
    WHERE b.offer_id = f.offer_id AND b.year = f.year AND f.fen > 0;
  UPDATE rewards_budget_line b SET committed_fen = b.committed_fen - f.fen
    FROM (SELECT year, sum(fen) AS fen FROM unnest(v_freed) GROUP BY 1) f
    WHERE b.offer_id IS NULL AND b.year = f.year AND f.fen > 0;
  RETURN rewards_serve(coalesce(v_stocks, '{}'), p_at, p_until, p_year);
END $$;

-- The voucher itself, its points, and what it takes; the answer of `rewards_take`, or 'place' where the reserved place
-- is gone. Last in an exchange.
CREATE FUNCTION rewards_buy(
  p_number text, p_offer bigint, p_party bigint, p_code bytea, p_state text, p_price integer, p_face integer,
  p_valid_from timestamptz, p_valid_to timestamptz, p_at timestamptz, p_key text, p_input bytea, p_ended timestamptz,
  p_by text, p_device bytea, p_years integer[], p_points integer[], p_day date, p_year integer, p_place bigint,
  p_stock bigint, p_ceiling integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_voucher bigint;
  v_short text;
BEGIN
  INSERT INTO rewards_voucher (number, offer_id, party_id, code_hash, state, price_points, face_value_fen, valid_from,
      valid_to, exchanged_at, key, input_hash, ended_at, handled_by, device_key)
    VALUES (p_number, p_offer, p_party, p_code, p_state, p_price, p_face, p_valid_from, p_valid_to, p_at, p_key, p_input,
      p_ended, p_by, p_device)
    RETURNING id INTO v_voucher;
  INSERT INTO rewards_voucher_points (voucher_id, expiry_year, points)
    SELECT v_voucher, y, n FROM unnest(p_years, p_points) AS t (y, n);
  v_short := rewards_take(p_offer, p_stock, p_day, p_ceiling, p_face, p_year, p_place IS NOT NULL);
  IF v_short = '' AND p_place IS NOT NULL THEN
    UPDATE rewards_waiting SET state = 'taken', ended_at = p_at, voucher_id = v_voucher
      WHERE id = p_place AND state = 'reserved' AND reserved_until > p_at;
    IF NOT FOUND THEN RETURN 'place'; END IF;
  END IF;
  RETURN v_short;
END $$;
