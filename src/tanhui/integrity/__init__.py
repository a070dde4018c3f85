"""Integrity: patterns that look like misuse, looked at by a person, decided with reasons, open to appeal.

Nouns: rule (of the county's document), finding, case, decision, appeal, ruling. Owner in the county: the operator of
the platform with 县市场监管局; appeals are ruled on by the expert committee.

Invariants, kept by the database first:

* A finding says what was counted and which records it was counted from; it is only appended, once a rule, subject and
  day. It is a reason to look, never a verdict: only a person's decision has an effect.
* A case has one decision with its reason, at most one appeal, and at most one ruling, by another person than decided.
* What a decision does is done by the room that it concerns (a hold or a suspension in `rewards`), names the case, and
  is taken back when the appeal succeeds.

The room reads what happened in `rewards` and `community` day by day; a day may be read again at any time.
"""
