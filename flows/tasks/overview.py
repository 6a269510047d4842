"""The domains at a glance: tools, composers, verifiers, probes, shares, and what a machine must have for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from flows.domains import domains
from flows.domains.contract import Domain
from flows.environments.environment import SANDBOX
from flows.environments.sandbox import unavailable
from flows.settings import Settings
from flows.tasks.composers import quotas
from warehouse.connect import query

NEEDS: Mapping[str, Callable[[duckdb.DuckDBPyConnection], str]] = {
    "library": lambda con: f"pages ({con.execute('select count(*) from pages').fetchall()[0][0]:,} in the lake)",
    SANDBOX: lambda con: "sandbox (does not work on this machine)" if unavailable() else "sandbox (works)",
}
"""Need of an environment -> a function that names it with its state on this machine."""


@dataclass(frozen=True)
class Overview:
    """One domain."""

    domain: str
    share: float
    """Of the next night's tasks, 0 to 1."""
    environment: str
    """Name and version of the environment."""
    tools: list[str]
    composers: dict[str, bool]
    """Name -> true if the next night uses it."""
    verifiers: list[str]
    policies: list[str]
    """Names of its scripted players: oracle, explorer and shortcuts."""
    probes: dict[str, str]
    """Probe -> `passed of tasks`, of the newest night with tasks of the domain; empty without one."""
    needs: list[str]


def overviews(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[Overview]:
    """All known domains in name order. Raises SettingsError on unknown domains or composers in the settings."""
    chosen = {quota.domain.name: quota for quota in quotas(settings)}
    probes: dict[str, dict[str, str]] = {}
    for name, probe, passed, tasks, _ in con.execute(query("tasks", "newest_probes")).fetchall():
        probes.setdefault(name, {})[probe] = f"{passed:,} of {tasks:,}"
    return [
        Overview(
            domain=name,
            share=chosen[name].share if name in chosen else 0.0,
            environment=f"{one.environment.name} {one.environment.version}",
            tools=[tool.name for tool in one.environment.tools("{}", "chat")],
            composers={each.name: name in chosen and each in chosen[name].composers for each in one.composers},
            verifiers=[verifier.name for verifier in one.verifiers],
            policies=_policies(one),
            probes=probes.get(name, {}),
            needs=[NEEDS[need](con) if need in NEEDS else need for need in one.environment.needs],
        )
        for name, one in sorted(domains().items())
    ]


def _policies(domain: Domain) -> list[str]:
    if domain.policies is None:
        return []
    explorer = ["explorer"] if domain.policies.explorer else []
    return ["oracle", *explorer, *(f"shortcut:{name}" for name in domain.policies.shortcuts)]
