"""Scripted players of the search domain for rehearsals and probes: oracle, explorer and shortcuts."""

from flows.domains.contract import Policies
from flows.domains.search.players.explorer import explore
from flows.domains.search.players.oracle import solve
from flows.domains.search.players.shortcuts import SHORTCUTS

PLAYERS = Policies(oracle=solve, explorer=explore, shortcuts=SHORTCUTS)

__all__ = ["PLAYERS"]
