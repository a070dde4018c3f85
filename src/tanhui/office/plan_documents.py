"""A plan's file becomes its lines and a draft, with the county's own names of departments."""

from __future__ import annotations

from django.conf import settings

from tanhui.kernel.county import load_county
from tanhui.kernel.errors import BadInput
from tanhui_plandoc import Aliases, Draft, read
from tanhui_plandoc.documents import text_of

MAX_CHARACTERS = 1_000_000


def read_document(name: str, content: bytes) -> tuple[str, Draft]:
    """The text of a file line by line, and what was read from it. Raises BadInput that says why it cannot be read."""
    try:
        text = text_of(name, content)
    except ValueError as error:
        raise BadInput(str(error), where=name) from error
    if len(text) > MAX_CHARACTERS:
        raise BadInput(
            f"文字有 {len(text):,} 个，超过 {MAX_CHARACTERS:,} 个", where=name, fix="只上传实施方案本身，不要合订本"
        )
    rows = load_county(settings.TANHUI_COUNTY).rows("organizations.csv")
    return text, read(text, aliases=Aliases.of(rows))
