"""Project: the wiring. Settings, addresses, the command `tanhui`, the embedded database, the process manager, the demo.

Nouns: cluster (the embedded PostgreSQL), supervisor, demo. Invariant: no business rule and no table of its own lives here.
"""
