"""How many rows stand in a register is answered from the index alone, also where invented rows do not count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plan", "0003_invented_and_closed")]

    operations = [
        migrations.RemoveIndex(model_name="record", name="plan_record_counted"),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                fields=["register", "happened_on", "id"],
                include=["sample"],
                condition=models.Q(state="approved", void=False),
                name="plan_record_counted",
            ),
        ),
    ]
