"""Integrity: patterns that look like misuse, looked at by a person, decided with reasons, open to appeal.

Nouns: finding, case, decision, appeal. Owner in the county: the operator of the platform with 县市场监管局.
"""
