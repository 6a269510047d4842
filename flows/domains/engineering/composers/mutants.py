"""The composer of mutants: several small mistakes in different functions of a package."""

from flows.domains.contract import Composer, Draft, Overlap, Writer
from flows.domains.engineering.bugs.candidates import OPERATORS
from flows.domains.engineering.composers.choose import Size, choose
from flows.domains.engineering.composers.draft import draft_of
from flows.domains.engineering.composers.draws import Draw, draws

NAME, VERSION = "mutants", "3"
SIZES, WEIGHTS = (3, 5, 6, 7, 8), (1, 2, 3, 3, 3)
"""Bugs of a task, and how often each number is drawn."""
FEWEST = 3
FILES = 3
"""Fewest files with a bug."""


def compose(draw: Draw, write: Writer) -> Draft:
    """A task of 3 to 8 bugs, or of one bug and more in a source of fewer files. Raises Refused."""
    size = draw.dice.choices(SIZES, WEIGHTS)[0]
    offered = draw.bugs(OPERATORS, NAME)
    files = min(FILES, len({one.path for one in draw.laboratory.baseline.functions}))
    fewest = max(FEWEST, size - 2) if files == FILES else files
    chosen = choose(draw.laboratory, offered, Size(size, fewest, files))
    return draft_of(draw, chosen, NAME, write)


MUTANTS = Composer(NAME, VERSION, draws(NAME), compose, overlap=Overlap.THREADS)
