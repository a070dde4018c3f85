"""The first documents of a county's plan: written from a draft, completed by people, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tanhui.kernel.county import County
from tanhui.kernel.errors import Conflict
from tanhui.plan import queries
from tanhui_plandoc import Draft

_REVISE = (
    "# 由方案文件读出，逐项核对原文后使用。文字是原句：本仓库公开的，换成自己的短语；数字、单位、名称和行号照文件。\n"
)
_MEASURES = (
    "# 每项指标恰好一条，怎样计数：hand 由牵头单位凭证据填报；有台账的改为 by: register 并写 register。\n"
    "# stale_after_days 是多少天没有新数据就提醒，不写是120天。\n"
)
_COVERAGE = (
    "# 方案的每一条恰好一条：在 by 里写由什么落实（register、source、mechanism、screen），在 how 里写怎样落实，\n"
    "# 然后删去 missing；确实还没有的，在 missing 里写明缺什么。\n"
)
_TOPICS = "# 定期公布进展的领域：{code: transport, title: 交通, tasks: [6]}。方案没有要求的，留空。\n"
_UNDECIDED = "还没有写明由什么落实"
_NOTE = 60


def start_plan(draft: Draft, county: County) -> list[Path]:
    """Write `plan/plan.yaml`, `plan/tasks/`, `measures.yaml`, `coverage.yaml` and `topics.yaml` into the county's
    folder, as `tanhui county load` reads them; returns the files written.

    Every indicator is reported by hand, every promise is declared as not yet served. Diagnostics are left out: the
    office settles them beside the document. Raises Conflict where one of the files is there already.
    """
    files = _documents(draft)
    there = [name for name in files if (county.folder / name).exists()]
    there += [f"plan/tasks/{path.name}" for path in county.files("plan/tasks", ".yaml")]
    if there:
        raise Conflict(
            f"县域文件夹里已有 {'、'.join(sorted(set(there))[:3])} 等文件，什么都没有写",
            where=str(county.folder / "plan"),
            fix="从别的县复制来的，先删去 plan/tasks 和 plan 里的 plan、measures、coverage、topics 四个文件",
        )
    (county.folder / "plan" / "tasks").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (county.folder / name).write_text(text, encoding="utf-8")
    return [county.folder / name for name in files]


def _documents(draft: Draft) -> Mapping[str, str]:
    head = draft.as_json() | {"diagnostics": []}
    tasks = [task for group in head["groups"] for task in group["tasks"]]
    groups = [group | {"tasks": [task["no"] for task in group["tasks"]]} for group in head["groups"]]
    measures = [
        {"indicator": one.id, "note": one.text[:_NOTE], "by": "hand"} for task in draft.tasks for one in task.indicators
    ]
    served = [
        {kind: ref, "by": [], "how": text[:_NOTE], "missing": _UNDECIDED}
        for kind, ref, _, text in queries.promises(draft)
    ]
    return {
        "plan/plan.yaml": _REVISE + _yaml(head | {"groups": groups}),
        **{f"plan/tasks/{task['no']:02}.yaml": _yaml(task) for task in tasks},
        "plan/measures.yaml": _MEASURES + _yaml({"measures": measures}),
        "plan/coverage.yaml": _COVERAGE + _yaml({"served": served}),
        "plan/topics.yaml": _TOPICS + _yaml({"topics": []}),
    }


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(_plain(content), allow_unicode=True, sort_keys=False, default_flow_style=None, width=10_000)


def _plain(value: Any) -> Any:
    """Without what is not there, and decimals as text, which is exact."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, float) else value
