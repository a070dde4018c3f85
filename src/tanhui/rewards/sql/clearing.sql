-- What the database itself keeps of clearing, whoever writes to it.

-- What the agreed rate takes off is a rule, not an opinion: rounded half up to the fen, and the same back.
ALTER TABLE rewards_clearing_statement ADD CONSTRAINT rewards_clearing_rate CHECK (
  rate_bp BETWEEN 1 AND 10000
  AND rate_fen = -sign(gross_fen)::bigint * ((abs(gross_fen) * (10000 - rate_bp) + 5000) / 10000));

-- A statement is as many lines as it says, and their sums are its own.
CREATE FUNCTION rewards_clearing_check_sums(p_statements bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_bad text;
BEGIN
  SELECT min(s.number) INTO v_bad
    FROM rewards_clearing_statement s
    LEFT JOIN (
      SELECT l.statement_id, count(*) AS lines,
          coalesce(sum(l.amount_fen) FILTER (WHERE l.kind IN ('redeem', 'undo')), 0) AS gross,
          coalesce(sum(l.amount_fen) FILTER (WHERE l.kind = 'correction'), 0) AS correction,
          coalesce(sum(l.amount_fen) FILTER (WHERE l.kind = 'rate'), 0) AS rate
        FROM rewards_clearing_line l WHERE l.statement_id = ANY (p_statements) GROUP BY l.statement_id
    ) t ON t.statement_id = s.id
    WHERE s.id = ANY (p_statements)
      AND (s.lines, s.gross_fen, s.correction_fen, s.rate_fen) IS DISTINCT FROM (t.lines, t.gross, t.correction, t.rate);
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION '结算单 % 与其明细不符', v_bad USING ERRCODE = 'integrity_constraint_violation';
  END IF;
END $$;

CREATE FUNCTION rewards_clearing_statement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '结算单不可删除：错了的作废' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'drafted' THEN
      RAISE EXCEPTION '新的结算单不能是 %', NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.number, NEW.merchant_id, NEW.title, NEW.month, NEW.lines, NEW.gross_fen, NEW.correction_fen,
      NEW.rate_bp, NEW.rate_fen, NEW.net_fen, NEW.drafted_by, NEW.drafted_at)
     IS DISTINCT FROM
     (OLD.id, OLD.number, OLD.merchant_id, OLD.title, OLD.month, OLD.lines, OLD.gross_fen, OLD.correction_fen,
      OLD.rate_bp, OLD.rate_fen, OLD.net_fen, OLD.drafted_by, OLD.drafted_at)
     OR (OLD.digest <> '' AND NEW.digest <> OLD.digest)
     OR (OLD.checked_by <> '' AND (NEW.checked_by, NEW.checked_at) IS DISTINCT FROM (OLD.checked_by, OLD.checked_at))
     OR (OLD.approved_by <> '' AND (NEW.approved_by, NEW.approved_at, NEW.signature)
         IS DISTINCT FROM (OLD.approved_by, OLD.approved_at, OLD.signature)) THEN
    RAISE EXCEPTION '结算单的内容不可修改：作废后重新生成' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state IN ('paid', 'void') OR (NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
      ('drafted', 'checked'), ('checked', 'approved'), ('approved', 'paid'),
      ('drafted', 'void'), ('checked', 'void'), ('approved', 'void'))) THEN
    RAISE EXCEPTION '结算单的状态不能从 % 变为 %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'approved' AND OLD.state <> 'approved' AND EXISTS (
      SELECT FROM rewards_clearing_dispute d WHERE d.statement_id = NEW.id AND d.state = 'open') THEN
    RAISE EXCEPTION '结算单还有未答复的异议' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'paid' AND OLD.state <> 'paid' AND NOT EXISTS (
      SELECT FROM rewards_clearing_payment_line l JOIN rewards_clearing_payment p ON p.id = l.payment_id
      WHERE l.statement_id = NEW.id AND l.standing AND p.state = 'confirmed') THEN
    RAISE EXCEPTION '没有已确认的付款，结算单不能记为已支付' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state = 'void' AND EXISTS (
      SELECT FROM rewards_clearing_payment_line l WHERE l.statement_id = NEW.id AND l.standing) THEN
    RAISE EXCEPTION '结算单已在付款文件中，不能作废' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_clearing_statement_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_clearing_statement
  FOR EACH ROW EXECUTE FUNCTION rewards_clearing_statement_guard();
CREATE TRIGGER rewards_clearing_statement_keep BEFORE TRUNCATE ON rewards_clearing_statement
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_statement_guard();

-- At the end of a transaction: a digest is there, the lines are there, and they stand exactly while the statement does.
CREATE FUNCTION rewards_clearing_statement_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_row record;
BEGIN
  SELECT s.id, s.number, s.state, s.digest INTO v_row FROM rewards_clearing_statement s WHERE s.id = NEW.id;
  IF v_row.digest = '' THEN
    RAISE EXCEPTION '结算单 % 没有摘要', v_row.number USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM rewards_clearing_check_sums(ARRAY[v_row.id]);
  END IF;
  IF EXISTS (SELECT FROM rewards_clearing_line l
      WHERE l.statement_id = v_row.id AND l.standing = (v_row.state = 'void')) THEN
    RAISE EXCEPTION '结算单 % 的状态为 %，明细却不一致', v_row.number, v_row.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER rewards_clearing_statement_whole AFTER INSERT ON rewards_clearing_statement
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_clearing_statement_whole();
CREATE CONSTRAINT TRIGGER rewards_clearing_statement_void AFTER UPDATE ON rewards_clearing_statement
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'void') EXECUTE FUNCTION rewards_clearing_statement_whole();

-- Lines come all at once, and each is what the books say: that entry, of that merchant's account, with that amount.
CREATE FUNCTION rewards_clearing_line_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_bad text;
BEGIN
  SELECT min(s.number) INTO v_bad FROM written w JOIN rewards_clearing_statement s ON s.id = w.statement_id
    WHERE s.state <> 'drafted' OR NOT w.standing;
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION '结算单 % 的明细只在生成时写入', v_bad USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT min(w.statement_id || '/' || w.line) INTO v_bad
    FROM written w
    JOIN rewards_clearing_statement s ON s.id = w.statement_id
    JOIN rewards_merchant m ON m.id = s.merchant_id
    LEFT JOIN ledger_entry e ON e.transfer_id = w.transfer_id AND e.line = w.entry
    LEFT JOIN ledger_account_code c ON c.book = 'money' AND c.holder = 'party' AND c.code = 'payable'
    WHERE w.kind <> 'rate' AND w.amount_fen IS DISTINCT FROM (
      CASE m.party_id * 100000 + c.id WHEN e.credit_account THEN e.amount WHEN e.debit_account THEN -e.amount END);
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION '结算明细 % 与账簿不符', v_bad USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM rewards_clearing_check_sums((SELECT array_agg(DISTINCT w.statement_id) FROM written w));
  RETURN NULL;
END $$;
CREATE TRIGGER rewards_clearing_line_written AFTER INSERT ON rewards_clearing_line
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_line_written();

-- The one change of a line: it falls with its statement.
CREATE FUNCTION rewards_clearing_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '结算明细只可追加：结算单错了就作废' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER rewards_clearing_line_keep BEFORE DELETE OR TRUNCATE ON rewards_clearing_line
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_line_guard();
CREATE TRIGGER rewards_clearing_line_guard BEFORE UPDATE ON rewards_clearing_line
  FOR EACH ROW WHEN (NOT OLD.standing OR NEW.standing
    OR (NEW.id, NEW.statement_id, NEW.line, NEW.kind, NEW.amount_fen, NEW.happened_at, NEW.recorded_at, NEW.late,
        NEW.transfer_id, NEW.entry, NEW.redemption_id, NEW.memo)
       IS DISTINCT FROM
       (OLD.id, OLD.statement_id, OLD.line, OLD.kind, OLD.amount_fen, OLD.happened_at, OLD.recorded_at, OLD.late,
        OLD.transfer_id, OLD.entry, OLD.redemption_id, OLD.memo))
  EXECUTE FUNCTION rewards_clearing_line_guard();

CREATE FUNCTION rewards_clearing_line_fallen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM fallen f JOIN rewards_clearing_statement s ON s.id = f.statement_id WHERE s.state <> 'void') THEN
    RAISE EXCEPTION '结算明细随结算单作废，不能单独作废' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER rewards_clearing_line_fallen AFTER UPDATE ON rewards_clearing_line
  REFERENCING NEW TABLE AS fallen FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_line_fallen();

-- Disputes: of a line of a statement that is not approved; approval waits for the insertion, and the other way round.
CREATE FUNCTION rewards_clearing_dispute_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_state text;
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '异议不可删除' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'INSERT' THEN
    SELECT s.state INTO v_state FROM rewards_clearing_statement s WHERE s.id = NEW.statement_id FOR SHARE;
    IF NEW.state <> 'open' OR v_state NOT IN ('drafted', 'checked') OR NOT EXISTS (
        SELECT FROM rewards_clearing_line l WHERE l.id = NEW.line_id AND l.statement_id = NEW.statement_id) THEN
      RAISE EXCEPTION '只能对未复核结算单的明细提出异议' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'open' OR (NEW.id, NEW.number, NEW.line_id, NEW.statement_id, NEW.reason, NEW.raised_by, NEW.raised_at)
      IS DISTINCT FROM
      (OLD.id, OLD.number, OLD.line_id, OLD.statement_id, OLD.reason, OLD.raised_by, OLD.raised_at) THEN
    RAISE EXCEPTION '异议只能答复一次，内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_clearing_dispute_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_clearing_dispute
  FOR EACH ROW EXECUTE FUNCTION rewards_clearing_dispute_guard();
CREATE TRIGGER rewards_clearing_dispute_keep BEFORE TRUNCATE ON rewards_clearing_dispute
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_dispute_guard();

CREATE FUNCTION rewards_clearing_correction_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '更正不可删除' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'proposed' THEN
      RAISE EXCEPTION '更正先提出，再由另一人复核' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'proposed'
      OR (NEW.id, NEW.number, NEW.merchant_id, NEW.amount_fen, NEW.reason, NEW.proposed_by, NEW.proposed_at)
      IS DISTINCT FROM
      (OLD.id, OLD.number, OLD.merchant_id, OLD.amount_fen, OLD.reason, OLD.proposed_by, OLD.proposed_at) THEN
    RAISE EXCEPTION '更正只能复核一次，内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_clearing_correction_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_clearing_correction
  FOR EACH ROW EXECUTE FUNCTION rewards_clearing_correction_guard();
CREATE TRIGGER rewards_clearing_correction_keep BEFORE TRUNCATE ON rewards_clearing_correction
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_correction_guard();

CREATE FUNCTION rewards_pay_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '收款账户不可删除：变更时另登记一个' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.confirmed_by <> '' THEN
      RAISE EXCEPTION '收款账户须由另一人确认' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.confirmed_by <> ''
      OR (NEW.id, NEW.number, NEW.merchant_id, NEW.bank_name, NEW.sealed, NEW.recorded_by, NEW.recorded_at)
      IS DISTINCT FROM
      (OLD.id, OLD.number, OLD.merchant_id, OLD.bank_name, OLD.sealed, OLD.recorded_by, OLD.recorded_at) THEN
    RAISE EXCEPTION '收款账户只能确认一次，内容不可修改' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_pay_account_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_pay_account
  FOR EACH ROW EXECUTE FUNCTION rewards_pay_account_guard();
CREATE TRIGGER rewards_pay_account_keep BEFORE TRUNCATE ON rewards_pay_account
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_pay_account_guard();

-- Payments: frozen but for their end.
CREATE FUNCTION rewards_clearing_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '付款文件不可删除：没有付的撤回' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'prepared' THEN
      RAISE EXCEPTION '付款文件先制单，再由另一人确认' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'prepared' OR (NEW.id, NEW.number, NEW.month, NEW.total_fen, NEW.prepared_by, NEW.prepared_at)
      IS DISTINCT FROM (OLD.id, OLD.number, OLD.month, OLD.total_fen, OLD.prepared_by, OLD.prepared_at) THEN
    RAISE EXCEPTION '付款文件的内容不可修改，也只结束一次' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_clearing_payment_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_clearing_payment
  FOR EACH ROW EXECUTE FUNCTION rewards_clearing_payment_guard();
CREATE TRIGGER rewards_clearing_payment_keep BEFORE TRUNCATE ON rewards_clearing_payment
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_payment_guard();

CREATE FUNCTION rewards_clearing_payment_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '付款明细不可删除' USING ERRCODE = 'restrict_violation';
  ELSIF TG_OP = 'UPDATE' THEN
    IF NOT OLD.standing OR NEW.standing OR (NEW.id, NEW.payment_id, NEW.statement_id, NEW.account_id, NEW.amount_fen)
        IS DISTINCT FROM (OLD.id, OLD.payment_id, OLD.statement_id, OLD.account_id, OLD.amount_fen)
        OR NOT EXISTS (SELECT FROM rewards_clearing_payment p WHERE p.id = NEW.payment_id AND p.state = 'cancelled') THEN
      RAISE EXCEPTION '付款明细随付款文件撤回，内容不可修改' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF NOT EXISTS (
      SELECT FROM rewards_clearing_statement s
      JOIN rewards_clearing_payment p ON p.id = NEW.payment_id AND p.state = 'prepared' AND p.month = s.month
      JOIN rewards_pay_account a ON a.id = NEW.account_id AND a.merchant_id = s.merchant_id AND a.confirmed_by <> ''
      WHERE s.id = NEW.statement_id AND s.state = 'approved' AND s.net_fen = NEW.amount_fen AND NEW.standing) THEN
    RAISE EXCEPTION '只付已复核的结算单，按其应付金额，付到该商户已确认的账户' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rewards_clearing_payment_line_guard BEFORE INSERT OR UPDATE OR DELETE ON rewards_clearing_payment_line
  FOR EACH ROW EXECUTE FUNCTION rewards_clearing_payment_line_guard();
CREATE TRIGGER rewards_clearing_payment_line_keep BEFORE TRUNCATE ON rewards_clearing_payment_line
  FOR EACH STATEMENT EXECUTE FUNCTION rewards_clearing_payment_line_guard();

-- At the end of a transaction: the total is that of the lines, they stand unless the file is cancelled, and what was
-- confirmed is paid.
CREATE FUNCTION rewards_clearing_payment_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_payment bigint;
  v_bad text;
BEGIN
  IF TG_TABLE_NAME = 'rewards_clearing_payment' THEN
    v_payment := NEW.id;
  ELSE
    v_payment := NEW.payment_id;
  END IF;
  SELECT p.number INTO v_bad FROM rewards_clearing_payment p
    WHERE p.id = v_payment AND (
      p.total_fen IS DISTINCT FROM (
        SELECT sum(l.amount_fen) FROM rewards_clearing_payment_line l WHERE l.payment_id = p.id)
      OR EXISTS (SELECT FROM rewards_clearing_payment_line l JOIN rewards_clearing_statement s ON s.id = l.statement_id
        WHERE l.payment_id = p.id AND (l.standing = (p.state = 'cancelled')
          OR (p.state = 'confirmed') <> (s.state = 'paid' AND l.standing))));
  IF v_bad IS NOT NULL THEN
    RAISE EXCEPTION '付款文件 % 与其明细不符', v_bad USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER rewards_clearing_payment_whole AFTER INSERT OR UPDATE ON rewards_clearing_payment
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_clearing_payment_whole();
CREATE CONSTRAINT TRIGGER rewards_clearing_payment_line_whole AFTER INSERT ON rewards_clearing_payment_line
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_clearing_payment_whole();
