"""Scenarios: evidence of a low-carbon act becomes reductions and points.

Nouns: source (partner), delivery, behavior (one piece of evidence), scenario, method version, settlement
run, settlement line. Owner in the county: the ecology and environment bureau with the expert committee.

Invariants:

* A behavior is a fact: never edited; a correction is a higher revision beside a supersession row.
* `(source, external_id, revision)` is unique: what arrives twice counts once.
* The books hold, for a behavior, what its latest settlement line says; settling again posts differences only.
* A method version in force is frozen: text, factor rows and hash are stored with it.
* Only bound, consented evidence is a behavior; the rest waits for a stated time and is dropped.
"""
