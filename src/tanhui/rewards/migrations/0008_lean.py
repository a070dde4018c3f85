"""What every request asks of the database, planned once; checks at the end of a transaction ask for less."""

from importlib import import_module
from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"
GUARDS = import_module("tanhui.rewards.migrations.0002_guards").VOUCHER
_HEAD = "FUNCTION rewards_voucher_whole()"
BEFORE = f"CREATE OR REPLACE {_HEAD}{GUARDS.split(_HEAD, 1)[1].split('CREATE CONSTRAINT TRIGGER', 1)[0]}"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0007_look")]

    operations = [
        migrations.RunSQL((SQL / "lean.sql").read_text(encoding="utf-8"), f"DROP FUNCTION rewards_phone;\n{BEFORE}"),
    ]
