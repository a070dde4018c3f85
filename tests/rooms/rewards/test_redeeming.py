"""What happens at a merchant's: success, every named refusal, repeated attempts, uploads, undoing."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    Store,
    assert_sound,
    buy,
    everything,
    offered,
    payable,
    points_of,
    resident,
    staff_user,
    stock,
    store,
    system,
    undo,
    use,
)

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.ledger.queries import transfer_by_key
from tanhui.ledger.services import close_period
from tanhui.ledger.types import Book
from tanhui.parties.queries import audit_trail
from tanhui.rewards import queries, services
from tanhui.rewards._codes import token_of
from tanhui.rewards.models import Redemption, Voucher
from tanhui.rewards.types import (
    KeyReused,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferState,
    OfferStatus,
    Outcome,
    ShopDetails,
    TooLate,
    VoucherState,
    VoucherView,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Store:
    return store()


@pytest.fixture
def person() -> int:
    return resident(1000)


@pytest.fixture
def voucher(place: Store, person: int) -> VoucherView:
    return buy(person, offered(LUNCH, place))


def test_a_code_is_redeemed(place: Store, person: int, voucher: VoucherView) -> None:
    done = use(place, voucher.code, AT + HOUR)
    assert (done.outcome, done.message, done.title, done.face_value_fen) == (
        Outcome.REDEEMED, "核销成功", "午餐券（示例）", 1000,
    )  # fmt: skip
    assert (payable(place), system(Book.POINTS, "redeemed"), system(Book.POINTS, "held")) == (1000, 100, 0)
    assert points_of(person) == {2028: 900}
    shown = queries.voucher(voucher.number, person)
    assert (shown.state, shown.ended_at, shown.code, shown.token) == (VoucherState.REDEEMED, AT + HOUR, "", "")
    assert_sound()


def test_a_token_is_redeemed(place: Store, voucher: VoucherView) -> None:
    assert use(place, voucher.token).outcome is Outcome.REDEEMED
    assert use(place, voucher.code).outcome is Outcome.ALREADY_REDEEMED


@pytest.mark.parametrize("change", [" {}", "{}\n", "－", "full"])
def test_a_code_is_read_as_people_write_it(place: Store, voucher: VoucherView, change: str) -> None:
    code = voucher.code
    if change == "full":
        code = code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    elif change == "－":
        code = code.replace(" ", "-")
    else:
        code = change.format(code.replace(" ", "　"))
    assert use(place, code).outcome is Outcome.REDEEMED


def refused(where: Store, code: str, outcome: Outcome, at=AT, **details: object) -> str:  # type: ignore[no-untyped-def]
    """The refusal is stored, and nothing else changes; its message."""
    before = everything()[:-1]
    count = Redemption.objects.count()
    result = use(where, code, at, **details)
    assert (result.outcome, result.face_value_fen, result.title) == (outcome, 0, "")
    assert result.message
    assert everything()[:-1] == before
    assert Redemption.objects.count() == count + 1
    return result.message


def test_every_refusal_has_its_name(place: Store, person: int, voucher: VoucherView) -> None:
    code = voucher.code
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    refused(place, wrong, Outcome.BAD_CHECK_DIGIT)
    refused(place, "", Outcome.BAD_CHECK_DIGIT)
    refused(place, "你好", Outcome.BAD_CHECK_DIGIT)
    refused(place, "0000 0000 0000 0097", Outcome.BAD_CHECK_DIGIT)
    refused(place, "0000 0000 0000 0001", Outcome.UNKNOWN_CODE)
    refused(store(), code, Outcome.OTHER_MERCHANT)
    refused(store(state=MerchantState.SUSPENDED), code, Outcome.MERCHANT_SUSPENDED)
    refused(store(state=MerchantState.APPLIED), code, Outcome.MERCHANT_SUSPENDED)
    refused(place, code, Outcome.SHOP_UNKNOWN, shop="shp_none")
    refused(place, code, Outcome.SHOP_UNKNOWN, shop=store().shop)
    refused(place, code, Outcome.CLOCK_OFF, claimed_at=AT + 11 * MINUTE)
    refused(place, code, Outcome.CLOCK_OFF, claimed_at=AT - 73 * HOUR, offline=True)
    refused(place, code, Outcome.NOT_YET_VALID, claimed_at=AT - HOUR, offline=True)
    refused(place, code, Outcome.NOT_YET_VALID, at=AT - HOUR)
    refused(place, code, Outcome.EXPIRED, at=AT + 30 * DAY)
    services.cancel(number=voucher.number, party_id=person, at=AT)
    refused(place, code, Outcome.CANCELLED)
    assert_sound()


def test_already_redeemed_says_when_and_where(place: Store, voucher: VoucherView) -> None:
    use(place, voucher.code, AT + HOUR)
    message = refused(place, voucher.code, Outcome.ALREADY_REDEEMED, AT + 2 * HOUR)
    title = queries.shops(place.merchant)[0].title
    assert message == f"这张券已于 2026-06-10 13:00 在{title}使用过"
    assert title not in refused(store(), voucher.code, Outcome.OTHER_MERCHANT)


def test_after_expiry_and_after_the_contract(place: Store, voucher: VoucherView) -> None:
    services.expire(at=AT + 40 * DAY)
    refused(place, voucher.code, Outcome.EXPIRED, AT + 40 * DAY)
    refused(place, voucher.code, Outcome.MERCHANT_SUSPENDED, AT + 300 * DAY)


def test_a_withdrawn_offer_keeps_its_vouchers_good(place: Store, voucher: VoucherView) -> None:
    services.offer(details=OfferStatus(voucher.offer, OfferState.WITHDRAWN), at=AT)
    assert use(place, voucher.code).outcome is Outcome.REDEEMED


def test_suspended_and_brought_back(place: Store, voucher: VoucherView) -> None:
    services.admit(details=MerchantStatus(place.merchant, MerchantState.SUSPENDED, "测试"), at=AT)
    refused(place, voucher.code, Outcome.MERCHANT_SUSPENDED)
    services.admit(details=MerchantStatus(place.merchant, MerchantState.ACTIVE), at=AT)
    assert use(place, voucher.code).outcome is Outcome.REDEEMED


def test_a_closed_shop_redeems_nothing(place: Store, voucher: VoucherView) -> None:
    shop = queries.shops(place.merchant)[0]
    details = ShopDetails(place.merchant, shop.title, shop.division_code, number=shop.number, closed=True)
    services.admit(details=details, at=AT)
    refused(place, voucher.code, Outcome.SHOP_UNKNOWN)


# ------------------------------------------------------------------------------------------------------------ tokens


def _split(token: str) -> tuple[str, dict[str, object], bytes]:
    head, payload, signature = token.split(".")

    def decode(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    return head, json.loads(decode(payload)), decode(signature)


def test_a_phone_without_network_can_check_a_token(place: Store, voucher: VoucherView) -> None:
    head, payload, signature = _split(voucher.token)
    key = queries.token_key()
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key))
    public.verify(signature, voucher.token.rpartition(".")[0].encode())
    assert (head, key.algorithm) == ("TH1", "Ed25519")
    assert payload == {
        "v": voucher.number,
        "c": voucher.code.replace(" ", ""),
        "o": voucher.offer,
        "t": "午餐券（示例）",
        "m": [place.merchant],
        "f": int(voucher.valid_from.timestamp()),
        "u": int(voucher.valid_to.timestamp()),
        "w": 1000,
    }


def test_a_long_list_of_merchants_is_left_out(voucher: VoucherView) -> None:
    row = Voucher.objects.select_related("offer").get()
    assert _split(token_of(row, [f"mer_{n}" for n in range(20)]))[1]["m"] != []
    assert _split(token_of(row, [f"mer_{n}" for n in range(21)]))[1]["m"] == []


def test_foreign_and_torn_tokens(place: Store, voucher: VoucherView) -> None:
    head, payload, signature = voucher.token.split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"c": voucher.code}).encode()).decode().rstrip("=")
    for token in (
        f"{head}.{forged}.{signature}",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}.{payload}",
        f"TH2.{payload}.{signature}",
        f"{head}.{payload}.{'A' * 86}",
        "TH1.",
        "TH1..",
        "TH1.é.é",
    ):
        refused(place, token, Outcome.BAD_SIGNATURE)
    with pytest.raises(BadInput):
        use(place, "TH1." + "A" * 5000)
    assert use(place, f" {voucher.token}\n").outcome is Outcome.REDEEMED


# ------------------------------------------------------------------------------------------------ repeated, and offline


def test_the_same_nonce_gets_the_first_answer(place: Store, person: int, voucher: VoucherView) -> None:
    first = use(place, voucher.code, nonce="same-nonce")
    before = everything()
    again = use(place, voucher.code.replace(" ", ""), AT + HOUR, nonce="same-nonce", offline=True)
    assert (again.number, again.outcome, again.message, again.replayed) == (
        first.number, Outcome.REDEEMED, first.message, True,
    )  # fmt: skip
    with pytest.raises(KeyReused):
        use(place, "0000 0000 0000 0001", nonce="same-nonce")
    assert everything() == before
    unknown = use(place, "0000 0000 0000 0001", nonce="other-nonce")
    assert use(place, "0000 0000 0000 0001", nonce="other-nonce").number == unknown.number
    other = store()
    assert use(other, "0000 0000 0000 0001", nonce="same-nonce").replayed is False


def test_an_upload_counts_at_its_own_time(place: Store, voucher: VoucherView) -> None:
    claimed = AT + 30 * DAY - MINUTE
    services.expire(at=claimed + 71 * HOUR)
    done = use(place, voucher.token, claimed + 71 * HOUR, claimed_at=claimed, offline=True)
    assert (done.outcome, done.claimed_at) == (Outcome.REDEEMED, claimed)
    entry = transfer_by_key(f"voucher:{voucher.number}:redeem:1")
    assert entry is not None
    assert {each.happened_at for each in entry.entries} == {claimed}
    assert_sound()


def test_an_upload_after_a_close_is_counted_on_the_first_open_instant(place: Store, voucher: VoucherView) -> None:
    close_period(book=Book.MONEY, through_on=local_day(AT), at=AT + DAY)
    done = use(place, voucher.code, AT + DAY, claimed_at=AT + HOUR, offline=True)
    assert done.outcome is Outcome.REDEEMED
    entry = transfer_by_key(f"voucher:{voucher.number}:redeem:1")
    assert entry is not None
    assert {each.happened_at for each in entry.entries} == {AT.replace(hour=16)}


def test_a_slow_clock_is_forgiven(place: Store, voucher: VoucherView) -> None:
    assert use(place, voucher.code, AT + HOUR, claimed_at=AT - 9 * MINUTE, offline=True).outcome is Outcome.REDEEMED


def test_a_fast_clock_is_forgiven(place: Store, voucher: VoucherView) -> None:
    assert use(place, voucher.code, AT, claimed_at=AT + 9 * MINUTE, offline=True).outcome is Outcome.REDEEMED


# ------------------------------------------------------------------------------------------------------------ who may


def test_who_does_not_work_there_is_refused_and_written_down(place: Store, voucher: VoucherView) -> None:
    before = everything()
    for stranger in (staff_user(), store().cashier):
        with pytest.raises(Forbidden):
            use(place, voucher.code, by=stranger)
        (entry,) = audit_trail(action="rewards.redeem_refused", actor=stranger.name)
        assert entry.target == place.merchant
    assert everything() == before
    with pytest.raises(NotFound):
        use(place, voucher.code, merchant="mer_none")


def test_who_left_does_not_redeem(place: Store, voucher: VoucherView) -> None:
    assert place.cashier.user_id is not None
    details = MerchantStaffDetails(place.merchant, place.cashier.user_id, given=False)
    services.admit(details=details, at=AT)
    with pytest.raises(Forbidden):
        use(place, voucher.code)
    assert queries.merchant_of(place.cashier.user_id) == []


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "with space", "undo:rdm_1", "带中文的请求号啊"])
def test_a_nonce_has_a_form(place: Store, voucher: VoucherView, nonce: str) -> None:
    with pytest.raises(BadInput):
        use(place, voucher.code, nonce=nonce)
    with pytest.raises(BadInput):
        use(place, voucher.code, claimed_at=AT.replace(tzinfo=None))


# --------------------------------------------------------------------------------------------------------------- undo


def test_undone_and_redeemed_again(place: Store, person: int, voucher: VoucherView) -> None:
    first = use(place, voucher.code)
    back = undo(place, first.number, AT + 30 * MINUTE)
    assert (back.outcome, payable(place), system(Book.POINTS, "held")) == (Outcome.UNDONE, 0, 100)
    assert queries.voucher(voucher.number, person).code == voucher.code
    before = everything()
    assert undo(place, first.number, AT + DAY).replayed
    assert everything() == before
    second = use(place, voucher.code, AT + HOUR)
    assert second.outcome is Outcome.REDEEMED
    assert undo(place, first.number, AT + 2 * HOUR).number == back.number
    assert payable(place) == 1000
    assert transfer_by_key(f"voucher:{voucher.number}:redeem:2") is not None
    (entry,) = audit_trail(action="rewards.undo")
    assert (entry.target, entry.detail["reason"]) == (first.number, "扫错了")
    assert_sound()


def test_what_cannot_be_undone(place: Store, voucher: VoucherView) -> None:
    done, failed = use(place, voucher.code), use(place, voucher.code)
    before = everything()
    with pytest.raises(TooLate):
        undo(place, done.number, AT + 31 * MINUTE)
    with pytest.raises(BadInput):
        undo(place, done.number, reason=" ")
    with pytest.raises(Conflict):
        undo(place, failed.number)
    with pytest.raises(NotFound):
        undo(place, "rdm_none")
    with pytest.raises(Forbidden):
        undo(store(), done.number)
    assert everything() == before
    assert len(audit_trail(action="rewards.redeem_refused")) == 1


def test_the_day_of_a_merchant(place: Store, person: int, voucher: VoucherView) -> None:
    refused(place, "0000 0000 0000 0001", Outcome.UNKNOWN_CODE)
    done = use(place, voucher.code, AT + MINUTE)
    undo(place, done.number, AT + 2 * MINUTE)
    lines = queries.redemptions(place.merchant, local_day(AT))
    assert [(line.outcome, line.undone, line.face_value_fen) for line in lines] == [
        (Outcome.UNKNOWN_CODE, False, 0),
        (Outcome.REDEEMED, True, 1000),
        (Outcome.UNDONE, False, 1000),
    ]
    assert lines[2].undoes == done.number
    assert {line.staff for line in lines} == {f"虚构{place.cashier.name.removeprefix('staff:')}"}
    assert queries.redemptions(place.merchant, local_day(AT + DAY)) == []
    with pytest.raises(NotFound):
        queries.redemptions("mer_none", local_day(AT))


def test_stock_stays_taken_by_what_was_used(place: Store, person: int) -> None:
    offer = offered(LUNCH, place, stock=stock(1))
    done = use(place, buy(person, offer).code)
    undo(place, done.number)
    assert queries.offer(offer).left == 0
    assert_sound()
