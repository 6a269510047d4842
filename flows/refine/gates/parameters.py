"""What the SQL of refine can bind by name: settings, versions of its functions, and what screens addresses."""

import json

import duckdb

from flows.refine.gates.sql_functions import add_functions
from flows.settings import Settings, SettingsError
from sources.blocklist import Blocklist
from sources.privacy.pii_validators import PERSONAL
from sources.privacy.redaction import kinds


def parameters_of(settings: Settings) -> dict[str, object]:
    """What it can bind of `[refine]`: lists as they are, tables as JSON, where the same is the same text."""
    told = settings.refine.model_dump(exclude={"memory_limit"}) | {
        "advisory_gates": sorted(settings.refine.advisory_gates)
    }
    return {key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for key, value in told.items()}


def screening(settings: Settings) -> dict[str, object]:
    """Parameters from other settings; raises SettingsError on an unknown kind in `refine.allowed_sensitive_data`."""
    if settings.refine.allowed_sensitive_data and (unknown := set(settings.refine.allowed_sensitive_data) - kinds()):
        known = ", ".join(sorted(PERSONAL)) + ", github_token, ..."
        raise SettingsError(f"refine.allowed_sensitive_data = {sorted(unknown)}: no such kind. There are: {known}")
    return {"blocked": Blocklist(settings.blocklist).pattern, "decontaminating": bool(settings.refine.benchmarks)}


def bound(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, object]:
    """All that can be bound, on a connection that is taught the functions; raises SettingsError as screening."""
    return parameters_of(settings) | add_functions(con) | screening(settings)
