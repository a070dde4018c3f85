"""Ledger: the only place where a balance changes."""
