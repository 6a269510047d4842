"""Takes rows out of all later releases: of a url, a task, or one trajectory.

What is published cannot be called back, but the next release can be made without it and can say so. The
order stands in the lake, a gate of refine obeys it for all attempts there are by then, and the manifest lists them.
"""

from datetime import UTC, datetime

import duckdb

from flows.publish.errors import PublishError
from schemas.withdrawal import Withdrawal
from warehouse.connect import sql_files
from warehouse.lake import Lake, PartName
from warehouse.takedown import create_withdrawn, match_request

WORKER = "withdraw"


def withdraw(con: duckdb.DuckDBPyConnection, lake: Lake, target: str, reason: str) -> list[str]:
    """Record that whatever `target` names (a url, or the start of an id) is withdrawn; returns the trajectories.

    The request stands, so that later trajectories that it means are withdrawn too; asked for again, it is not recorded
    again. Raises PublishError when nothing goes by that name.
    """
    found = match_request(con, target)
    if not found:
        raise PublishError(
            f"nothing goes by {target!r}. Nothing was withdrawn. Give the whole url of a page (https://...), or 8 "
            "or more characters of a task's or trajectory's id."
        )
    asked = "select trajectory_id from withdrawal_parts where target = $1"
    known = {row[0] for row in con.execute(asked, [target]).fetchall()}
    now = datetime.now(UTC)
    said = {"target": target, "reason": reason, "requested_at": now, "run_id": now.date().isoformat()}
    fresh = [Withdrawal.model_validate({"trajectory_id": id, **said}) for id in found if id not in known]
    if fresh:
        lake.write(Withdrawal, fresh, PartName(now.date(), WORKER, len(lake.parts(Withdrawal, now.date()))))
    return found


def refuse_withdrawn(con: duckdb.DuckDBPyConnection) -> None:
    """Leave the table `withdrawn`; raises PublishError when the newest refine kept what was withdrawn since."""
    create_withdrawn(con)
    found = con.execute(sql_files("publish")["kept_withdrawn"]).fetchall()
    if found:
        raise PublishError(
            f"{len(found)} kept trajectories were withdrawn since they were decided on, such as {found[0][0]} by "
            f"{found[0][1]!r}. Nothing was published: run `factory refine`, then publish again."
        )
