"""Parameters that the SQL of refine can bind by name: settings, patterns, versions of functions, blocklist."""

import json

import duckdb

from flows.refine.decontaminate.benchmark_words import add_benchmark_words
from flows.refine.decontaminate.benchmarks import index_benchmark, sources_of
from flows.refine.gates.patterns import patterns, references
from flows.refine.gates.sql_functions import add_functions
from flows.settings import Settings, SettingsError
from sources.blocklist import Blocklist
from sources.privacy.pii_validators import PERSONAL
from sources.privacy.redaction import kinds
from warehouse.console.progress import silent


def parameters_of(settings: Settings) -> dict[str, object]:
    """The settings of `[refine]` by key: lists unchanged, tables as JSON with sorted keys, equal for equal tables."""
    values = settings.refine.model_dump(exclude={"memory_limit"}) | {
        "advisory_gates": sorted(settings.refine.advisory_gates)
    }
    return {
        key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for key, value in values.items()
    }


def screening_parameters(settings: Settings) -> dict[str, object]:
    """Parameters for the blocklist and the benchmarks.

    Raises SettingsError on an unknown kind in `refine.allowed_sensitive_data`.
    """
    if settings.refine.allowed_sensitive_data and (unknown := set(settings.refine.allowed_sensitive_data) - kinds()):
        known = ", ".join(sorted(PERSONAL)) + ", github_token, ..."
        raise SettingsError(f"refine.allowed_sensitive_data = {sorted(unknown)}: no such kind. There are: {known}")
    return {
        "blocked": Blocklist(settings.blocklist).pattern,
        "personal": sorted(PERSONAL),
        "decontaminating": bool(settings.refine.benchmarks),
    }


def bind_parameters(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, object]:
    """All parameters; also adds the SQL functions to the connection and builds missing benchmark indexes.

    Raises as screening_parameters, and SettingsError naming a benchmark file that cannot be used.
    """
    sources, home = sources_of(settings.refine.benchmarks), settings.state / "benchmarks"
    indexes = [index_benchmark(con, source, home, silent)[0] for source in sources]
    add_benchmark_words(con, indexes)
    compared = {"benchmark_indexes": sorted({source.id for source in sources})}
    lists = patterns() | references()
    return parameters_of(settings) | lists | add_functions(con) | screening_parameters(settings) | compared
