"""A deterministic county: from a seed, residents with habits, weather, partners and everything that goes wrong.

The same seed gives the same county to the byte, so a failure anywhere is replayed from its seed. The demo, the
property tests, the crash tests and the benchmarks all use it. It knows the forms of evidence and nothing else:
no database, no clock, no method. Every person and partner in it is invented and says so.
"""
