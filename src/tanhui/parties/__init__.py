"""Parties: who, where, with what consent, in which role; and the trail of what was done.

Nouns: resident and organization (together `Party`), staff `User`, `Division`, `Consent`, `Binding`,
`Relation`, `RoleGrant`, `AuditEntry`.

Invariants: personal data live here only; other rooms hold a party's number. Consents, binding news, erasures
and audit entries are only ever appended. One partner's person id is bound to at most one resident at a time,
and is kept as a keyed hash only. Erasing a person removes what is personal and leaves an empty party, so that
books balance.

Owner: 县发展和改革局 (register and roles) with 县数据局 (consents, keys, audit trail).
"""
