"""Checks the settings of `[refine]` before the first step of a night.

Refine runs after hours of crawl and rollout: a misspelt gate, kind or column would otherwise stop the night at its end,
with nothing released. The check also builds the benchmark indexes, so refine finds them ready.
"""

import duckdb

from flows.domains import domains
from flows.refine.decontaminate.benchmarks import index_benchmark, sources_of
from flows.refine.gates.gates import load_gates
from flows.refine.gates.parameters import screening_parameters
from flows.settings import Settings, SettingsError
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake


def validate_keys(settings: Settings) -> None:
    """Raise SettingsError naming the first invalid key of `[refine]` that shows without the lake."""
    load_gates(settings)
    sources_of(settings.refine.benchmarks)
    screening_parameters(settings)


def validate_settings(settings: Settings) -> None:
    """Raise SettingsError naming the first key of `[refine]` that is invalid, its value and the allowed values."""
    validate_keys(settings)
    sources = sources_of(settings.refine.benchmarks)
    limit = settings.refine.memory_limit
    with connect(Lake(settings.lake), spill=settings.state / "spill", memory_limit=limit) as con:
        _check_verifiers(con, settings)
        for source in sources:
            index_benchmark(con, source, settings.state / "benchmarks", silent)


def _check_verifiers(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    known = {verifier.name for domain in domains().values() for verifier in domain.verifiers}
    if not (unknown := set(settings.refine.process_verifiers) - known):
        return
    known |= {name for (name,) in con.view("verdicts").unique("verifier").fetchall()}
    if unknown := unknown - known:
        raise SettingsError(
            f"refine.process_verifiers = {sorted(unknown)}: no such verifier. There are: {', '.join(sorted(known))}"
        )
