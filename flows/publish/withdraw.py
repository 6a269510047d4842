"""Withdraws trajectories from all later releases: those of a page, of a task, or one trajectory.

A published release cannot be recalled, but the next release excludes the rows and lists them in its manifest. The
request is stored in the lake; a gate of refine applies it to every trajectory, later ones too.
"""

from datetime import UTC, datetime

import duckdb

from flows.publish.errors import PublishError
from schemas.withdrawal import Withdrawal
from warehouse.connect import query
from warehouse.lake import Lake
from warehouse.takedown import create_withdrawn, match_request

WORKER = "withdraw"


def withdraw(con: duckdb.DuckDBPyConnection, lake: Lake, target: str, reason: str) -> list[str]:
    """Record the withdrawal of everything that `target` matches; returns the ids of the trajectories.

    `target` is a whole url, or at least 8 characters from the start of a task's or trajectory's id. Later
    trajectories that match are withdrawn too. A repeated request is recorded once. Raises PublishError if nothing
    matches.
    """
    matched = match_request(con, target)
    if not matched:
        raise PublishError(
            f"no task, trajectory or page matches {target!r}. Nothing was withdrawn. Give the whole url of a "
            "page (https://...), or at least 8 characters of a task's or trajectory's id."
        )
    known = "select trajectory_id from withdrawal_parts where target = $1"
    recorded = {row[0] for row in con.execute(known, [target]).fetchall()}
    now = datetime.now(UTC)
    request = {"target": target, "reason": reason, "requested_at": now, "run_id": now.date().isoformat()}
    fresh = [Withdrawal.model_validate({"trajectory_id": id, **request}) for id in matched if id not in recorded]
    if fresh:
        lake.write(Withdrawal, fresh, lake.next_part(now.date(), WORKER, Withdrawal))
    return matched


def check_withdrawn(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `withdrawn`; raises PublishError if the newest refine kept a row withdrawn since."""
    create_withdrawn(con)
    rows = con.execute(query("publish", "kept_withdrawn")).fetchall()
    if rows:
        raise PublishError(
            f"kept trajectories were withdrawn after the newest refine ({len(rows)}), such as {rows[0][0]} by the "
            f"request {rows[0][1]!r}. Nothing was published: run `factory refine`, then publish again."
        )
