"""The composer of combinations: undone commits and functions without a body beside small mistakes in others."""

from flows.domains.contract import Composer, Draft, Overlap, Writer
from flows.domains.engineering.bugs.candidates import OPERATORS, REMOVAL
from flows.domains.engineering.composers.choose import Size, choose
from flows.domains.engineering.composers.draft import draft_of
from flows.domains.engineering.composers.draws import Draw, draws
from flows.domains.engineering.composers.reversed import undone

NAME, VERSION = "combined", "3"
REMOVALS = 3
"""Functions without a body that are offered; those that fit come first."""
COMMITS = 2
"""Undone commits that are offered, of a git repository."""
SIZES = (5, 6, 7)
FEWEST = 3
FILES = 3


def compose(draw: Draw, write: Writer) -> Draft:
    """A task of 5 to 7 bugs, of which at most three are missing bodies and two are undone commits. Raises Refused."""
    size = draw.dice.choice(SIZES)
    offered = [*undone(draw, COMMITS), *draw.bugs(REMOVAL, NAME, REMOVALS), *draw.bugs(OPERATORS, NAME)]
    chosen = choose(draw.laboratory, offered, Size(size, FEWEST, FILES))
    return draft_of(draw, chosen, NAME, write)


COMBINED = Composer(NAME, VERSION, draws(NAME), compose, overlap=Overlap.THREADS)
