"""Preferences on the use of a page by AI and search: Content-Signal and Content-Usage, in robots.txt and headers.

Content-Signal is Cloudflare's (2025): `search`, `ai-input`, `ai-train`, each yes or no. Content-Usage is a draft
of the IETF (aipref, 2025): `train-ai` and `search`, each y or n. Of several statements on one use, no beats yes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sources.rights.path_pattern import matches, path_of

USES = {"search": "search", "ai-input": "ai-input", "ai-train": "ai-train", "train-ai": "ai-train"}
"""Label of either vocabulary -> the use, by Content-Signal's name."""

Preferences = Mapping[str, bool]
"""Use -> True if the site permits it, False if it does not; no entry if it states nothing."""

_LINE = re.compile(r"\s*([a-z-]+)\s*:\s*([^#\r\n]*)", re.IGNORECASE)
_SIGNAL = re.compile(r"([a-z-]+)\s*=\s*(yes|no)\b", re.IGNORECASE)
_USAGE = re.compile(r"([a-z*][a-z0-9_.*-]*)(?:=([a-z*][^\s,;\"]*|\"[^\"]*\"|[0-9.-]+|\?[01]))?(?:;[^,]*)?")


@dataclass(frozen=True)
class RobotsPreferences:
    """The preferences of one robots.txt, in the group for this crawler."""

    rules: tuple[tuple[str, Preferences], ...] = ()
    """(path pattern, preferences)"""

    def of(self, url: str) -> Preferences:
        """The preferences for a url: of the longest pattern that matches, and of all patterns equal to it."""
        path = path_of(url)
        found = [(pattern, stated) for pattern, stated in self.rules if matches(pattern, path)]
        longest = max((len(pattern) for pattern, _ in found), default=0)
        return combined(stated for pattern, stated in found if len(pattern) == longest)

    def narrowed_to(self, url: str) -> "RobotsPreferences":
        """The rules that match a url."""
        path = path_of(url)
        return RobotsPreferences(tuple(rule for rule in self.rules if matches(rule[0], path)))


NO_PREFERENCES = RobotsPreferences()


def from_robots(text: str, agent: str) -> RobotsPreferences:
    """Read the rules for this agent's product token, else those for every robot (`*`)."""
    by_agent: dict[str, list[tuple[str, Preferences]]] = {}
    agents, in_rules = list[str](), False
    for key, value in _LINE.findall(text.lstrip("\ufeff").replace("\r", "\n")):
        label = key.lower()
        if label == "user-agent":
            agents = [value.strip().lower()] if in_rules else [*agents, value.strip().lower()]
            in_rules = False
            by_agent.setdefault(agents[-1], [])
        elif label not in ("sitemap", "host"):
            in_rules = True
            if label in ("content-signal", "content-usage"):
                for named in agents:
                    by_agent[named].append(_rule(label, value))
    return RobotsPreferences(tuple(by_agent.get(agent.lower(), by_agent.get("*", []))))


def from_headers(content_signal: str, content_usage: str) -> Preferences:
    """Read the values of the two headers; an empty one states nothing."""
    return combined((_signal(content_signal), _usage(content_usage)))


def combined(statements: Iterable[Preferences]) -> Preferences:
    """Join statements; a use that any of them refuses is refused."""
    joined: dict[str, bool] = {}
    for stated in statements:
        for use, permitted in stated.items():
            joined[use] = permitted and joined.get(use, True)
    return joined


def as_signal(preferences: Preferences) -> str | None:
    """Write preferences as Content-Signal does, such as `ai-train=no, search=yes`; None for none."""
    written = (f"{use}={'yes' if permitted else 'no'}" for use, permitted in sorted(preferences.items()))
    return ", ".join(written) or None


def _rule(label: str, value: str) -> tuple[str, Preferences]:
    path, stated = value.split(maxsplit=1) if value.startswith("/") and " " in value.strip() else ("/", value)
    return path, _signal(stated) if label == "content-signal" else _usage(stated)


def _signal(text: str) -> Preferences:
    return combined(
        {USES[use.lower()]: word.lower() == "yes"} for use, word in _SIGNAL.findall(text) if use.lower() in USES
    )


def _usage(text: str) -> Preferences:
    """Read a dictionary of structured fields (RFC 9651); an invalid one states nothing, the last entry counts."""
    entries: dict[str, str] = {}
    for item in text.split(","):
        entry = _USAGE.fullmatch(item.strip())
        if entry is None:
            return {}
        entries[entry[1]] = entry[2] or ""
    return {USES[key]: word == "y" for key, word in entries.items() if key in USES and word in ("y", "n")}
