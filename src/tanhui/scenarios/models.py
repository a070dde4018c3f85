"""Tables of the chain's middle: who delivered what, and what it counted for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

NOTHING_PERSONAL: frozenset[str] = frozenset()


class Source(models.Model):
    """One partner that reports behaviors: a bus company, a recycler, or the county itself."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class Status(models.TextChoices):
        TRIAL = "trial", "试接入"
        ACTIVE = "active", "已接入"
        SUSPENDED = "suspended", "已暂停"

    code = models.SlugField("代码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=80)
    organization = models.ForeignKey(
        "parties.Party",
        verbose_name="单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.TRIAL)
    scenarios = models.JSONField("可报送场景", default=list, help_text="场景代码列表；空表示不限")
    top_grade = models.SmallIntegerField(
        "最高证据等级", default=2, help_text="1=A 2=B 3=C 4=D；报送更高的等级按此等级计"
    )
    admitted_at = models.DateTimeField("接入时间")

    class Meta:
        db_table = "scenarios_source"
        verbose_name = verbose_name_plural = "数据接入方"
        constraints = [
            models.CheckConstraint(condition=Q(top_grade__range=(1, 4)), name="scenarios_source_grade"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.code}）"


class SourceKey(models.Model):
    """One public key with which a partner signs what it sends (Ed25519); a revoked one is refused."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    source = models.ForeignKey(Source, verbose_name="接入方", on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField("密钥编号", max_length=64, unique=True)
    public_key = models.CharField("公钥", max_length=64, help_text="Ed25519 公钥，Base64")
    created_at = models.DateTimeField("登记时间")
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)

    class Meta:
        db_table = "scenarios_source_key"
        verbose_name = verbose_name_plural = "接入方密钥"

    def __str__(self) -> str:
        return self.key_id


class SeenMessage(models.Model):
    """A signed message accepted once; its id may not carry other content again (replay protection).

    The same message with the same content is answered with the first receipt, and stores nothing.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    source = models.ForeignKey(Source, verbose_name="接入方", on_delete=models.PROTECT, related_name="+")
    message_id = models.CharField("报文编号", max_length=128)
    content_digest = models.BinaryField("内容摘要", max_length=32)
    delivery = models.ForeignKey(
        "Delivery", verbose_name="批次", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    seen_at = models.DateTimeField("收到时间", db_index=True)

    class Meta:
        db_table = "scenarios_seen_message"
        verbose_name = verbose_name_plural = "已收报文"
        constraints = [models.UniqueConstraint(fields=["source", "message_id"], name="scenarios_seen_message_once")]

    def __str__(self) -> str:
        return self.message_id


class Delivery(models.Model):
    """One arrival of evidence (an HTTP batch, a file, an act entered by hand) and what became of its rows."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class Channel(models.TextChoices):
        HTTP = "http", "接口"
        FILE = "file", "文件"
        HAND = "hand", "自行申报"

    number = models.CharField("回执编号", max_length=32, unique=True)
    source = models.ForeignKey(Source, verbose_name="接入方", on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    name = models.CharField("名称", max_length=200, blank=True, help_text="文件名或批次名")
    content_digest = models.BinaryField("内容摘要", max_length=32)
    received_at = models.DateTimeField("收到时间")
    rows_read = models.IntegerField("读到", default=0)
    rows_accepted = models.IntegerField("新收", default=0)
    rows_waiting = models.IntegerField("待绑定", default=0)
    rows_duplicate = models.IntegerField("重复", default=0)
    rows_refused = models.IntegerField("退回", default=0)

    class Meta:
        db_table = "scenarios_delivery"
        verbose_name = verbose_name_plural = "数据批次"
        indexes = [
            models.Index(fields=["source", "-received_at"], name="scenarios_delivery_recent"),
            models.Index(fields=["source", "content_digest"], name="scenarios_delivery_content"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_read=F("rows_accepted") + F("rows_waiting") + F("rows_duplicate") + F("rows_refused")),
                name="scenarios_delivery_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.number


class RefusedRow(models.Model):
    """A row that could not become evidence, kept as it came, with the reason: nothing is lost."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    delivery = models.ForeignKey(Delivery, verbose_name="批次", on_delete=models.PROTECT, related_name="refused")
    row_number = models.IntegerField("行号")
    code = models.CharField("原因代码", max_length=40)
    message = models.TextField("原因")
    content = models.BinaryField("原文（加密）", help_text="经加密服务封存，只供接入方更正时对照")

    class Meta:
        db_table = "scenarios_refused_row"
        verbose_name = verbose_name_plural = "退回的行"

    def __str__(self) -> str:
        return f"{self.row_number}: {self.code}"


class Scenario(models.Model):
    """A low-carbon scenario that the county has opened; its rule is the method of the same name."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    code = models.SlugField("代码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=60)
    method_name = models.SlugField("方法名", max_length=60)
    enabled = models.BooleanField("已开放", default=True)
    exclusive_group = models.CharField(
        "互斥组", max_length=20, blank=True, help_text="同一居民在同一时段内，同组的行为只计一次"
    )
    rules = models.JSONField("合理性规则", default=dict, help_text="县文件夹中的规则，原样保存")
    settings = models.JSONField("说明", default=dict, help_text="怎么参与、显示顺序、图标")

    class Meta:
        db_table = "scenarios_scenario"
        verbose_name = verbose_name_plural = "低碳场景"

    def __str__(self) -> str:
        return self.title


class Behavior(models.Model):
    """One piece of evidence of one low-carbon act of one bound resident: a fact, never edited."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    id = models.BigAutoField("序号", primary_key=True)
    source = models.ForeignKey(
        Source, verbose_name="接入方", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    external_id = models.CharField("接入方编号", max_length=80)
    revision = models.SmallIntegerField("修订", default=1)
    scenario = models.ForeignKey(
        Scenario, verbose_name="场景", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    party = models.ForeignKey(
        "parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField("所属日", help_text="发生时刻在本县时区的日期")
    happened_at = models.DateTimeField("发生时间")
    ended_at = models.DateTimeField("结束时间", null=True)
    grade = models.SmallIntegerField("证据等级", help_text="1=A 2=B 3=C 4=D")
    distance_m = models.BigIntegerField("距离（米）", null=True)
    mass_g = models.BigIntegerField("质量（克）", null=True)
    energy_wh = models.BigIntegerField("电量（瓦时）", null=True)
    item_count = models.BigIntegerField("数量", null=True)
    details = models.JSONField("其他数据", null=True)
    content_digest = models.BinaryField("内容摘要", max_length=32)
    delivery = models.ForeignKey(
        Delivery, verbose_name="批次", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField("入库时间")

    class Meta:
        db_table = "scenarios_behavior"
        verbose_name = verbose_name_plural = "低碳行为"
        indexes = [
            models.Index(fields=["party", "day"], name="scenarios_behavior_day"),
            # Tiny, because corrections are few: intake looks here for what a delivery may correct.
            models.Index(
                fields=["source", "external_id"],
                condition=Q(revision__gt=1),
                name="scenarios_behavior_corrected",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id", "revision"], name="scenarios_behavior_once"),
            models.CheckConstraint(condition=Q(grade__range=(1, 4)), name="scenarios_behavior_grade"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("happened_at")),
                name="scenarios_behavior_order",
            ),
            models.CheckConstraint(
                condition=(Q(distance_m__isnull=True) | Q(distance_m__gte=0))
                & (Q(mass_g__isnull=True) | Q(mass_g__gte=0))
                & (Q(energy_wh__isnull=True) | Q(energy_wh__gte=0))
                & (Q(item_count__isnull=True) | Q(item_count__gte=0)),
                name="scenarios_behavior_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class WaitingEvidence(models.Model):
    """Evidence of somebody who has not bound this partner yet. Dropped unread after `drop_after`."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    id = models.BigAutoField("序号", primary_key=True)
    source = models.ForeignKey(Source, verbose_name="接入方", on_delete=models.PROTECT, related_name="+")
    subject_key = models.BinaryField("人员键", max_length=16, help_text="接入方人员编号的带密钥摘要")
    external_id = models.CharField("接入方编号", max_length=80)
    revision = models.SmallIntegerField("修订", default=1)
    evidence = models.JSONField("证据")
    content_digest = models.BinaryField("内容摘要", max_length=32)
    delivery = models.ForeignKey(Delivery, verbose_name="批次", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("入库时间")
    drop_after = models.DateTimeField("到期删除", db_index=True)
    withdrawn_at = models.DateTimeField(
        "撤回时间", null=True, blank=True, help_text="接入方已撤回：绑定后也不计入，到期一并删除"
    )

    class Meta:
        db_table = "scenarios_waiting_evidence"
        verbose_name = verbose_name_plural = "待绑定证据"
        indexes = [models.Index(fields=["source", "subject_key"], name="scenarios_waiting_subject")]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id", "revision"], name="scenarios_waiting_once")
        ]

    def __str__(self) -> str:
        return self.external_id


class Supersession(models.Model):
    """A behavior no longer counts: a higher revision replaced it, or its source withdrew it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    behavior = models.OneToOneField(
        Behavior, verbose_name="行为", on_delete=models.PROTECT, related_name="+", primary_key=True
    )
    replaced_by = models.ForeignKey(
        Behavior, verbose_name="由此条替代", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField("原因", max_length=200)
    recorded_at = models.DateTimeField("入库时间")

    class Meta:
        db_table = "scenarios_supersession"
        verbose_name = verbose_name_plural = "更正与撤回"

    def __str__(self) -> str:
        return f"{self.behavior_id}: {self.reason}"


class DayMark(models.Model):
    """A resident's day whose books may be stale. Settlement takes marks; whoever adds facts adds them."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    id = models.BigAutoField("序号", primary_key=True)
    party = models.ForeignKey(
        "parties.Party",
        verbose_name="居民",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    day = models.DateField("所属日")

    class Meta:
        db_table = "scenarios_day_mark"
        verbose_name = verbose_name_plural = "待结算日"

    def __str__(self) -> str:
        return f"{self.party_id} {self.day}"


class MethodVersion(models.Model):
    """One version of one method as it was put before the committee: text and factor rows, frozen, by hash."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    name = models.SlugField("方法名", max_length=60)
    version = models.CharField("版本", max_length=20)
    number = models.CharField("编号", max_length=40)
    title = models.CharField("名称", max_length=120)
    rule_hash = models.CharField("规则摘要", max_length=64, unique=True, help_text="正文与所引用因子行的 SHA-256")
    content_hash = models.CharField("正文摘要", max_length=64)
    text = models.TextField("正文")
    factors = models.JSONField("引用的因子行")
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("失效日", null=True, blank=True)
    registered_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "scenarios_method_version"
        verbose_name = verbose_name_plural = "方法版本"

    def __str__(self) -> str:
        return f"{self.number} {self.title} {self.version}"


class MethodDecision(models.Model):
    """One step in a method version's life: who moved it to which stage, when and why."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    class Stage(models.TextChoices):
        DRAFT = "draft", "草案"
        COMMITTEE_REVIEW = "committee_review", "专家委员会评审"
        PUBLIC_NOTICE = "public_notice", "公示"
        IN_FORCE = "in_force", "施行"
        WITHDRAWN = "withdrawn", "废止"

    method = models.ForeignKey(
        MethodVersion, verbose_name="方法版本", on_delete=models.PROTECT, related_name="decisions"
    )
    stage = models.CharField("阶段", max_length=20, choices=Stage)
    decided_by = models.CharField("决定人", max_length=80, help_text="工作人员编号或机构名称")
    note = models.TextField("说明", blank=True)
    decided_at = models.DateTimeField("决定时间")

    class Meta:
        db_table = "scenarios_method_decision"
        verbose_name = verbose_name_plural = "方法流转"

    def __str__(self) -> str:
        return f"{self.method_id}: {self.stage}"


class MethodInForce(models.Model):
    """The days on which a method version rules. No two versions of one method share a day."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    method = models.OneToOneField(
        MethodVersion,
        verbose_name="方法版本",
        on_delete=models.PROTECT,
        related_name="in_force",
        primary_key=True,
    )
    scenario = models.ForeignKey(Scenario, verbose_name="场景", on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField("开始日")
    ends_on = models.DateField("结束日（不含）", null=True, blank=True)

    class Meta:
        db_table = "scenarios_method_in_force"
        verbose_name = verbose_name_plural = "施行期间"

    def __str__(self) -> str:
        return f"{self.method_id}: {self.starts_on}—{self.ends_on or ''}"


class SettlementRun(models.Model):
    """One pass of reconciliation, one transaction: how much it looked at and what it changed."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("结算编号", max_length=32, unique=True)
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间")
    first_day = models.DateField("起始日")
    last_day = models.DateField("截止日")
    person_days = models.IntegerField("人日", default=0)
    behaviors = models.IntegerField("行为", default=0)
    lines = models.IntegerField("结算行", default=0)
    transfers = models.IntegerField("凭证", default=0)
    reduction_g = models.BigIntegerField("减排量变动（克）", default=0)
    points = models.BigIntegerField("积分变动", default=0)
    note = models.TextField("说明", blank=True)

    class Meta:
        db_table = "scenarios_settlement_run"
        verbose_name = verbose_name_plural = "结算"

    def __str__(self) -> str:
        return self.number


class SettlementLine(models.Model):
    """What one run found for one behavior; the line of the latest run is what the books hold for it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    pk = models.CompositePrimaryKey("behavior_id", "run_id")
    behavior = models.ForeignKey(
        Behavior,
        verbose_name="行为",
        on_delete=models.PROTECT,
        related_name="lines",
        db_index=False,
        db_constraint=False,
    )
    run = models.ForeignKey(
        SettlementRun,
        verbose_name="结算",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    method = models.ForeignKey(
        MethodVersion,
        verbose_name="方法版本",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    grade = models.SmallIntegerField("有效证据等级", help_text="1=A 2=B 3=C 4=D；因子过期时降一级")
    outcome = models.CharField("结果", max_length=60, help_text="counted、capped、excluded:原因、duplicate 等")
    reduction_g = models.BigIntegerField("减排量（克）")
    points = models.BigIntegerField("积分")
    change_g = models.BigIntegerField("本次变动（克）")
    change_points = models.BigIntegerField("本次变动（积分）")

    class Meta:
        db_table = "scenarios_settlement_line"
        verbose_name = verbose_name_plural = "结算行"

    def __str__(self) -> str:
        return f"{self.behavior_id}: {self.reduction_g} g"


class DayFigure(models.Model):
    """What one run changed in a day's figures of one scenario; their sum is what the county publishes."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    run = models.ForeignKey(SettlementRun, verbose_name="结算", on_delete=models.PROTECT, related_name="+")
    day = models.DateField("所属日")
    scenario = models.ForeignKey(Scenario, verbose_name="场景", on_delete=models.PROTECT, related_name="+")
    change_behaviors = models.BigIntegerField("计入行为数变动")
    change_g = models.BigIntegerField("减排量变动（克）")
    change_points = models.BigIntegerField("积分变动")

    class Meta:
        db_table = "scenarios_day_figure"
        verbose_name = verbose_name_plural = "每日数字"
        constraints = [models.UniqueConstraint(fields=["day", "scenario", "run"], name="scenarios_day_figure_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.scenario_id}: {self.change_g} g"


class SharedReceipt(models.Model):
    """A resident chose to show how one number was made; anybody with the number may read it."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("分享编号", max_length=32, unique=True)
    behavior = models.ForeignKey(Behavior, verbose_name="行为", on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField("分享时间")
    ended_at = models.DateTimeField("停止分享时间", null=True, blank=True)

    class Meta:
        db_table = "scenarios_shared_receipt"
        verbose_name = verbose_name_plural = "分享的凭据"

    def __str__(self) -> str:
        return self.number


class Contest(models.Model):
    """A resident's objection to evidence that was set aside, in the resident's own words."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("申诉编号", max_length=32, unique=True)
    behavior = models.ForeignKey(Behavior, verbose_name="行为", on_delete=models.PROTECT, related_name="contests")
    text = models.TextField("申诉理由")
    recorded_at = models.DateTimeField("提出时间")

    class Meta:
        db_table = "scenarios_contest"
        verbose_name = verbose_name_plural = "申诉"

    def __str__(self) -> str:
        return self.number


class Ruling(models.Model):
    """An officer's decision on one behavior, over what the rules said: it counts, or it does not."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    behavior = models.ForeignKey(Behavior, verbose_name="行为", on_delete=models.PROTECT, related_name="rulings")
    contest = models.ForeignKey(
        Contest, verbose_name="申诉", on_delete=models.PROTECT, null=True, blank=True, related_name="rulings"
    )
    counts = models.BooleanField("计入")
    reason = models.TextField("理由")
    decided_by = models.CharField("决定人", max_length=80)
    decided_at = models.DateTimeField("决定时间")

    class Meta:
        db_table = "scenarios_ruling"
        verbose_name = verbose_name_plural = "裁定"

    def __str__(self) -> str:
        return f"{self.behavior_id}: {'计入' if self.counts else '不计入'}"


class BudgetAdjustment(models.Model):
    """What one run changed in a resident's month because the programme's pool of points was short."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    run = models.ForeignKey(SettlementRun, verbose_name="结算", on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    month = models.DateField("月份", help_text="该月第一天")
    change_points = models.BigIntegerField("本次变动（积分）")
    full_points = models.BigIntegerField("按规则应得")
    paid_points = models.BigIntegerField("按比例发放")

    class Meta:
        db_table = "scenarios_budget_adjustment"
        verbose_name = verbose_name_plural = "按比例发放"
        indexes = [models.Index(fields=["month", "party"], name="scenarios_budget_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.party_id}: {self.change_points}"


class NewsCursor(models.Model):
    """How far this room has read a lower room's append-only news."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    name = models.CharField("名称", max_length=40, primary_key=True)
    position = models.BigIntegerField("已读到", default=0)

    class Meta:
        db_table = "scenarios_news_cursor"
        verbose_name = verbose_name_plural = "读取位置"

    def __str__(self) -> str:
        return f"{self.name}: {self.position}"
