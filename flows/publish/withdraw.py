"""Takes rows out of all later releases: of a url, a task, or one trajectory.

What is published cannot be called back, but the next release can be made without it and can say so. The
order stands in the lake, a gate of refine obeys it, and the manifest lists it.
"""

from datetime import UTC, datetime

import duckdb

from flows.publish.errors import PublishError
from schemas.withdrawal import Withdrawal
from warehouse.connect import run, sql_files
from warehouse.lake import Lake, PartName

WORKER = "withdraw"


def withdraw(con: duckdb.DuckDBPyConnection, lake: Lake, asked_for: str, reason: str) -> list[str]:
    """Record that whatever `asked_for` names (a url, or the start of an id) is withdrawn; returns the trajectories.

    What is withdrawn already is not recorded again. Raises PublishError when nothing goes by that name.
    """
    named = {"asked_for": asked_for}
    found = [row[0] for row in run(con, sql_files("publish")["to_withdraw"], named).fetchall()] if asked_for else []
    if not found:
        raise PublishError(
            f"nothing goes by {asked_for!r}: give a page's url, or a task's or trajectory's id. Nothing was withdrawn."
        )
    known = {row[0] for row in con.execute("select trajectory_id from withdrawals").fetchall()}
    now = datetime.now(UTC)
    said = {"asked_for": asked_for, "reason": reason, "asked_at": now, "run_id": now.date().isoformat()}
    fresh = [Withdrawal.model_validate({"trajectory_id": id, **said}) for id in found if id not in known]
    if fresh:
        lake.write(Withdrawal, fresh, PartName(now.date(), WORKER, len(lake.parts(Withdrawal, now.date()))))
    return found
