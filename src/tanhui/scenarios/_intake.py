"""Intake: evidence arrives, is checked, and becomes behaviors, waits, or is refused with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tanhui.kernel.county import load_county
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, Purpose, Scope
from tanhui.scenarios import _intake_sql as sql
from tanhui.scenarios._files import evidence_rows, look_at
from tanhui.scenarios._mapping import read_mapping
from tanhui.scenarios._sources import deliverable_source, receipt_of
from tanhui.scenarios.models import Delivery, RefusedRow, Scenario, SeenMessage, Source
from tanhui.scenarios.rules_intake import Prepared, RowFault, check, content_digest, evidence_text
from tanhui.scenarios.types import (
    Channel,
    DeliveryDraft,
    DeliveryReceipt,
    Evidence,
    FileDelivery,
    IntakeSettings,
    MappingFault,
    Refusal,
    Replayed,
    WithdrawalReceipt,
)

__all__ = ["file_delivery", "submit", "withdraw"]

ROWS_AT_ONCE = 10_000
_REFUSED_CONTEXT = "scenarios_refused_row.content"
_NOTE_CONTEXT = "scenarios_behavior.note"
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

_NULL = "\\N"
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

Progress = Callable[[int], None]


class _NothingNew(Exception):
    """The delivery came before and changed nothing: undo what was written for it."""


@lru_cache(maxsize=8)
def _intake_settings(county: str) -> IntakeSettings:
    """The county's settings of intake from `intake.toml`, or the defaults where it has none."""
    try:
        table = load_county(county).table("intake.toml")
    except NotFound:
        return IntakeSettings()
    return IntakeSettings(
        waiting_days=int(table.get("waiting_days", 30)),
        clock_skew=timedelta(minutes=int(table.get("clock_skew_minutes", 10))),
        oldest_years=int(table.get("oldest_years", 10)),
    )


@dataclass
class _Batch:
    """One delivery while it is being taken."""

    source: Source
    delivery_id: int
    at: datetime
    rules: IntakeSettings
    scenarios: Mapping[str, Scenario]
    rows_read: int = 0
    staged: int = 0
    refused: int = 0
    newest_revision: int = 1
    keys: dict[str, bytes] = field(default_factory=dict)
    consents: dict[tuple[int, str], bool] = field(default_factory=dict)


@transaction.atomic
def submit(
    *,
    source: str,
    delivery: DeliveryDraft,
    evidence: Iterable[Evidence | Refusal],
    refused: Iterable[Refusal] = (),
    at: datetime,
    by: Actor | None = None,
    on_progress: Progress | None = None,
) -> DeliveryReceipt:
    """Take a delivery of `source`: all of it in one transaction, each row for itself.

    `by` is None where the source itself delivers (the door has checked its signature, or has signed the resident
    in), otherwise who does it for the source.

    A row is accepted (its person has bound this partner), waits (nobody has yet), is a duplicate (same identifier,
    revision and content as before) or is refused with a reason. `evidence` may yield refusals of its own. The
    same delivery again changes nothing and is answered with the first receipt, marked `repeated`.
    Raises Forbidden, UnknownSource, SourceSuspended, Replayed (a message identifier with other content), and
    whatever reading `evidence` raises; then nothing is stored.
    """
    _require(by, "scenarios.submit", source)
    partner = deliverable_source(source)
    first = _earlier(partner, delivery.content_digest)
    if first is not None and first.rows_refused == first.rows_waiting == 0:
        _see_message(partner, delivery, first.pk, at)
        return replace(receipt_of(first), repeated=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('scenarios_delivery', 'id'))")
        delivery_id = cursor.fetchone()[0]
        seen = _see_message(partner, delivery, delivery_id, at)
        if seen is not None:
            return replace(receipt_of(seen), repeated=True)
        rules = _intake_settings(settings.TANHUI_COUNTY)
        batch = _Batch(partner, delivery_id, at, rules, {s.code: s for s in Scenario.objects.all()})
        try:
            with transaction.atomic():
                taken = _take(cursor, batch, delivery, evidence, refused, on_progress)
                if first is not None and taken.rows_accepted == taken.rows_waiting == 0:
                    raise _NothingNew
        except _NothingNew:
            assert first is not None
            SeenMessage.objects.filter(delivery_id=delivery_id).update(delivery=first)
            return replace(receipt_of(first), repeated=True)
    receipt = receipt_of(taken)
    counts = {name: getattr(receipt, f"rows_{name}") for name in ("read", "accepted", "waiting", "refused")}
    _record(by, "scenarios.submit", source, {"receipt": receipt.number} | counts, at)
    return receipt


def _require(by: Actor | None, permission: str, source: str) -> None:
    if by is not None:
        parties.require(by, permission, Scope("source", source))


def _record(by: Actor | None, action: str, source: str, detail: Mapping[str, Any], at: datetime) -> None:
    """A line in the audit trail where a member of staff did it for the source; receipts tell the rest."""
    if by is not None and not by.is_system:
        parties_services.record(actor=by, action=action, target=f"source:{source}", detail=detail, at=at)


def _earlier(partner: Source, digest: bytes) -> Delivery | None:
    """The first delivery of the same content, where there was one."""
    found = Delivery.objects.filter(source=partner, content_digest=digest).order_by("id")
    return found.select_related("source").first()


def _see_message(partner: Source, delivery: DeliveryDraft, delivery_id: int, at: datetime) -> Delivery | None:
    """Use up a signed message's identifier; the delivery it stood for, where it was used before."""
    if delivery.message_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scenarios_seen_message (source_id, message_id, content_digest, delivery_id, seen_at)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
            [partner.pk, delivery.message_id, delivery.content_digest, delivery_id, at],
        )
        if cursor.fetchone():
            return None
    before = SeenMessage.objects.select_related("delivery__source").get(source=partner, message_id=delivery.message_id)
    if bytes(before.content_digest) != delivery.content_digest or before.delivery is None:
        raise Replayed(
            "这个报文编号已经用过，内容却不同；本次没有存入任何数据",
            where=f"报文编号 {delivery.message_id}",
            fix="每个报文用一个新的编号；重发同一报文时内容须逐字节相同",
        )
    return before.delivery


def _take(
    cursor: CursorWrapper,
    batch: _Batch,
    delivery: DeliveryDraft,
    evidence: Iterable[Evidence | Refusal],
    refused: Iterable[Refusal],
    on_progress: Progress | None,
) -> Delivery:
    cursor.execute(sql.STAGING)
    for rows in _chunks(evidence, refused):
        _stage(cursor, batch, rows)
        if on_progress:
            on_progress(batch.rows_read)
    counts = _make_behaviors(cursor, batch)
    return Delivery.objects.create(
        pk=batch.delivery_id,
        number=new_number("rcp", batch.at),
        source=batch.source,
        channel=delivery.channel.value,
        name=delivery.name[:200],
        content_digest=delivery.content_digest,
        received_at=batch.at,
        rows_read=batch.rows_read,
        rows_accepted=counts.get("accepted", 0),
        rows_waiting=counts.get("waiting", 0),
        rows_duplicate=counts.get("duplicate", 0),
        rows_refused=batch.refused,
    )


def _chunks(*streams: Iterable[Evidence | Refusal]) -> Iterator[list[Evidence | Refusal]]:
    chunk: list[Evidence | Refusal] = []
    for stream in streams:
        for row in stream:
            chunk.append(row)
            if len(chunk) >= ROWS_AT_ONCE:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _stage(cursor: CursorWrapper, batch: _Batch, rows: Sequence[Evidence | Refusal]) -> None:
    """Check the rows; copy the good ones into the staging table, keep the others sealed."""
    _add_keys(batch, rows)
    lines: list[str] = []
    refusals: list[Refusal] = []
    for row in rows:
        batch.rows_read += 1
        if isinstance(row, Refusal):
            refusals.append(row)
            continue
        number = row.row_number or batch.rows_read
        try:
            scenario = _scenario(batch, row.scenario)
            _check_consent(batch, row, scenario)
            prepared = check(row, batch.at, batch.rules)
        except RowFault as fault:
            refusals.append(Refusal(number, fault.code, fault.message, evidence_text(row)))
            continue
        lines.append(_copy_line(batch, row, prepared, scenario, number))
        batch.newest_revision = max(batch.newest_revision, row.revision)
    if lines:
        with cursor.copy(sql.COPY_ROWS) as copy:
            copy.write("".join(lines).encode())
    batch.staged += len(lines)
    _keep_refused(batch, refusals)


def _add_keys(batch: _Batch, rows: Sequence[Evidence | Refusal]) -> None:
    subjects = {
        row.subject
        for row in rows
        if isinstance(row, Evidence) and row.party_id is None and row.subject and row.subject.isprintable()
    }
    fresh = [subject for subject in subjects if subject not in batch.keys]
    keys = parties.subject_keys(batch.source.code, fresh)
    batch.keys.update(zip(fresh, keys, strict=True))


def _scenario(batch: _Batch, code: str) -> Scenario:
    scenario = batch.scenarios.get(code)
    if scenario is None:
        raise RowFault("unknown_scenario", f"没有代码为“{str(code)[:40]}”的场景")
    if not scenario.enabled:
        raise RowFault("scenario_closed", f"场景“{scenario.title}”尚未开放或已关闭")
    if batch.source.scenarios and code not in batch.source.scenarios:
        raise RowFault("scenario_not_allowed", f"接入方 {batch.source.code} 未获准报送“{scenario.title}”")
    return scenario


def _check_consent(batch: _Batch, row: Evidence, scenario: Scenario) -> None:
    """Who declares by hand must consent to the scenario's purpose; with partners the binding stands for it."""
    purpose = scenario.settings.get("consent")
    if row.party_id is None or not purpose:
        return
    asked = (row.party_id, purpose)
    if asked not in batch.consents:
        batch.consents[asked] = parties.has_consent(row.party_id, Purpose(purpose))
    if not batch.consents[asked]:
        raise RowFault("no_consent", f"您还没有同意用途“{Purpose(purpose).label}”：请先在“授权”里阅读并同意")


def _copy_line(batch: _Batch, row: Evidence, prepared: Prepared, scenario: Scenario, number: int) -> str:
    """One line of PostgreSQL's COPY text form."""
    if row.party_id is not None:
        person, party, key = f"party:{row.party_id}", str(row.party_id), _NULL
    else:
        hexed = batch.keys[row.subject or ""].hex()
        person, party, key = hexed, _NULL, f"\\\\x{hexed}"
    details = prepared.details_text
    if row.note:
        sealed = key_ring().encrypt(row.note.encode(), context=_NOTE_CONTEXT)
        details = _encode(prepared.details | {"sealed_note": sealed.hex()})
    written = details.translate(_COPY_ESCAPES) if details else _NULL
    quantities = "\t".join([_NULL if value is None else str(value) for value in prepared.columns])
    return (
        f"{batch.rows_read}\t{number}\t{row.external_id.translate(_COPY_ESCAPES)}\t{row.revision}\t{scenario.pk}\t"
        f"{party}\t{key}\t{prepared.happened_text}\t"
        f"{prepared.ended_text or _NULL}\t{max(row.grade, batch.source.top_grade)}\t{quantities}\t{written}\t"
        f"\\\\x{content_digest(row, prepared, person).hex()}\n"
    )


def _keep_refused(batch: _Batch, refusals: Sequence[Refusal]) -> None:
    ring = key_ring()
    RefusedRow.objects.bulk_create(
        [
            RefusedRow(
                delivery_id=batch.delivery_id,
                row_number=refusal.row_number,
                code=refusal.code,
                message=refusal.message.replace("\x00", ""),
                content=ring.encrypt(refusal.content.encode("utf-8", "backslashreplace"), context=_REFUSED_CONTEXT),
            )
            for refusal in refusals
        ],
        batch_size=1000,
    )
    batch.refused += len(refusals)


def _make_behaviors(cursor: CursorWrapper, batch: _Batch) -> dict[str, int]:
    """Make behaviors of what is staged; count what became of each row."""
    if not batch.staged:
        return {}
    names: dict[str, Any] = {
        "source": batch.source.pk,
        "delivery": batch.delivery_id,
        "at": batch.at,
        "zone": COUNTY_ZONE.key,
    }
    cursor.execute(sql.LOCK_ALONE if batch.newest_revision > 1 else sql.LOCK_SHARED, [batch.source.pk])
    bound = parties.bound_parties(batch.source.code, list(batch.keys.values()))
    if bound:
        with cursor.copy(sql.COPY_PERSONS) as copy:
            copy.write("".join(f"\\\\x{bytes(key).hex()}\t{party}\n" for key, party in bound.items()).encode())
    cursor.execute(sql.MARK_AGAIN)
    if batch.staged >= ROWS_AT_ONCE:
        cursor.execute("ANALYZE scenarios_intake; ANALYZE scenarios_intake_person")
    cursor.execute(sql.TAKE, names)
    taken: int = cursor.fetchone()[0]
    _supersede(cursor, batch, names)
    if taken == batch.staged:
        return {"accepted": taken}
    drop_after = batch.at + timedelta(days=batch.rules.waiting_days)
    cursor.execute(sql.LET_WAIT, names | {"drop_after": drop_after})
    cursor.execute(sql.OUTCOMES, names)
    counts: dict[str, int] = dict(cursor.fetchall())
    if counts.get("conflict"):
        _refuse_conflicts(batch, names)
    return counts


def _refuse_conflicts(batch: _Batch, names: dict[str, Any]) -> None:
    """Keep the rows that contradict what came before; there may be as many as the delivery has rows."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql.CONFLICTS, names)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            _keep_refused(batch, [_conflict(*row) for row in rows])


def _supersede(cursor: CursorWrapper, batch: _Batch, names: dict[str, Any]) -> None:
    """Let lower revisions of what was delivered no longer count, where this source has ever corrected anything."""
    cursor.execute(sql.HAS_CORRECTIONS, [batch.source.pk])
    if cursor.fetchone()[0]:
        cursor.execute(sql.SUPERSEDE_DELIVERED, names)


def _conflict(row_number: int, external_id: str, revision: int, content: str) -> Refusal:
    message = f"编号 {external_id}（修订 {revision}）已经收到过，内容不同；更正请用更高的修订号"
    return Refusal(row_number, "conflict", message, content)


@transaction.atomic
def withdraw(
    *, source: str, external_ids: Iterable[str], reason: str, at: datetime, by: Actor | None = None
) -> WithdrawalReceipt:
    """Let behaviors of `source` no longer count, in all their revisions, and evidence that waits never count.

    What is withdrawn stays on record with `reason`; settlement takes back what it earned. A later, higher
    revision counts again. `by` as in `submit`. Raises Forbidden, UnknownSource, SourceSuspended.
    """
    _require(by, "scenarios.withdraw", source)
    partner = deliverable_source(source)
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_ALONE, [partner.pk])
        names: dict[str, Any] = {
            "source": partner.pk,
            "external_ids": list(external_ids),
            "reason": reason[:200],
            "at": at,
        }
        cursor.execute(sql.WITHDRAW, names)
        withdrawn, waiting, unknown, named = cursor.fetchone()
    touched = len({*(withdrawn or ()), *(waiting or ())})
    _record(by, "scenarios.withdraw", source, {"withdrawn": touched, "reason": reason[:200]}, at)
    return WithdrawalReceipt(
        withdrawn=len(withdrawn or ()),
        waiting_withdrawn=len(waiting or ()),
        already_withdrawn=named - touched - len(unknown or ()),
        unknown=tuple(sorted(unknown or ())),
    )


def file_delivery(*, source: str, path: Path, mapping_path: Path | None = None) -> FileDelivery:
    """A partner's table (CSV, Excel or Parquet), read through its mapping file, ready for `submit`.

    The mapping is by default the county's `mappings/<source>.toml`. The rows are read only when `submit` asks for
    them; faults of the whole file are raised there, before anything is stored.
    Raises UnknownSource, SourceSuspended, FileFault, MappingFault naming the place.
    """
    deliverable_source(source)
    mapping_path = mapping_path or load_county(settings.TANHUI_COUNTY).folder / "mappings" / f"{source}.toml"
    if not mapping_path.is_file():
        fix = "写一个映射文件（见 docs/howto/connect-a-partner.zh-CN.md），或用 --mapping 指定"
        raise MappingFault(f"接入方 {source} 没有映射文件", where=str(mapping_path), fix=fix)
    try:
        text = mapping_path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MappingFault("映射文件不是 UTF-8 编码", where=str(mapping_path), fix="另存为 UTF-8") from error
    mapping = read_mapping(text, path=str(mapping_path))
    table = look_at(path)
    # The same file under another mapping is another delivery.
    digest = hashlib.sha256(table.digest + hashlib.sha256(text.encode()).digest()).digest()
    draft = DeliveryDraft(channel=Channel.FILE, content_digest=digest, name=path.name)
    return FileDelivery(draft, evidence_rows(table, mapping))
