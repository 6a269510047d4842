"""Finds trajectories that are duplicates of each other, exact and near, and which of them stands for the rest.

It looks at what the agent wrote and did, turn by turn, and at the question, never at the pages that it read:
popular pages recur. All of it works on the sketch `turn_facts`: of each turn a hash of its words, one of its
calls, and some 16 hashes of short windows of its text. Why this, and not MinHash over the whole text:

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

from warehouse.connect import run, share_as, sql_files

WORKS = ("work_keys", "works")
PAIRS = ("met", "likeness", "edges")
LOOKED_AT = ("compared", "boilerplate", "evidence")
"""Files whose rows `likeness` reads, each those of the files before it; no table is made of them."""
ANY_SHORT = "select count(*) > 0 from works where turns <= 16"
SHARE_ROWS = 10_000_000
"""Rows of `posted` that are looked at together, in a fifth of a gigabyte."""


def find_alike(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    """Make WORKS from `candidates`, and PAIRS of works that are alike; `near_duplicate_threshold` is a parameter.

    They need no gate's answer, and are shared, so that they can be made beside the gates.
    """
    texts = sql_files("refine")
    for name in WORKS:
        share_as(con, name, texts[name])
    [(any_short,)] = con.execute(ANY_SHORT).fetchall()
    share_as(con, "posted", texts["posted"], {"any_short": any_short})
    texts["met"] = f"with shifts as ({_shifts(con, texts)}) select * from ({texts['met']})"
    looked_at = ", ".join(f"{name} as materialized ({texts[name]})" for name in LOOKED_AT)
    texts["likeness"] = f"with {looked_at} select * from ({texts['likeness']})"
    for name in PAIRS:
        share_as(con, name, texts[name], {**parameters, "share": 0, "shares": 1})


def _shifts(con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]) -> str:
    """The SQL of `shifts`: of many windows a share at a time is looked at beforehand, and kept in `shares`."""
    [(shares,)] = con.execute(f"select 1 + count(*) // {SHARE_ROWS} from posted").fetchall()
    if shares == 1:
        return texts["shifts"]
    for share in range(shares):
        making = "insert into shares" if share else "create or replace table shares as"
        run(con, f"{making} {texts['shifts']}", {"share": share, "shares": shares})
    return texts["shares_summed"]


def cluster(con: duckdb.DuckDBPyConnection) -> None:
    """Make `standing`, the trajectories' rank by the `answers` of the gates so far, and the `clusters` with keepers."""
    texts = sql_files("refine")
    for name in ("standing", "clusters"):
        share_as(con, name, texts[name])
