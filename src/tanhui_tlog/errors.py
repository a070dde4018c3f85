"""What can be wrong with a log, in words for the person who checks it."""

from __future__ import annotations


class TlogError(ValueError):
    """The root of this package's errors. The message is Chinese and says what did not hold."""


class NoteError(TlogError):
    """A signed note, checkpoint, key or proof file is malformed, or no known key signed it."""


class ProofError(TlogError):
    """A proof does not show what it claims."""
