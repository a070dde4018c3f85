"""Exact numbers and dates from text. Nothing here ever touches a float."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Final

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
LARGEST_INT64: Final = 2**63 - 1


def read_number(text: str) -> Fraction:
    """A decimal number written out, e.g. `0.4976`; no exponents. Raises ValueError with a Chinese message."""
    if not _NUMBER.match(text):
        raise ValueError(f"“{text[:60]}”不是写全的小数（例如 0.4976；不用指数、千分位和百分号）")
    return Fraction(text)


def read_date(text: str) -> date:
    """A date such as 2026-11-22. Raises ValueError with a Chinese message."""
    if _DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(f"“{text[:40]}”不是日期（例如 2026-11-22）")


def show(value: Fraction, places: int = 6) -> str:
    """A number for people: exact when it has at most `places` decimals, else rounded and marked with ≈."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**places
    exact = scaled.denominator == 1
    units = scaled.numerator if exact else round(scaled)
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), 10**places)
    digits = f"{rest:0{places}d}".rstrip("0")
    return f"{'' if exact else '≈'}{sign}{whole}{'.' + digits if digits else ''}"
