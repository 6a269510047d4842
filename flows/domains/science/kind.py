"""The kind of environment of this domain: the reading room, the tool `python` beside it, and the examination.

The world imports nothing of the examination, so that no tool can reach a hidden value.
"""

from flows.domains.science.examine import IMAGE, examine
from flows.domains.science.world.environment import NAME, VERSION, opened, tools
from flows.environments.environment import EnvironmentKind
from flows.environments.workspace import with_python

READING_ROOM = with_python(EnvironmentKind(NAME, VERSION, tools, opened, examine=examine), IMAGE)
