"""Signed notes, checkpoints and proof files against published examples and damaged ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_tlog import (
    Checkpoint,
    InclusionProof,
    NoteError,
    ProofError,
    Signer,
    TlogError,
    Tree,
    Verifier,
    open_checkpoint,
    open_note,
    sign_checkpoint,
    sign_note,
    verify_entry,
)

# The example of the Go implementation, which the C2SP format comes from. Ed25519 is deterministic.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
OTHER = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
OTHER_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = TEXT + "\n" + LINE
KEY = Verifier.parse(VERIFIER)
ORIGIN = "pingjiang.example/log"
LOG = Signer(ORIGIN, bytes(range(32)))


def test_published_note() -> None:
    signer = Signer.parse(SIGNER)
    assert signer.verifier == KEY
    assert (signer.to_text(), KEY.to_text()) == (SIGNER, VERIFIER)
    assert sign_note(TEXT, [signer]) == NOTE
    assert open_note(NOTE, [KEY]).text == TEXT
    assert open_note(NOTE.encode(), [KEY]).signed_by == (KEY,)
    assert SIGNER.rsplit("+", 1)[1] not in repr(signer)


def test_several_signatures() -> None:
    other = Verifier.parse(OTHER)
    both = NOTE + OTHER_LINE
    assert open_note(both, [KEY, other]).signed_by == (KEY, other)
    assert open_note(both, [other]).signed_by == (other,)
    assert open_note(NOTE + LINE, [KEY]).signed_by == (KEY,)
    assert open_note(TEXT + "\n" + LINE * 100, [KEY]).signed_by == (KEY,)


@pytest.mark.parametrize(
    "damaged",
    [
        TEXT,
        TEXT + "\n",
        NOTE.removesuffix("\n"),
        "\x01" + NOTE,
        "\t" + NOTE,
        b"\xff" + NOTE.encode(),
        NOTE + "Unexpected line.\n",
        NOTE.replace("PeterNeumann", "Peter Neumann"),
        NOTE.replace("— Peter", "- Peter"),
        NOTE.replace("x08g", "x08h"),
        NOTE.replace("your", "our"),
        NOTE.replace("JnAM=", "JnAN="),
        TEXT + "\n" + LINE[:60] + "ABCD" + LINE[60:],
        TEXT + "\n" + LINE * 101,
        TEXT + "\n" + OTHER_LINE,
        TEXT + "\n— PeterNeumann AAAA\n",
        "\n" * 1_000_001,
        "",
    ],
)
def test_damaged_note(damaged: str | bytes) -> None:
    with pytest.raises(NoteError):
        open_note(damaged, [KEY])


def test_no_note_without_keys_or_with_wrong_text() -> None:
    with pytest.raises(NoteError):
        open_note(NOTE, [])
    for text in ("no newline", "tab\t\n", "lone \ud800\n", ""):
        with pytest.raises(NoteError):
            sign_note(text, [LOG])
    with pytest.raises(NoteError):
        sign_note(TEXT, [])


def test_damaged_keys() -> None:
    for start in range(len(VERIFIER)):
        for end in range(start, len(VERIFIER) + 1):
            if (start, end) != (0, len(VERIFIER)):
                with pytest.raises(NoteError):
                    Verifier.parse(VERIFIER[start:end])
    for position, character in enumerate(SIGNER):
        with pytest.raises(NoteError):
            Signer.parse(SIGNER[:position] + chr(ord(character) + 1) + SIGNER[position + 1 :])
    for text in (
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        with pytest.raises(NoteError):
            Verifier.parse(text)
    for name in ("", "a b", "a+b", "a\u3000b"):
        with pytest.raises(NoteError):
            Signer(name, bytes(32))
    with pytest.raises(NoteError):
        Signer("a", bytes(31))


def test_generated_keys_differ_and_work() -> None:
    first, second = Signer.generate(ORIGIN), Signer.generate(ORIGIN)
    assert first.seed != second.seed
    assert Signer.parse(first.to_text()) == first
    assert open_note(sign_note(TEXT, [first]), [first.verifier]).text == TEXT
    with pytest.raises(NoteError):
        open_note(sign_note(TEXT, [first]), [second.verifier])


def test_checkpoint() -> None:
    checkpoint = Checkpoint(ORIGIN, 3, Tree([b"a", b"b", b"c"]).root(), ("扩展",))
    assert checkpoint.to_text().startswith(f"{ORIGIN}\n3\n")
    assert Checkpoint.parse(checkpoint.to_text()) == checkpoint
    note = sign_checkpoint(checkpoint, [LOG])
    assert open_checkpoint(note, origin=ORIGIN, verifier=LOG.verifier) == checkpoint
    with pytest.raises(NoteError):
        open_checkpoint(note, origin="other.example/log", verifier=LOG.verifier)
    with pytest.raises(NoteError):
        open_checkpoint(note, origin=ORIGIN, verifier=KEY)


PUBLISHED = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_published_checkpoint_text() -> None:
    checkpoint = Checkpoint.parse(PUBLISHED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == PUBLISHED


@pytest.mark.parametrize(
    "text",
    [
        "",
        PUBLISHED.removesuffix("\n"),
        PUBLISHED + "\n",
        PUBLISHED.replace("20852163", "020852163"),
        PUBLISHED.replace("20852163", "-1"),
        PUBLISHED.replace("20852163", "２０"),
        PUBLISHED.replace("20852163", "9" * 20),
        PUBLISHED.replace("xq2I=", "xq2J="),
        PUBLISHED.replace("xq2I=", "xq2I"),
        PUBLISHED.replace("CsUYap", ""),
        "\n" + PUBLISHED.split("\n", 1)[1],
    ],
)
def test_damaged_checkpoint(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_impossible_checkpoints() -> None:
    for origin, size, root, extensions in (
        ("", 0, bytes(32), ()),
        ("a\nb", 0, bytes(32), ()),
        ("a", -1, bytes(32), ()),
        ("a", 0, bytes(31), ()),
        ("a", 0, bytes(32), ("",)),
    ):
        with pytest.raises(NoteError):
            Checkpoint(origin, size, root, extensions)


ENTRIES = [f"第{number}条".encode() for number in range(13)]


def _proof(index: int, extra: bytes | None = None) -> InclusionProof:
    tree = Tree(ENTRIES)
    note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), [LOG])
    return InclusionProof(index, tuple(tree.inclusion_proof(index)), note, extra)


@pytest.mark.parametrize("extra", [None, b"", b"anything"])
def test_proof_file(extra: bytes | None) -> None:
    for index, entry in enumerate(ENTRIES):
        proof = _proof(index, extra)
        assert InclusionProof.parse(proof.to_text()) == proof
        assert verify_entry(entry, proof, origin=ORIGIN, verifier=LOG.verifier).size == 13
        with pytest.raises(ProofError):
            verify_entry(entry + b"!", proof, origin=ORIGIN, verifier=LOG.verifier)


def test_proof_of_a_lone_entry() -> None:
    tree = Tree([b"alone"])
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, tree.root()), [LOG])
    proof = InclusionProof.parse(InclusionProof(0, (), note).to_text())
    assert proof.path == ()
    verify_entry(b"alone", proof, origin=ORIGIN, verifier=LOG.verifier)


@given(position=st.integers(min_value=0), bit=st.integers(0, 6), index=st.integers(0, 12))
def test_any_damage_to_a_proof_file_is_noticed(position: int, bit: int, index: int) -> None:
    whole = _proof(index).to_text().encode()
    damaged = bytearray(whole)
    damaged[position % len(whole)] ^= 1 << bit
    with pytest.raises(TlogError):
        _check(bytes(damaged), ENTRIES[index])


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(NoteError):
        InclusionProof.parse(text)
    with pytest.raises(NoteError):
        open_note(text, [KEY])


def _check(data: bytes, entry: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError("not UTF-8") from error
    verify_entry(entry, InclusionProof.parse(text), origin=ORIGIN, verifier=LOG.verifier)


def test_published_proof_form() -> None:
    hashes = [base64.b64encode(bytes([number] * 32)).decode() for number in range(2)]
    text = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n" + "\n".join(hashes) + "\n\ncheckpoint\n"
    proof = InclusionProof.parse(text)
    assert (proof.index, proof.extra, len(proof.path), proof.checkpoint) == (73894, b"age", 2, "checkpoint\n")
    assert proof.to_text() == text
    for damaged in (
        text.replace("@v1", "@v2"),
        text.replace("index 73894\n", ""),
        text.replace("73894", "073894"),
        text.replace("\n\n", "\n"),
        text.replace("YWdl", "YWd"),
    ):
        with pytest.raises(NoteError):
            InclusionProof.parse(damaged)
