"""Scripted players of the domain for rehearsals and probes: oracle, explorer and shortcuts."""

from flows.domains.contract import Policies
from flows.domains.instruction_following.players.readers import explore, solve
from flows.domains.instruction_following.players.shortcuts import SHORTCUTS

PLAYERS = Policies(oracle=solve, explorer=explore, shortcuts=SHORTCUTS)

__all__ = ["PLAYERS"]
