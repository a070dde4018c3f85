"""A summary of which days lie where: behaviors come roughly in order of day, so settlement reads only its own part."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0002_constraints")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX scenarios_behavior_days ON scenarios_behavior USING brin (day)"
            " WITH (pages_per_range = 32, autosummarize = on)",
            "DROP INDEX scenarios_behavior_days",
        )
    ]
