"""The quota of each domain in a night's tasks, and the composers that fill it, as the settings name them.

Wrong names are refused at the start of a night, before any work is done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flows.domains import composers, domains
from flows.domains.contract import Composer, Domain
from flows.settings import Settings, SettingsError, Tasks
from flows.tasks.mix import default_mix, is_default


@dataclass(frozen=True)
class Quota:
    """The part of a night's tasks that a domain's composers make."""

    domain: Domain
    share: float
    """Of the night's tasks, 0 to 1; the shares of all quotas add up to 1."""
    composers: tuple[Composer, ...]


def chosen_composers(settings: Settings) -> list[tuple[Domain, Composer]]:
    """The composers that a night uses, each with its domain; raises SettingsError as `quotas`."""
    return [(quota.domain, composer) for quota in quotas(settings) for composer in quota.composers]


def needs_pages(settings: Settings) -> bool:
    """True if a domain with a share reads pages, or makes tasks of them; raises SettingsError as `quotas`."""
    return any(replace(quota.domain, composers=quota.composers).reads_pages for quota in quotas(settings))


def quotas(settings: Settings) -> list[Quota]:
    """The quotas of all domains with a share, in the order of the settings.

    A domain is filled by those of its composers that `tasks.composers` names, or by all of them if it names none.
    With neither set, a teacher that calls tools gets the default mix (`mix.py`); without shares otherwise, the domains
    of the named composers share equally. Raises SettingsError on unknown names, on a domain without composers, and on a
    composer whose domain has no share.
    """
    chosen, tasks = _named(settings.tasks.composers), settings.tasks
    given: Mapping[str, float] = tasks.share or dict.fromkeys(chosen, 1.0)
    if is_default(settings):
        chosen, given = {}, default_mix(settings).shares
    shares = {name: share for name, share in given.items() if share}
    _check("tasks.share", "domain", tasks.share, domains())
    if tasks.share and "composers" in tasks.model_fields_set:
        _check_shares(tasks, chosen)
    total = sum(shares.values())
    return [_quota(name, share / total, chosen.get(name, [])) for name, share in shares.items()]


def _quota(name: str, share: float, chosen: list[Composer]) -> Quota:
    domain = domains()[name]
    if not domain.composers:
        raise SettingsError(f"tasks.share names the domain {name}, which has no composers: leave it out")
    return Quota(domain, share, tuple(chosen) or domain.composers)


def _named(names: list[str]) -> dict[str, list[Composer]]:
    """The composers of these names by domain, in order."""
    known = composers()
    _check("tasks.composers", "composer", names, known)
    found: dict[str, list[Composer]] = {}
    for domain, composer in (known[name] for name in names):
        found.setdefault(domain.name, []).append(composer)
    return found


def _check(setting: str, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(f"{setting} = {unknown}: no such {kind}. There are: {', '.join(sorted(known))}")


def _check_shares(tasks: Tasks, chosen: dict[str, list[Composer]]) -> None:
    for name, named in chosen.items():
        if not tasks.share.get(name):
            names = [composer.name for composer in named]
            raise SettingsError(
                f"tasks.composers = {names}: their domain {name} has no share. Give it one in [tasks.share], or leave "
                "them out"
            )
