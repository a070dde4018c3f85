"""Clearing: contracts, pay accounts, statements, disputes, corrections, payments, and their rules."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from tanhui.kernel.constraints import append_only

SQL = Path(__file__).resolve().parents[1] / "sql" / "clearing.sql"

REMOVE = """
DROP TRIGGER rewards_clearing_statement_guard ON rewards_clearing_statement;
DROP TRIGGER rewards_clearing_statement_keep ON rewards_clearing_statement;
DROP TRIGGER rewards_clearing_statement_whole ON rewards_clearing_statement;
DROP TRIGGER rewards_clearing_statement_void ON rewards_clearing_statement;
DROP TRIGGER rewards_clearing_line_written ON rewards_clearing_line;
DROP TRIGGER rewards_clearing_line_keep ON rewards_clearing_line;
DROP TRIGGER rewards_clearing_line_guard ON rewards_clearing_line;
DROP TRIGGER rewards_clearing_line_fallen ON rewards_clearing_line;
DROP TRIGGER rewards_clearing_dispute_guard ON rewards_clearing_dispute;
DROP TRIGGER rewards_clearing_dispute_keep ON rewards_clearing_dispute;
DROP TRIGGER rewards_clearing_correction_guard ON rewards_clearing_correction;
DROP TRIGGER rewards_clearing_correction_keep ON rewards_clearing_correction;
DROP TRIGGER rewards_pay_account_guard ON rewards_pay_account;
DROP TRIGGER rewards_pay_account_keep ON rewards_pay_account;
DROP TRIGGER rewards_clearing_payment_guard ON rewards_clearing_payment;
DROP TRIGGER rewards_clearing_payment_keep ON rewards_clearing_payment;
DROP TRIGGER rewards_clearing_payment_line_guard ON rewards_clearing_payment_line;
DROP TRIGGER rewards_clearing_payment_line_keep ON rewards_clearing_payment_line;
DROP TRIGGER rewards_clearing_payment_whole ON rewards_clearing_payment;
DROP TRIGGER rewards_clearing_payment_line_whole ON rewards_clearing_payment_line;
DROP FUNCTION rewards_clearing_check_sums,
  rewards_clearing_statement_guard,
  rewards_clearing_statement_whole,
  rewards_clearing_line_written,
  rewards_clearing_line_guard,
  rewards_clearing_line_fallen,
  rewards_clearing_dispute_guard,
  rewards_clearing_correction_guard,
  rewards_pay_account_guard,
  rewards_clearing_payment_guard,
  rewards_clearing_payment_line_guard,
  rewards_clearing_payment_whole;
ALTER TABLE rewards_clearing_statement DROP CONSTRAINT rewards_clearing_rate;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_guards"),
        ("parties", "0004_finance_role"),
        ("rewards", "0004_funds"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClearingCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("amount_fen", models.BigIntegerField(verbose_name="金额（分）")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "待复核"), ("posted", "已入账"), ("rejected", "未通过")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("proposed_by", models.CharField(max_length=80, verbose_name="提出人")),
                ("proposed_at", models.DateTimeField(verbose_name="提出时间")),
                ("decided_by", models.CharField(blank=True, max_length=80, verbose_name="复核人")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="复核时间")),
                ("decide_reason", models.CharField(blank=True, max_length=200, verbose_name="复核意见")),
            ],
            options={
                "verbose_name": "结算更正",
                "verbose_name_plural": "结算更正",
                "db_table": "rewards_clearing_correction",
            },
        ),
        migrations.CreateModel(
            name="ClearingDispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("reason", models.CharField(max_length=400, verbose_name="理由")),
                ("raised_by", models.CharField(max_length=80, verbose_name="提出人")),
                ("raised_at", models.DateTimeField(verbose_name="提出时间")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待答复"), ("accepted", "已采纳"), ("rejected", "未采纳")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=400, verbose_name="答复")),
                ("answered_by", models.CharField(blank=True, max_length=80, verbose_name="答复人")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="答复时间")),
            ],
            options={
                "verbose_name": "结算异议",
                "verbose_name_plural": "结算异议",
                "db_table": "rewards_clearing_dispute",
            },
        ),
        migrations.CreateModel(
            name="ClearingLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.IntegerField(verbose_name="行号")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("redeem", "核销"),
                            ("undo", "撤销核销"),
                            ("correction", "更正"),
                            ("rate", "按约定比例结算"),
                        ],
                        max_length=10,
                        verbose_name="类别",
                    ),
                ),
                ("amount_fen", models.BigIntegerField(verbose_name="金额（分）")),
                ("happened_at", models.DateTimeField(verbose_name="发生时间")),
                ("recorded_at", models.DateTimeField(verbose_name="入账时间")),
                ("late", models.BooleanField(help_text="发生在更早的月份", verbose_name="补入")),
                ("entry", models.IntegerField(blank=True, null=True, verbose_name="分录行号")),
                ("memo", models.CharField(blank=True, max_length=200, verbose_name="摘要")),
                ("standing", models.BooleanField(default=True, verbose_name="有效")),
            ],
            options={
                "verbose_name": "结算单明细",
                "verbose_name_plural": "结算单明细",
                "db_table": "rewards_clearing_line",
            },
        ),
        migrations.CreateModel(
            name="ClearingPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("month", models.DateField(help_text="当月 1 日", verbose_name="结算月份")),
                (
                    "state",
                    models.CharField(
                        choices=[("prepared", "待银行付款"), ("confirmed", "已付款"), ("cancelled", "已撤回")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("total_fen", models.BigIntegerField(verbose_name="合计（分）")),
                ("prepared_by", models.CharField(max_length=80, verbose_name="制单人")),
                ("prepared_at", models.DateTimeField(verbose_name="制单时间")),
                ("confirmed_by", models.CharField(blank=True, max_length=80, verbose_name="确认人")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="确认时间")),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="银行流水号")),
                ("paid_on", models.DateField(blank=True, null=True, verbose_name="付款日")),
                ("cancelled_by", models.CharField(blank=True, max_length=80, verbose_name="撤回人")),
                ("cancelled_at", models.DateTimeField(blank=True, null=True, verbose_name="撤回时间")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="撤回原因")),
            ],
            options={
                "verbose_name": "付款文件",
                "verbose_name_plural": "付款文件",
                "db_table": "rewards_clearing_payment",
            },
        ),
        migrations.CreateModel(
            name="ClearingPaymentLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_fen", models.BigIntegerField(verbose_name="金额（分）")),
                ("standing", models.BooleanField(default=True, verbose_name="有效")),
            ],
            options={
                "verbose_name": "付款文件明细",
                "verbose_name_plural": "付款文件明细",
                "db_table": "rewards_clearing_payment_line",
            },
        ),
        migrations.CreateModel(
            name="ClearingStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("title", models.CharField(max_length=80, verbose_name="商户名称")),
                ("month", models.DateField(help_text="当月 1 日", verbose_name="结算月份")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("drafted", "待核对"),
                            ("checked", "待复核"),
                            ("approved", "待支付"),
                            ("paid", "已支付"),
                            ("void", "已作废"),
                        ],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("lines", models.IntegerField(verbose_name="行数")),
                ("gross_fen", models.BigIntegerField(verbose_name="核销净额（分）")),
                ("correction_fen", models.BigIntegerField(verbose_name="更正（分）")),
                ("rate_bp", models.IntegerField(verbose_name="结算比例（万分之）")),
                ("rate_fen", models.BigIntegerField(verbose_name="按比例扣减（分）")),
                ("net_fen", models.BigIntegerField(verbose_name="应付（分）")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要（SHA-256）")),
                ("drafted_by", models.CharField(max_length=80, verbose_name="生成人")),
                ("drafted_at", models.DateTimeField(verbose_name="生成时间")),
                ("checked_by", models.CharField(blank=True, max_length=80, verbose_name="核对人")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="核对时间")),
                ("approved_by", models.CharField(blank=True, max_length=80, verbose_name="复核人")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="复核时间")),
                ("signature", models.CharField(blank=True, max_length=128, verbose_name="签名（Ed25519）")),
                ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="支付时间")),
                ("voided_by", models.CharField(blank=True, max_length=80, verbose_name="作废人")),
                ("voided_at", models.DateTimeField(blank=True, null=True, verbose_name="作废时间")),
                ("void_reason", models.CharField(blank=True, max_length=200, verbose_name="作废原因")),
            ],
            options={
                "verbose_name": "结算单",
                "verbose_name_plural": "结算单",
                "db_table": "rewards_clearing_statement",
            },
        ),
        migrations.CreateModel(
            name="MerchantContract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contract_from", models.DateField(verbose_name="合作起始日")),
                ("contract_to", models.DateField(verbose_name="合作截止日（不含当日）")),
                ("rate_bp", models.IntegerField(verbose_name="结算比例（万分之）")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="登记人")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
            ],
            options={
                "verbose_name": "商户合同",
                "verbose_name_plural": "商户合同",
                "db_table": "rewards_merchant_contract",
            },
        ),
        migrations.CreateModel(
            name="PayAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, unique=True, verbose_name="编号")),
                ("bank_name", models.CharField(max_length=80, verbose_name="开户行")),
                ("sealed", models.BinaryField(verbose_name="户名和账号密文")),
                ("recorded_by", models.CharField(max_length=80, verbose_name="登记人")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
                ("confirmed_by", models.CharField(blank=True, max_length=80, verbose_name="确认人")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="确认时间")),
            ],
            options={
                "verbose_name": "商户收款账户",
                "verbose_name_plural": "商户收款账户",
                "db_table": "rewards_pay_account",
            },
        ),
        migrations.AddField(
            model_name="clearingcorrection",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="rewards.merchant",
                verbose_name="商户",
            ),
        ),
        migrations.AddField(
            model_name="clearingdispute",
            name="correction",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="dispute",
                to="rewards.clearingcorrection",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="clearingline",
            name="redemption",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rewards.redemption",
                verbose_name="核销记录",
            ),
        ),
        migrations.AddField(
            model_name="clearingline",
            name="transfer",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.transfer",
                verbose_name="凭证",
            ),
        ),
        migrations.AddField(
            model_name="clearingdispute",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="rewards.clearingline",
                verbose_name="明细",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["prepared", "confirmed", "cancelled"])), name="rewards_payment_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1), ("total_fen__gt", 0)), name="rewards_payment_total"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("paid_on__isnull", False),
                        ("state", "confirmed"),
                        models.Q(("confirmed_by", ""), _negated=True),
                        models.Q(("reference", ""), _negated=True),
                        models.Q(("confirmed_by", models.F("prepared_by")), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "confirmed"), _negated=True),
                        ("confirmed_at__isnull", True),
                        ("confirmed_by", ""),
                        ("reference", ""),
                    ),
                    _connector="OR",
                ),
                name="rewards_payment_two_hands",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cancelled_at__isnull", False),
                        ("state", "cancelled"),
                        models.Q(("cancelled_by", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "cancelled"), _negated=True),
                        ("cancelled_at__isnull", True),
                        ("cancelled_by", ""),
                        ("reason", ""),
                    ),
                    _connector="OR",
                ),
                name="rewards_payment_cancelled",
            ),
        ),
        migrations.AddField(
            model_name="clearingpaymentline",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="rewards.clearingpayment",
                verbose_name="付款文件",
            ),
        ),
        migrations.AddField(
            model_name="clearingstatement",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statements",
                to="rewards.merchant",
                verbose_name="商户",
            ),
        ),
        migrations.AddField(
            model_name="clearingpaymentline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="rewards.clearingstatement",
                verbose_name="结算单",
            ),
        ),
        migrations.AddField(
            model_name="clearingline",
            name="statement",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="rewards.clearingstatement",
                verbose_name="结算单",
            ),
        ),
        migrations.AddField(
            model_name="clearingdispute",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="rewards.clearingstatement",
                verbose_name="结算单",
            ),
        ),
        migrations.AddField(
            model_name="merchantcontract",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contracts",
                to="rewards.merchant",
                verbose_name="商户",
            ),
        ),
        migrations.AddField(
            model_name="payaccount",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pay_accounts",
                to="rewards.merchant",
                verbose_name="商户",
            ),
        ),
        migrations.AddField(
            model_name="clearingpaymentline",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rewards.payaccount",
                verbose_name="收款账户",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingcorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "posted", "rejected"])), name="rewards_correction_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingcorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("amount_fen", 0), _negated=True), models.Q(("reason", ""), _negated=True)),
                name="rewards_correction_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingcorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by", ""), ("state", "proposed")),
                    models.Q(
                        models.Q(("state", "proposed"), _negated=True),
                        models.Q(("decided_by", ""), _negated=True),
                        ("decided_at__isnull", False),
                        models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rewards_correction_two_hands",
            ),
        ),
        migrations.AddIndex(
            model_name="clearingstatement",
            index=models.Index(fields=["month", "state"], name="rewards_clearing_month"),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "void"), _negated=True),
                fields=("merchant", "month"),
                name="rewards_clearing_statement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["drafted", "checked", "approved", "paid", "void"])),
                name="rewards_clearing_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lines__gt", 0),
                    ("month__day", 1),
                    (
                        "net_fen",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("gross_fen"), "+", models.F("correction_fen")
                            ),
                            "+",
                            models.F("rate_fen"),
                        ),
                    ),
                    ("net_fen__gte", 0),
                ),
                name="rewards_clearing_sum",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "drafted"), ("approved_by", ""), ("checked_by", ""), ("signature", "")),
                    models.Q(
                        ("state", "checked"),
                        models.Q(("checked_by", ""), _negated=True),
                        ("approved_by", ""),
                        ("signature", ""),
                    ),
                    models.Q(
                        ("state__in", ["approved", "paid"]),
                        models.Q(("checked_by", ""), _negated=True),
                        models.Q(("approved_by", ""), _negated=True),
                        models.Q(("signature", ""), _negated=True),
                    ),
                    ("state", "void"),
                    _connector="OR",
                ),
                name="rewards_clearing_hands",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", ""),
                    models.Q(
                        models.Q(("approved_by", models.F("checked_by")), _negated=True),
                        models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rewards_clearing_two_hands",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "void"),
                        models.Q(("voided_by", ""), _negated=True),
                        models.Q(("void_reason", ""), _negated=True),
                        ("voided_at__isnull", False),
                    ),
                    models.Q(
                        models.Q(("state", "void"), _negated=True),
                        ("void_reason", ""),
                        ("voided_at__isnull", True),
                        ("voided_by", ""),
                    ),
                    _connector="OR",
                ),
                name="rewards_clearing_void",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at__isnull", False), ("state", "paid")),
                    models.Q(models.Q(("state", "paid"), _negated=True), ("paid_at__isnull", True)),
                    _connector="OR",
                ),
                name="rewards_clearing_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingline",
            constraint=models.UniqueConstraint(fields=("statement", "line"), name="rewards_clearing_line_place"),
        ),
        migrations.AddConstraint(
            model_name="clearingline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("standing", True), ("transfer__isnull", False)),
                fields=("transfer", "entry"),
                name="rewards_clearing_line_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("entry__isnull", True),
                        ("kind", "rate"),
                        ("redemption__isnull", True),
                        ("transfer__isnull", True),
                    ),
                    models.Q(
                        models.Q(("kind", "rate"), _negated=True), ("entry__isnull", False), ("transfer__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="rewards_clearing_line_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["redeem", "undo"]), ("redemption__isnull", False)),
                    models.Q(("kind__in", ["correction", "rate"]), ("redemption__isnull", True)),
                    _connector="OR",
                ),
                name="rewards_clearing_line_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen", 0), _negated=True), name="rewards_clearing_line_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingdispute",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("line",), name="rewards_dispute_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingdispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "rejected"])), name="rewards_dispute_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingdispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by", ""), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                        models.Q(("answered_by", ""), _negated=True),
                        ("answered_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="rewards_dispute_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingdispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("correction__isnull", True), ("state", "accepted"), _connector="OR"),
                name="rewards_dispute_correction",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantcontract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("contract_to__gt", models.F("contract_from")), ("rate_bp__gte", 1), ("rate_bp__lte", 10000)
                ),
                name="rewards_merchant_contract_form",
            ),
        ),
        migrations.AddConstraint(
            model_name="payaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by", "")),
                    models.Q(
                        models.Q(("confirmed_by", ""), _negated=True),
                        ("confirmed_at__isnull", False),
                        models.Q(("confirmed_by", models.F("recorded_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="rewards_pay_account_two_hands",
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpaymentline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("standing", True)), fields=("statement",), name="rewards_payment_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clearingpaymentline",
            constraint=models.UniqueConstraint(fields=("payment", "statement"), name="rewards_payment_line_place"),
        ),
        migrations.AddConstraint(
            model_name="clearingpaymentline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen__gt", 0)), name="rewards_payment_line_amount"
            ),
        ),
        append_only("rewards_merchant_contract"),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), REMOVE),
    ]
