"""Office: the staff's door. Signs in with a second factor, shows the work that waits, and calls rooms' services.

Nouns: desk (the menu that a role sees), page, ruling form, sign-off form. Holds no rule: what a role may open is in
`access.py`, what a verb allows is decided by its room. Every action is recorded in the audit trail by the room.
"""
