"""Where something is: the township of a division, as lists are grouped."""

from __future__ import annotations

from tanhui.parties import queries as parties


def towns() -> dict[str, tuple[str, str]]:
    """Division → (code, name) of the township that it is, or is in; the county itself for none."""
    rows = {row.statistical_code: row for row in parties.divisions()}
    found = {}
    for code, row in rows.items():
        town = rows.get(row.parent_code, row) if row.level == "village" else row
        found[code] = found[row.code or code] = (town.statistical_code, town.name)
    return found
