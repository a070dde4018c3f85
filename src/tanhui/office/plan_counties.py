"""What the plan's forms need of the county: names to search in, and whether it is a demonstration."""

from __future__ import annotations

from collections import Counter

from django.conf import settings

from tanhui.kernel.county import load_county
from tanhui.office.plan_forms import DivisionNames
from tanhui.parties import queries as parties


def is_demo() -> bool:
    """Whether invented rows may be filed here."""
    return load_county(settings.TANHUI_COUNTY).is_demo


def division_names() -> DivisionNames:
    """What to write for each division, by level (and all, under ""), with where it lies.

    A name that several divisions share cannot be written: those are written by their code.
    """
    everything = parties.divisions()
    names = {each.statistical_code: each.name for each in everything}
    often = Counter(each.name for each in everything)
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for each in everything:
        above = names.get(each.parent_code, "")
        written = (each.name, above) if often[each.name] == 1 else (each.statistical_code, f"{each.name}，{above}")
        found.setdefault(each.level, []).append(written)
        found[""].append(written)
    return found


def organization_names() -> list[str]:
    """The organizations that the county's folder names."""
    return [row["name"] for row in load_county(settings.TANHUI_COUNTY).rows("organizations.csv")]
