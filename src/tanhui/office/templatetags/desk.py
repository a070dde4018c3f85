"""The menu of the office, only what the signed-in member of staff may open; and who did something."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.urls import reverse

from tanhui.office.access import may
from tanhui.office.words import person_words

register = template.Library()

_GROUPS = (
    ("日常", (("start", "待办"), ("evidence", "搁置的证据"), ("partners", "数据接入方"))),
    (
        "行动方案",
        (
            ("plan-desk", "今日工作台"),
            ("plan-tasks", "重点任务"),
            ("plan-registers", "台账"),
            ("plan-review", "审核"),
        ),
    ),
    (
        "方案督导",
        (
            ("plan-supervision", "工作调度"),
            ("plan-notices", "督办通知"),
            ("plan-feedback", "公众意见"),
            ("plan-funding", "资金安排"),
            ("plan-cases", "典型案例"),
            ("plan-appraisal", "年度考核"),
            ("plan-reports", "进展报告"),
        ),
    ),
    (
        "方案文本",
        (("plan-drafts", "方案文稿"), ("plan-versions", "方案版本"), ("plan-coverage", "承诺对照")),
    ),
    (
        "村里的事",
        (
            ("village-weigh", "称重和签到"),
            ("village-pending", "待确认"),
            ("village-mode", "村里模式"),
            ("village-exchange", "集中兑换"),
            ("community-cards", "卡片"),
            ("community-occasions", "活动"),
            ("community-points", "回收点"),
            ("community-prices", "回收价"),
            ("community-teams", "志愿队伍"),
        ),
    ),
    ("权益商城", (("rewards-offers", "权益"), ("rewards-merchants", "商户"), ("rewards-applications", "入盟申请"))),
    (
        "结算与资金",
        (
            ("clearing", "商户结算"),
            ("clearing-disputes", "结算异议"),
            ("clearing-corrections", "结算更正"),
            ("funds", "年度资金"),
        ),
    ),
    (
        "门店",
        (
            ("till", "核销券"),
            ("clearing-own", "结算单"),
            ("till-own", "本店"),
            ("till-cases", "核查与申诉"),
        ),
    ),
    ("规则", (("methods", "方法流转"),)),
    ("账目", (("runs", "结算"), ("books", "试算平衡"))),
    ("监督", (("integrity-cases", "异常核查"), ("trail", "操作留痕"))),
)


@dataclass(frozen=True)
class DeskItem:
    """One line of the menu."""

    key: str
    title: str
    url: str


@dataclass(frozen=True)
class DeskGroup:
    """Lines that belong together."""

    title: str
    entries: tuple[DeskItem, ...]


@register.simple_tag(takes_context=True)
def desk_menu(context: template.Context) -> list[DeskGroup]:
    """The groups with at least one page that this user may open; none before sign-in."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return []
    groups = []
    for title, entries in _GROUPS:
        items = tuple(DeskItem(key, words, reverse(f"office:{key}")) for key, words in entries if may(user, key))
        if items:
            groups.append(DeskGroup(title, items))
    return groups


@register.simple_tag(takes_context=True)
def allowed(context: template.Context, page: str) -> bool:
    """Whether the signed-in user may open that page of the office."""
    user = context.get("user")
    return user is not None and may(user, page)


@register.filter
def person(name: str) -> str:
    """Who did something: the user's name, or that the platform did."""
    return person_words(name)
