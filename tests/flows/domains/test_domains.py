"""Domains: every name that a domain speaks of exists where it is looked up."""

import pytest

from flows.domains import DOMAINS, domain, domain_of
from flows.domains.search.tools import ARGUMENTS
from flows.domains.search.verifiers import VERIFIERS
from schemas.prompt import prompt


@pytest.mark.parametrize("name", sorted(DOMAINS))
def test_a_domain_names_only_what_there_is(name: str) -> None:
    one = domain(name)
    assert set(one.tools) <= set(ARGUMENTS)
    assert set(one.verifiers) <= set(VERIFIERS)
    assert prompt(one.chat_prompt).text and prompt(one.text_prompt).text
    assert all(domain_of(composer) is one for composer in one.composers)


def test_an_unknown_domain_is_said_with_those_there_are() -> None:
    with pytest.raises(LookupError, match="there are: search"):
        domain("serch")
    with pytest.raises(LookupError, match="composer"):
        domain_of("poem")


def test_the_text_prompt_speaks_only_the_lines_of_its_dialect() -> None:
    lines = [line for line in prompt("search_text").text.splitlines()[1:] if line]
    assert {line.partition(": ")[0] for line in lines} == {"question", "search", "result", "answer"}
