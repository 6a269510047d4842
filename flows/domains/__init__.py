"""The domains: kinds of problems, each in one folder here with its tools, verifiers, composers and prompts.

A domain is found by its folder: a package of `flows.domains` that defines DOMAIN. There is no list to extend.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from flows.domains.contract import Composer, Domain


def domains() -> dict[str, Domain]:
    """All domains by name. Raises TypeError on a folder without a DOMAIN of the folder's name."""
    return _find(tuple(__path__))


def domain(name: str) -> Domain:
    """The domain of that name. Raises LookupError that lists the known ones."""
    known = domains()
    if name not in known:
        raise LookupError(f"no domain named {name!r}; there are: {', '.join(sorted(known))}")
    return known[name]


def composers() -> dict[str, tuple[Domain, Composer]]:
    """All composers by name, each with its domain. Raises TypeError if two have one name."""
    found = dict[str, tuple[Domain, Composer]]()
    for one in domains().values():
        for composer in one.composers:
            if composer.name in found:
                raise TypeError(f"two composers are named {composer.name!r}; rename that of domain {one.name!r}")
            found[composer.name] = one, composer
    return found


@cache
def _find(folders: tuple[str, ...]) -> dict[str, Domain]:
    names = sorted(module.name for module in iter_modules(folders) if module.ispkg)
    return {name: _load(name) for name in names}


def _load(name: str) -> Domain:
    found = getattr(import_module(f"{__name__}.{name}"), "DOMAIN", None)
    if not isinstance(found, Domain) or found.name != name:
        raise TypeError(f"flows/domains/{name}/__init__.py must define DOMAIN = Domain(name={name!r}, ...)")
    return found


__all__ = ["Domain", "composers", "domain", "domains"]
