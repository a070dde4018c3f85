"""The codes: each is documented with its severity, given by a rule, and comes with advice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.plandoc.diagnostics.plans import plan, said, target, task

from tanhui_plandoc.diagnostics import SEVERITIES, SUGGESTIONS, diagnose
from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.draft import Draft, Place, Severity

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/reference/plan-reader.md"
RULES = ROOT / "src/tanhui_plandoc/diagnostics"


def test_the_page_lists_every_code_with_its_severity_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| \S", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = [code for code, severity in rows if severity in list(Severity)]
    assert len(listed) == len(set(listed))
    assert dict(rows) == {code: str(severity) for code, severity in SEVERITIES.items()}


def test_every_code_is_given_by_a_rule() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.py") if path.name != "codes.py")
    assert [code for code in SEVERITIES if f'"{code}"' not in source] == []
    assert all(SUGGESTIONS[code].endswith("。") for code in SEVERITIES)


def test_a_code_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        report("nonsense", "不存在的一类。", [])


def test_what_was_not_read_is_said_first_with_its_line() -> None:
    (found,) = diagnose(Draft(), [Place((7,), "（由某某牵头")])
    assert (found.code, found.severity) == ("unread", Severity.SUBSTANTIVE)
    assert "第7行" in found.message
    assert "某某" in found.message


def test_the_graver_first_then_by_line_and_each_fault_once() -> None:
    late = target(said("正文", "定期走路，到2025年，种一批树", 30, deadline_year=2025))
    first = task(1, text="的的，定期走路。", indicators=(late,))
    second = task(2, text="全市全市走路。")
    found = diagnose(plan(first, second), [Place((5,), "读不懂"), Place((5,), "读不懂")])
    ranks = [list(Severity).index(one.severity) for one in found]
    assert ranks == sorted(ranks)
    assert [one.code for one in found].count("unread") == 1
    grave = [min(place.lines) for one in found if one.severity is Severity.SUBSTANTIVE for place in one.places[:1]]
    assert grave == sorted(grave)
    assert diagnose(plan(first, second), [Place((5,), "读不懂")]) == found
