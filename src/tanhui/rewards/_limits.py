"""How fast one may exchange: the county's `mall/limits.toml`. A county without it sets no limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tanhui.kernel.county import load_county
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import BadInput
from tanhui.rewards.types import TooFast

WHERE = "mall/limits.toml"
MAX_DEVICE = 200
DEVICE_BYTES = 16


@dataclass(frozen=True)
class Limits:
    """Exchanges of one person a day over all offers, and persons who exchange on one phone a day; None: no limit."""

    person_a_day: int | None = None
    persons_a_device: int | None = None


def limits() -> Limits:
    """This county's limits. Raises BadInput where the document cannot be used."""
    folder = _folder(settings.TANHUI_COUNTY)
    try:
        written = (folder / WHERE).stat().st_mtime_ns
    except FileNotFoundError:
        return Limits()
    return _read(settings.TANHUI_COUNTY, written)


def device_key(device: str) -> bytes | None:
    """The keyed hash under which a phone's name is kept; None where it gave none. Raises BadInput."""
    if not device:
        return None
    if len(device) > MAX_DEVICE or not device.isprintable():
        raise BadInput(f"设备标识须为至多 {MAX_DEVICE} 个可见字符", where="device")
    return key_ring().keyed_hash("rewards device", device)[:DEVICE_BYTES]


def refuse_haste(had_today: int, others_on_device: int | None) -> None:
    """Raises TooFast where one more is too many: `had_today` of the person, other persons on the phone."""
    found = limits()
    if found.person_a_day is not None and had_today >= found.person_a_day:
        raise TooFast(
            f"每人每天最多兑换 {found.person_a_day} 次，今天已经兑换 {had_today} 次", where="party_id", fix="明天再来"
        )
    if found.persons_a_device is not None and (others_on_device or 0) >= found.persons_a_device:
        message = f"同一部手机每天最多供 {found.persons_a_device} 人兑换"
        raise TooFast(message, where="device", fix="用本人的手机，或请村（社区）代办员办理")


@lru_cache(maxsize=8)
def _folder(county: str) -> Path:
    return load_county(county).folder


@lru_cache(maxsize=8)
def _read(county: str, written: int) -> Limits:
    """`written` makes a changed document be read anew."""
    table = load_county(county).table(WHERE)
    status, source = table.pop("status", ""), table.pop("source", "")
    if status not in ("provisional", "agreed") or not source:
        raise BadInput("须写明 status（provisional 或 agreed）和出处 source", where=WHERE)
    found = {name: table.pop(name, None) for name in ("person_a_day", "persons_a_device")}
    if table or any(value is not None and (type(value) is not int or value < 1) for value in found.values()):
        raise BadInput("只写 person_a_day 和 persons_a_device，都是正整数", where=WHERE, fix="不限的不写")
    return Limits(**found)
