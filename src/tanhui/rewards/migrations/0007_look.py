"""What an exchange must know, in one call (`sql/look.sql`)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0007_applications"), ("parties", "0004_finance_role")]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS rewards_look;\n" + (SQL / "look.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION rewards_look",
        ),
    ]
