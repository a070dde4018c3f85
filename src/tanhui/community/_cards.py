"""Printed cards of single-use tokens for residents without a phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count

from tanhui.community import _hands
from tanhui.community._tokens import card_token, read_card_token
from tanhui.community.models import Card, CheckIn
from tanhui.community.rules import check_words
from tanhui.community.types import (
    CardDetails,
    CardPrint,
    CardRefused,
    CardRevoked,
    CardSheet,
    CardView,
    SecondPersonNeeded,
)
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor

VALID_FOR = timedelta(days=365)
PRINTED_WITHIN = timedelta(hours=24)
MAX_SERIALS = 96
_WITNESS = "见证人须是另一位有代办权限的工作人员"


def issue(details: CardDetails, at: datetime, by: Actor) -> CardSheet:
    """A new card; the witness is a second person who may serve there too."""
    person = _hands.living(details.party_id)
    parties.require_hand(by, person.id, _hands.SERVE)
    if by.user_id is None and not by.is_system:
        raise Forbidden("二维码卡由工作人员发放", where="by", fix="到村级服务点办理")
    place = parties.division_of([person.id]).get(person.id)
    division = place.statistical_code if place else ""
    witness = parties.staff(details.witness.strip())
    if witness.id == by.user_id:
        raise SecondPersonNeeded(_WITNESS, where="witness", fix="请另一位工作人员在场见证")
    _hands.require(Actor(f"staff:{witness.username}", user_id=witness.id), _hands.SERVE, division)
    if not 1 <= details.serials <= MAX_SERIALS:
        raise BadInput(f"一张卡印 1 至 {MAX_SERIALS} 个码", where="serials", fix="默认 24 个，正好一页")
    card = Card.objects.create(
        number=new_number("crd", at),
        party_id=person.id,
        division_code=division,
        serials=details.serials,
        valid_until=at + VALID_FOR,
        issued_at=at,
        issued_by_id=by.user_id,
        witness_id=witness.id,
    )
    sheet = sheet_of(card)
    detail = {"party": person.number, "witness": witness.username, "serials": card.serials}
    _hands.record(by, "community.card", card.number, detail, at)
    return sheet


def printed(details: CardPrint, at: datetime, by: Actor) -> CardSheet:
    """The sheet, for who issued the card and only at first: who sees the tokens of a card could be the person alone."""
    card = _found(details.number)
    parties.require_hand(by, card.party_id, _hands.SERVE)
    if by.user_id != card.issued_by_id or card.revoked_at is not None or at >= card.issued_at + PRINTED_WITHIN:
        fix = "卡不见了或坏了的，作废后请见证人在场重新制卡"
        raise Forbidden("只有制卡人在制卡后 24 小时内可以打印", where=card.number, fix=fix)
    _hands.record(by, "community.card_printed", card.number, {}, at)
    return sheet_of(card)


def revoke(details: CardRevoked, at: datetime, by: Actor) -> CardView:
    """End a card; repeated, it stays as it was ended first."""
    reason = check_words(details.reason, "reason", 200, least=1)
    card = _found(details.number)
    parties.require_hand(by, card.party_id, _hands.SERVE)
    if card.revoked_at is None:
        card.revoked_at, card.reason = at, reason
        card.save(update_fields=["revoked_at", "reason"])
        _hands.record(by, "community.card_revoked", card.number, {"reason": reason}, at)
    return card_views([card])[0]


def _found(number: str) -> Card:
    card = Card.objects.select_for_update(no_key=True).filter(number=number).first()
    if card is None:
        raise NotFound("没有这张卡", where=number[:40], fix="核对卡号")
    return card


def read(token: str) -> tuple[Card, int]:
    """The card and serial of a token. Raises CardRefused where it is not ours."""
    found = read_card_token(token)
    card = Card.objects.filter(number=found[0]).first() if found else None
    if found is None or card is None:
        raise CardRefused("二维码不是本县发的，或已损坏", where="card", fix="换卡上另一个码；都不行的，重新办卡")
    return card, found[1]


def judge(card: Card, serial: int, happened_at: datetime) -> None:
    """Raises CardRefused where the card no longer counts, or its serial was used before (when and where is said).

    Shares the card until the transaction ends: who revokes it waits for us.
    """
    card = next(iter(Card.objects.raw("SELECT * FROM community_card WHERE id = %s FOR SHARE", [card.pk])))
    if card.revoked_at is not None:
        raise CardRefused("这张卡已作废", where=card.number, fix="请本人重新办卡")
    if happened_at >= card.valid_until:
        raise CardRefused("这张卡已过有效期", where=card.number, fix="请本人重新办卡")
    used = CheckIn.objects.filter(card=card, serial=serial).select_related("occasion").first()
    if used is not None:
        when = used.happened_at.astimezone(COUNTY_ZONE)
        message = f"这个码已于 {when:%Y-%m-%d %H:%M} 在“{used.occasion.title}”用过"
        raise CardRefused(message, where=f"{card.number} 第 {serial} 个", fix="撕下卡上的下一个码")


def sheet_of(card: Card) -> CardSheet:
    """The card as it is printed; the tokens are the same every time."""
    tokens = tuple(card_token(card, serial) for serial in range(1, card.serials + 1))
    return CardSheet(card_views([card])[0], tokens)


def card_views(rows: Sequence[Card]) -> list[CardView]:
    """Cards with how many of their tokens were used."""
    used = dict(CheckIn.objects.filter(card__in=rows).values_list("card_id").annotate(count=Count("id")))
    named = parties.staff_names({user for row in rows for user in (row.issued_by_id, row.witness_id) if user})
    return [
        CardView(
            number=row.number,
            party_id=row.party_id,
            serials=row.serials,
            used=used.get(row.pk, 0),
            issued_at=row.issued_at,
            issued_by=named.get(row.issued_by_id or 0, ""),
            issuer_id=row.issued_by_id,
            witness=named.get(row.witness_id, ""),
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]
