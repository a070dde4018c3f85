"""The proof: everything kept beside the entries is recomputed from them."""

from __future__ import annotations

from django.db import connection

from tanhui.ledger.types import Discrepancy

SHOWN = 100

_CHECKS: dict[str, tuple[str, str]] = {
    "debits": (
        "账户 {0} 的借方合计与分录不符",
        """
        SELECT coalesce(k.account_id, s.account), coalesce(s.debits, 0)::bigint, coalesce(k.debits, 0)::bigint
        FROM (SELECT account_id, sum(debits) AS debits FROM ledger_account GROUP BY account_id) k
        FULL JOIN (SELECT debit_account AS account, sum(amount) AS debits FROM ledger_entry GROUP BY debit_account) s
            ON s.account = k.account_id
        WHERE coalesce(s.debits, 0) <> coalesce(k.debits, 0)
        """,
    ),
    "credits": (
        "账户 {0} 的贷方合计与分录不符",
        """
        SELECT coalesce(k.account_id, s.account), coalesce(s.credits, 0)::bigint, coalesce(k.credits, 0)::bigint
        FROM (SELECT account_id, sum(credits) AS credits FROM ledger_account GROUP BY account_id) k
        FULL JOIN (SELECT credit_account AS account, sum(amount) AS credits FROM ledger_entry GROUP BY credit_account) s
            ON s.account = k.account_id
        WHERE coalesce(s.credits, 0) <> coalesce(k.credits, 0)
        """,
    ),
    "books": (
        "账簿 {0} 的余额合计不为零",
        """
        SELECT c.book, 0, sum(a.credits - a.debits)::bigint
        FROM ledger_account a JOIN ledger_account_code c ON c.id = a.code_id
        GROUP BY c.book HAVING sum(a.credits - a.debits) <> 0
        """,
    ),
    "lines": (
        "凭证 {0} 的分录数不符",
        """
        SELECT coalesce(t.key, '#' || e.transfer_id), coalesce(t.lines, 0), coalesce(e.lines, 0)::bigint
        FROM ledger_transfer t
        FULL JOIN (SELECT transfer_id, count(*) AS lines FROM ledger_entry GROUP BY transfer_id) e
            ON e.transfer_id = t.id
        WHERE coalesce(t.lines, 0) <> coalesce(e.lines, 0)
        """,
    ),
    "limits": (
        "账户 {0} 的余额限度与账户代码不符",
        """
        SELECT a.account_id, coalesce(c.min_balance, c.max_balance, 0), coalesce(a.min_balance, a.max_balance, 0)
        FROM ledger_account a LEFT JOIN ledger_account_code c ON c.id = a.code_id
        WHERE (a.min_balance, a.max_balance) IS DISTINCT FROM (c.min_balance, c.max_balance) OR c.id IS NULL
        """,
    ),
    "reversals": (
        "冲正凭证 {0} 与原凭证不对称",
        """
        SELECT t.key, count(o.line), count(r.line)
        FROM ledger_transfer t
        JOIN ledger_entry r ON r.transfer_id = t.id
        LEFT JOIN ledger_entry o ON o.transfer_id = t.reverses_id AND o.line = r.line AND o.amount = r.amount
            AND o.debit_account = r.credit_account AND o.credit_account = r.debit_account
        WHERE t.reverses_id IS NOT NULL
        GROUP BY t.key, t.lines HAVING count(o.line) <> count(r.line)
        """,
    ),
    "clocks": (
        "凭证 {0} 有分录的发生时间晚于记账时间",
        """
        SELECT t.key, 0, count(*) FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id
        WHERE e.happened_at > t.recorded_at GROUP BY t.key
        """,
    ),
}


def find_discrepancies() -> list[Discrepancy]:
    """At most `SHOWN` of each kind. Each check is one statement, so it sees one instant of the books."""
    found = []
    with connection.cursor() as cursor:
        for check, (message, statement) in _CHECKS.items():
            cursor.execute(f"{statement} ORDER BY 1 LIMIT {SHOWN}")
            for what, expected, kept in cursor.fetchall():
                found.append(Discrepancy(check, message.format(what), int(expected), int(kept)))
    return found
