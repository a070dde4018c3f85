"""Volunteer teams, answers to quizzes, and how far the room has read the news of others."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.community.models.points import NOTHING_PERSONAL, choices, values
from tanhui.community.types import TeamRole


class Team(models.Model):
    """A volunteer team of an organization."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    title = models.CharField("名称", max_length=80)
    host = models.ForeignKey("parties.Party", verbose_name="所属单位", on_delete=models.PROTECT, related_name="+")
    division_code = models.CharField("行政区划代码", max_length=12)
    created_at = models.DateTimeField("成立时间")
    ended_at = models.DateTimeField("解散时间", null=True, blank=True)

    class Meta:
        db_table = "community_team"
        verbose_name = verbose_name_plural = "志愿队伍"

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    """A resident in a team, in one of the four roles, for a time [joined_at, left_at)."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    team = models.ForeignKey(
        Team, verbose_name="队伍", on_delete=models.PROTECT, related_name="members", db_index=False
    )
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    role = models.CharField("角色", max_length=12, choices=choices(TeamRole))
    joined_at = models.DateTimeField("加入时间")
    left_at = models.DateTimeField("退出时间", null=True, blank=True)

    class Meta:
        db_table = "community_membership"
        verbose_name = verbose_name_plural = "队员"
        constraints = [
            models.UniqueConstraint(
                fields=["team", "party", "role"], condition=Q(left_at__isnull=True), name="community_membership_once"
            ),
            models.CheckConstraint(condition=Q(role__in=values(TeamRole)), name="community_membership_role"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")), name="community_membership_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id}/{self.party_id}"


class QuizAttempt(models.Model):
    """A resident's answers to the questions drawn for a nonce, and what came of them."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    quiz = models.CharField("题库", max_length=40)
    party = models.ForeignKey("parties.Party", verbose_name="居民", on_delete=models.PROTECT, related_name="+")
    nonce = models.CharField("请求号", max_length=64)
    input_hash = models.BinaryField("请求摘要", max_length=32)
    chosen = models.JSONField("作答", help_text="题目代码 → 选项代码")
    right = models.JSONField("答案", help_text="题目代码 → 选项代码")
    score = models.SmallIntegerField("得分")
    score_of = models.SmallIntegerField("满分")
    passed = models.BooleanField("通过")
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "community_quiz_attempt"
        verbose_name = verbose_name_plural = "答题"
        constraints = [
            models.UniqueConstraint(fields=["party", "nonce"], name="community_quiz_attempt_nonce"),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=F("score_of")), name="community_quiz_attempt_score"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class NewsCursor(models.Model):
    """How far this room has read another room's news."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    name = models.CharField("消息", max_length=40, unique=True)
    position = models.BigIntegerField("已读至", default=0)

    class Meta:
        db_table = "community_news_cursor"
        verbose_name = verbose_name_plural = "消息进度"

    def __str__(self) -> str:
        return self.name
