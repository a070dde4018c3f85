"""A contract type for import-linter: a room is entered only by its public modules.

The ready-made `protected` contract needs a list of what is private, so that a new private module would be
public until somebody remembers to list it. Here everything is private that is not named as an entrance.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class RoomEntrances(Contract):
    """Modules outside a room import only the room's entrances.

    Options: `rooms`, the packages; `entrances`, the names of their public modules.
    """

    rooms = fields.ListField(subfield=fields.StringField())
    entrances = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        found: list[str] = []
        for room in self.rooms:
            found += _side_entries(graph, str(room), frozenset(map(str, self.entrances)))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(f"- {line}")


def _side_entries(graph: ImportGraph, room: str, entrances: frozenset[str]) -> list[str]:
    inside = {room} | graph.find_descendants(room)
    doors = {f"{room}.{name}" for name in entrances}
    found = []
    for imported in sorted(inside - doors):
        for importer in sorted(graph.find_modules_that_directly_import(imported) - inside):
            details = graph.get_import_details(importer=importer, imported=imported)
            lines = "、".join(str(detail["line_number"]) for detail in details)
            found.append(f"{importer}（第 {lines} 行）-> {imported}: only {sorted(entrances)} may be entered")
    return found
