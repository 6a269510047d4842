"""Reads the wording, units and bounds of topics from the table beside their modules."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import ModuleType
from typing import Any

from flows.domains.science.topics.topic import Quantity, Step, Topic


def topics(package: str, modules: Mapping[str, ModuleType]) -> dict[str, Topic]:
    """The topics of a folder by name; a topic's module defines STEPS, `check` and, for drawn texts, `draw`."""
    tables = tomllib.loads(files(package).joinpath("topics.toml").read_text("utf-8"))
    field = package.rpartition(".")[2].replace("_", " ")
    return {name: _topic(name, field, tables[name], module) for name, module in modules.items()}


def _topic(name: str, field: str, table: Mapping[str, Any], module: ModuleType) -> Topic:
    computed = {step.__name__: step for step in module.STEPS}
    return Topic(
        name,
        field,
        table["title"],
        table["material"],
        [Quantity(key, **given) for key, given in table["quantities"].items()],
        [Step(key, given["unit"], given["text"], computed[key]) for key, given in table["steps"].items()],
        module.check,
        getattr(module, "draw", None),
        table["notes"],
    )
