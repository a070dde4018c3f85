"""The codes of all diagnostics, how grave each is, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from tanhui_plandoc.draft import Diagnostic, Place, Severity

_SUBSTANTIVE = {
    "unread": "对照原文核对这一处；读不出的内容请手工补录，或改成通行写法后重新读取。",
    "value-differs": "核实后只保留一个数字，其余各处照改。",
    "number-missing": "在路线图中补上数量，或写明以正文为准。",
    "deadline-differs": "核实后只保留一个期限，其余各处照改。",
    "recurrence-differs": "写明是一次性任务还是按期开展，各处用同一种写法。",
    "commitment-differs": "核实是必须完成还是探索、鼓励，各处力度一致。",
    "missing-in-annex": "在附件中补上这些目标，或说明附件为什么不列。",
    "missing-in-body": "在正文或专栏中补上这项目标，或从附件中删去。",
    "deadline-against-overall": "调整这项目标的期限，或修改主要目标，使两处一致。",
    "value-against-overall": "核实数量，使任务与主要目标一致。",
    "deadline-past": "核实期限；已经完成的写明结果，未完成的另定期限。",
    "deadline-unknown": "补上完成期限，或写明每年、每季度等频次。",
    "recurring-without-rhythm": "写明频次，例如每季度一次、每年一次。",
    "unmeasurable": "改成可以核查的数量、比例或成果。",
    "task-without-indicator": "为这项任务定一个可以核查的目标和期限。",
    "box-without-target": "为专栏定一个有期限的目标，或写明随正文的目标考核。",
    "box-without-annex-row": "在附件的分工表中补上这个专栏。",
    "goal-unserved": "为这个目标安排任务和牵头单位，或修改目标。",
    "task-without-lead": "写明牵头单位。",
    "leads-differ": "核实牵头单位，正文和附件照改。",
    "lead-order-differs": "核实第一牵头单位，正文和附件用同一顺序。",
    "supporters-differ": "核实配合单位，正文和附件照改。",
    "body-without-owner": "写明由哪个单位牵头组建、日常工作由谁承担。",
    "roadmap-unmarked": "按图例补上标记。",
    "mark-against-legend": "按图例改标记，或改用词。",
    "mark-differs": "核实后用同一个标记。",
}
_NAMING = {
    "wording-differs": "统一用词。",
    "department-two-names": "全文统一用一个名称，最好用机构改革后的规范简称。",
    "department-once": "核对这个单位是否写错，其他相关任务是否漏列。",
    "box-title-differs": "统一专栏名称。",
    "whole-city": "县级方案一般应写“全县”，请改正或说明范围。",
}
_TYPOGRAPHIC = {
    "repeated-word": "删去重复的一处。",
    "year-character-missing": "在年份后补上“年”字。",
    "broken-number": "核对数字，去掉中间的空格。",
    "bracket-unpaired": "补上或删去落单的引号、括号。",
    "box-number": "按顺序重新编号。",
}

SUGGESTIONS = _SUBSTANTIVE | _NAMING | _TYPOGRAPHIC
SEVERITIES = {
    **dict.fromkeys(_SUBSTANTIVE, Severity.SUBSTANTIVE),
    **dict.fromkeys(_NAMING, Severity.NAMING),
    **dict.fromkeys(_TYPOGRAPHIC, Severity.TYPOGRAPHIC),
}
"""Every code that a rule may give."""


def report(
    code: str, message: str, places: Sequence[Place], *, task_no: int | None = None, subject: str = ""
) -> Diagnostic:
    """A diagnostic of a known code, with the code's severity and suggestion, and each place once."""
    return Diagnostic(
        code=code,
        severity=SEVERITIES[code],
        message=message,
        task_no=task_no,
        places=tuple(dict.fromkeys(places)),
        suggestion=SUGGESTIONS[code],
        subject=subject,
    )
