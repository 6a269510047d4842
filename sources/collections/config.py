"""The keys that every source of `[[crawl.sources]]` has; each kind adds its own in a subclass."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from sources.rights.declarations import EVERY_DIRECTIVE, Directive


class SourceConfig(BaseModel):
    """One entry of `[[crawl.sources]]`, with the limits of the whole crawl; names are those of the settings' keys."""

    model_config = ConfigDict(frozen=True)

    name: str
    """value of the documents' column `source`"""
    license: str | None = None
    max_pages: int | None = None
    """pages read per night; None: all"""
    max_bytes: int = 5_000_000
    redact: bool = True
    obey_directives: tuple[Directive, ...] = EVERY_DIRECTIVE

    @classmethod
    def of(cls, section: BaseModel, crawl: object) -> Self:
        """Build it from an entry of the settings, and from the settings of the crawl where the entry sets nothing."""
        keys: dict[str, Any] = {key: value for key, value in section if value is not None}
        keys["name"] = keys.get("name") or keys["kind"]
        for key in ("license", "max_bytes", "redact", "obey_directives"):
            keys.setdefault(key, getattr(crawl, key))
        return cls.model_validate(keys)
