"""One provider of cryptography: published vectors, any change is noticed, keys can be changed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tanhui.kernel.crypto import Key, KeyRing, Suite, Undecipherable, build_ring, key_ring
from tanhui.kernel.errors import BadInput

FIRST, SECOND, THIRD = (bytes([number] * 32) for number in (1, 2, 3))
RINGS = {suite: build_ring(suite, FIRST, SECOND) for suite in Suite}
SUITES = st.sampled_from(list(Suite))


def test_sm4_of_the_standard() -> None:
    """GB/T 32907-2016, appendix A: one block under the key 0123456789abcdeffedcba9876543210."""
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()
    assert encryptor.update(block).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm3_of_the_standard() -> None:
    """GB/T 32905-2016, appendix A: `abc`."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@given(suite=SUITES, plaintext=st.binary(max_size=200), context=st.text(max_size=20))
def test_what_is_sealed_opens(suite: Suite, plaintext: bytes, context: str) -> None:
    ring = RINGS[suite]
    sealed = ring.encrypt(plaintext, context=context)
    assert ring.decrypt(sealed, context=context) == plaintext
    assert ring.decrypt(memoryview(sealed), context=context) == plaintext  # type: ignore[arg-type]
    assert ring.key_id_of(sealed) == ring.active.key_id
    assert not ring.needs_reencryption(sealed)
    if len(plaintext) > 8:
        assert plaintext not in sealed


@given(suite=SUITES, position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_change_is_noticed(suite: Suite, position: int, bit: int) -> None:
    sealed = bytearray(RINGS[suite].encrypt(b"13800000000", context="a"))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(Undecipherable):
        RINGS[suite].decrypt(bytes(sealed), context="a")


@given(st.binary(max_size=80))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Undecipherable):
        RINGS[Suite.SM].decrypt(data, context="a")


def test_a_value_moved_to_another_row_is_noticed() -> None:
    sealed = RINGS[Suite.SM].encrypt(b"x", context="parties_sealed_value:1")
    with pytest.raises(Undecipherable):
        RINGS[Suite.SM].decrypt(sealed, context="parties_sealed_value:2")


def test_equal_values_are_sealed_differently() -> None:
    ring = RINGS[Suite.INTL]
    assert ring.encrypt(b"x", context="a") != ring.encrypt(b"x", context="a")


def test_keys_can_be_changed() -> None:
    old = build_ring("SM", FIRST, SECOND)
    sealed, found = old.encrypt("旧值".encode(), context="a"), old.keyed_hash("login", "openid")
    new = build_ring("INTL", THIRD, SECOND, f"SM:{FIRST.hex()}")
    assert new.decrypt(sealed, context="a").decode() == "旧值"
    assert new.needs_reencryption(sealed)
    assert new.keyed_hash("login", "openid") == found
    with pytest.raises(Undecipherable, match="TANHUI_RETIRED_KEYS"):
        build_ring("INTL", THIRD, SECOND).decrypt(sealed, context="a")


@given(st.lists(st.text(max_size=20), max_size=10))
def test_keyed_hashes(texts: list[str]) -> None:
    ring = RINGS[Suite.SM]
    many = ring.keyed_hashes("subject", texts)
    assert many == [ring.keyed_hash("subject", text) for text in texts]
    assert len(set(many)) == len(set(texts))
    assert all(len(one) == 32 for one in many)


def test_keyed_hashes_differ_by_key_purpose_and_suite() -> None:
    ring = RINGS[Suite.SM]
    hashed = ring.keyed_hash("login", "openid")
    others = [
        ring.keyed_hash("subject", "openid"),
        build_ring("SM", FIRST, THIRD).keyed_hash("login", "openid"),
        build_ring("SM", FIRST, SECOND, "", "INTL").keyed_hash("login", "openid"),
    ]
    assert hashed not in others
    assert len(set(others)) == 3
    assert ring.keyed_hash("login", b"openid") == hashed


def test_secrets_do_not_show() -> None:
    ring = RINGS[Suite.SM]
    assert FIRST.hex() not in repr(ring)
    assert repr(FIRST) not in repr(ring)
    assert isinstance(ring, KeyRing)


@pytest.mark.parametrize(
    ("suite", "secret", "retired"),
    [
        ("AES", FIRST, ""),
        ("SM", b"short", ""),
        ("SM", FIRST, "SM"),
        ("SM", FIRST, "SM:xyz"),
        ("SM", FIRST, "SM4:" + "00" * 32),
        ("SM", FIRST, "SM:" + "00" * 31),
    ],
)
def test_wrong_settings_are_refused(suite: str, secret: bytes, retired: str) -> None:
    with pytest.raises(BadInput):
        build_ring(suite, secret, SECOND, retired)


def test_the_ring_of_the_settings() -> None:
    with override_settings(
        TANHUI_SECRETS={"personal_data": FIRST, "lookup": SECOND},
        TANHUI_CIPHER_SUITE="INTL",
        TANHUI_RETIRED_KEYS=f"SM:{THIRD.hex()}",
    ):
        ring = key_ring()
    assert ring.active == Key(Suite.INTL, FIRST)
    assert ring.retired == (Key(Suite.SM, THIRD),)
