"""The rules that every section of the settings shares: unknown keys are errors, values never change after loading."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of `factory.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
