"""Settings as environment variables, for tests that run a step in a process of its own."""

import json

from pydantic import BaseModel


def variables_of(section: BaseModel, name: str) -> dict[str, str]:
    """The variables FACTORY_NAME__KEY of all values of a section that are set."""
    given = {key: value for key, value in section.model_dump(mode="json").items() if value is not None}
    return {
        f"FACTORY_{name.upper()}__{key.upper()}": value if isinstance(value, str) else json.dumps(value)
        for key, value in given.items()
    }
