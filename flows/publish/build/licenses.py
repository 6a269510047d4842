"""Keeps trajectories out of a release by the licenses of their pages, each with a reason that the card counts.

A trajectory depends on the pages of its task and on those that its tools opened (`trajectory_licenses`). It is refused
if one of their licenses is, since a row cannot be taken apart.
"""

import duckdb

from flows.settings.publish import Licenses
from warehouse.connect import create_shared_table, query

EVERY_LICENSE = Licenses()


def create_license_refusals(con: duckdb.DuckDBPyConnection, licenses: Licenses) -> dict[str, int]:
    """Create the table `license_refusals` (trajectory_id, reason); returns the number of kept ones by reason."""
    parameters = {
        "allow": licenses.allow,
        "refuse": licenses.refuse,
        "publish_unlicensed": licenses.unlicensed == "publish",
    }
    create_shared_table(con, "license_refusals", query("publish", "license_refusals"), parameters)
    return dict(con.execute(query("publish", "refused_licenses")).fetchall())
