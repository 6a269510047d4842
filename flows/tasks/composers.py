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
    named: bool = False
    """True if the settings name the composers, which then take turns."""


def chosen_composers(settings: Settings) -> list[tuple[Domain, Composer]]:
    """The composers that a night uses, each with its domain; raises SettingsError as `quotas`."""
    return [(quota.domain, composer) for quota in quotas(settings) for composer in quota.composers]


def needs_pages(settings: Settings) -> bool:
    """True if a domain with a share reads pages, or makes tasks of them; raises SettingsError as `quotas`."""
    return any(replace(quota.domain, composers=quota.composers).reads_pages for quota in quotas(settings))


def quotas(settings: Settings) -> list[Quota]:
    """The quotas of all domains with a share, in the order of the settings.

    A domain is filled by those of its composers that `tasks.composers` names, or by all of them if it names none; if
    only shares are set, by all that need no teacher. With neither set, a teacher that calls tools gets the default mix
    (`mix.py`); without shares otherwise, the domains of the named composers share equally. Raises SettingsError on
    unknown names, on a domain without composers, and on a composer whose domain has no share.
    """
    tasks = settings.tasks
    only_shares = bool(tasks.share) and "composers" not in tasks.model_fields_set
    chosen = {} if only_shares else _named(tasks.composers)
    given: Mapping[str, float] = tasks.share or dict.fromkeys(chosen, 1.0)
    if is_default(settings):
        chosen, given = {}, default_mix(settings).shares
    shares = {name: share for name, share in given.items() if share}
    _check("tasks.share", "domain", tasks.share, domains())
    if tasks.share:
        _check_shares(tasks, chosen)
    _check("tasks.composer_share", "composer", tasks.composer_share, composers())
    aiming = [name for name, one in domains().items() if any(each.takes_target for each in one.composers)]
    _check("tasks.target", "domain whose composers take a target", tasks.target, aiming)
    total = sum(shares.values())
    return [
        _quota(name, share / total, chosen.get(name, []), teacher=not only_shares) for name, share in shares.items()
    ]


def shares_of(quota: Quota, tasks: Tasks) -> dict[str, float]:
    """The share of each composer of a quota, by name: that of `tasks.composer_share`, and equal parts of the rest.

    All are equal where `tasks.composers` names them, or where each has a share of its own.
    """
    names = [composer.name for composer in quota.composers]
    fixed = {name: tasks.composer_share[name] for name in names if name in tasks.composer_share}
    others = len(names) - len(fixed)
    if not others or quota.named:
        return dict.fromkeys(names, 1.0)
    rest = max(0.0, 1.0 - sum(fixed.values())) / others
    return {name: fixed.get(name, rest) for name in names}


def _quota(name: str, share: float, chosen: list[Composer], *, teacher: bool) -> Quota:
    domain = domains()[name]
    if not domain.composers:
        raise SettingsError(f"tasks.share names the domain {name}, which has no composers: leave it out")
    unnamed = tuple(one for one in domain.composers if teacher or one.prompt is None) or domain.composers
    return Quota(domain, share, tuple(chosen) or unnamed, bool(chosen))


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
