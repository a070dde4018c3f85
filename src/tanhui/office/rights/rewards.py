"""Pages of the mall, the alliance and the till: name of the address → permission."""

PAGES = {
    "rewards-merchants": "rewards.look",
    "rewards-merchants-csv": "rewards.look",
    "rewards-apply": "rewards.admit",
    "rewards-merchant": "rewards.look",
    "rewards-merchant-decide": "rewards.admit",
    "rewards-merchant-staff": "rewards.admit",
    "rewards-shop-add": "rewards.admit",
    "rewards-shop": "rewards.admit",
    "rewards-plate": "rewards.look",
    "rewards-offers": "rewards.look",
    "rewards-offers-csv": "rewards.look",
    "rewards-offer-new": "rewards.offer",
    "rewards-offer": "rewards.look",
    "rewards-offer-state": "rewards.offer",
    "till": "rewards.redeem",
    "till-undo": "rewards.redeem",
}
