"""A plan's file read with the county's own names of departments, without the database."""

from __future__ import annotations

from pathlib import Path

from tanhui.kernel.county import load_county
from tanhui.kernel.errors import BadInput
from tanhui_plandoc import Aliases, Draft, read
from tanhui_plandoc.documents import text_of


def draft_of(path: Path, county: str) -> Draft:
    """The draft of a plan file. Raises BadInput where the file cannot be read, NotFound for an unknown county."""
    aliases = Aliases.of(load_county(county).rows("organizations.csv"))
    try:
        return read(text_of(path), aliases=aliases)
    except ValueError as error:
        raise BadInput(str(error), where=str(path)) from error
