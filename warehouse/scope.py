"""Narrows all views and marts of a connection to some nights, or to one domain.

Statistics with quantiles cannot be summed over nights, so the marts are not filtered: the views below them are
replaced by narrower ones, and every mart then speaks of the chosen nights only. Pages and decisions stay whole, since
a night reads pages of earlier nights and is decided on by later ones.
"""

from dataclasses import dataclass

import duckdb

from warehouse.connect import sql_files

FIRST, LAST = "", "~"
"""Below and above every run_id."""


class ScopeError(Exception):
    """The lake has no attempt of the domain; the message lists its domains."""


@dataclass(frozen=True)
class Scope:
    """The nights from `since` to `until` (run_id or the start of one, both included), and one domain or all (None)."""

    since: str = FIRST
    until: str = LAST
    domain: str | None = None

    @classmethod
    def of_night(cls, run_id: str) -> "Scope":
        """One night of all domains."""
        return cls(run_id, run_id)


def narrow(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """Narrow the views of an in-memory connection to a scope; once per connection.

    Views: attempts, trajectories, tasks, rollouts, refusals, and all that read them. A task of an earlier night stays
    if an attempt of the scope works on it. Raises ScopeError for a domain without any attempt in the lake.
    """
    if scope == Scope():
        return
    if scope.domain is not None:
        _check_domain(con, scope.domain)
    con.execute("create table scope (since varchar, until varchar, domain varchar)")
    con.execute("insert into scope values (?, ?, ?)", [scope.since, scope.until, scope.domain])
    views = sql_files("views")
    for scoped, text in sql_files("scope").items():
        name = scoped.removeprefix("scoped_")
        con.execute(f"create view unscoped_{name} as {views[name]}")
        con.execute(f"create or replace view {name} as {text}")


def _check_domain(con: duckdb.DuckDBPyConnection, domain: str) -> None:
    known = [name for (name,) in con.execute("select distinct domain from attempts order by 1").fetchall()]
    if domain not in known:
        raise ScopeError(f"no attempt of domain {domain!r} in the lake; it has {', '.join(known) or 'no attempt yet'}")
