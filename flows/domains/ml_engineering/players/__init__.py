"""Scripted players of the domain for rehearsals and probes: oracle, explorer and shortcuts."""

from flows.domains.contract import Policies
from flows.domains.ml_engineering.players.explorer import explore
from flows.domains.ml_engineering.players.oracle import prove, solve
from flows.domains.ml_engineering.players.shortcuts import SHORTCUTS

PLAYERS = Policies(oracle=solve, explorer=explore, shortcuts=SHORTCUTS, proof=prove)

__all__ = ["PLAYERS"]
