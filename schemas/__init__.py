"""The records of the lake and of a release, one record per file. Imports nothing of the other rooms."""

from schemas.audit import Audit
from schemas.benchmark import Benchmark, Overlap
from schemas.document import Document, Fact, Link
from schemas.imported import Imported
from schemas.record import Record, arrow_schema, content_id, sha256_file, sha256_text, table
from schemas.release import Manifest, Published, Release, Shard
from schemas.rollout import Rollout, Unfinished
from schemas.task import Hidden, Hop, Refusal, Task
from schemas.trajectory import Reparse, Trajectory, Turn
from schemas.verdict import Decision, Outcome, Verdict
from schemas.withdrawal import Withdrawal

RECORDS: tuple[type[Record], ...] = (
    Document,
    Fact,
    Task,
    Hidden,
    Refusal,
    Rollout,
    Unfinished,
    Trajectory,
    Turn,
    Reparse,
    Outcome,
    Verdict,
    Decision,
    Release,
    Published,
    Withdrawal,
    Audit,
    Benchmark,
    Overlap,
    Imported,
)
"""Every record that the lake stores."""

__all__ = [
    "RECORDS",
    "Audit",
    "Benchmark",
    "Decision",
    "Document",
    "Fact",
    "Hidden",
    "Hop",
    "Imported",
    "Link",
    "Manifest",
    "Outcome",
    "Overlap",
    "Published",
    "Record",
    "Refusal",
    "Release",
    "Reparse",
    "Rollout",
    "Shard",
    "Task",
    "Trajectory",
    "Turn",
    "Unfinished",
    "Verdict",
    "Withdrawal",
    "arrow_schema",
    "content_id",
    "sha256_file",
    "sha256_text",
    "table",
]
