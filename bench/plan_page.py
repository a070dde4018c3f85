"""The plan's pages at the server: 50 indicators over 100,000 register rows.

Measured inside the process, request to rendered response, on the public page and on the office's list of tasks; the
public page also with its cache emptied before every request. Compared in the same run with a page of the same site
that asks the database nothing. Run: `python -m bench.plan_page [--rows 100000] [--indicators 50] [--times 60]`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from bench.machine import database, describe

TASKS = 10

ROWS = """
INSERT INTO plan_record (number, register_id, edition_id, values, happened_on, division_code, department_id, state,
    live_key, void, note, sample, filed_at, reviewed_at, review_note)
SELECT 'rec_' || r.id || '_' || n, r.id, e.id,
    jsonb_build_object('title', '虚构' || n, 'held_on', d::text, 'people', n %% 90), d, '', %(department)s, 'approved',
    decode(md5(n::text), 'hex'), false, '', false, %(at)s, %(at)s, ''
FROM plan_register r JOIN plan_register_edition e ON e.register_id = r.id,
    generate_series(1, %(each)s) n, LATERAL (SELECT date '2024-01-01' + n %% 900 AS d) days
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--indicators", type=int, default=50)
    parser.add_argument("--times", type=int, default=60)
    arguments = parser.parse_args()
    print(describe())
    with database():
        counting = prepare(arguments.rows, arguments.indicators)
        report(arguments, counting)


def prepare(rows: int, indicators: int) -> float:
    """A plan whose indicators are each counted by a register of their own; seconds that counting all of them took."""
    from django.db import connection, transaction

    from tanhui.parties import services as parties
    from tanhui.parties.types import Actor, OrganizationDetails
    from tanhui.plan import services
    from tanhui.plan._figures import recount
    from tanhui.plan._register_document import read_register
    from tanhui.plan._yaml import read_text
    from tanhui.plan.models import Department, Indicator
    from tanhui.plan.types import Measurement
    from tanhui_plandoc import Draft

    at = datetime.now(UTC)
    parties.register(
        details=OrganizationDetails(name="虚构县教育局", code="education"), at=at, by=Actor.system("bench")
    )
    number = services.draft(name="bench", draft=Draft.from_json(_plan(indicators)), at=at)
    services.adopt(number=number, at=at)
    registers = [read_register(read_text(_register(n), name=f"register-{n}")) for n in range(indicators)]
    measures = [
        Measurement(_code(n), "", "register", f"register-{n}", 1, 120, None, None, (), "bench")
        for n in range(indicators)
    ]
    services.define(registers=registers, measures=measures, at=at)
    with connection.cursor() as cursor:
        department = Department.objects.get(code="education").pk
        cursor.execute(ROWS, {"each": rows // indicators, "department": department, "at": at})
        print(f"{cursor.rowcount:,} rows in {indicators} registers")
        cursor.execute("VACUUM ANALYZE")
    began = time.perf_counter()
    with transaction.atomic():
        recount(list(Indicator.objects.values_list("pk", flat=True)), at=at)
    return time.perf_counter() - began


def _code(n: int) -> str:
    return f"i-{n:08x}"


def _plan(indicators: int) -> dict[str, Any]:
    department = {"name": "虚构县教育局", "raw": "教育局", "code": "education"}
    tasks = []
    for no in range(1, TASKS + 1):
        own = [
            {
                "id": _code(n), "text": f"虚构指标{n}的场次", "kind": "quantitative", "source": "body",
                "deadline_year": 2030, "deadline": "2030", "comparator": ">=", "value": 5000, "unit": "场",
            }
            for n in range(indicators) if n % TASKS == no - 1
        ]  # fmt: skip
        tasks.append({"no": no, "title": f"虚构任务{no}", "text": "虚构", "leads": [department], "indicators": own})
    return {"title": "虚构县方案", "date": "2024-01", "groups": [{"no": 1, "title": "虚构", "tasks": tasks}]}


def _register(n: int) -> str:
    return f"""
code: register-{n}
title: 虚构台账{n}
row: 一场虚构活动
tasks: [{n % TASKS + 1}]
public: true
may_file: [leads]
evidence: {{required: false, note: 无}}
fields:
  - {{name: title, title: 名称, type: text, required: true, public: true, max_length: 60}}
  - {{name: held_on, title: 日期, type: date, required: true, public: true}}
  - {{name: people, title: 人数, type: integer, unit: 人, min: 0, max: 9999}}
dated_by: held_on
key: [title, held_on]
feeds:
  - {{indicator: {_code(n)}, how: count, unit: 场}}
samples: 0
"""


def report(arguments: argparse.Namespace, counting: float) -> None:
    from django.core.cache import cache
    from django.test import Client
    from django.test.utils import override_settings
    from tests.doors.desk import enter, hire

    from tanhui.parties.types import Role

    print(
        f"counting all indicators anew: {counting * 1000:,.0f} ms, {counting * 1000 / arguments.indicators:.1f} ms each"
    )
    with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
        public, office = Client(), enter(hire("bench", Role.ACTION_OFFICE))
        pages: list[tuple[str, Client, str, Callable[[], object] | None]] = [
            ("a page without any query", public, "/accessibility/", None),
            ("public plan page", public, "/plan/", None),
            ("public plan page, cache emptied", public, "/plan/", cache.clear),
            ("public task page, cache emptied", public, "/plan/tasks/1/", cache.clear),
            ("office, list of tasks", office, "/office/plan/tasks/", None),
        ]
        for title, client, path, before in pages:
            took = [_once(client, path, before) for _ in range(arguments.times)][3:]
            cut = quantiles(took, n=20)
            print(f"{title}: median {median(took) * 1000:.1f} ms, p95 {cut[18] * 1000:.1f} ms")


def _once(client: Any, path: str, before: Callable[[], object] | None) -> float:
    if before:
        before()
    began = time.perf_counter()
    response = client.get(path)
    took = time.perf_counter() - began
    if response.status_code != 200:
        raise RuntimeError(f"{path}: status {response.status_code}")
    return took


if __name__ == "__main__":
    main()
