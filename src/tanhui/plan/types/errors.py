"""What a verb refuses, and why."""

from __future__ import annotations

from collections.abc import Mapping

from tanhui.kernel.errors import BadInput, Conflict, Forbidden
from tanhui.plan.types.register_views import RowFault


class NotYourTask(Forbidden):
    """A department files or reports what is not its own."""

    code = "plan.not_your_task"


class FindingsOpen(Conflict):
    """A document cannot be adopted while findings wait for a decision."""

    code = "plan.findings_open"


class AlreadyReviewed(Conflict):
    """Another reviewer was first, or the record was withdrawn."""

    code = "plan.already_reviewed"


class FileFaults(BadInput):
    """A file with faults: all of them in `faults`; nothing was stored."""

    code = "plan.file_faults"

    def __init__(self, faults: tuple[RowFault, ...], *, where: str) -> None:
        first = faults[0]
        super().__init__(
            f"文件有 {len(faults)} 处错误，一行也没有存入。第一处：第{first.row}行“{first.column}”{first.message}",
            where=where,
            fix="按错误清单改好后重新上传",
            detail={"faults": [[each.row, each.column, each.message] for each in faults]},
        )
        self.faults = faults


class RowRefused(BadInput):
    """One row with faults; `faults` by field name."""

    code = "plan.row_refused"

    def __init__(self, faults: Mapping[str, str], *, where: str) -> None:
        super().__init__("；".join(faults.values()), where=where, fix="改好标出的栏目后再提交")
        self.faults = dict(faults)
