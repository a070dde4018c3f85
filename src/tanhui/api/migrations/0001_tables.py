from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="TokenEpoch",
            fields=[
                (
                    "party_number",
                    models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="居民编号"),
                ),
                ("epoch", models.IntegerField(default=0, verbose_name="轮次")),
            ],
            options={"verbose_name": "登录轮次", "verbose_name_plural": "登录轮次", "db_table": "api_token_epoch"},
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "key",
                    models.BinaryField(
                        help_text="居民编号与幂等键的摘要",
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                        verbose_name="键",
                    ),
                ),
                ("fingerprint", models.BinaryField(max_length=32, verbose_name="请求摘要")),
                ("status", models.SmallIntegerField(verbose_name="状态码")),
                ("answer", models.JSONField(verbose_name="答复")),
                ("answered_at", models.DateTimeField(db_index=True, verbose_name="答复时间")),
            ],
            options={"verbose_name": "幂等答复", "verbose_name_plural": "幂等答复", "db_table": "api_kept_answer"},
        ),
        migrations.CreateModel(
            name="RateWindow",
            fields=[
                (
                    "key",
                    models.BinaryField(
                        help_text="调用者与限额名称的带密钥摘要",
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                        verbose_name="键",
                    ),
                ),
                ("starts_at", models.DateTimeField(db_index=True, verbose_name="窗口开始")),
                ("count", models.IntegerField(default=0, verbose_name="次数")),
            ],
            options={"verbose_name": "限流窗口", "verbose_name_plural": "限流窗口", "db_table": "api_rate_window"},
        ),
        migrations.RunSQL(
            "ALTER TABLE api_rate_window SET UNLOGGED", reverse_sql="ALTER TABLE api_rate_window SET LOGGED"
        ),
    ]
