"""The names of pages: titles without the parts that all titles of a site share, and which page a name means.

A name that two pages could have means neither of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sources.graph.titles import title_parts

SHARED_BY = 8
"""Titles with one part in common, from which that part names their site."""
JOINTS = " \t\u2014\u2013|\u00b7\u00bb:-"


def short_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Key -> title without the parts that SHARED_BY titles have; the key itself where nothing is left."""
    parts = {key: title_parts(title) for key, title in titles.items()}
    counts = Counter(part.casefold() for some in parts.values() for part in some)
    shared = {part for part, n in counts.items() if n >= SHARED_BY}
    return {
        key: _without(titles[key], [one for one in parts[key] if one.casefold() in shared]) or key for key in titles
    }


def meanings(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Folded name -> the key that it means, from pairs (name, key); names of several keys are left out."""
    found: dict[str, set[str]] = {}
    for name, key in named:
        found.setdefault(folded(name), set()).add(key)
    return {name: next(iter(keys)) for name, keys in found.items() if len(keys) == 1 and name}


def folded(name: str) -> str:
    """A name in which case and blanks do not count; punctuation does, since `f` and `f()` differ."""
    return " ".join(name.casefold().split())


def meant(named: Mapping[str, str], text: str, label: str | None, link: str | None) -> str | None:
    """The page that an item or cell names: the target of its link, else the page of its words; None for no page."""
    names = (link or "", label or "", text)
    return next((named[name] for name in map(folded, names) if name in named), None)


def _without(title: str, shared: list[str]) -> str:
    for part in shared:
        title = title.replace(part, " ").strip(JOINTS)
    return " ".join(title.split()).strip(JOINTS)
