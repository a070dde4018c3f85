"""What the database itself keeps (`sql/guard.sql`) and the ways into the books (`sql/post.sql`)."""

from pathlib import Path

from django.db import migrations

from tanhui.kernel.constraints import append_only

SQL = Path(__file__).resolve().parents[1] / "sql"

REMOVE = """
DROP TRIGGER ledger_entry_keep ON ledger_entry;
DROP TRIGGER ledger_account_guard ON ledger_account;
DROP FUNCTION ledger_reverse, ledger_post_staged, ledger_staged_codes, ledger_post, ledger_entry_keep, ledger_keep_many,
  ledger_change_many, ledger_keep_few, ledger_open_few, ledger_refuse_limit, ledger_account_guard;
ALTER TABLE ledger_account RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE ledger_period_close DROP CONSTRAINT ledger_period_close_book;
ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_reason;
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_number;
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_form;
ALTER TABLE ledger_account_code DROP CONSTRAINT ledger_account_code_number, DROP CONSTRAINT ledger_account_code_holder;
DROP TYPE ledger_call;
DROP AGGREGATE ledger_sum(bigint);
DROP FUNCTION ledger_book_digit;
DROP SEQUENCE ledger_account_code_serial;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_books"), ("parties", "0001_tables")]

    operations = [
        migrations.RunSQL((SQL / "guard.sql").read_text(encoding="utf-8"), REMOVE),
        migrations.RunSQL((SQL / "post.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
        append_only("ledger_account_code"),
        append_only("ledger_transfer"),
        append_only("ledger_entry"),
        append_only("ledger_period_close"),
    ]
