"""Pages of what villages and teams do: name of the address → permission."""

PAGES: dict[str, str] = {}
