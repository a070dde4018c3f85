"""Pages of cases of suspected misuse: name of the address → permission."""

PAGES: dict[str, str] = {}
