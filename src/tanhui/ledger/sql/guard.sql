-- What the database itself keeps, whoever writes to it.

CREATE SEQUENCE ledger_account_code_serial AS integer MAXVALUE 9999;

CREATE FUNCTION ledger_book_digit(book text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE book WHEN 'carbon' THEN 1 WHEN 'points' THEN 2 WHEN 'units' THEN 3 WHEN 'money' THEN 4 END
$$;

-- A sum that stays an integer: the built-in one goes through numeric.
CREATE AGGREGATE ledger_sum(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0');

ALTER TABLE ledger_account_code
  ADD CONSTRAINT ledger_account_code_number CHECK (
    id BETWEEN 1 AND 99999 AND ledger_book_digit(book) IS NOT NULL AND id % 10 = ledger_book_digit(book)),
  ADD CONSTRAINT ledger_account_code_holder CHECK (holder IN ('system', 'party'));

-- Few and short: the database reads the text of each check anew for every statement.
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_form CHECK (
  amount BETWEEN 1 AND 1000000000000000 AND debit_account <> credit_account AND debit_account % 10 = credit_account % 10);

ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_number CHECK (
  account_id = coalesce(party_id, 0) * 100000 + code_id AND (party_id IS NULL OR slot = 0));

ALTER TABLE ledger_transfer ADD CONSTRAINT ledger_transfer_reason CHECK ((reverses_id IS NULL) = (reason = ''));

ALTER TABLE ledger_period_close ADD CONSTRAINT ledger_period_close_book CHECK (ledger_book_digit(book) IS NOT NULL);

-- Half of each page stays free, so that a balance changes within its page and no index is touched.
ALTER TABLE ledger_account SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);

-- Accounts are written by the trigger on entries only, which runs one level deeper than a statement of anybody else.
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') OR pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION '账户余额只随分录变动：请记账，不要直接改动 ledger_account' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_account_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_guard();

CREATE FUNCTION ledger_refuse_limit(p_account bigint, p_slot integer, p_debits bigint, p_credits bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE held record;
BEGIN
  SELECT coalesce(a.credits - a.debits, 0) AS balance, c.book, c.code, c.min_balance, c.max_balance
    INTO held
    FROM ledger_account_code c LEFT JOIN ledger_account a ON a.account_id = p_account AND a.slot = p_slot
    WHERE c.id = p_account % 100000;
  IF NOT FOUND THEN
    RAISE EXCEPTION '账户代码不存在：%', p_account % 100000 USING ERRCODE = 'LG004';
  END IF;
  RAISE EXCEPTION '余额超出限度' USING ERRCODE = 'LG001', DETAIL = json_build_object(
    'book', held.book, 'code', held.code, 'party_id', nullif(p_account / 100000, 0), 'balance', held.balance,
    'change', p_credits - p_debits, 'min_balance', held.min_balance, 'max_balance', held.max_balance)::text;
END $$;

CREATE FUNCTION ledger_open_few(p_accounts bigint[], p_slot integer, p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_slot integer;
BEGIN
  FOR i IN 1 .. cardinality(p_accounts) LOOP
    v_slot := CASE WHEN p_accounts[i] < 100000 THEN p_slot ELSE 0 END;
    PERFORM 1 FROM ledger_account WHERE account_id = p_accounts[i] AND slot = v_slot;
    CONTINUE WHEN FOUND;
    IF p_accounts[i] >= 100000 THEN
      PERFORM 1 FROM parties_party WHERE id = p_accounts[i] / 100000;
      IF NOT FOUND THEN
        RAISE EXCEPTION '当事人不存在：%', p_accounts[i] / 100000 USING ERRCODE = 'foreign_key_violation';
      END IF;
    END IF;
    INSERT INTO ledger_account (account_id, slot, party_id, code_id, debits, credits, min_balance, max_balance, opened_at)
      SELECT p_accounts[i], v_slot, nullif(p_accounts[i] / 100000, 0), c.id, 0, 0, c.min_balance, c.max_balance, p_at
      FROM ledger_account_code c
      WHERE c.id = p_accounts[i] % 100000 AND (c.holder = 'system') = (p_accounts[i] < 100000)
      ON CONFLICT (account_id, slot) DO NOTHING;
  END LOOP;
END $$;

-- Opens what is missing, then changes balances, both in order of account: nobody ever waits in a circle.
CREATE FUNCTION ledger_keep_few(p_accounts bigint[], p_debits bigint[], p_credits bigint[], p_slot integer, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_there integer := 0;
  v_slot integer;
BEGIN
  SELECT count(*) INTO v_there FROM ledger_account a
    WHERE a.account_id = ANY (p_accounts) AND a.slot = CASE WHEN a.account_id < 100000 THEN p_slot ELSE 0 END;
  IF v_there < cardinality(p_accounts) THEN
    PERFORM ledger_open_few(p_accounts, p_slot, p_at);
  END IF;
  FOR i IN 1 .. cardinality(p_accounts) LOOP
    v_slot := CASE WHEN p_accounts[i] < 100000 THEN p_slot ELSE 0 END;
    UPDATE ledger_account SET debits = debits + p_debits[i], credits = credits + p_credits[i]
      WHERE account_id = p_accounts[i] AND slot = v_slot
        AND (min_balance IS NULL OR credits + p_credits[i] - debits - p_debits[i] >= min_balance)
        AND (max_balance IS NULL OR credits + p_credits[i] - debits - p_debits[i] <= max_balance);
    IF NOT FOUND THEN
      PERFORM ledger_refuse_limit(p_accounts[i], v_slot, p_debits[i], p_credits[i]);
    END IF;
  END LOOP;
END $$;

-- Changes balances of many accounts. Only plans that walk the accounts in order of their number are allowed.
CREATE FUNCTION ledger_change_many(p_accounts bigint[], p_debits bigint[], p_credits bigint[], p_slot integer)
RETURNS bigint LANGUAGE plpgsql SET enable_hashjoin = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE v_done bigint;
BEGIN
  EXECUTE $q$
    UPDATE ledger_account a SET debits = a.debits + d.debits, credits = a.credits + d.credits
      FROM unnest($1, $2, $3) AS d (account, debits, credits)
      WHERE a.account_id = d.account AND a.slot = CASE WHEN d.account < 100000 THEN $4 ELSE 0 END
        AND (a.min_balance IS NULL OR a.credits + d.credits - a.debits - d.debits >= a.min_balance)
        AND (a.max_balance IS NULL OR a.credits + d.credits - a.debits - d.debits <= a.max_balance) $q$
    USING p_accounts, p_debits, p_credits, p_slot;
  GET DIAGNOSTICS v_done = ROW_COUNT;
  RETURN v_done;
END $$;

-- The same for many accounts at once; `p_missing` are those among them that have no row yet.
CREATE FUNCTION ledger_keep_many(
  p_accounts bigint[], p_debits bigint[], p_credits bigint[], p_missing bigint[], p_slot integer, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_opened bigint[];
  v_bad record := NULL;
BEGIN
  IF p_missing IS NOT NULL THEN
    EXECUTE $q$
      WITH opened AS (
        INSERT INTO ledger_account (account_id, slot, party_id, code_id, debits, credits, min_balance, max_balance, opened_at)
        SELECT d.account, CASE WHEN d.account < 100000 THEN $5 ELSE 0 END, nullif(d.account / 100000, 0), c.id,
          d.debits, d.credits, c.min_balance, c.max_balance, $6
        FROM unnest($1, $2, $3) AS d (account, debits, credits)
        JOIN unnest($4) AS m (account) ON m.account = d.account
        JOIN ledger_account_code c ON c.id = d.account % 100000 AND (c.holder = 'system') = (d.account < 100000)
        WHERE (d.account < 100000 OR EXISTS (SELECT FROM parties_party p WHERE p.id = d.account / 100000))
          AND (c.min_balance IS NULL OR d.credits - d.debits >= c.min_balance)
          AND (c.max_balance IS NULL OR d.credits - d.debits <= c.max_balance)
        ORDER BY d.account
        ON CONFLICT (account_id, slot) DO NOTHING RETURNING account_id
      ) SELECT array_agg(account_id) FROM opened $q$
      INTO v_opened USING p_accounts, p_debits, p_credits, p_missing, p_slot, p_at;
    EXECUTE $q$
      SELECT array_agg(d.account ORDER BY d.account), array_agg(d.debits ORDER BY d.account),
        array_agg(d.credits ORDER BY d.account)
      FROM unnest($1, $2, $3) AS d (account, debits, credits)
      LEFT JOIN unnest($4) AS o (account) ON o.account = d.account WHERE o.account IS NULL $q$
      INTO p_accounts, p_debits, p_credits USING p_accounts, p_debits, p_credits, v_opened;
  END IF;
  IF p_accounts IS NULL THEN
    RETURN;
  END IF;
  BEGIN
    IF cardinality(p_accounts) = ledger_change_many(p_accounts, p_debits, p_credits, p_slot) THEN
      RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'LG000';  -- take the changes back, so that the one that failed can be told
  EXCEPTION WHEN SQLSTATE 'LG000' THEN
    NULL;
  END;
  EXECUTE $q$
    SELECT d.account, d.debits, d.credits, p.id IS NULL AND d.account >= 100000 AS no_party
      FROM unnest($1, $2, $3) AS d (account, debits, credits)
      LEFT JOIN ledger_account a ON a.account_id = d.account AND a.slot = CASE WHEN d.account < 100000 THEN $4 ELSE 0 END
      LEFT JOIN ledger_account_code c ON c.id = d.account % 100000
      LEFT JOIN parties_party p ON p.id = d.account / 100000
      WHERE c.id IS NULL OR (p.id IS NULL AND d.account >= 100000 AND a.account_id IS NULL)
        OR coalesce(a.credits - a.debits, 0) + d.credits - d.debits < c.min_balance
        OR coalesce(a.credits - a.debits, 0) + d.credits - d.debits > c.max_balance
      ORDER BY d.account LIMIT 1 $q$
    INTO v_bad USING p_accounts, p_debits, p_credits, p_slot;
  IF v_bad IS NULL THEN  -- somebody changed the account since
    RAISE EXCEPTION '余额超出限度' USING ERRCODE = 'LG001';
  ELSIF v_bad.no_party THEN
    RAISE EXCEPTION '当事人不存在：%', v_bad.account / 100000 USING ERRCODE = 'foreign_key_violation';
  END IF;
  PERFORM ledger_refuse_limit(
    v_bad.account, CASE WHEN v_bad.account < 100000 THEN p_slot ELSE 0 END, v_bad.debits, v_bad.credits);
END $$;

CREATE FUNCTION ledger_entry_keep() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_count bigint;
  v_known bigint;
  v_at timestamptz;
  v_early boolean;
  v_amount bigint;
  v_low bigint;
  v_high bigint;
  v_book text;
  v_accounts bigint[];
  v_debits bigint[];
  v_credits bigint[];
  v_missing bigint[];
  v_one_by_one text;
  v_slot integer;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION '记账须在 READ COMMITTED 隔离级别下进行' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  SELECT count(*) INTO v_count FROM fresh;
  IF v_count = 0 THEN
    RETURN NULL;
  END IF;
  LOCK TABLE ledger_period_close IN ROW SHARE MODE;  -- a close waits for us, and we for a close
  -- A batch holds its slot of a system account until it commits, so batches have slots of their own.
  v_slot := pg_backend_pid() % 16 + CASE WHEN v_count > 64 THEN 16 ELSE 0 END;
  IF v_count = 1 THEN
    SELECT f.debit_account, f.credit_account, f.amount, t.recorded_at, f.happened_at > t.recorded_at, (
        SELECT p.book FROM ledger_period_close p
        WHERE f.happened_at < p.closed_before AND f.debit_account % 10 = ledger_book_digit(p.book) LIMIT 1)
      INTO v_low, v_high, v_amount, v_at, v_early, v_book
      FROM fresh f LEFT JOIN ledger_transfer t ON t.id = f.transfer_id;
    v_known := CASE WHEN v_at IS NULL THEN 0 ELSE 1 END;
    IF v_low < v_high THEN
      v_accounts := ARRAY[v_low, v_high];
      v_debits := ARRAY[v_amount, 0];
      v_credits := ARRAY[0, v_amount];
    ELSE
      v_accounts := ARRAY[v_high, v_low];
      v_debits := ARRAY[0, v_amount];
      v_credits := ARRAY[v_amount, 0];
    END IF;
  ELSIF v_count <= 64 THEN
    SELECT count(t.id), max(t.recorded_at), bool_or(f.happened_at > t.recorded_at) INTO v_known, v_at, v_early
      FROM fresh f LEFT JOIN ledger_transfer t ON t.id = f.transfer_id;
    SELECT p.book INTO v_book FROM fresh f JOIN ledger_period_close p
      ON f.happened_at < p.closed_before AND f.debit_account % 10 = ledger_book_digit(p.book) LIMIT 1;
    SELECT array_agg(s.account), array_agg(s.debits), array_agg(s.credits) INTO v_accounts, v_debits, v_credits FROM (
      SELECT l.account, ledger_sum(l.debit) AS debits, ledger_sum(l.credit) AS credits FROM (
        SELECT debit_account AS account, amount AS debit, 0::bigint AS credit FROM fresh
        UNION ALL SELECT credit_account, 0, amount FROM fresh) l
      GROUP BY l.account ORDER BY l.account) s;
  ELSE  -- many: planned for the numbers at hand; sorted, because the accounts are then walked in order
    PERFORM set_config('enable_seqscan', 'on', true);
    EXECUTE 'SELECT min(transfer_id), max(transfer_id) FROM fresh' INTO v_low, v_high;
    EXECUTE 'SELECT count(t.id), max(t.recorded_at), bool_or(f.happened_at > t.recorded_at)
      FROM fresh f LEFT JOIN ledger_transfer t ON t.id = f.transfer_id AND t.id BETWEEN $1 AND $2'
      INTO v_known, v_at, v_early USING v_low, v_high;
    EXECUTE 'SELECT p.book FROM (SELECT debit_account % 10 AS digit, min(happened_at) AS first FROM fresh GROUP BY 1) f
      JOIN ledger_period_close p ON f.first < p.closed_before AND f.digit = ledger_book_digit(p.book) LIMIT 1' INTO v_book;
    SELECT CASE WHEN v_count * 10 > c.reltuples THEN 'off' ELSE 'on' END INTO v_one_by_one
      FROM pg_class c WHERE c.oid = 'ledger_account'::regclass;
    PERFORM set_config('enable_hashagg', 'off', true), set_config('enable_hashjoin', 'off', true),
      set_config('enable_nestloop', v_one_by_one, true);
    EXECUTE 'SELECT array_agg(s.account), array_agg(s.debits), array_agg(s.credits),
        array_agg(s.account) FILTER (WHERE a.account_id IS NULL)
      FROM (
        SELECT l.account, CASE WHEN l.account < 100000 THEN $1 ELSE 0 END AS slot,
          ledger_sum(l.debit) AS debits, ledger_sum(l.credit) AS credits
        FROM (SELECT debit_account AS account, amount AS debit, 0::bigint AS credit FROM fresh
          UNION ALL SELECT credit_account, 0, amount FROM fresh) l
        GROUP BY l.account ORDER BY l.account) s
      LEFT JOIN ledger_account a ON a.account_id = s.account AND a.slot = s.slot'
      INTO v_accounts, v_debits, v_credits, v_missing USING v_slot;
    PERFORM set_config('enable_hashagg', 'on', true), set_config('enable_nestloop', 'on', true),
      set_config('enable_hashjoin', 'on', true);
  END IF;
  IF v_known < v_count THEN
    RAISE EXCEPTION '分录所属的凭证不存在' USING ERRCODE = 'foreign_key_violation';
  ELSIF v_early THEN
    RAISE EXCEPTION '分录的发生时间晚于记账时间' USING ERRCODE = 'LG005';
  ELSIF v_book IS NOT NULL THEN
    RAISE EXCEPTION '所在期间已结账' USING ERRCODE = 'LG002', DETAIL = json_build_object('book', v_book)::text;
  END IF;
  IF v_count <= 64 THEN
    PERFORM ledger_keep_few(v_accounts, v_debits, v_credits, v_slot, v_at);
  ELSE
    PERFORM ledger_keep_many(v_accounts, v_debits, v_credits, v_missing, v_slot, v_at);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_keep AFTER INSERT ON ledger_entry
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_keep();
