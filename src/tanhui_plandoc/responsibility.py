"""Who leads and who supports: in brackets after a task, under a label, or as a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tanhui_plandoc.cited import Cited
from tanhui_plandoc.departments import Aliases, is_body, names
from tanhui_plandoc.draft import Department

_OPEN, _CLOSE = "（〔【[", "）〕】]"
_LABEL = re.compile(
    "(牵头|责任|负责|主办|主责|承办|配合|参与|协办|协助|支持)(?:单位|部门|科室)(?:及分工)?(?:[：:]|—{1,2})?|(责任主体)[：:]?"
)
_LABEL_LATER = re.compile("(?:^|[；，])((?:牵头|责任|主办|主责|承办)(?:单位|部门|科室|主体)(?:[：:]|—{1,2}))")
_LEADING = {"牵头", "主办", "主责"}
_LISTED = {"责任", "负责", "承办", "责任主体"}
_MARKED = re.compile("（(牵头|主办|主责|配合|协办|参与)(?:单位|部门)?）$")
_SUPPORTING = {"配合", "参与", "协办", "协助", "支持"}
_LEADS = re.compile("(?:共同|联合|具体)?牵头(?:负责|组织|推进|实施|落实|抓)*$")
_HELPS = re.compile(
    "(?:共同|密切|协同|积极)?(?:按照?各自?职责(?:分工)?(?:负责|落实|配合|抓好落实)*|按职责分工(?:负责|落实|配合)*|分工负责|配合(?:做好|落实|实施|推进)*"
    "|协助(?:做好|落实)*|参与(?:实施|落实)*|协办|协同推进|协同)$"
)
_ANSWERS = re.compile("(?:共同|具体)?(?:负责|承办|组织实施|落实|抓好)(?:抓好|组织)?(?:实施|落实|推进)?(?:工作)?$")
_HINT = re.compile("牵头|责任单位|责任部门|责任主体|配合|负责|主办|协办|参与单位")
_DUTY = re.compile("(?:负责|落实|配合|参与|实施|主办|协办)$")
_REMARK = re.compile("[。；，](?:排|列)?在?(?:首|第一)位[^：]*$|[。；，][^：。；，]*(?:不再列出|下同)$")
_DUTY_IN_BRACKETS = re.compile("(?:落实|参与|实施)[）〕】\\]]")
_NOT_WHO = re.compile(
    "(?:(?:完成|整改|办结|落实|实施)?(?:时限|期限|时间)|(?:责任|牵头|分管|包保|包抓|联系|挂点)(?:领导|人)|联系电话|备注)[：:][^；;。：]*"
)
_OPENING = re.compile("^(?:(?:这项|该项|此项|本项|上述|以上)?(?:工作|任务|行动)?(?:，)?由|由|.{1,8}由(?=.{2,60}牵头))")
_MOST = 600
_MOST_TIMES = 100


@dataclass(frozen=True)
class Responsibility:
    """What a passage says of who is responsible. `span` is where it says so."""

    leads: tuple[Department, ...]
    supporters: tuple[Department, ...]
    span: tuple[int, int]


@dataclass(frozen=True)
class Unclear:
    """A passage that speaks of responsibility and cannot be understood."""

    span: tuple[int, int]


def responsibilities(text: Cited, aliases: Aliases) -> list[Responsibility | Unclear]:
    """Everything that a passage says about who is responsible, in order."""
    if not _HINT.search(text.text) and not _DUTY_IN_BRACKETS.search(text.text):
        return _named_only(text, aliases)
    found: list[Responsibility | Unclear] = []
    for start, end in outer_brackets(text.text):
        inner = text.cut(start + 1, end - 1)
        if start and _MARKED.fullmatch(text.text[start:end]):
            continue
        if len(inner.text) > _MOST or not (_HINT.search(inner.text) or _DUTY.search(inner.text)):
            continue
        if len(found) == _MOST_TIMES:
            return [*found, Unclear((start, len(text.text)))]
        read = _read(inner, aliases, (start, end))
        if read:
            found.append(read)
        elif _speaks_of_bodies(inner.text) or "牵头" in inner.text or "单位：" in inner.text or "部门：" in inner.text:
            found.append(Unclear((start, end)))
    taken = [each.span for each in found]
    for start, end in _sentences(text.text):
        if not any(start < last and first < end for first, last in taken):
            said = _said(text.cut(start, end), aliases, (start, end))
            if said:
                found.append(said)
    return sorted(found, key=lambda each: each.span)


def _named_only(text: Cited, aliases: Aliases) -> list[Responsibility | Unclear]:
    """【甲局、乙局】 at the end of a task: nothing but departments, of which the first leads. Round brackets hold much
    else, so the table must know every name in them."""
    said = text.text.rstrip("。 ")
    if not said.endswith(("】", "〕", "）")):
        return []
    start = max(said.rfind(sign) for sign in "【〔（")
    if start <= 0 or len(said) - start > _MOST:
        return []
    found = names(text.cut(start + 1, len(said) - 1))
    sure = [aliases.knows(each.text) or (said[-1] != "）" and is_body(each.text)) for each in found]
    if not found or not all(sure):
        return []
    everybody = tuple(aliases.department(each) for each in found)
    return [Responsibility(everybody[:1], everybody[1:], (start, len(text.text)))]


def outer_brackets(text: str) -> list[tuple[int, int]]:
    """The bracketed parts that stand in no other, brackets included. One without its partner counts for nothing."""
    stack: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, sign in enumerate(text):
        if sign in _OPEN:
            stack.append(at)
        elif sign in _CLOSE and stack:
            start = stack.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, at + 1))
    return pairs


def listed(cell: Cited, aliases: Aliases) -> tuple[Department, ...]:
    """The departments of a cell of a table."""
    return tuple(aliases.department(name) for name in names(cell))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in re.finditer("[。！？]|$", text):
        if start < match.start():
            yield start, match.end()
        start = match.end()


def _read(inner: Cited, aliases: Aliases, span: tuple[int, int]) -> Responsibility | None:
    """What a bracket says; a remark after the first sentence (以下不再列出) may be no list of names."""
    remark = _REMARK.search(inner.text)
    inner = inner.cut(0, remark.start()) if remark else inner
    inner = inner.without(match.span() for match in _NOT_WHO.finditer(inner.text)).strip("；，。 ")
    first = inner.cut(0, inner.text.find("。")) if "。" in inner.text else Cited("")
    return (
        _labelled(inner, aliases, span)
        or _spoken(inner, aliases, span, strict=False)
        or (_spoken(first, aliases, span, strict=True) if first else None)
    )


def _speaks_of_bodies(text: str) -> bool:
    """甲局、乙局抓好协调落实: names, and a verb that is not known."""
    return bool(_DUTY.search(text)) and any(is_body(each) for each in re.split("[、，；]", text)[:-1])


def _said(sentence: Cited, aliases: Aliases, span: tuple[int, int]) -> Responsibility | None:
    """A sentence outside brackets counts only where every name in it is a body."""
    if len(sentence.text) > _MOST or not _HINT.search(sentence.text):
        return None
    later = _LABEL_LATER.search(sentence.text)
    if later and later.start(1) and not _NOT_WHO.match(sentence.text):
        start = span[0] + later.start(1)
        return _said(sentence.cut(later.start(1)), aliases, (start, span[1]))
    if _LABEL.match(sentence.text) or _NOT_WHO.match(sentence.text):
        said = sentence.without(match.span() for match in _NOT_WHO.finditer(sentence.text))
        return _labelled(said.strip("；，。 "), aliases, span)
    opening = _OPENING.match(sentence.text)
    return _spoken(sentence.cut(opening.end() if opening else 0), aliases, span, strict=True)


def _labelled(inner: Cited, aliases: Aliases, span: tuple[int, int]) -> Responsibility | None:
    """牵头单位：X，配合单位：Y; under 责任单位 alone the first leads."""
    labels = list(_LABEL.finditer(inner.text))
    if not labels or inner.text[: labels[0].start()].strip("，、； "):
        return None
    leads: list[Department] = []
    supporters: list[Department] = []
    only = not any(match.group(1) in _LEADING for match in labels)
    for match, end in zip(labels, [each.start() for each in labels[1:]] + [len(inner.text)], strict=True):
        named = names(inner.cut(match.end(), end))
        found = tuple(aliases.department(each) for each in named)
        word = match.group(1) or match.group(2)
        if any(_MARKED.search(each.text) for each in named):
            for each in named:
                marked = _MARKED.search(each.text)
                own = aliases.department(each.cut(0, marked.start()) if marked else each)
                (leads if marked and marked[1] in _LEADING else supporters).append(own)
            continue
        if word in _LEADING:
            leads += found
        elif word in _LISTED and only and not leads:
            leads += found[:1]
            supporters += found[1:]
        else:
            supporters += found
    only_helps = all(match.group(1) in _SUPPORTING for match in labels)
    return Responsibility(tuple(leads), tuple(supporters), span) if leads or (only_helps and supporters) else None


def _spoken(inner: Cited, aliases: Aliases, span: tuple[int, int], *, strict: bool) -> Responsibility | None:
    """X牵头，Y等按职责分工负责; without 牵头 the first leads."""
    inner = inner.strip("。； ")
    leads: list[Cited] = []
    helping: list[Cited] = []
    answering: list[Cited] = []
    start = 0
    understood = False
    for match in re.finditer("[，；,]|$", inner.text):
        piece = inner.cut(start, match.start()).strip("由 ")
        role = next(
            (
                (each, found)
                for each, found in (
                    (leads, _LEADS.search(piece.text)),
                    (helping, _HELPS.search(piece.text)),
                    (answering, _ANSWERS.search(piece.text)),
                )
                if found
            ),
            None,
        )
        if role:
            found = names(piece.cut(0, role[1].start()))
            (leads if role[0] is leads else helping).extend(found)
            if role[0] is answering or role[1].group().endswith("负责"):
                answering.extend(found)
            start, understood = match.end(), True
    if not understood or inner.text[start:].strip("，；、 "):
        return None
    if not leads:
        leads = (answering or helping)[:1]
        helping = [each for each in helping if each not in leads]
    everybody = leads + helping
    certain = all(is_body(name.text) or aliases.knows(name.text) for name in everybody)
    if not leads or (not certain and (strict or "牵头" not in inner.text)):
        return None
    return Responsibility(
        tuple(aliases.department(name) for name in leads),
        tuple(aliases.department(name) for name in helping),
        span,
    )
