"""Kernel: what every room stands on. No models, no business, at most 600 lines in all.

Nouns: error, public number, county, day. Invariant: nothing here knows a room.
"""
