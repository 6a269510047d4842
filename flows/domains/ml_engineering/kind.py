"""The kind of environment of this domain: its world, and the examination on private rows.

The world imports nothing of the examination, so that no tool can reach a private label.
"""

from flows.domains.ml_engineering.examine import examine
from flows.domains.ml_engineering.world.environment import NAME, VERSION, opened, tools
from flows.environments.environment import EnvironmentKind
from flows.environments.workspace import WORKSPACE

ML_WORKSPACE = EnvironmentKind(NAME, VERSION, tools, opened, needs=WORKSPACE.needs, examine=examine)
