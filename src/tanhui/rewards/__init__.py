"""Rewards: what points buy, and what a merchant redeems.

Nouns: application, merchant with shops, staff and phones, offer, stock, offer day, voucher with the points spent by
expiry year, redemption (every attempt, also the refused ones); contract, pay account, statement with its lines,
dispute, correction, payment file. Owner in the county: 县商务局 with the operator of the platform; money is approved
by 财务复核员.

Invariants, kept by the database first:

* A voucher is paid with exactly its price, and it is known from which expiry years; what is returned goes back there.
* A voucher is open, then redeemed, cancelled or expired; only an undone redemption opens it again. It is redeemed
  exactly while one redemption of it stands.
* No stock, and no day of an offer, gives more than it has.
* A published offer is frozen; redemptions are only appended.
* Points go from the programme to a person and back to the system: no verb moves them between people, and no money
  ever goes to a resident.
* What a merchant is owed is entries of the books; each stands in at most one line of one standing statement. Two
  persons approve it, and what is approved is set aside until it is paid.

Cases of fraud are the room `integrity`'s, which reads what is kept here and changes no meaning of it.
"""
