"""Views of the office: each asks the access table first, then rooms' queries, and calls at most one service."""
