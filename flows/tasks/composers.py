"""Looks up the composers that the settings name, at the start of a night, before any work is done."""

from flows.domains import composers
from flows.domains.contract import Composer, Domain
from flows.settings import Settings, SettingsError


def chosen_composers(settings: Settings) -> list[tuple[Domain, Composer]]:
    """The composers of `tasks.composers` in order, each with its domain; raises SettingsError on unknown names."""
    known, names = composers(), settings.tasks.composers
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(f"tasks.composers = {unknown}: no such composer. There are: {', '.join(sorted(known))}")
    return [known[name] for name in names]
