"""Reads `task.toml` of a Harbor task folder, as far as a sandbox without network can honour it.

The keys are those of harbor.models.task.config in the package harbor 0.26 (schema 1.4 and the earlier forms that it
migrates). More than one container, another system, a GPU or several steps are refused by name.
"""

import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flows.domains.contract import Refused


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Package(_Part):
    """The section `[task]`."""

    name: str | None = None


class Agent(_Part):
    """The section `[agent]`."""

    timeout_sec: float | None = Field(default=None, gt=0)


class Verifier(_Part):
    """The section `[verifier]`."""

    timeout_sec: float = Field(default=600.0, gt=0)
    env: dict[str, str] = {}
    environment: dict[str, Any] | None = None
    environment_mode: str | None = None
    collect: list[Any] = []


class Machine(_Part):
    """The section `[environment]`."""

    docker_image: str | None = None
    os: str = "linux"
    gpus: int | None = None
    memory_mb: int | None = Field(default=None, gt=0)
    workdir: str | None = None
    env: dict[str, str] = {}
    mcp_servers: list[Any] = []
    healthcheck: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _older_memory(cls, given: Any) -> Any:
        """The form `memory = "2G"` of schema 1.0."""
        if isinstance(given, dict) and isinstance(size := given.get("memory"), str):
            unit = {"G": 1024.0, "M": 1.0, "K": 1 / 1024}.get(size.strip().upper()[-1:])
            if unit is None:
                raise ValueError(f"memory {size!r} has no unit G, M or K")
            return {"memory_mb": max(1, int(float(size.strip()[:-1]) * unit)), **given}
        return given


class Solution(_Part):
    """The section `[solution]`."""

    env: dict[str, str] = {}


class TaskConfig(_Part):
    """The parts of a `task.toml` on which the import depends."""

    task: Package = Package()
    metadata: dict[str, Any] = {}
    agent: Agent = Agent()
    verifier: Verifier = Verifier()
    environment: Machine = Machine()
    solution: Solution = Solution()
    steps: list[Any] | None = None


def read_config(text: str) -> TaskConfig:
    """The configuration. Raises Refused: `config_invalid`, or the name of what a sandbox cannot give."""
    try:
        config = TaskConfig.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Refused("config_invalid") from error
    for reason, found in _beyond(config).items():
        if found:
            raise Refused(reason)
    return config


def _beyond(config: TaskConfig) -> dict[str, bool]:
    machine, verifier = config.environment, config.verifier
    return {
        "several_steps": bool(config.steps),
        "other_system": machine.os.lower() != "linux",
        "needs_gpu": bool(machine.gpus),
        "needs_mcp_server": bool(machine.mcp_servers),
        "needs_healthcheck": machine.healthcheck is not None,
        "needs_host_variables": any("${" in value for value in (*machine.env.values(), *verifier.env.values())),
        "separate_verifier": verifier.environment is not None or verifier.environment_mode == "separate",
        "collects_from_services": bool(verifier.collect),
    }
