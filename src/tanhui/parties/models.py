"""Tables of who, where, with what consent and role. Every field is either personal or plain, and says so."""

from __future__ import annotations

from typing import ClassVar

import rules.permissions
from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from tanhui.parties.types import Purpose, Role


class UserManager(BaseUserManager["User"]):
    """Makes staff accounts; roles are granted separately, so a new account may do nothing."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """One member of staff who signs in to the office. Residents are not users; rights come from roles."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"username", "display_name", "password", "last_login"})
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "is_active", "created_at"})

    id = models.BigAutoField("序号", primary_key=True)
    username = models.CharField("用户名", max_length=40, unique=True)
    display_name = models.CharField("姓名", max_length=40, blank=True)
    password = models.CharField("密码摘要", max_length=128)
    last_login = models.DateTimeField("最近登录", null=True, blank=True)
    is_active = models.BooleanField("可登录", default=True)
    created_at = models.DateTimeField("创建时间")

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "parties_user"
        verbose_name = verbose_name_plural = "工作人员"

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def is_staff(self) -> bool:
        """Every user is staff; the door decides by roles."""
        return True

    @property
    def is_superuser(self) -> bool:
        """Nobody is above the roles: duties are separated (MLPS)."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether a role of this user allows `perm` (in the scope `obj`). Windows on our tables: `parties.look`."""
        app_label, _, verb = perm.partition(".")
        if verb.startswith("view_"):
            perm = "parties.look" if _is_ours(app_label) else perm
        return self.is_active and bool(rules.permissions.has_perm(perm, self, obj))

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the read-only window of that room is open to this user."""
        return _is_ours(app_label) and self.has_perm("parties.look")


def _is_ours(app_label: str) -> bool:
    """Tables of libraries (sign-in secrets, jobs) are shown to nobody."""
    return apps.is_installed(f"tanhui.{app_label}")


class Division(models.Model):
    """One administrative division: the county, a township, a village. Its two codes may differ."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset(
        {"id", "code", "statistical_code", "name", "level", "parent", "retired_at"}
    )

    class Level(models.TextChoices):
        COUNTY = "county", "县"
        TOWNSHIP = "township", "乡镇（街道）"
        VILLAGE = "village", "村（社区）"

    id = models.BigAutoField("序号", primary_key=True)
    statistical_code = models.CharField("统计用区划代码", max_length=12, unique=True, help_text="12 位")
    code = models.CharField("行政区划代码", max_length=12, blank=True, help_text="民政部门代码；村和尚未核实的乡镇为空")
    name = models.CharField("名称", max_length=40)
    level = models.CharField("级别", max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self", verbose_name="上级", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    retired_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        db_table = "parties_division"
        verbose_name = verbose_name_plural = "行政区划"
        ordering = ("statistical_code",)
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^([0-9]{6}([0-9]{3}){0,2})?$") & Q(statistical_code__regex=r"^[0-9]{12}$"),
                name="parties_division_codes",
            ),
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="parties_division_administrative"),
            models.CheckConstraint(
                condition=Q(level="county") | Q(parent__isnull=False), name="parties_division_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Party(models.Model):
    """A resident or an organization, as other rooms know it. Never deleted: erasure leaves an empty party."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "number", "kind", "created_at", "erased_at"})

    class Kind(models.TextChoices):
        RESIDENT = "resident", "居民"
        ORGANIZATION = "organization", "单位"

    id = models.BigAutoField("序号", primary_key=True)
    number = models.CharField("编号", max_length=32, unique=True)
    kind = models.CharField("类别", max_length=12, choices=Kind)
    created_at = models.DateTimeField("登记时间")
    erased_at = models.DateTimeField("注销时间", null=True, blank=True)

    class Meta:
        db_table = "parties_party"
        verbose_name = verbose_name_plural = "当事人"

    def __str__(self) -> str:
        return self.number


class Resident(models.Model):
    """What a resident told us, all of it optional. Deleted by erasure."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {"party", "nickname", "division", "birth_year", "identity_checked_at"}
    )
    PLAIN: ClassVar[frozenset[str]] = frozenset({"registered_by"})

    party = models.OneToOneField(
        Party, verbose_name="当事人", on_delete=models.PROTECT, primary_key=True, related_name="resident"
    )
    nickname = models.CharField("昵称", max_length=20)
    division = models.ForeignKey(
        Division, verbose_name="所在地", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    birth_year = models.SmallIntegerField("出生年份", null=True, blank=True)
    identity_checked_at = models.DateTimeField("身份核验时间", null=True, blank=True)
    registered_by = models.ForeignKey(
        User, verbose_name="代办登记人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "parties_resident"
        verbose_name = verbose_name_plural = "居民"
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__range=(1900, 2100)),
                name="parties_resident_birth_year",
            )
        ]

    def __str__(self) -> str:
        return self.nickname


class Organization(models.Model):
    """An organization: bureau, school, company, partner. Known by its credit code or the county's short name."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"party", "code", "name", "credit_code", "division"})

    party = models.OneToOneField(
        Party, verbose_name="当事人", on_delete=models.PROTECT, primary_key=True, related_name="organization"
    )
    name = models.CharField("名称", max_length=80)
    code = models.CharField("县内代码", max_length=40, blank=True, help_text="县文件夹中的代码，如 education")
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    division = models.ForeignKey(
        Division, verbose_name="所在地", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "parties_organization"
        verbose_name = verbose_name_plural = "单位"
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_code__regex=r"^([0-9A-HJ-NPQRTUWXY]{18})?$"),
                name="parties_organization_credit_code",
            ),
            models.CheckConstraint(condition=~Q(credit_code="", code=""), name="parties_organization_known_by"),
            models.UniqueConstraint(
                fields=["credit_code"],
                condition=~Q(credit_code=""),
                name="parties_organization_one_credit_code",
            ),
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="parties_organization_one_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Login(models.Model):
    """One way for a resident to sign in. The outside id (a WeChat openid) is kept as a keyed hash."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"party", "login_key"})
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "provider", "created_at"})

    class Provider(models.TextChoices):
        WECHAT = "wechat", "微信"
        DEVELOPMENT = "development", "演示"

    id = models.BigAutoField("序号", primary_key=True)
    party = models.ForeignKey(Party, verbose_name="居民", on_delete=models.PROTECT, related_name="logins")
    provider = models.CharField("方式", max_length=12, choices=Provider)
    login_key = models.BinaryField("登录键", max_length=32, help_text="外部登录编号的带密钥摘要")
    created_at = models.DateTimeField("创建时间")

    class Meta:
        db_table = "parties_login"
        verbose_name = verbose_name_plural = "居民登录方式"
        constraints = [
            models.UniqueConstraint(fields=["provider", "login_key"], name="parties_login_once"),
        ]

    def __str__(self) -> str:
        return self.get_provider_display()


class SealedValue(models.Model):
    """One encrypted personal value of a resident: phone, address, real name, identity number. Deleted by erasure."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"party", "ciphertext", "blind_index"})
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "kind", "suite", "key_id", "recorded_at"})

    class Kind(models.TextChoices):
        PHONE = "phone", "手机号"
        ADDRESS = "address", "上门地址"
        REAL_NAME = "real_name", "姓名"
        IDENTITY_NUMBER = "identity_number", "身份证号"

    id = models.BigAutoField("序号", primary_key=True)
    party = models.ForeignKey(Party, verbose_name="居民", on_delete=models.PROTECT, related_name="sealed")
    kind = models.CharField("内容", max_length=16, choices=Kind)
    ciphertext = models.BinaryField("密文", help_text="密文自带算法与密钥编号")
    suite = models.CharField("算法", max_length=8)
    key_id = models.CharField("密钥编号", max_length=32)
    blind_index = models.BinaryField("检索键", max_length=32, help_text="原文的带密钥摘要，只用于查找")
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "parties_sealed_value"
        verbose_name = verbose_name_plural = "加密信息"
        indexes = [
            models.Index(fields=["kind", "blind_index"], name="parties_sealed_search"),
            models.Index(fields=["key_id"], name="parties_sealed_key"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["party", "kind"], name="parties_sealed_once"),
            models.UniqueConstraint(
                fields=["blind_index"],
                condition=Q(kind="identity_number"),
                name="parties_sealed_one_person",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Relation(models.Model):
    """Somebody may act for, or belongs with, a resident. It begins and ends once; ended relations stay."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"subject", "holder", "basis"})
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "kind", "clerk", "started_at", "ended_at"})

    class Kind(models.TextChoices):
        GUARDIAN = "guardian", "监护人"
        HOUSEHOLD = "household", "家庭账户"
        CLERK = "clerk", "代办"

    id = models.BigAutoField("序号", primary_key=True)
    kind = models.CharField("关系", max_length=12, choices=Kind)
    subject = models.ForeignKey(Party, verbose_name="本人", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey(
        Party,
        verbose_name="监护人或户主",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    clerk = models.ForeignKey(
        User, verbose_name="代办人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    basis = models.CharField("依据", max_length=120, help_text="同意的记录方式，如纸质授权书编号")
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        db_table = "parties_relation"
        verbose_name = verbose_name_plural = "家庭与代办关系"
        indexes = [models.Index(fields=["holder", "kind"], name="parties_relation_holder")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="clerk", clerk__isnull=False, holder__isnull=True)
                | (~Q(kind="clerk") & Q(clerk__isnull=True, holder__isnull=False)),
                name="parties_relation_who",
            ),
            models.CheckConstraint(
                condition=Q(holder__isnull=True) | ~Q(holder=F("subject")), name="parties_relation_two"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="parties_relation_order",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject", "holder", "clerk"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="parties_relation_once",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(ended_at__isnull=True, kind="household"),
                name="parties_relation_one_household",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class RoleGrant(models.Model):
    """A member of staff holds a role within a scope. It begins and ends once; ended grants stay."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "user", "role", "scope", "granted_by", "started_at", "ended_at"})

    id = models.BigAutoField("序号", primary_key=True)
    user = models.ForeignKey(User, verbose_name="工作人员", on_delete=models.PROTECT, related_name="grants")
    role = models.CharField("角色", max_length=16, choices=[(role.value, role.label) for role in Role])
    scope = models.CharField(
        "范围", max_length=60, blank=True, help_text="空为全县；division:、organization:、source: 加代码"
    )
    granted_by = models.ForeignKey(
        User, verbose_name="授予人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        db_table = "parties_role_grant"
        verbose_name = verbose_name_plural = "角色授予"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "scope"],
                condition=Q(ended_at__isnull=True),
                name="parties_role_grant_once",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user")),
                name="parties_role_grant_not_self",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}（{self.scope or '全县'}）"


class Consent(models.Model):
    """A resident gave or withdrew consent to one purpose, under one text version. Only ever appended."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset(
        {"id", "party", "purpose", "text_version", "given", "at", "by_party", "by_user"}
    )

    id = models.BigAutoField("序号", primary_key=True)
    party = models.ForeignKey(
        Party, verbose_name="居民", on_delete=models.PROTECT, related_name="consents", db_index=False
    )
    purpose = models.CharField("目的", max_length=20, choices=[(item.value, item.label) for item in Purpose])
    text_version = models.CharField("文本版本", max_length=40)
    given = models.BooleanField("同意", help_text="否为撤回")
    at = models.DateTimeField("时间")
    by_party = models.ForeignKey(
        Party, verbose_name="监护人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    by_user = models.ForeignKey(
        User, verbose_name="代办人", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "parties_consent"
        verbose_name = verbose_name_plural = "授权同意"
        indexes = [models.Index(fields=["party", "purpose", "-id"], name="parties_consent_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(by_party__isnull=True) | Q(by_user__isnull=True), name="parties_consent_one_hand"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.text_version} {'同意' if self.given else '撤回'}"


class Binding(models.Model):
    """A resident says: this person id at this partner is me. The id is kept as a keyed hash."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"subject_key"})
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "source", "party", "purpose", "started_at", "ended_at"})

    id = models.BigAutoField("序号", primary_key=True)
    source = models.CharField("接入方", max_length=40, help_text="接入方代码")
    subject_key = models.BinaryField("人员键", max_length=16, null=True, help_text="接入方人员编号的带密钥摘要")
    party = models.ForeignKey(Party, verbose_name="居民", on_delete=models.PROTECT, related_name="bindings")
    purpose = models.CharField("目的", max_length=20, help_text="绑定所依据的授权同意")
    started_at = models.DateTimeField("绑定时间")
    ended_at = models.DateTimeField("解绑时间", null=True, blank=True)

    class Meta:
        db_table = "parties_binding"
        verbose_name = verbose_name_plural = "接入方账号绑定"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "subject_key"],
                condition=Q(ended_at__isnull=True),
                include=["party"],
                name="parties_binding_active",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(subject_key__isnull=False),
                name="parties_binding_key",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="parties_binding_order",
            ),
        ]

    def __str__(self) -> str:
        return self.source


class BindingEvent(models.Model):
    """A binding began or ended: the news that upper rooms read past their own cursor. Only ever appended."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "binding", "bound", "at"})

    id = models.BigAutoField("序号", primary_key=True)
    binding = models.ForeignKey(
        Binding, verbose_name="绑定", on_delete=models.PROTECT, related_name="events", db_index=False
    )
    bound = models.BooleanField("绑定", help_text="否为解绑")
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "parties_binding_event"
        verbose_name = verbose_name_plural = "绑定动态"
        constraints = [models.UniqueConstraint(fields=["binding", "bound"], name="parties_binding_event_once")]

    def __str__(self) -> str:
        return "绑定" if self.bound else "解绑"


class Erasure(models.Model):
    """A party was erased: the news that upper rooms read past their own cursor. Only ever appended."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "party", "at"})

    id = models.BigAutoField("序号", primary_key=True)
    party = models.OneToOneField(Party, verbose_name="当事人", on_delete=models.PROTECT, related_name="erasure")
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "parties_erasure"
        verbose_name = verbose_name_plural = "注销记录"

    def __str__(self) -> str:
        return str(self.party_id)


class AuditEntry(models.Model):
    """Who did what to what, when. Each hash covers the hash before it. No personal data of residents."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset(
        {"sequence", "at", "actor", "action", "target", "detail", "previous_hash", "entry_hash"}
    )

    sequence = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时间")
    actor = models.CharField("操作者", max_length=60, db_index=True)
    action = models.CharField("操作", max_length=60, db_index=True)
    target = models.CharField("对象", max_length=80, db_index=True)
    detail = models.JSONField("内容", default=dict)
    previous_hash = models.BinaryField("前一条的摘要", max_length=32)
    entry_hash = models.BinaryField("摘要", max_length=32, unique=True)

    class Meta:
        db_table = "parties_audit_entry"
        verbose_name = verbose_name_plural = "操作留痕"
        ordering = ("-sequence",)

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class AuditHead(models.Model):
    """The end of the audit trail: one row, moved forward by the database with every entry."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()
    PLAIN: ClassVar[frozenset[str]] = frozenset({"id", "sequence", "entry_hash"})

    id = models.SmallIntegerField("序号", primary_key=True, default=1)
    sequence = models.BigIntegerField("最后序号")
    entry_hash = models.BinaryField("最后摘要", max_length=32)

    class Meta:
        db_table = "parties_audit_head"
        verbose_name = verbose_name_plural = "操作留痕末端"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="parties_audit_head_one")]

    def __str__(self) -> str:
        return str(self.sequence)
