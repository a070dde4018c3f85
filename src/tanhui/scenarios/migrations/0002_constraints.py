"""Rules that the database itself keeps: facts are appended only, and no two versions of a method share a day."""

from django.db import migrations

from tanhui.kernel.constraints import append_only

# One range over a global serial number of (scenario, day): an exclusion constraint without any extension.
ONE_VERSION_A_DAY = """
ALTER TABLE scenarios_method_in_force ADD CONSTRAINT scenarios_method_in_force_once EXCLUDE USING gist (
    int8range(
        scenario_id::bigint * 4000000 + (starts_on - DATE '0001-01-01'),
        scenario_id::bigint * 4000000 + coalesce(ends_on - DATE '0001-01-01', 3999999)
    ) WITH &&
);
ALTER TABLE scenarios_method_in_force ADD CONSTRAINT scenarios_method_in_force_order
    CHECK (ends_on IS NULL OR ends_on > starts_on);
"""

FACTS = (
    "scenarios_behavior",
    "scenarios_supersession",
    "scenarios_refused_row",
    "scenarios_settlement_line",
    "scenarios_day_figure",
    "scenarios_budget_adjustment",
    "scenarios_method_version",
    "scenarios_method_decision",
    "scenarios_contest",
    "scenarios_ruling",
)


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0001_initial")]

    operations = [
        migrations.RunSQL(
            ONE_VERSION_A_DAY,
            "ALTER TABLE scenarios_method_in_force DROP CONSTRAINT scenarios_method_in_force_once,"
            " DROP CONSTRAINT scenarios_method_in_force_order",
        ),
        *[append_only(table) for table in FACTS],
    ]
