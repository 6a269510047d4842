"""The cloze composer: fill in a masked span of the last page, described by quotations. It needs no model."""

from flows.domains.contract import Composer, Draft, Writer
from flows.domains.search.composers.candidates import WalkCandidate, walk_candidates
from flows.domains.search.composers.chain import Chain


def compose(candidate: WalkCandidate, write: Writer) -> Draft:
    """A draft that consists of quotations; the writer is not used. Raises Refused."""
    chain = candidate.chain()
    return candidate.draft(chain, instruction(chain))


def instruction(chain: Chain) -> str:
    """The question on one line: the blank first, then the quotations that lead to its page, last page first."""
    *path, blank = chain.quotations
    way = ", linked from one that says: ".join(f"'{quotation}'" for quotation in reversed(path))
    return f'Fill in the blank: "{blank}" (The page is linked from one that says: {way})'


CLOZE = Composer("cloze", "1", walk_candidates, compose)
