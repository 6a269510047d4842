"""Scripted players of the domain for rehearsals and probes: oracle, explorer and shortcuts."""

from flows.domains.contract import Policies
from flows.domains.scientific_agentic.players.explorer import explore
from flows.domains.scientific_agentic.players.oracle import prove, solve
from flows.domains.scientific_agentic.players.shortcuts import SHORTCUTS

PLAYERS = Policies(oracle=solve, explorer=explore, shortcuts=SHORTCUTS, proof=prove)

__all__ = ["PLAYERS"]
