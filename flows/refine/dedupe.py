"""Finds trajectories that are duplicates of each other, exact and near, and which of them stands for the rest.

It looks at what the agent wrote and did, turn by turn, and at the question, never at the pages that it read:
popular pages recur. All of it works on the sketch `agent_turns`: of each turn a hash of its words, one of its
calls, and about 24 hashes of short windows of its text. Why this, and not MinHash over the whole text:

- Windows stand at **anchors** (what follows each word with a certain beginning), as in SpotSigs (Theobald,
  Siddharth and Paepcke, SIGIR 2008): splitting at an anchor runs at the speed of a substring search, half the
  time of splitting words and a tenth of splitting them by a regular expression. Short turns, and languages
  without such words, give three words (or letters) on end.
- Two turns are **counterparts** by their windows in common, and trajectories are duplicates by the share of turns
  that have one. With 30 % of the words edited every turn still has a third of its windows; a branch has all of
  some turns and none of the others. One similarity over the whole text cannot tell the two apart.
- Pairs to compare come from an inverted index of 64 windows a work, where each stands beside the two before it:
  as many as there are rows, however popular a window or large a cluster.

Clusters are connected components. The keeper is the one that other gates let pass, then one with a right
answer, then the shortest.
"""

from collections.abc import Mapping

import duckdb

from warehouse.connect import keep_as, sql_files

TABLES = ("standing", "work_keys", "works", "shingles", "posted", "met", "boilerplate", "evidence", "likeness", "edges")
"""What this makes, each from those before it; last come the clusters. Temporary tables, but shingles is a view."""


def find_duplicates(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    """Make TABLES from `candidates` and the `answers` of the gates so far; `near_similarity` is a parameter."""
    texts = sql_files("refine")
    for name in (*TABLES, "clusters"):
        if name == "shingles":
            con.execute(f"create or replace temp view {name} as {texts[name]}")
        else:
            keep_as(con, name, texts[name], parameters)
