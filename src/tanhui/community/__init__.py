"""Community: what people do together, and what a village collects.

Nouns: occasion, booking, check-in with its measurements, collection point, material, price of a recycler, card of a
resident without a phone, team, quiz attempt. Owner in the county: 县城管局 with the townships (recycling), the
county's ecology and environment bureau (activities).

Invariants, kept by the database first:

* An occasion never has more booked than its capacity; a person holds one place in it.
* A check-in and its measurements are only appended; a mistake is corrected by a second one that names the first.
* A measurement of a material that a scenario knows is exactly one behavior, submitted in the same transaction.
* A serial of a printed card is used once; a nonce answers with its first check-in.
* What one person enters on behalf of another, without a card, counts only after a second person confirmed it.
"""
