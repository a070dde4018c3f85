-- One posting or a few, as in `post.sql`; but a code that no account has borne yet is told by an empty answer, before
-- anything is written, so that the caller needs no savepoint to open it and ask again.

CREATE OR REPLACE FUNCTION ledger_post(p_call jsonb, p_at timestamptz)
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
      RETURN;
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
