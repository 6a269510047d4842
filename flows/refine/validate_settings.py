"""What refine refuses in the settings, asked before the first step of a night.

Refine comes after hours of crawl and rollout: a misspelt gate, kind or column would be told then, with nothing
released. Benchmarks are read here already; their indexes stay, so that refine itself reads none again.
"""

import duckdb

from flows.domains import domains
from flows.refine.decontaminate.benchmarks import indexed, sources_of
from flows.refine.gates.gates import gates_of
from flows.refine.gates.parameters import screening
from flows.settings import Settings, SettingsError
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake


def check(settings: Settings) -> None:
    """Raises SettingsError naming the key of `[refine]` that does not fit, its value and what is allowed."""
    gates_of(settings)
    sources = sources_of(settings.refine.benchmarks)
    screening(settings)
    limit = settings.refine.memory_limit
    with connect(Lake(settings.lake), spill=settings.state / "spill", memory_limit=limit) as con:
        _check_verifiers(con, settings)
        for source in sources:
            indexed(con, source, settings.state / "benchmarks", silent)


def _check_verifiers(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    known = {verifier.name for domain in domains().values() for verifier in domain.verifiers}
    if not (unknown := set(settings.refine.process_verifiers) - known):
        return
    known |= {name for (name,) in con.view("verdicts").unique("verifier").fetchall()}
    if unknown := unknown - known:
        raise SettingsError(
            f"refine.process_verifiers = {sorted(unknown)}: no such verifier. There are: {', '.join(sorted(known))}"
        )
