"""The two composers: briefs of generated handbooks, and briefs of long pages of the corpus."""

from datetime import UTC, datetime
from random import Random

from flows.domains.contract import Composer, Draft, Refused, Writer
from flows.domains.instruction_following.composing.brief import brief
from flows.domains.instruction_following.texts.handbook import handbooks
from flows.domains.instruction_following.texts.pages import NAME as FROM_PAGES
from flows.domains.instruction_following.texts.pages import Pages, page_groups
from flows.domains.seeds import Seed, seeded

FROM_HANDBOOKS = "handbook_brief"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every handbook could be made: it needs no source."""
FEWEST, MOST = 3, 5
"""Handbooks of a task."""
LONG_TOKENS = 45_000
"""Tokens of the oracle's attempts at the longest tasks, in Qwen3's vocabulary."""


def of_handbooks(seed: Seed, writer: Writer) -> Draft:
    """A brief of handbooks that the seed gives. Raises Refused."""
    draws = Random(seed.seed)  # noqa: S311 - nothing secret
    return brief(seed.seed, seed.number, handbooks(draws, draws.randint(FEWEST, MOST)), EPOCH)


def of_pages(group: Pages, writer: Writer) -> Draft:
    """A brief of pages. Raises Refused."""
    documents = list(group.documents)
    if len(documents) < 2:
        raise Refused("few_sections")
    return brief(group.seed, group.number, documents, max(one.fetched_at or EPOCH for one in documents))


HANDBOOK_BRIEF = Composer(FROM_HANDBOOKS, "1", seeded(FROM_HANDBOOKS), of_handbooks, tokens=LONG_TOKENS)
CORPUS_BRIEF = Composer(FROM_PAGES, "1", page_groups, of_pages, tokens=LONG_TOKENS, pages=True)
