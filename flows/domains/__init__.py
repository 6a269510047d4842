"""The domains, by name: what kinds of problems there are, and which tools and verifiers go with each."""

from flows.domains.contract import Domain
from flows.domains.search.domain import SEARCH

DOMAINS: dict[str, Domain] = {one.name: one for one in (SEARCH,)}


def domain(name: str) -> Domain:
    """The domain of that name; raises LookupError naming those that there are."""
    if name not in DOMAINS:
        raise LookupError(f"no domain named {name!r}; there are: {', '.join(sorted(DOMAINS))}")
    return DOMAINS[name]


def domain_of(composer: str) -> Domain:
    """The domain whose tasks a composer makes; raises LookupError when there is none."""
    for one in DOMAINS.values():
        if composer in one.composers:
            return one
    raise LookupError(f"no domain has a composer named {composer!r}")


__all__ = ["DOMAINS", "Domain", "domain", "domain_of"]
