"""The types of a study: parts with specimens and editions of constants, and the index of all results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flows.domains.science.topics import Topic
from flows.domains.science.topics.topic import Quantity, Values

Precedence = Literal["later", "named", "corrected"]
"""The source that holds the constants in force: the later edition, an older one that the procedure names, or the later
one as a note corrects it."""


@dataclass(frozen=True)
class Shown:
    """A quantity as a page shows it."""

    text: str
    """Number with its unit, or a text such as a sequence."""
    value: Any
    """In the quantity's own unit."""


@dataclass(frozen=True)
class Specimen:
    """Something to be measured: its own quantities, and the code of its material in the compendium."""

    code: str
    material: str
    shown: Mapping[str, Shown]

    @property
    def own(self) -> Values:
        """The values of its data sheet."""
        return {name: one.value for name, one in self.shown.items()}


@dataclass(frozen=True)
class Edition:
    """One edition of the compendium of a topic's materials."""

    number: int
    year: int
    rows: Mapping[str, Mapping[str, Shown]]
    """Code of a material -> its constants."""


@dataclass(frozen=True)
class Part:
    """One procedure on one of three specimens."""

    number: int
    topic: Topic
    procedure: str
    specimens: Sequence[Specimen]
    chosen: Specimen
    older: Edition
    later: Edition
    precedence: Precedence
    correction: Mapping[str, Shown]
    """Constants of the chosen specimen's material that a note corrects."""
    bounds: tuple[float, float] | None
    """Results of the part before, which choose a specimen: below both, between, above; None at first."""

    @property
    def table(self) -> list[Quantity]:
        """The quantities that stand in the compendium."""
        return [one for one in self.topic.quantities if one.table]

    @property
    def in_force(self) -> Edition:
        """The edition that counts."""
        return self.older if self.precedence == "named" else self.later

    def given(self, specimen: Specimen) -> dict[str, Any]:
        """All values that the steps of a specimen start from."""
        constants = dict(self.in_force.rows[specimen.material])
        if specimen.material == self.chosen.material:
            constants |= self.correction
        return {**specimen.own, **{name: one.value for name, one in constants.items()}}

    def shown(self) -> dict[str, str]:
        """The same of the chosen specimen as the pages show it."""
        constants = {**self.in_force.rows[self.chosen.material], **self.correction}
        return {name: one.text for name, one in {**self.chosen.shown, **constants}.items()}


@dataclass(frozen=True)
class Term:
    """The part that one result has in the index: weight times result over reference level."""

    weight: float
    level: float


@dataclass(frozen=True)
class Study:
    """Parts in their order, and the index of their results."""

    code: str
    """Code of the index."""
    parts: Sequence[Part]
    terms: Sequence[Term]

    def index(self, results: Sequence[float]) -> float:
        """The index of these results."""
        return sum(one.weight * result / one.level for one, result in zip(self.terms, results, strict=True))
