"""Api: the door for programs. One OpenAPI document for residents, partners, merchants and everybody.

Nouns: token, signature, problem, window (rate limit), kept answer (idempotency). It holds no rules of the county:
it finds out who asks, reads what is asked, calls one verb or query of a room, and writes the answer.
"""
