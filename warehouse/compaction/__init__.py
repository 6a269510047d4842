"""Merges the many small parts of closed nights into few large ones, with the same rows."""

from warehouse.compaction.choice import Choice, Compacted
from warehouse.compaction.compact import being_replaced, compact, finish_compaction

__all__ = ["Choice", "Compacted", "being_replaced", "compact", "finish_compaction"]
