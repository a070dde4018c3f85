"""Monthly statements of the programme's money."""

from django.db import migrations, models

from tanhui.kernel.constraints import append_only


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_devices")]

    operations = [
        migrations.CreateModel(
            name="FundsStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("month", models.DateField(help_text="当月第一天", unique=True, verbose_name="月份")),
                ("content", models.BinaryField(verbose_name="签名内容")),
                ("signature", models.CharField(max_length=128, verbose_name="签名")),
                ("public_key", models.CharField(max_length=64, verbose_name="公钥")),
                ("signed_at", models.DateTimeField(verbose_name="签名时间")),
                ("signed_by", models.CharField(max_length=80, verbose_name="签名人")),
            ],
            options={
                "verbose_name": "资金月报",
                "verbose_name_plural": "资金月报",
                "db_table": "rewards_funds_statement",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("month__day", 1)), name="rewards_funds_statement_month")
                ],
            },
        ),
        append_only("rewards_funds_statement"),
    ]
