"""Finds trajectories that are duplicates of each other, exact and near, and which of them stands for the rest.

It looks at what the agent wrote and did, turn by turn, and at the question, never at the pages that it read:
popular pages recur. All of it works on the sketch `turn_facts`: of each turn a hash of its words, one of its
calls, and up to 24 hashes of short windows of its text. Why this, and not MinHash over the whole text:

- Windows stand at **anchors** (what follows each letter b), after SpotSigs (Theobald, Siddharth and Paepcke,
  SIGIR 2008, whose anchors are stop words): splitting there takes an eighth of the time of splitting words, and a
  fiftieth of finding them by a regular expression. Short turns, and languages without that letter, give three
  words (or letters) on end.
- Two turns are **counterparts** by their windows in common, and trajectories are duplicates by the share of turns
  that have one. With 30 % of the words edited every turn still has a third of its windows; a branch has all of
  some turns and none of the others. One similarity over the whole text cannot tell the two apart.
- Pairs to compare come from an inverted index of two windows a turn, where each stands beside the two before it:
  as many as there are rows, however popular a window or large a cluster. What two turns share says, too, by how
  many turns one trajectory is shifted against the other, as a seed does in the alignment of sequences.

Clusters are connected components. The keeper is the one that other gates let pass, then one with a right
answer, then the shortest.
"""

from collections.abc import Mapping

import duckdb

from warehouse.connect import keep_as, sql_files

TABLES = (
    "standing",
    "work_keys",
    "works",
    "posted",
    "met",
    "boilerplate",
    "evidence",
    "likeness",
    "edges",
)
"""The temporary tables that this makes, each from those before it, and last the clusters."""


def find_duplicates(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    """Make TABLES from `candidates` and the `answers` of the gates so far; `near_similarity` is a parameter."""
    texts = sql_files("refine")
    for name in (*TABLES, "clusters"):
        keep_as(con, name, texts[name], parameters)
