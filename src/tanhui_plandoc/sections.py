"""The parts of a plan: what it aims at, what is to be done, how it is secured, its annexes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tanhui_plandoc.numbering import ANNEX, ARTICLE, BARE, RANKS, Passage

_ROLES = (
    ("ignored", re.compile("步骤|进度安排|时间安排|附则|适用范围|工作背景|现状|形势")),
    (
        "safeguards",
        re.compile(
            "保障|组织(?:领导|实施)|(?:工作|相关|有关|几点|推进|落实)要求|(?:工作|推进|实施)机制|监督(?:管理|考核)|督导|(?:工作|抓好|狠抓|强化)落实$"
        ),
    ),
    ("targets", re.compile("目标")),
    ("overall", re.compile("(?:总体|指导|基本|工作)(?:要求|思路|思想|原则)|^总则$|指导思想|重要意义|重大意义")),
    (
        "tasks",
        re.compile(
            "(?:重点|主要|工作|具体|基本|行动|目标)(?:任务|工作|举措|措施|行动|内容|工程|领域)"
            "|任务(?:措施|清单|分工|举措)|^任务$|^措施$|^举措$"
        ),
    ),
)
_OWNED = re.compile("[（〔【][^（）〔〕【】]{0,200}(?:牵头|责任单位|责任部门|负责)")
_MOST = 14
_FORMAL_CHARS = 120
_GOALS = re.compile("(?:总体|工作|主要|行动|具体|重点)?目标(?:任务)?$")
_FORMAL = re.compile(
    "(?:特)?制定本|本(?:方案|细则|办法|计划|规定|意见|措施|制度|条例)(?:所称|适用|自|由)|适用于|起施行|负责解释|有效期"
)


@dataclass
class Annex:
    """An annex, or the tables that stand in the text itself; `section` names it for people."""

    section: str
    passages: list[Passage] = field(default_factory=list)


@dataclass
class Parts:
    """The passages of a document by what they are for. `tasks_title` is the heading of the tasks' chapter."""

    overall: list[Passage] = field(default_factory=list)
    targets: list[Passage] = field(default_factory=list)
    tasks: list[Passage] = field(default_factory=list)
    safeguards: list[Passage] = field(default_factory=list)
    annexes: list[Annex] = field(default_factory=list)
    tasks_title: Passage | None = None


def divide(found: tuple[Passage, ...]) -> Parts:
    """Tell the parts by their headings. Chapters that nothing names are tasks too, where no chapter is said to be one
    or where they say who is responsible; then each is a group."""
    parts = Parts()
    others: list[Passage] = []
    steps: list[Passage] = []
    work: list[Passage] = []
    role, rank, article = "front", 99, ""
    for each in found:
        if each.kind == ANNEX and each.text.text[:1] not in set("所中的和，、"):
            role = "annex"
            parts.annexes.append(Annex(_section(each)))
            continue
        if role == "annex":
            parts.annexes[-1].passages.append(each)
            continue
        if each.is_numbered:
            article = _of_article(each)
        if article:
            getattr(parts, article).append(each)
            continue
        heading = _role(each)
        if heading and _may_open(heading, each, role, rank):
            role, rank = heading, _rank(each)
            if role == "tasks" and parts.tasks_title is None:
                parts.tasks_title = each
                work.append(each)
                continue
        elif each.is_numbered and each.rank <= rank and role != "front":
            role, rank = ("safeguards", rank) if role == "safeguards" and each.rank > 3 else ("other", each.rank)
        elif each.is_numbered and role == "front":
            role, rank = "other", each.rank
        if role in {"overall", "targets", "tasks", "safeguards"}:
            getattr(parts, role).append(each)
        elif role in {"other", "front"}:
            others.append(each)
        if role in {"tasks", "other"}:
            work.append(each)
        if role == "ignored":
            steps.append(each)
    if not any(each.text.text or each.cells for each in parts.tasks):
        stepwise = steps and not any(each.is_numbered or each.cells or _OWNED.search(each.text.text) for each in others)
        parts.tasks, parts.tasks_title = (steps[1:], steps[0]) if stepwise else (others, None)
    elif any(_OWNED.search(each.text.text) for each in others):
        parts.tasks, parts.tasks_title = work, None
    return parts


def _of_article(each: Passage) -> str:
    """The part to which an article belongs by itself, whatever chapter it stands in: what a plan aims at, and what it
    says of itself (为……制定本细则, 自印发之日起施行)."""
    if each.kind != ARTICLE:
        return ""
    if _GOALS.match(title_of(each).strip()):
        return "targets"
    return "overall" if _FORMAL.search(each.text.text[:_FORMAL_CHARS]) and not _OWNED.search(each.text.text) else ""


def _section(each: Passage) -> str:
    return f"{each.word}{each.number}" if each.number is not None else each.word


def title_of(each: Passage) -> str:
    """What a heading says, up to the first full stop."""
    return each.text.text[:60].split("。")[0].split("：")[0].strip("【】 ")


def _role(each: Passage) -> str:
    if not each.is_numbered and each.kind != BARE:
        return ""
    title = title_of(each)
    if len(title) > _MOST or each.kind == ARTICLE:
        return ""
    role = next((name for name, pattern in _ROLES if pattern.search(title)), "")
    if each.kind == BARE and not (role and len(title) <= 6):
        return ""
    return role


def _rank(each: Passage) -> int:
    return RANKS["han"] if each.kind == BARE else each.rank


def _may_open(heading: str, each: Passage, role: str, rank: int) -> bool:
    """Within the tasks and the safeguards only a heading as high as theirs opens another part."""
    if role in {"tasks", "safeguards", "other"}:
        return _rank(each) <= rank
    return not (role in {"targets", "overall"} and heading in {"safeguards", "tasks"} and _rank(each) > rank)
