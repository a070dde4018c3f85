"""What was measured becomes behaviors: submitted, confirmed or taken back together with the check-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tanhui.community._documents import documents, grade_of, material
from tanhui.community.models import CheckIn, Measurement
from tanhui.community.types import Measured
from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput
from tanhui.parties import queries as parties
from tanhui.parties.types import ConsentMissing, Purpose
from tanhui.scenarios import queries as scenario_queries
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.types import Channel, DeliveryDraft, Evidence

SOURCE = "village"
"""The code of the source under which villages deliver; a county admits it with its other sources."""


def require_consent(party_id: int, measured: Sequence[Measured]) -> None:
    """Raises ConsentMissing where a scenario that would be told asks for a consent that the person did not give."""
    wanted = {material(each.material).scenario for each in measured} - {""}
    if not wanted:
        return
    for scenario in scenario_queries.scenarios(enabled_only=False):
        purpose = scenario.settings.get("consent") if scenario.code in wanted else None
        if purpose and not parties.has_consent(party_id, Purpose(purpose)):
            raise ConsentMissing(
                f"居民还没有同意用途“{Purpose(purpose).label}”，没有登记",
                where=scenario.title,
                fix="请本人在“授权”里同意；没有手机的，由代办员当面登记授权",
            )


def rows_of(check_in: CheckIn, measured: Sequence[Measured]) -> list[Measurement]:
    """The measurements of a new check-in, not yet stored, with what the scenario is told of each."""
    rows = []
    for line, each in enumerate(measured, start=1):
        known = material(each.material)
        amount = each.mass_g if known.quantity == "mass_g" else each.item_count
        rows.append(
            Measurement(
                check_in=check_in,
                line=line,
                material=each.material,
                mass_g=each.mass_g,
                item_count=each.item_count,
                weighed=each.weighed,
                reading=each.reading.strip(),
                scenario=known.scenario,
                inputs={**known.inputs, known.quantity: amount} if known.scenario else {},
                grade=grade_of(each),
            )
        )
    return rows


def submit(check_in: CheckIn, at: datetime) -> None:
    """Tell the scenarios what was brought: one behavior a measurement, or nothing at all. Raises what they raise,
    and BadInput, ConsentMissing with the intake's own reason where they refuse one.
    """
    rows = [row for row in check_in.measured.order_by("line") if row.scenario]
    if not rows:
        return
    evidence = [
        Evidence(
            external_id=external_id(check_in.number, row.line),
            party_id=check_in.party_id,
            scenario=row.scenario,
            happened_at=check_in.happened_at,
            grade=row.grade,
            quantities=row.inputs,
            row_number=row.line,
        )
        for row in rows
    ]
    draft = DeliveryDraft(Channel.HAND, digest(["community", check_in.number]), name=check_in.number)
    receipt = scenarios.submit(source=SOURCE, delivery=draft, evidence=evidence, at=at)
    for refused in receipt.refusals:
        title = material(rows[refused.row_number - 1].material).title if refused.row_number <= len(rows) else ""
        error = ConsentMissing if refused.code == "no_consent" else BadInput
        raise error(f"{title}：{refused.message}；没有登记", where="measured", fix="改正后整条重新登记")
    if receipt.rows_accepted != len(rows):
        raise RuntimeError(f"{check_in.number}: {receipt.rows_accepted} of {len(rows)} measurements were accepted")


def withdraw(check_in: CheckIn, reason: str, at: datetime) -> None:
    """Take back what a check-in told the scenarios."""
    lines = check_in.measured.exclude(scenario="").order_by("line").values_list("line", flat=True)
    ids = [external_id(check_in.number, line) for line in lines]
    if ids:
        scenarios.withdraw(source=SOURCE, external_ids=ids, reason=reason, at=at)


def external_id(number: str, line: int) -> str:
    """The name of a measurement towards the scenarios."""
    return f"{number}-{line}"


def titles() -> dict[str, str]:
    """Material → its Chinese name; what is no longer collected is named by its code."""
    return {code: each.title for code, each in documents().materials.items()}
