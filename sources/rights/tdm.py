"""Reservations of text and data mining (TDMRep, W3C Community Group, 2024), as Article 4 of EU 2019/790 provides.

A site states them in /.well-known/tdmrep.json, in the headers of a response and in meta elements of a page. Each of
these replaces what the one before states.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sources.rights.path_pattern import matches, path_of

TDM_FILE = "/.well-known/tdmrep.json"
MAX_RULES = 10_000
MAX_POLICY_CHARS = 2_000


@dataclass(frozen=True)
class Reservation:
    """A statement about mining a page."""

    reserved: bool | None = None
    """True if the rights are reserved; None if nothing is stated"""
    policy: str | None = None
    """address of the policy under which mining can be licensed"""

    def replaced_by(self, stated: Mapping[str, object]) -> "Reservation":
        """The reservation after a more specific place; `stated` has its values of tdm-reservation and tdm-policy."""
        reserved = {"1": True, "0": False}.get(str(stated.get("tdm-reservation", "")).strip(), self.reserved)
        policy = stated.get("tdm-policy")
        named = policy.strip()[:MAX_POLICY_CHARS] if isinstance(policy, str) else ""
        return Reservation(reserved, named or self.policy)


NOTHING_RESERVED = Reservation()


@dataclass(frozen=True)
class TdmFile:
    """The rules of a site's tdmrep.json."""

    rules: tuple[tuple[str, Reservation], ...] = ()
    """(path pattern, reservation), in the file's order"""

    def of(self, url: str) -> Reservation:
        """The reservation for a url: of the first rule that matches."""
        path = path_of(url)
        return next((stated for pattern, stated in self.rules if matches(pattern, path)), NOTHING_RESERVED)

    def narrowed_to(self, url: str) -> "TdmFile":
        """The rules that apply to a url."""
        path = path_of(url)
        return TdmFile(tuple(rule for rule in self.rules if matches(rule[0], path)))


NO_RULES = TdmFile()


def read_tdm_file(body: bytes) -> TdmFile:
    """Read a tdmrep.json; one that is no JSON list has no rules, and a rule without location is left out."""
    try:
        listed = json.loads(body)
    except (ValueError, RecursionError):
        return NO_RULES
    rules = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return TdmFile(
        tuple(
            (one["location"], NOTHING_RESERVED.replaced_by(one))
            for one in rules[:MAX_RULES]
            if isinstance(one.get("location"), str)
        )
    )
