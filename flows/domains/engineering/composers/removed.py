"""The composer of removed functions: their bodies are to be written again from docstrings, callers and tests."""

from flows.domains.contract import Composer, Draft, Overlap, Writer
from flows.domains.engineering.bugs.candidates import REMOVAL
from flows.domains.engineering.composers.choose import Size, choose
from flows.domains.engineering.composers.draft import draft_of
from flows.domains.engineering.composers.draws import Draw, draws

NAME, VERSION = "removed", "3"
SIZES = (3, 4, 5, 6)
FEWEST = 3
FILES = 2
STRETCH = 12


def compose(draw: Draw, write: Writer) -> Draft:
    """A task of 3 to 6 functions. Raises Refused."""
    size = draw.dice.choice(SIZES)
    chosen = choose(draw.laboratory, draw.bugs(REMOVAL, NAME, STRETCH), Size(size, FEWEST, FILES))
    return draft_of(draw, chosen, NAME, write)


REMOVED = Composer(NAME, VERSION, draws(NAME), compose, overlap=Overlap.THREADS)
