"""Project: the wiring. Settings, addresses, the command line, the embedded database, process manager, demo.

Nouns: cluster (the embedded PostgreSQL), supervisor, demo, simulator. Invariant: no business rule and no table
of its own lives here.
"""
