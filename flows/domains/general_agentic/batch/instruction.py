"""The instruction of a batch: its author and company, the items, and the policy."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from flows.domains.general_agentic.batch.work import Batch
from flows.domains.general_agentic.office.people import Person


def write_instruction(batch: Batch, boss: Person, path: str) -> str:
    """The instruction, in sentences drawn for this batch."""
    office, draws, said = batch.office, batch.office.draws, _sentences()
    values = {
        "name": boss.name,
        "team": draws.word("team"),
        "company": office.company,
        "today": office.today.isoformat(),
    }
    values |= {"work": batch.work, "path": path}
    middle = [*draws.sample(["work", "policy"], 2), "closing", *(["ask"] if batch.asked else [])]
    return " ".join(draws.choice(said[part]).format(**values) for part in ("greeting", *middle, "end"))


@cache
def _sentences() -> Mapping[str, Sequence[str]]:
    return tomllib.loads(files(__package__).joinpath("instructions.toml").read_text("utf-8"))
