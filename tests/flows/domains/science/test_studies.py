"""Studies: drawn alike each time, with every needed value on a page that a search finds, and choices that matter."""

from random import Random

import pytest

from flows.domains.science.composing.instruction import write_instruction
from flows.domains.science.composing.route import route_of
from flows.domains.science.study.draw import TOLERANCE, draw_study, misread, result_of
from flows.domains.science.study.pages import pages_of
from flows.domains.science.study.parts import Study
from flows.domains.science.study.search import PageSearch
from flows.domains.science.topics import TOPICS
from tests.flows.domains.science.studies import SEED

SEEDS = (SEED, 12, 13)


@pytest.fixture(scope="module")
def studies() -> dict[int, Study]:
    return {seed: draw_study(seed) for seed in SEEDS}


def test_a_library_is_drawn_alike_and_differs_by_seed(studies: dict[int, Study]) -> None:
    """A world whose pages differ from the composed ones is judged by values of another study."""
    assert pages_of(studies[SEED], SEED) == pages_of(draw_study(SEED), SEED)
    assert not set(pages_of(studies[SEED], SEED)) & set(pages_of(studies[12], 12)) - {"rules"} - {
        address for address in pages_of(studies[SEED], SEED) if address.startswith(("compendia/", "corrections/"))
    }


def test_searches_lead_to_pages_that_hold_every_value(studies: dict[int, Study]) -> None:
    """A constant that no page states, or that no search finds, makes a study without a solution."""
    for seed, study in studies.items():
        pages = pages_of(study, seed)
        search = PageSearch(pages)
        for part, leg in zip(study.parts, route_of(study)["parts"], strict=True):  # type: ignore[call-overload]
            found = {page.address for one in leg["reads"] for page in search.hits(one["query"])}
            assert {address for one in leg["reads"] for address in one["pages"]} <= found
            read = "\n".join(pages[address].text for one in leg["reads"] for address in one["pages"])
            assert [value for value in part.shown().values() if value not in read] == []


def test_every_wrong_choice_moves_the_index_out_of_its_tolerance(studies: dict[int, Study]) -> None:
    """An edition that may be read either way teaches nothing about sources."""
    for study in studies.values():
        results = [result_of(part, part.given(part.chosen)) for part in study.parts]
        index = study.index(results)
        for at, part in enumerate(study.parts):
            wrong = [study.index([*results[:at], result_of(part, one), *results[at + 1 :]]) for one in misread(part)]
            assert len(wrong) >= 3
            assert [one for one in wrong if abs(one - index) <= 3 * TOLERANCE * index] == []


def test_a_result_chooses_the_specimen_that_the_instruction_names(studies: dict[int, Study]) -> None:
    for study in studies.values():
        before = 0.0
        for part in study.parts:
            if part.bounds is not None:
                low, high = part.bounds
                assert part.chosen is part.specimens[(before >= low) + (before > high)]
                assert min(abs(before - one) for one in part.bounds) > 0.05 * before
            before = result_of(part, part.given(part.chosen))


def test_instructions_name_codes_but_no_value_and_vary(studies: dict[int, Study]) -> None:
    """One wording for all studies makes a thousand twins."""
    texts = {write_instruction(studies[SEED], Random(n)) for n in range(12)}
    assert len(texts) > 10
    named = write_instruction(studies[SEED], Random(1))
    assert all(one.code in named for part in studies[SEED].parts[1:] for one in part.specimens)


def test_there_are_topics_of_many_fields() -> None:
    assert len(TOPICS) >= 12
    assert len({one.field for one in TOPICS.values()}) >= 4
    assert all(4 <= len(one.steps) <= 10 and any(q.table for q in one.quantities) for one in TOPICS.values())
