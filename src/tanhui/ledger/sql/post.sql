-- The ways into the books. Each is one call, and each touches keys first, then accounts, both in order.

-- One posting or a few: the first three arrays have one element a transfer, sorted by key; the others one a movement,
-- in the order of the transfers; `lines` says how many movements each transfer has.
CREATE TYPE ledger_call AS (
  keys text[], kinds text[], lines integer[],
  books text[], debit_parties bigint[], debit_codes text[], credit_parties bigint[], credit_codes text[],
  amounts bigint[], happened timestamptz[], memos text[]);

CREATE FUNCTION ledger_post(p_call jsonb, p_at timestamptz)
RETURNS TABLE (transfer_id bigint, recorded_at timestamptz, replayed boolean) LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_call ledger_call := jsonb_populate_record(NULL::ledger_call, p_call);
  v_old ledger_transfer;
  v_debit bigint;
  v_credit bigint;
  v_debits bigint[] := '{}';
  v_credits bigint[] := '{}';
  v_ids bigint[] := '{}';  -- of each movement; NULL where its transfer is in the books already
  v_first integer := 1;
  v_last integer;
BEGIN
  FOR i IN 1 .. cardinality(v_call.amounts) LOOP
    SELECT id INTO v_debit FROM ledger_account_code WHERE book = v_call.books[i] AND code = v_call.debit_codes[i]
      AND holder = CASE WHEN v_call.debit_parties[i] IS NULL THEN 'system' ELSE 'party' END;
    SELECT id INTO v_credit FROM ledger_account_code WHERE book = v_call.books[i] AND code = v_call.credit_codes[i]
      AND holder = CASE WHEN v_call.credit_parties[i] IS NULL THEN 'system' ELSE 'party' END;
    IF v_debit IS NULL OR v_credit IS NULL THEN
      RAISE EXCEPTION '账户代码尚未启用' USING ERRCODE = 'LG004';
    END IF;
    v_debits[i] := coalesce(v_call.debit_parties[i], 0) * 100000 + v_debit;
    v_credits[i] := coalesce(v_call.credit_parties[i], 0) * 100000 + v_credit;
  END LOOP;
  FOR i IN 1 .. cardinality(v_call.keys) LOOP
    INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reason)
      VALUES (v_call.keys[i], v_call.kinds[i], v_call.lines[i], p_at, '')
      ON CONFLICT (key) DO NOTHING RETURNING id INTO transfer_id;
    replayed := transfer_id IS NULL;
    recorded_at := p_at;
    v_last := v_first + v_call.lines[i] - 1;
    IF replayed THEN
      SELECT * INTO v_old FROM ledger_transfer t WHERE t.key = v_call.keys[i];
      IF v_old.kind <> v_call.kinds[i] OR v_old.lines <> v_call.lines[i] OR v_old.reverses_id IS NOT NULL OR EXISTS (
        SELECT * FROM unnest(v_debits[v_first:v_last], v_credits[v_first:v_last], v_call.amounts[v_first:v_last],
          v_call.happened[v_first:v_last], v_call.memos[v_first:v_last])
        EXCEPT ALL
        SELECT e.debit_account, e.credit_account, e.amount, e.happened_at, e.memo
          FROM ledger_entry e WHERE e.transfer_id = v_old.id
      ) THEN
        RAISE EXCEPTION '键已用于另一笔凭证' USING ERRCODE = 'LG003', DETAIL = json_build_object('key', v_call.keys[i])::text;
      END IF;
      transfer_id := v_old.id;
      recorded_at := v_old.recorded_at;
    END IF;
    v_ids := v_ids || array_fill(CASE WHEN NOT replayed THEN transfer_id END, ARRAY[v_call.lines[i]]);
    v_first := v_last + 1;
    RETURN NEXT;
  END LOOP;
  IF cardinality(v_ids) = 1 THEN
    IF v_ids[1] IS NOT NULL THEN
      INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
        VALUES (v_ids[1], 1, v_debits[1], v_credits[1], v_call.amounts[1], v_call.happened[1], v_call.memos[1]);
    END IF;
  ELSE  -- in one statement, so that all balances are changed in one order
    INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
      SELECT m.id, m.place, m.debit, m.credit, m.amount, m.happened_at, m.memo
      FROM unnest(v_ids, v_debits, v_credits, v_call.amounts, v_call.happened, v_call.memos) WITH ORDINALITY
        AS m (id, debit, credit, amount, happened_at, memo, place)
      WHERE m.id IS NOT NULL;
  END IF;
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
  -- A code that is not in use yet stops the batch when its first entry is written, after all transfers are. A look at
  -- some rows finds most of them sooner.
  EXECUTE $q$
    SELECT min('new') FROM (SELECT * FROM ledger_staging LIMIT 100) s
    LEFT JOIN ledger_account_code d ON d.book = s.book AND d.code = s.debit_code
      AND d.holder = CASE WHEN s.debit_party IS NULL THEN 'system' ELSE 'party' END
    LEFT JOIN ledger_account_code c ON c.book = s.book AND c.code = s.credit_code
      AND c.holder = CASE WHEN s.credit_party IS NULL THEN 'system' ELSE 'party' END
    WHERE d.id IS NULL OR c.id IS NULL $q$ INTO v_bad;
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION '账户代码尚未启用' USING ERRCODE = 'LG004';
  END IF;
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
      ORDER BY m.id
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

-- A transfer with the sides of every entry exchanged; NULL where the key is in the books already.
-- What happened in a period that is closed by now is taken back on the first open instant.
CREATE FUNCTION ledger_reverse(p_transfer bigint, p_key text, p_reason text, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_id bigint;
BEGIN
  LOCK TABLE ledger_period_close IN ROW SHARE MODE;
  PERFORM 1 FROM ledger_transfer WHERE id = p_transfer AND reverses_id IS NOT NULL;
  IF FOUND THEN
    RAISE EXCEPTION '冲正凭证不能再冲正' USING ERRCODE = 'LG006';
  END IF;
  INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reverses_id, reason)
    SELECT p_key, 'reversal', t.lines, p_at, t.id, p_reason FROM ledger_transfer t WHERE t.id = p_transfer
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_id;
  INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)
    SELECT v_id, e.line, e.credit_account, e.debit_account, e.amount, greatest(e.happened_at, (
      SELECT max(p.closed_before) FROM ledger_period_close p WHERE ledger_book_digit(p.book) = e.debit_account % 10)), e.memo
    FROM ledger_entry e WHERE e.transfer_id = p_transfer AND v_id IS NOT NULL;
  RETURN v_id;
END $$;
