"""Public numbers of transfers: the row's serial, sealed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from tanhui.kernel.ids import seal, unseal

_PREFIX = "vch"


def transfer_number(serial: int) -> str:
    """The public number of a transfer."""
    return seal(_PREFIX, serial, settings.TANHUI_SECRETS["number"])


def transfer_serial(number: str) -> int | None:
    """The serial behind a public number, or None where it is not one."""
    serial = unseal(_PREFIX, number, settings.TANHUI_SECRETS["number"])
    return serial if serial is not None and serial < 1 << 63 else None


@dataclass(frozen=True)
class Sealed:
    """Computes a transfer's public number when somebody asks for it: most callers do not."""

    serial: int

    def __call__(self) -> str:
        return transfer_number(self.serial)
