"""Whether the programme can keep its promises: what is outstanding, what is there for it, signed every month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class FundsDetails:
    """Sign the statement of a month that is over (its first day); once only."""

    month: date


@dataclass(frozen=True)
class FundsRule:
    """The county's document about the mall's money (`mall/budget.toml`).

    `use_rate_bp` and `fen_per_100_points` are its expectations, which hold until `history_from_points` points have
    been redeemed. `rule` says what happens when the money is short, `precedent` where that was seen before.
    """

    use_rate_bp: int
    fen_per_100_points: int
    history_from_points: int
    rule: str
    precedent: str
    status: str
    source: str


@dataclass(frozen=True)
class YearPoints:
    """Points in residents' hands that expire with a year, and how many of them are expected to be used."""

    expiry_year: int
    points: int
    expected_points: int


@dataclass(frozen=True)
class FundsView:
    """The programme's money and promises at the end of a day, in fen and points.

    `outstanding` are points in hand by expiry year; `held_points` paid for open vouchers, `open_fen` what those are
    worth. `use_rate_bp` is the expected share of points that will be used, `fen_per_100_points` what a hundred points
    cost the programme when used: both from the county's document or from its own history, as `basis` says.
    `expected_fen` is what outstanding points are expected to cost. The year's line: `amount_fen`, `reserve_fen`,
    `committed_fen` (vouchers given out), `left_fen`. `short_fen`: by how much the expected cost exceeds what is left;
    0 where it does not. `queue`: persons waiting for offers. `rule` is the county's written rule.
    """

    on: date
    year: int
    outstanding: tuple[YearPoints, ...]
    held_points: int
    redeemed_points: int
    expired_points: int
    open_fen: int
    owed_fen: int
    paid_fen: int
    use_rate_bp: int
    fen_per_100_points: int
    basis: str
    expected_fen: int
    amount_fen: int
    reserve_fen: int
    committed_fen: int
    left_fen: int
    short_fen: int
    queue: int
    rule: str
    precedent: str
    status: str
    source: str

    @property
    def points(self) -> int:
        """All points in residents' hands."""
        return sum(each.points for each in self.outstanding)

    @property
    def expected_points(self) -> int:
        """How many of them are expected to be used."""
        return sum(each.expected_points for each in self.outstanding)


@dataclass(frozen=True)
class FundsStatementView:
    """The signed statement of a month. `digest` and `signature` (Ed25519) in hexadecimal."""

    number: str
    month: date
    digest: str
    signature: str
    signed_at: datetime
    signed_by: str
