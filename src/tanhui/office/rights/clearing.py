"""Pages of clearing and the programme's money: name of the address → permission."""

PAGES: dict[str, str] = {}
