"""The domains: kinds of problems, each in one folder with its environment, verifiers, composers and prompts.

A domain is found by its folder: a package of `flows.domains` that defines DOMAIN. There is no list to extend. Domains
of other packages and folders of the settings are found too (`finding.py`).
"""

from flows.domains.contract import Composer, Domain
from flows.domains.finding import DomainError, find_domains


def domains() -> dict[str, Domain]:
    """All domains by name. Raises DomainError on a folder without a DOMAIN of the folder's name."""
    return find_domains(tuple(__path__))


def domain(name: str) -> Domain:
    """The domain of that name. Raises LookupError that lists the known ones."""
    known = domains()
    if name not in known:
        raise LookupError(f"no domain named {name!r}; there are: {', '.join(sorted(known))}")
    return known[name]


def composers() -> dict[str, tuple[Domain, Composer]]:
    """All composers by name, each with its domain. Raises DomainError if two have one name."""
    found = dict[str, tuple[Domain, Composer]]()
    for one in domains().values():
        for composer in one.composers:
            if composer.name in found:
                raise DomainError(f"two composers are named {composer.name!r}; rename that of domain {one.name!r}")
            found[composer.name] = one, composer
    return found


__all__ = ["Domain", "DomainError", "composers", "domain", "domains"]
