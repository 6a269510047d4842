"""The record of an attempt's submissions: how often it was scored, with which result, and which one counts.

It is part of the checkpoint. Accepted files lie beside the workspace by their hash, so that a restored world has them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One call of `score` or `submit`."""

    tool: str
    path: str
    reason: str
    """ok, or the reason code of the fault."""
    sha256: str | None = None
    public: float | None = None
    """Score on the public rows, of a call of `score`."""
    note: str = ""


@dataclass
class Record:
    """All calls so far, and the computing time that was used."""

    entries: list[Entry] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scored(self) -> list[float]:
        """The public scores so far."""
        return [one.public for one in self.entries if one.public is not None]

    @property
    def final(self) -> Entry | None:
        """The submission that counts: the last accepted one."""
        accepted = [one for one in self.entries if one.tool == "submit" and one.reason == "ok"]
        return accepted[-1] if accepted else None

    def checks(self) -> dict[str, object]:
        """The record as values of an outcome."""
        final = self.final
        return {"submissions": [asdict(one) for one in self.entries], "final": asdict(final) if final else None}

    def to_dict(self) -> dict[str, object]:
        """The record as JSON values."""
        return {"entries": [asdict(one) for one in self.entries], "seconds": self.seconds}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Record":
        """The record of such values."""
        return cls([Entry(**one) for one in given["entries"]], float(given["seconds"]))
