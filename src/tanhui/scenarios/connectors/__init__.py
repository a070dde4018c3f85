"""Connectors: one folder a partner or protocol, with its reading or mapping, captured samples and a checklist."""
