"""The mix of domains of a night whose settings name none, as far as this machine and the teacher can do it.

A small teacher, which writes lines instead of calls, gets the search domain alone. A teacher that calls tools gets the
mix that sustains 45,000 tokens on average; domains that cannot run here are left out, each with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from flows.domains import domains
from flows.domains.contract import Domain
from flows.environments.environment import SANDBOX
from flows.environments.sandbox import unavailable
from flows.settings import Settings


@dataclass(frozen=True)
class Mix:
    """Shares by domain, and the domains that are left out with their reasons."""

    shares: Mapping[str, float]
    left_out: Mapping[str, str]


def is_default(settings: Settings) -> bool:
    """True if the night takes the mix: its teacher calls tools, and neither shares nor composers are set."""
    chosen = bool(settings.tasks.share) or "composers" in settings.tasks.model_fields_set
    return not chosen and not settings.teacher.writes_lines


def default_mix(settings: Settings) -> Mix:
    """The mix without the domains that cannot run here. An operator who names a domain gets an error instead."""
    known = {name: one for name, one in domains().items() if one.share}
    reasons = {name: unmet(one) for name, one in known.items()}
    shares = {name: known[name].share for name, reason in reasons.items() if reason is None}
    return Mix(shares, {name: reason for name, reason in reasons.items() if reason})


def unmet(domain: Domain) -> str | None:
    """The reason why this machine cannot compose or run tasks of the domain; None if it can."""
    if missing := [name for name in domain.packages if find_spec(name) is None]:
        return f"needs {', '.join(missing)}: pip install 'horizon-factory[{domain.extra}]'"
    reason = unavailable() if SANDBOX in domain.environment.needs else None
    return reason and f"runs code in a sandbox, but {reason}"
