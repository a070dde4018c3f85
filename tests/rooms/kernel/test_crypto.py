"""The crypto provider: what is sealed opens only with its key, in its place, unaltered."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import modes
from hypothesis import given
from hypothesis import strategies as st

from tanhui.kernel.crypto import Key, KeyRing, Suite, Undecipherable, build_ring, key_ring
from tanhui.kernel.errors import BadInput

SUITES = st.sampled_from(list(Suite))
SECRETS = st.binary(min_size=32, max_size=32)


def ring(suite: Suite = Suite.SM, secret: bytes = b"s" * 32, *retired: Key) -> KeyRing:
    return KeyRing(active=Key(suite, secret), lookup=Key(suite, b"l" * 32), retired=retired)


@given(SUITES, SECRETS, st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_place(suite, secret, plaintext, context):
    one = ring(suite, secret)
    ciphertext = one.encrypt(plaintext, context=context)

    assert one.decrypt(ciphertext, context=context) == plaintext
    assert len(plaintext) < 8 or plaintext not in ciphertext
    assert not one.needs_reencryption(ciphertext)


@given(SUITES, st.binary(max_size=60), st.data())
def test_one_altered_bit_anywhere_is_noticed(suite, plaintext, data):
    one = ring(suite)
    ciphertext = bytearray(one.encrypt(plaintext, context="t:f:1"))
    place = data.draw(st.integers(0, len(ciphertext) * 8 - 1))
    ciphertext[place // 8] ^= 1 << place % 8

    with pytest.raises(Undecipherable):
        one.decrypt(bytes(ciphertext), context="t:f:1")


@given(SUITES, st.binary(max_size=60), st.data())
def test_a_cut_or_invented_ciphertext_is_refused(suite, plaintext, data):
    one = ring(suite)
    ciphertext = one.encrypt(plaintext, context="t:f:1")
    cut = ciphertext[: data.draw(st.integers(0, len(ciphertext) - 1))]

    for wrong in (cut, data.draw(st.binary(max_size=80))):
        with pytest.raises(Undecipherable):
            one.decrypt(wrong, context="t:f:1")


@given(SUITES, st.text(max_size=20), st.text(max_size=20))
def test_a_ciphertext_moved_to_another_row_does_not_open(suite, here, there):
    one = ring(suite)
    if here != there:
        with pytest.raises(Undecipherable):
            one.decrypt(one.encrypt(b"13800001111", context=here), context=there)


def test_the_same_plaintext_is_never_sealed_twice_alike():
    one = ring()
    assert len({one.encrypt(b"x", context="c") for _ in range(100)}) == 100


@pytest.mark.parametrize("suite", list(Suite))
def test_a_retired_key_still_opens_and_asks_to_be_sealed_again(suite):
    old = ring(suite, b"o" * 32)
    ciphertext = old.encrypt(b"text", context="c")
    fresh = ring(Suite.SM, b"n" * 32, old.active)

    assert fresh.decrypt(ciphertext, context="c") == b"text"
    assert fresh.needs_reencryption(ciphertext)
    assert fresh.key_id_of(ciphertext) == old.active.key_id
    with pytest.raises(Undecipherable, match="TANHUI_RETIRED_KEYS"):
        ring(Suite.SM, b"n" * 32).decrypt(ciphertext, context="c")


def test_the_same_secret_in_another_suite_is_another_key():
    sm, international = Key(Suite.SM, b"s" * 32), Key(Suite.INTL, b"s" * 32)
    assert sm.key_id.startswith("sm-")
    assert international.key_id.startswith("intl-")
    assert sm.key_id[3:] != international.key_id[5:]
    assert (len(sm.encryption_key), len(international.encryption_key)) == (16, 32)


def test_the_ciphers_are_the_ones_that_the_suites_name():
    """GB/T 32907-2016 appendix A.1 and FIPS 197 appendix C.3, by way of counter mode over a zero nonce."""
    assert Suite.SM.digest.name == "sm3"
    assert Suite.INTL.digest.name == "sha256"
    zero = modes.GCM(bytes(12))
    assert Suite.SM.cipher(bytes(16), zero).encryptor().update(bytes(16)).hex() == "7de2aa7f1110188218063be1bfeb6d89"
    # NIST GCM test case 14: AES-256, zero key, zero nonce, one zero block
    assert Suite.INTL.cipher(bytes(32), zero).encryptor().update(bytes(16)).hex() == "cea7403d4d606b6e074ec5d3baf39d18"
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(b"abc")
    # GB/T 32905-2016 appendix A.1
    assert sm3.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@given(SUITES, st.lists(st.text(max_size=20), max_size=20))
def test_keyed_hashes_are_stable_differ_by_purpose_and_key_and_come_in_order(suite, texts):
    one = ring(suite)
    many = one.keyed_hashes("subject", texts)

    assert many == [one.keyed_hash("subject", text) for text in texts]
    assert len(set(many)) == len(set(texts))
    other = KeyRing(active=one.active, lookup=Key(suite, b"m" * 32))
    for text, value in zip(texts, many, strict=True):
        assert len(value) == 32
        assert value != one.keyed_hash("login", text)
        assert value != other.keyed_hash("subject", text)
        assert value != hashlib.sha256(text.encode()).digest()


def test_hashes_do_not_change_with_the_key_that_encrypts():
    before = build_ring("SM", b"a" * 32, b"l" * 32)
    after = build_ring("INTL", b"b" * 32, b"l" * 32, f"SM:{(b'a' * 32).hex()}")
    assert before.keyed_hash("subject", "x") == after.keyed_hash("subject", "x")


def test_the_settings_make_the_ring(settings):
    known = settings.TANHUI_SECRETS
    settings.TANHUI_CIPHER_SUITE = "INTL"
    settings.TANHUI_RETIRED_KEYS = f"SM:{'ab' * 32}, INTL:{'cd' * 32}"
    made = key_ring()
    assert made.active == Key(Suite.INTL, known["personal_data"])
    assert [key.suite for key in made.retired] == [Suite.SM, Suite.INTL]


@pytest.mark.parametrize("retired", ["SM", "SM:xyz", "DES:" + "ab" * 32, "SM:" + "ab" * 31, "ab" * 32])
def test_settings_that_make_no_key_say_so_without_showing_it(retired):
    with pytest.raises(BadInput) as caught:
        build_ring("SM", b"a" * 32, b"l" * 32, retired)
    assert "ab" * 10 not in str(caught.value)


def test_secrets_are_not_shown_when_printed():
    assert "ssss" not in repr(ring())
