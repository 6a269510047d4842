"""Merges the many small parts of closed nights into few large ones, with the same rows."""

from warehouse.compaction.compact import Choice, Compacted, compact, finish_compaction, switching

__all__ = ["Choice", "Compacted", "compact", "finish_compaction", "switching"]
