"""Errors of the lake: each message names the part or the store, the reason and the next step."""

REPAIR_HINT = "Run `factory lake check`, then `factory lake repair`."


class LakeError(Exception):
    """The lake could not be read or written; the message names the part and the next step."""


class LakeDamaged(LakeError):
    """A file of the lake is damaged; the message names it and the reason."""


class LakeCompacted(LakeError):
    """A part was merged with others while it was being read; the same call reads the merged one."""
