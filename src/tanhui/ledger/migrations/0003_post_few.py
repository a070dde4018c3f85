"""Codes not in use are told without an error (`sql/post_few.sql`), so that a posting may do without a savepoint."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        migrations.RunSQL((SQL / "post_few.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
