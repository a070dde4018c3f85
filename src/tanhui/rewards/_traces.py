"""A day's redemptions and exchanges for those who look for patterns."""

from __future__ import annotations

from datetime import date

from tanhui.kernel.days import day_end, day_start
from tanhui.rewards.models import Redemption, Voucher
from tanhui.rewards.types import ExchangeTrace, Outcome, RedemptionTrace


def redemption_traces(day: date) -> list[RedemptionTrace]:
    """Redemptions that stand, by the merchants' own time, in its order, of a day of the county."""
    rows = Redemption.objects.filter(
        outcome=Outcome.REDEEMED,
        undone_by__isnull=True,
        claimed_at__gte=day_start(day),
        claimed_at__lt=day_end(day),
    ).order_by("claimed_at", "id")
    found = rows.values_list(
        "number",
        "merchant__number",
        "voucher__party_id",
        "staff__username",
        "voucher__exchanged_at",
        "claimed_at",
        "voucher__face_value_fen",
    )
    return [RedemptionTrace(*row) for row in found.iterator(chunk_size=5000)]


def exchange_traces(day: date) -> list[ExchangeTrace]:
    """Exchanges of a day of the county whose device is known."""
    rows = Voucher.objects.filter(
        device_key__isnull=False, exchanged_at__gte=day_start(day), exchanged_at__lt=day_end(day)
    ).order_by("exchanged_at", "id")
    found = rows.values_list("number", "party_id", "device_key", "exchanged_at")
    return [ExchangeTrace(number, party, bytes(key or b"").hex(), at) for number, party, key, at in found]
