"""Ledger: the only place where a balance changes.

Nouns: book, account, entry (one row that debits one account and credits another), transfer (a group of entries
with one key), period close. Invariants, all kept by the database: every book sums to zero by construction; accounts
stay within their limits; entries are only added; one key is one transfer; a closed period receives nothing; the
balances kept are the sums of the entries. Owner: 县财政局 with the operator of the platform.
"""
