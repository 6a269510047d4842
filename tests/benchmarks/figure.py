"""A measured figure, printed as one line of JSON."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One figure; `against` names what a ratio was measured against, in the same run."""

    figure: str
    value: float
    unit: str
    against: str | None = None

    def line(self) -> str:
        return json.dumps(asdict(self))
