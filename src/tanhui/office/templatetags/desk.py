"""The menu of the office: only what the signed-in member of staff may open."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.urls import reverse

from tanhui.office.access import may

register = template.Library()

_GROUPS = (
    ("日常", (("start", "待办"), ("evidence", "搁置的证据"), ("partners", "数据接入方"))),
    ("规则", (("methods", "方法流转"),)),
    ("账目", (("runs", "结算"), ("books", "试算平衡"))),
    ("监督", (("trail", "操作留痕"),)),
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
