"""Pages of cases of suspected misuse: name of the address → permission."""

PAGES = {
    "integrity-cases": "integrity.look",
    "integrity-cases-csv": "integrity.look",
    "integrity-scan": "integrity.decide",
    "integrity-case": "integrity.look",
    "integrity-decide": "integrity.decide",
    "integrity-rule": "integrity.appeal",
    "till-cases": "rewards.redeem",
    "till-appeal": "rewards.redeem",
}
