-- The ways into the books. Each is one call, and each touches keys first, then accounts, both in order.

-- One posting or a few. `p_transfers`: [{key, kind, lines}] sorted by key; `p_movements`:
-- [{t: position in p_transfers, h: happened_at, b: book, dp, dc: debit party and code, cp, cc: credit, a: amount, m: memo}].
CREATE FUNCTION ledger_post(p_transfers jsonb, p_movements jsonb, p_at timestamptz)
RETURNS TABLE (transfer_id bigint, recorded_at timestamptz, replayed boolean) LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
  v_transfer record;
  v_movement record;
  v_id bigint;
  v_old record;
  v_ids bigint[] := '{}';
  v_times timestamptz[] := '{}';
  v_replayed boolean[] := '{}';
  v_debit bigint;
  v_credit bigint;
  v_debits bigint[] := '{}';
  v_credits bigint[] := '{}';
BEGIN
  FOR v_movement IN SELECT * FROM jsonb_to_recordset(p_movements) AS m (b text, dp bigint, dc text, cp bigint, cc text) LOOP
    SELECT id INTO v_debit FROM ledger_account_code
      WHERE book = v_movement.b AND code = v_movement.dc AND holder = CASE WHEN v_movement.dp IS NULL THEN 'system' ELSE 'party' END;
    SELECT id INTO v_credit FROM ledger_account_code
      WHERE book = v_movement.b AND code = v_movement.cc AND holder = CASE WHEN v_movement.cp IS NULL THEN 'system' ELSE 'party' END;
    IF v_debit IS NULL OR v_credit IS NULL THEN
      RAISE EXCEPTION '账户代码尚未启用' USING ERRCODE = 'LG004';
    END IF;
    v_debits := v_debits || coalesce(v_movement.dp, 0) * 100000 + v_debit;
    v_credits := v_credits || coalesce(v_movement.cp, 0) * 100000 + v_credit;
  END LOOP;
  FOR v_transfer IN SELECT * FROM jsonb_to_recordset(p_transfers) AS t (key text, kind text, lines integer) LOOP
    INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reason)
      VALUES (v_transfer.key, v_transfer.kind, v_transfer.lines, p_at, '')
      ON CONFLICT (key) DO NOTHING RETURNING id INTO v_id;
    v_replayed := v_replayed || (v_id IS NULL);
    IF v_id IS NULL THEN
      SELECT * INTO v_old FROM ledger_transfer WHERE key = v_transfer.key;
      IF v_old.kind <> v_transfer.kind OR v_old.lines <> v_transfer.lines OR v_old.reverses_id IS NOT NULL THEN
        RAISE EXCEPTION '键已用于另一笔凭证' USING ERRCODE = 'LG003', DETAIL = json_build_object('key', v_transfer.key)::text;
      END IF;
      v_ids := v_ids || v_old.id;
      v_times := v_times || v_old.recorded_at;
    ELSE
      v_ids := v_ids || v_id;
      v_times := v_times || p_at;
    END IF;
  END LOOP;
  INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
    SELECT v_ids[m.t], row_number() OVER (PARTITION BY m.t ORDER BY m.place), v_debits[m.place], v_credits[m.place], m.a, m.h, m.m
    FROM ROWS FROM (jsonb_to_recordset(p_movements) AS (t integer, a bigint, h timestamptz, m text)) WITH ORDINALITY
      AS m (t, a, h, m, place)
    WHERE NOT v_replayed[m.t];
  IF true = ANY (v_replayed) THEN
    PERFORM 1 FROM (
      (SELECT v_ids[m.t], v_debits[m.place], v_credits[m.place], m.a, m.h, m.m
        FROM ROWS FROM (jsonb_to_recordset(p_movements) AS (t integer, a bigint, h timestamptz, m text)) WITH ORDINALITY
          AS m (t, a, h, m, place))
      EXCEPT ALL
      SELECT e.transfer_id, e.debit_account, e.credit_account, e.amount, e.happened_at, e.memo
        FROM ledger_entry e WHERE e.transfer_id = ANY (v_ids)) other;
    IF FOUND THEN
      RAISE EXCEPTION '键已用于另一笔凭证' USING ERRCODE = 'LG003';
    END IF;
  END IF;
  RETURN QUERY SELECT * FROM unnest(v_ids, v_times, v_replayed);
END $$;

-- Codes of the staging table that no account has borne yet: the caller opens them by its chart of accounts.
CREATE FUNCTION ledger_staged_codes() RETURNS TABLE (book text, holder text, code text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE $q$
    SELECT w.book, w.holder, w.code FROM (
      SELECT DISTINCT s.book, CASE WHEN s.debit_party IS NULL THEN 'system' ELSE 'party' END AS holder, s.debit_code AS code
        FROM ledger_staging s
      UNION SELECT DISTINCT s.book, CASE WHEN s.credit_party IS NULL THEN 'system' ELSE 'party' END, s.credit_code
        FROM ledger_staging s) w
    WHERE NOT EXISTS (SELECT FROM ledger_account_code c WHERE c.book = w.book AND c.holder = w.holder AND c.code = w.code) $q$;
END $$;

-- Everything in the staging table, set by set, and nothing by the row.
CREATE FUNCTION ledger_post_staged(p_at timestamptz, OUT transfers bigint, OUT replayed bigint, OUT entries bigint)
LANGUAGE plpgsql SET work_mem = '256MB' SET jit = off AS $$
DECLARE
  v_staged bigint;
  v_bad text;
BEGIN
  EXECUTE $q$
    WITH made AS (
      INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reason)
      SELECT s.transfer_key, s.kind, count(*), $1, '' FROM ledger_staging s
      GROUP BY s.transfer_key, s.kind ORDER BY s.transfer_key
      ON CONFLICT (key) DO NOTHING RETURNING id, key, lines
    ), posted AS (
      INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
      SELECT m.id, row_number() OVER (), coalesce(s.debit_party, 0) * 100000 + d.id, coalesce(s.credit_party, 0) * 100000 + c.id,
        s.amount, s.happened_at, s.memo
      FROM ledger_staging s
      JOIN made m ON m.key = s.transfer_key
      LEFT JOIN ledger_account_code d ON d.book = s.book AND d.code = s.debit_code
        AND d.holder = CASE WHEN s.debit_party IS NULL THEN 'system' ELSE 'party' END
      LEFT JOIN ledger_account_code c ON c.book = s.book AND c.code = s.credit_code
        AND c.holder = CASE WHEN s.credit_party IS NULL THEN 'system' ELSE 'party' END
    ) SELECT count(*), coalesce(sum(lines), 0) FROM made $q$ INTO transfers, entries USING p_at;
  EXECUTE 'SELECT count(*) FROM ledger_staging' INTO v_staged;
  replayed := 0;
  IF entries < v_staged THEN
    EXECUTE $q$
      SELECT min(coalesce(s.key, b.key)) FROM (
        SELECT s.transfer_key AS key, s.kind, count(*) AS lines FROM ledger_staging s GROUP BY 1, 2) s
      FULL JOIN (SELECT t.key, t.kind, t.lines FROM ledger_transfer t
        WHERE t.reverses_id IS NULL AND EXISTS (SELECT FROM ledger_staging s WHERE s.transfer_key = t.key)) b
        ON b.key = s.key AND b.kind = s.kind AND b.lines = s.lines
      WHERE s.key IS NULL OR b.key IS NULL $q$ INTO v_bad;
    IF v_bad IS NULL THEN
      EXECUTE $q$
        SELECT min(key) FROM (
          SELECT s.transfer_key AS key, coalesce(s.debit_party, 0) * 100000 + d.id, coalesce(s.credit_party, 0) * 100000 + c.id,
            s.amount, s.happened_at, s.memo
          FROM ledger_staging s
          LEFT JOIN ledger_account_code d ON d.book = s.book AND d.code = s.debit_code
            AND d.holder = CASE WHEN s.debit_party IS NULL THEN 'system' ELSE 'party' END
          LEFT JOIN ledger_account_code c ON c.book = s.book AND c.code = s.credit_code
            AND c.holder = CASE WHEN s.credit_party IS NULL THEN 'system' ELSE 'party' END
          EXCEPT ALL
          SELECT t.key, e.debit_account, e.credit_account, e.amount, e.happened_at, e.memo
          FROM ledger_transfer t JOIN ledger_entry e ON e.transfer_id = t.id
          WHERE EXISTS (SELECT FROM ledger_staging s WHERE s.transfer_key = t.key)) other $q$ INTO v_bad;
    END IF;
    IF v_bad IS NOT NULL THEN
      RAISE EXCEPTION '键已用于另一笔凭证' USING ERRCODE = 'LG003', DETAIL = json_build_object('key', v_bad)::text;
    END IF;
    EXECUTE 'SELECT count(DISTINCT transfer_key) FROM ledger_staging' INTO replayed;
    replayed := replayed - transfers;
  END IF;
  EXECUTE 'TRUNCATE ledger_staging';
END $$;

-- A transfer with the sides of every entry exchanged. What happened in a closed period is taken back on its first open instant.
CREATE FUNCTION ledger_reverse(p_transfer bigint, p_key text, p_reason text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  v_id bigint;
BEGIN
  LOCK TABLE ledger_period_close IN ROW SHARE MODE;
  INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reverses_id, reason)
    SELECT p_key, 'reversal', t.lines, p_at, t.id, p_reason FROM ledger_transfer t WHERE t.id = p_transfer
    RETURNING id INTO v_id;
  INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
    SELECT v_id, e.line, e.credit_account, e.debit_account, e.amount, greatest(e.happened_at, (
      SELECT max(p.closed_before) FROM ledger_period_close p WHERE ledger_book_digit(p.book) = e.debit_account % 10)), e.memo
    FROM ledger_entry e WHERE e.transfer_id = p_transfer;
  RETURN v_id;
END $$;
