"""The rules that every section of the settings shares: unknown keys are errors, values never change after loading.

An empty text unsets a key whose default is "not set": environment variables and `factory init` can write no other.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """One table of `factory.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_unsets(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        unset = {key for key, field in cls.model_fields.items() if field.default is None}
        return {key: None if value == "" and key in unset else value for key, value in values.items()}
