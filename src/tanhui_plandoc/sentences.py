"""Sentences and their pieces, never parted within quotation marks, titles or brackets."""

from __future__ import annotations

import re

from tanhui_plandoc.cited import Cited

_CLOSED = re.compile("“[^“”]*”|《[^《》]*》|「[^「」]*」|（[^（）]*）|〔[^〔〕]*〕|【[^【】]*】")


def _masked(text: str) -> str:
    return _CLOSED.sub(lambda match: "\0" * len(match.group()), text)


def sentences(text: Cited) -> list[Cited]:
    """The sentences, each with its full stop."""
    return parted(text, "。！？")


def parted(text: Cited, signs: str) -> list[Cited]:
    """The text cut after each of those signs, the signs kept; empty pieces left out."""
    found, start = [], 0
    for match in re.finditer(f"[{signs}]+", _masked(text.text)):
        found.append(text.cut(start, match.end()))
        start = match.end()
    found.append(text.cut(start))
    return [piece for piece in (each.strip() for each in found) if piece.text.strip("。！？；，、： ")]
