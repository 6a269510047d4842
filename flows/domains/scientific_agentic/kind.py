"""The kind of environment of this domain: the laboratory, and the examination of its script on fresh data.

The world imports nothing of the examination, so that no tool can reach a planted value.
"""

from flows.domains.scientific_agentic.examine import examine
from flows.domains.scientific_agentic.world.environment import NAME, VERSION, opened, tools
from flows.environments.environment import EnvironmentKind
from flows.environments.workspace import WORKSPACE

LABORATORY = EnvironmentKind(NAME, VERSION, tools, opened, needs=WORKSPACE.needs, examine=examine)
