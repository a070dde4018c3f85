"""A merchant's attempt in two calls (`sql/redeem.sql`)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_exchange")]

    operations = [
        migrations.RunSQL(
            (SQL / "redeem.sql").read_text(encoding="utf-8"), "DROP FUNCTION rewards_tried, rewards_till"
        ),
    ]
