"""Sentences of a library around the few that matter: remarks without use, and statements in varied words."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from flows.domains.science.study.draw_part import significant
from flows.domains.science.topics.topic import Quantity


class Filler:
    """Draws sentences; equal dice give equal ones."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self._words = _words()

    def sentence(self) -> str:
        """A remark without use."""
        text = self.dice.choice(self._words["sentences"])
        while "{name}" in text:
            text = text.replace("{name}", self.dice.choice(self._words["names"]), 1)
        return str(text.format(code=self._code(), day=self._day(), n=self.dice.randint(3, 58)))

    def paragraph(self) -> str:
        """Two or three remarks."""
        return " ".join(self.sentence() for _ in range(self.dice.randint(2, 3)))

    def paragraphs(self, n: int) -> str:
        """So many paragraphs."""
        return "\n\n".join(self.paragraph() for _ in range(n))

    def statement(self, text: str, value: str) -> str:
        """A sentence that states a quantity of the specimen."""
        written = self.dice.choice(self._words["openings"]).format(text=text, value=value)
        return str(written[0].upper() + written[1:]) if written.startswith(text) else str(written)

    def distraction(self, quantity: Quantity) -> str:
        """A sentence with another number for a quantity, which the library's rules leave out."""
        value = self.dice.uniform(quantity.low, quantity.high) * quantity.factor
        number = str(round(value)) if quantity.whole else f"{significant(value, 3):.10g}"
        shown = f"{number} {quantity.shown or quantity.unit}".strip()
        text = self.dice.choice(self._words["distractions"])
        return str(text.format(text=quantity.text, value=shown, code=self._code(), day=self._day()))

    def _code(self) -> str:
        return f"{''.join(self.dice.choices('BCDFGHJKLM', k=2))}{self.dice.randint(10, 99)}"

    def _day(self) -> str:
        return f"{self.dice.randint(1, 28)} {self.dice.choice(self._words['months'])}"


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("flows.domains.science.study").joinpath("filler.toml").read_text("utf-8"))
